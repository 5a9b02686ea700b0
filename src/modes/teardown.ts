// teardown: of a preview where there is a preview domain, of a deploy otherwise; a pull request never ends a deploy.
import { isPullRequestEvent } from '../github/event.ts';
import { readPayload } from '../github/payload.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import { Problem } from '../verdict/problem.ts';
import { teardownDeploy } from './teardown/deploy.ts';
import { teardownPreview } from './teardown/preview.ts';

/** @throws Problem for all expected trouble; the signal's reason on abort. */
export async function teardown(run: Run): Promise<Outcome> {
  if (run.inputs.preview.domain !== '') return await teardownPreview(run);
  const { name, payloadFile } = run.environment.event;
  if (isPullRequestEvent(name, readPayload(payloadFile))) {
    throw new Problem(
      'input/invalid',
      `\`preview-domain\` is empty: on \`${name}\` only a preview is taken down, never what the repository deployed.`,
      {
        hint: 'Set `preview-domain` as the preview job has it; to take a deploy down, run `teardown` on `workflow_dispatch`.',
      },
    );
  }
  return await teardownDeploy(run);
}
