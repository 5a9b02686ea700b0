// Applies a preview and waits until it is live; whatever would stand in its way in the cluster is looked at before.

import type { Bundle } from '../../bundle/object.ts';
import { mayI } from '../../kube/access.ts';
import { leases } from '../../kube/lease.ts';
import { clusterReader } from '../../kube/reader.ts';
import type { Preview } from '../../preview/rewrite.ts';
import type { Outcome } from '../../report/report.ts';
import type { Run } from '../../run.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { SignedIn } from '../access/sign-in.ts';
import { mayBegin } from '../apply/beforehand.ts';
import { type BundleTurn, turnOf } from '../apply/turn.ts';
import { type Writer, writerOf } from '../apply/write.ts';
import { waitUntilLive } from '../chain/live.ts';
import { begin } from '../phase.ts';
import { claimNamespace, claimRoutes, clusterScoped, dnsAnnotations, refuseLongNames } from './checks.ts';
import { enter } from './enter-namespace.ts';
import { overtaken } from './overtaken.ts';
import type { PreviewOf } from './pull-request.ts';
import { rolledOut } from './rollouts.ts';
import { makeRoom } from './room.ts';
import { removeOldRoutes } from './routes.ts';
import { turnName } from './turn.ts';
import { wildcardStands } from './wildcard.ts';

interface Ground {
  readonly of: PreviewOf;
  readonly made: Preview;
  readonly signedIn: SignedIn;
  readonly cluster: Cluster;
  /** Monotonic milliseconds. */
  readonly deadline: number;
}

/** @throws Problem for all expected trouble; the signal's reason on abort. */
export async function applyPreview(
  run: Run,
  of: PreviewOf,
  made: Preview,
  signedIn: SignedIn,
  cluster: Cluster,
): Promise<Outcome> {
  const { clock, inputs } = run;
  const deadline = clock.monotonic() + inputs.waitTimeout * 1_000;
  const ground: Ground = { of, made, signedIn, cluster, deadline };
  const { manifests, routes } = made;
  const bundle: Bundle = { crds: [], charts: [], ignored: [], manifests, routes };
  begin(run, 'Look at what is there');
  if (!(await mayStand(run, ground, bundle))) return 'failed';
  const since = cluster.kube.clock.now();
  const turn = turnOf(run, cluster, turnName(of, inputs));
  const writer = writerOf(turn.run, cluster);
  // A namespace that previews share stays when this one goes: its Lease does not.
  const last = made.namespace === undefined ? 'last' : undefined;
  const ended = await written(turn, ground, writer).finally(() => turn.end(last));
  if (ended !== undefined) return ended;

  begin(run, 'Wait for the new version');
  if (!(await rolledOut(run, clusterReader(cluster.kube), made.manifests, deadline))) return 'not-live';

  begin(run, 'Wait until the preview is live');
  const left = Math.max(1, Math.round((deadline - clock.monotonic()) / 1_000));
  const { wildcard, domain } = inputs.preview;
  return await waitUntilLive(
    { ...run, inputs: { ...inputs, waitTimeout: left } },
    {
      signedIn,
      cluster,
      bundle,
      routes,
      since,
      generations: writer.generations,
      ...(wildcard && { wildcard: domain }),
    },
  );
}

/** Nothing of the cluster's, of another's or of DNS stands in the way, and there is room. */
async function mayStand(run: Run, ground: Ground, bundle: Bundle): Promise<boolean> {
  const { of, made, signedIn, cluster, deadline } = ground;
  const { wildcard, shared } = run.inputs.preview;
  const reader = clusterReader(cluster.kube);
  const objects = [...made.manifests, ...made.routes];
  const wrong = [
    ...(await clusterScoped(run, cluster, objects)),
    ...(await dnsAnnotations(run, reader, objects)),
  ];
  run.draft.findings(wrong);
  if (wrong.length > 0 || !(await mayBegin(run, writerOf(run, cluster), bundle, [], []))) return false;
  const hosts = [...made.hosts.values()];
  if (!wildcard) await refuseLongNames(run, reader, hosts);
  else if (!(await wildcardStands(run, signedIn, cluster, hosts))) return false;
  if (shared === undefined) await claimNamespace(run, reader, of, deadline);
  else await claimRoutes(run, reader, of, shared, made.routes);
  await makeRoom(run, { signedIn, cluster, deadline }, made);
  return true;
}

/** `undefined` where all is written. */
async function written(turn: BundleTurn, ground: Ground, writer: Writer): Promise<Outcome | undefined> {
  const { run } = turn;
  const { of, made, cluster } = ground;
  const source = made.routes[0]?.source ?? { file: '', line: 1 };
  if (made.namespace !== undefined) {
    begin(run, 'Make the namespace of the preview');
    // In a new namespace the role has its rights only once it has let itself in.
    if (await mayI(cluster.kube, 'patch', leases, of.name, run.signal)) await turn.take();
    if (await late(turn, of)) return 'refused';
    const namespace = [{ object: made.namespace, source }];
    if (!(await writer.apply(namespace))) return 'failed';
    await enter(run, cluster, writer, { number: of.pull.number, source }, ground.deadline);
  }
  await turn.take();
  if (await late(turn, of)) return 'refused';
  begin(run, 'Apply the preview');
  const fences = made.fences.map((object) => ({ object, source }));
  for (const stage of [fences, made.manifests, made.routes]) {
    if (!(await writer.apply(stage))) return 'failed';
  }
  const standing = { name: of.name, namespace: run.inputs.namespace, own: made.namespace !== undefined };
  await removeOldRoutes(run, cluster, standing, made.routes);
  return undefined;
}

/** While this run waited for another one, a newer commit may have been pushed, and that other run may be its own. */
const late = async (turn: BundleTurn, of: PreviewOf): Promise<boolean> =>
  turn.waited() && (await overtaken(turn.run, of)) === 'pushed';
