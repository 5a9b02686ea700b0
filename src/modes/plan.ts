// plan: what a deploy would change in the cluster, the Helm releases, DNS and the load balancers, and what it would break.
import { lint } from '../lint/lint.ts';
import { isTouched, type Plan, type PlannedObject } from '../report/plan.ts';
import { planSentence } from '../report/plan-text.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import type { Finding } from '../verdict/finding.ts';
import { findBundle } from './bundle/find.ts';
import { begin } from './phase.ts';
import { tellPlan } from './plan/comment.ts';
import { planObjects } from './plan/objects.ts';
import { planReleases } from './plan/releases.ts';
import { planTraffic } from './plan/traffic.ts';
import { withCharts, withCluster } from './steps.ts';

/** @throws Problem for all expected trouble; the signal's reason on abort. */
export async function plan(run: Run): Promise<Outcome> {
  return await tellPlan(run, () => makePlan(run));
}

async function makePlan(run: Run): Promise<Outcome> {
  const { draft, inputs, signal } = run;
  begin(run, 'Find what to plan');
  const bundle = await findBundle(run);
  if (bundle === undefined) return 'failed';
  return await withCluster(run, (signedIn, cluster) =>
    withCharts(run, cluster, bundle, { mayAwait: true }, async (rendered, helm) => {
      begin(run, 'Compare the objects');
      const { objects, findings: remarks } = await planObjects(run, cluster, bundle, rendered);
      if (rendered.length > 0) begin(run, 'Compare the releases');
      const releases = await planReleases(run, cluster, await helm.preview(rendered));
      begin(run, 'Work out DNS and the load balancers');
      const planned = [...objects, ...releases.flatMap((each) => each.planned)];
      const placed = releases.flatMap((each) =>
        each.planned.flatMap(({ after, planned: { source } }) =>
          after === undefined ? [] : { object: after, source: source ?? { file: '', line: 1 } },
        ),
      );
      const traffic = await planTraffic(run, { signedIn, cluster, planned, rendered: placed });
      const brought = [...bundle.manifests, ...placed];
      const linted = lint({ routes: bundle.routes, objects: brought, namespace: inputs.namespace });
      const made: Plan = {
        objects: objects.map((each) => each.planned),
        releases: releases.map(({ release }) => release),
        records: traffic.records,
        loadBalancers: traffic.loadBalancers,
        offline: traffic.offline,
      };
      draft.plan(made);
      const found = [
        ...objects.flatMap((each) => each.findings),
        ...remarks,
        ...releases.flatMap((each) => each.findings),
        ...traffic.findings,
      ];
      const findings = [...found, ...unsaid(linted, found)];
      draft.findings(findings);
      tell(run, made);
      signal.throwIfAborted();
      return findings.some(({ severity }) => severity === 'error') ? 'failed' : 'planned';
    }),
  );
}

/** What the look at the cluster has found as well is said once, in its words: it knows more. */
const unsaid = (linted: readonly Finding[], found: readonly Finding[]): readonly Finding[] =>
  linted.filter(({ code, ref }) => !found.some((other) => other.code === code && other.ref === ref));

const line = ({ ref, result, message, changes }: PlannedObject): readonly string[] => [
  `${ref} ${result}${message === undefined ? '' : `: ${message}`}`,
  ...changes.slice(0, 50).map(({ path }) => `  ${path}`),
];

function tell({ runner }: Run, made: Plan): void {
  const objects = [...made.objects, ...made.releases.flatMap((each) => each.objects)];
  for (const each of objects.filter((one) => isTouched(one) || one.message !== undefined))
    for (const text of line(each)) runner.info(text);
  for (const { name, type, action, to, why } of made.records)
    runner.info(
      `${type} ${name} ${action}${to === undefined ? '' : `: ${to}`}${why === undefined ? '' : ` (${why})`}`,
    );
  for (const { gateway, rules, changes } of made.loadBalancers)
    runner.info(
      `${gateway}: ${changes.length} rules change, ${rules.before} → ${rules.after} of ${rules.limit}`,
    );
  for (const { name, namespace, hooks } of made.releases)
    for (const { ref, event } of hooks)
      runner.info(`Helm runs ${ref} at the ${event} of ${namespace}/${name}`);
  runner.info(planSentence(made));
}
