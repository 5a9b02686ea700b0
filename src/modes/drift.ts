// drift: what has changed since it was applied, in the cluster, Helm, Route 53 and AWS; and whether the hosts still answer.
import { fieldManager } from '../apply/applier.ts';
import { chooseDefinitions } from '../apply/definitions.ts';
import type { Bundle } from '../bundle/object.ts';
import { type IgnoreRule, ignoredBy } from '../drift/ignore.ts';
import { type DriftItem, type DriftLayer, inOrder, type Sighting } from '../drift/item.ts';
import type { Outcome } from '../report/report.ts';
import type { Run } from '../run.ts';
import { type Finding, findingOf } from '../verdict/finding.ts';
import { Problem } from '../verdict/problem.ts';
import type { Cluster } from './access/reach-cluster.ts';
import type { SignedIn } from './access/sign-in.ts';
import { zonesOf } from './access/zones.ts';
import { ownInventory } from './apply/write.ts';
import { findBundle } from './bundle/find.ts';
import { type Applied, openPorts, publishedHosts, tellVersions } from './chain/live.ts';
import type { RenderedChart } from './charts/chart-renderer.ts';
import type { ChartsOfRun } from './charts/charts.ts';
import { withAuthors } from './drift/authors.ts';
import type { DriftContext } from './drift/context.ts';
import { lookAtReleases } from './drift/helm.ts';
import { lookAtHttps } from './drift/https.ts';
import { tellIssue } from './drift/issue.ts';
import type { LayerSeen } from './drift/layer.ts';
import { lookAtAws } from './drift/load-balancers.ts';
import { lookAtMembers } from './drift/members.ts';
import { expectedOf, lookAtObjects } from './drift/objects.ts';
import { lookAtRecords } from './drift/records.ts';
import { readRules } from './drift/rules.ts';
import { type Looks, settled } from './drift/settled.ts';
import { begin } from './phase.ts';
import { withCharts, withCluster } from './steps.ts';

/** @throws Problem for all expected trouble; the signal's reason on abort. */
export async function drift(run: Run): Promise<Outcome> {
  const { draft, inputs, signal } = run;
  const never = inputs.drift.failOn === 'never';
  try {
    const outcome = await check(run);
    if (never) draft.exitCode(0);
    return outcome;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Problem) || !never) throw error;
    draft.findings([findingOf(error)]);
    draft.exitCode(0);
    return 'failed';
  }
}

async function check(run: Run): Promise<Outcome> {
  begin(run, 'Find what to compare');
  const rules = await readRules(run);
  const bundle = await findBundle(run);
  if (bundle === undefined || rules === undefined) return 'failed';
  return await withCluster(run, (signedIn, cluster) =>
    withCharts(run, cluster, bundle, { mayAwait: false }, (rendered, helm) =>
      judge(contextOf(run, { signedIn, cluster, bundle, rules }, rendered, helm)),
    ),
  );
}

interface Given {
  readonly signedIn: SignedIn;
  readonly cluster: Cluster;
  readonly bundle: Bundle;
  readonly rules: readonly IgnoreRule[];
}

function contextOf(
  run: Run,
  given: Given,
  rendered: readonly RenderedChart[],
  helm: ChartsOfRun,
): DriftContext {
  const { runner } = run;
  const { signedIn, cluster, bundle, rules } = given;
  const routes = [...bundle.routes, ...rendered.flatMap((chart) => chart.routes)];
  const applied: Applied = {
    signedIn,
    cluster,
    bundle,
    routes,
    since: new Date(0),
    readOnly: true,
    generations: new Map(),
  };
  const { crds, passedOver } = chooseDefinitions(
    bundle.crds,
    rendered.map((each) => ({ name: each.chart.name, crds: each.crds })),
  );
  for (const sentence of passedOver) runner.info(sentence);
  const ports = {
    ...openPorts(run, applied),
    zones: zonesOf(run, signedIn),
  };
  let hosts: ReturnType<typeof publishedHosts> | undefined;
  return {
    run,
    applied,
    ports,
    rules,
    rendered,
    renderAgain: (each) => helm.again(each),
    own: [...crds, ...bundle.manifests, ...bundle.routes],
    hosts: () => {
      hosts ??= publishedHosts(run, applied, ports);
      return hosts;
    },
  };
}

