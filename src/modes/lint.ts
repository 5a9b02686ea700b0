// lint: what the files alone say, without a cluster, AWS or a token; also for pull requests of forks.
import { lint as findingsOf } from '../lint/lint.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import { findBundle } from './find-bundle.ts';
import { begin } from './steps.ts';

export async function lint(run: Run): Promise<Outcome> {
  begin(run, 'Find what to check');
  const bundle = await findBundle(run);
  if (bundle === undefined) return 'failed';
  begin(run, 'Check it');
  const findings = findingsOf({
    routes: bundle.routes,
    objects: bundle.manifests,
    namespace: run.inputs.namespace,
  });
  run.draft.findings(findings);
  return findings.some(({ severity }) => severity === 'error') ? 'failed' : 'clean';
}
