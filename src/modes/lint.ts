// lint: what the files alone say, without a cluster, AWS or a token; also for pull requests of forks.
import { lint as findingsOf } from '../lint/lint.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import { findBundle } from './bundle/find.ts';
import { readCharts } from './charts/lint.ts';
import { readRules } from './drift/rules.ts';
import { begin } from './phase.ts';

export async function lint(run: Run): Promise<Outcome> {
  const { inputs, draft } = run;
  begin(run, 'Find what to check');
  const bundle = await findBundle(run);
  if (bundle === undefined) return 'failed';
  begin(run, 'Check it');
  const charts = await readCharts(run, bundle);
  const findings = [
    ...charts.findings,
    ...findingsOf({
      routes: [...bundle.routes, ...charts.routes],
      objects: [...bundle.manifests, ...charts.objects],
      namespace: inputs.namespace,
      controllers: charts.controllers,
      unread: charts.unread,
      ...(inputs.clusterName !== '' && { cluster: inputs.clusterName }),
    }),
  ];
  draft.findings(findings);
  // What a nightly check would refuse is refused before it is merged.
  const rules = await readRules(run);
  const wrong = rules === undefined || findings.some(({ severity }) => severity === 'error');
  return wrong ? 'failed' : 'clean';
}