async function lookAtOwnObjects({ run, applied, own }: DriftContext): Promise<LayerSeen> {
  const { namespace, drift: wanted } = run.inputs;
  const objects = await lookAtObjects(run, applied.cluster, {
    exact: wanted.compare === 'exact',
    expected: own.map((each) => expectedOf(each, { layer: 'kubernetes', namespace, manager: fieldManager })),
  });
  const left = await lookAtMembers(
    applied.cluster,
    { inventory: ownInventory(run), own, namespace },
    run.signal,
  );
  return {
    sightings: [...objects.sightings, ...left.sightings],
    unchecked: [...objects.unchecked, ...left.unchecked],
    ...(objects.notes && { notes: objects.notes }),
  };
}

const layers: Readonly<Record<DriftLayer, (context: DriftContext) => Promise<LayerSeen>>> = {
  kubernetes: lookAtOwnObjects,
  helm: lookAtReleases,
  route53: lookAtRecords,
  aws: lookAtAws,
  https: lookAtHttps,
};

async function lookAt(context: DriftContext, which: readonly DriftLayer[]): Promise<Looks> {
  return new Map(
    await Promise.all(which.map(async (layer) => [layer, await layers[layer](context)] as const)),
  );
}

/** All layers, and again what may pass, until it has passed or its time is up. */
async function look(context: DriftContext): Promise<LayerSeen> {
  const { clock, inputs, runner, signal } = context.run;
  return settled(await lookAt(context, inputs.drift.layers), {
    look: (which) => lookAt(context, which),
    clock,
    patience: inputs.drift.recheck * 1000,
    signal,
    onWait: (passing) =>
      runner.info(
        `… ${passing.length} ${passing.length === 1 ? 'thing' : 'things'} may mend by themselves (${passing[0]?.ref ?? ''} …): looked at again`,
      ),
  });
}

async function judge(context: DriftContext): Promise<Outcome> {
  const { run, rules } = context;
  const { draft, inputs } = run;
  begin(run, 'Compare');
  const { sightings: all, unchecked, notes = [] } = await look(context);
  const open = all.filter((each) => ignoredBy(each, rules) === undefined);
  const authors = await withAuthors(context, open);
  // A rule may be about the author, who is known only now.
  const counted = inOrder(authors.sightings.map(itemOf)).filter(
    (each) => ignoredBy(each, rules) === undefined,
  );
  draft.drift(counted, all.length - counted.length);
  draft.findings([...unchecked, ...notes, ...authors.notes]);
  if (inputs.drift.layers.some((layer) => layer !== 'kubernetes' && layer !== 'helm'))
    await tellVersions(run, context.ports, context.applied);
  tell(run, counted, unchecked);
  const outcome = counted.length > 0 ? 'drifted' : unchecked.length > 0 ? 'failed' : 'clean';
  draft.exitCode(failsOn(run, outcome, unchecked) ? 1 : 0);
  await tellIssue(run, outcome);
  return outcome;
}

const itemOf = ({ passing: _, trace: __, ...item }: Sighting): DriftItem => item;

const failsOn = ({ inputs }: Run, outcome: Outcome, unchecked: readonly Finding[]): boolean =>
  unchecked.length > 0 || (inputs.drift.failOn === 'drift' && outcome === 'drifted');

function tell({ runner }: Run, items: readonly DriftItem[], unchecked: readonly Finding[]): void {
  for (const { layer, ref, path, wanted, found, by, event } of items) {
    const who = by === undefined ? '' : ` (by ${by}${event === undefined ? '' : `, ${event}`})`;
    runner.info(`${layer}  ${ref} ${path}  wanted ${wanted ?? 'nothing'}, found ${found ?? 'nothing'}${who}`);
  }
  for (const { message } of unchecked) runner.info(`?  ${message}`);
}
