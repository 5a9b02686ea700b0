// fold: the reports of a fleet → one summary. Reads files alone: no AWS, no cluster, no token.

import { readReport } from '../files/reports.ts';
import { fold as foldReports } from '../fleet/fold.ts';
import type { Outcome, Report } from '../report/report.ts';
import type { Run } from '../run.ts';
import { begin } from './phase.ts';

/** Of fleet.yml's artifacts: its caller may have an artifact that is called as a target is. */
const artifactPrefix = 'eks-gateway-report-';

export async function fold(run: Run): Promise<Outcome> {
  const { draft, environment, inputs } = run;
  const { reports: folder, targets } = inputs.fleet;
  begin(run, 'Read the reports');
  const reports = new Map<string, Report>();
  for (const { name } of targets) {
    const report =
      (await readReport(environment.workspace, folder, name)) ??
      (await readReport(environment.workspace, folder, `${artifactPrefix}${name}`));
    if (report !== undefined) reports.set(name, report);
  }
  const folded = foldReports(targets, reports);
  draft.fleet(folded.rows);
  draft.findings(folded.findings);
  return folded.outcome;
}
