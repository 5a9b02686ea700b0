// Before a preview is applied: whether the load balancer has room for it, and what may go to make some.
import { loadBalancers } from '../../aws/load-balancers.ts';
import { kinds } from '../../chain/cluster.ts';
import { foundIn } from '../../chain/gateway.ts';
import type { LoadBalancers } from '../../chain/load-balancer.ts';
import type { ListenerRule } from '../../gateway/alb-rules.ts';
import {
  isEnough,
  lack,
  mostTargetGroups,
  neededBy,
  type Room,
  takenBesides,
  takenBy,
} from '../../gateway/room.ts';
import { listenersOf } from '../../gateway/shapes.ts';
import { clusterReader } from '../../kube/reader.ts';
import { sayIdentity } from '../../preview/identity.ts';
import type { Preview } from '../../preview/rewrite.ts';
import type { Stale, Standing } from '../../preview/standing.ts';
import type { Run } from '../../run.ts';
import { finding } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { SignedIn } from '../access/sign-in.ts';
import { zonesOf } from '../access/zones.ts';
import { begin } from '../phase.ts';
import { removePreviews } from './remove.ts';
import { inScope, judgePreviews, stillStale } from './stale.ts';
import { standingPreviews } from './standing.ts';
import { tellRemoved } from './tell-removed.ts';

interface Surroundings {
  readonly signedIn: SignedIn;
  readonly cluster: Cluster;
  /** Monotonic milliseconds. */
  readonly deadline: number;
}

interface Evictable {
  readonly preview: Standing;
  readonly stale: Stale;
}

const pause = 2_000;
const listed = 10;

/**
 * Does nothing where there is no load balancer yet, or its rules may not be read: that is said.
 * @throws Problem `preview/no-room`.
 */
export async function makeRoom(run: Run, around: Surroundings, made: Preview): Promise<void> {
  const { inputs, runner } = run;
  const reader = clusterReader(around.cluster.kube);
  const { gateway } = inputs.preview;
  if (gateway === undefined) return;
  const seen = await reader.get(kinds.gateway, gateway.namespace, gateway.name, run.signal);
  const live = 'value' in seen ? seen.value : undefined;
  const arn = foundIn(live).loadBalancerArn;
  if (live === undefined || arn === undefined) return;
  const { aws, cluster: credentials } = around.signedIn;
  const reading = loadBalancers({ aws, credentials, clock: run.clock, signal: run.signal });
  const routes = made.routes.map(({ object }) => object);
  const needed = neededBy(routes, gateway.section === undefined ? listenersOf(live).length : 1);
  const limits = { rules: inputs.preview.ruleLimit, targetGroups: mostTargetGroups };
  const lacking = (rules: readonly ListenerRule[]): Room =>
    lack(takenBesides(rules, [...made.hosts.values()]), needed, limits);

  const rules = await rulesOf(run, reading, arn);
  if (rules === undefined) return;
  const taken = takenBesides(rules, [...made.hosts.values()]);
  runner.info(
    `The load balancer has ${taken.rules} of ${limits.rules} rules and ${taken.targetGroups} of ${limits.targetGroups} target groups; this preview needs ${needed.rules} and ${needed.targetGroups}.`,
  );
  if (isEnough(lacking(rules))) return;
  await evict(run, around, {
    rules,
    lacking,
    full: `${taken.rules} of ${limits.rules} rules and ${taken.targetGroups} of ${limits.targetGroups} target groups`,
  });
  // The controller takes the rules away some moments after the routes.
  for (;;) {
    const now = await rulesOf(run, reading, arn);
    if (now === undefined || isEnough(lacking(now))) return;
    if (run.clock.monotonic() > around.deadline) throw noRoom('rules of removed previews still stand', []);
    await run.clock.sleep(pause, run.signal);
  }
}

async function rulesOf(
  { draft, signal }: Run,
  reading: LoadBalancers,
  arn: string,
): Promise<readonly ListenerRule[] | undefined> {
  const seen = await reading.rules(arn, signal);
  if ('value' in seen) return seen.value;
  const why = 'denied' in seen ? `the role may not ${seen.denied}` : seen.failed;
  draft.findings([
    finding('notice', 'look/denied', `Whether the load balancer has room is not known: ${why}.`, {
      hint: 'Give the role that permission.',
    }),
  ]);
  return undefined;
}

interface Full {
  readonly rules: readonly ListenerRule[];
  readonly lacking: (rules: readonly ListenerRule[]) => Room;
  /** A clause. */
  readonly full: string;
}

/** Removes the oldest stale previews, as many as are needed, where the user allows it. @throws Problem `preview/no-room`. */
async function evict(run: Run, around: Surroundings, { rules, lacking, full }: Full): Promise<void> {
  const reader = clusterReader(around.cluster.kube);
  const judged = await judgePreviews(run, inScope(run, await standingPreviews(run, reader)));
  const stale = judged
    .filter((each): each is typeof each & Evictable => each.stale !== undefined)
    .toSorted((one, other) => age(one.preview) - age(other.preview));
  const doomed: Evictable[] = [];
  const left = (): readonly ListenerRule[] => {
    const hosts = new Set(doomed.flatMap(({ preview }) => preview.hosts));
    return rules.filter((rule) => takenBy([rule], [...hosts]).rules === 0);
  };
  for (const each of stale) {
    if (isEnough(lacking(left()))) break;
    if (takenBy(rules, each.preview.hosts).rules > 0) doomed.push(each);
  }
  if (!run.inputs.preview.evict || !isEnough(lacking(left()))) throw noRoom(full, stale);
  const still = await stillStale(
    run,
    reader,
    doomed.map((each) => ({ ...each, pull: undefined })),
  );
  const removing = {
    cluster: around.cluster,
    zones: zonesOf(run, around.signedIn),
    deadline: around.deadline,
  };
  const gone = new Set(
    await removePreviews(
      run,
      removing,
      still.map(({ preview }) => preview),
    ),
  );
  for (const { preview, stale: because } of still) {
    if (gone.has(preview)) await tellRemoved(run, preview, because?.message ?? '');
  }
  run.draft.previews(
    still.map(({ preview: { name, namespace, identity, expiresAt }, preview, stale: because }) => ({
      name,
      namespace,
      ...identity,
      ...(expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
      state: gone.has(preview) ? 'removed' : 'left',
      why: because?.message ?? '',
    })),
  );
  begin(run, 'Wait until there is room');
}

const age = ({ expiresAt }: Standing): number => expiresAt?.getTime() ?? 0;

function noRoom(full: string, stale: readonly Evictable[]): Problem {
  const names = stale.slice(0, listed).map(({ preview }) => preview.name);
  return new Problem('preview/no-room', `The load balancer has no room for another preview: ${full}.`, {
    hint:
      names.length === 0
        ? 'No preview is stale: close pull requests, ask AWS for more rules (`preview-rule-limit`), or give some previews a Gateway of their own.'
        : `Run \`mode: sweep\`, or set \`evict: stale\`: nobody needs ${names.join(', ')} any more.`,
    evidence: stale.slice(0, listed).map(({ preview, stale: { message } }) => ({
      from: `${preview.name} (${sayIdentity(preview.identity)})`,
      saw: message,
    })),
  });
}
