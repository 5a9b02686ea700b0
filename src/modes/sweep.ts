// sweep: removes previews that nobody needs any more, and lists records that are left of those that are gone.

import { openPulls, type PullNow, readPull } from '../github/pulls.ts';
import { clusterReader, type KubeReader } from '../kube/reader.ts';
import { isSame, sayIdentity } from '../preview/identity.ts';
import { type Stale, type Standing, staleOf } from '../preview/standing.ts';
import type { Outcome, SweptPreview } from '../report/report.ts';
import type { Run } from '../run.ts';
import { findingOf } from '../verdict/finding.ts';
import { Problem } from '../verdict/problem.ts';
import { listOrphans } from './orphans.ts';
import { hubOf } from './pull-request.ts';
import type { Cluster } from './reach-cluster.ts';
import { zonesOf } from './records-gone.ts';
import { removePreviews } from './remove-previews.ts';
import type { SignedIn } from './sign-in.ts';
import { standingPreviews } from './standing-previews.ts';
import { begin, withCluster } from './steps.ts';
import { tellRemoved } from './tell-removed.ts';

export async function sweep(run: Run): Promise<Outcome> {
  return await withCluster(run, (signedIn, cluster) => sweepCluster(run, signedIn, cluster));
}

interface Judged {
  readonly preview: Standing;
  /** Absent: GitHub did not say. */
  readonly pull: PullNow | undefined;
  readonly stale: Stale | undefined;
}

async function sweepCluster(run: Run, signedIn: SignedIn, cluster: Cluster): Promise<Outcome> {
  const { clock, environment, inputs } = run;
  const deadline = clock.monotonic() + inputs.waitTimeout * 1_000;
  const reader = clusterReader(cluster.kube);
  const zones = zonesOf(run, signedIn);

  begin(run, 'Find the previews');
  const everywhere = await standingPreviews(run, reader);
  const own = (preview: Standing): boolean =>
    preview.identity.repository.toLowerCase() === environment.repository.toLowerCase();
  const all = inputs.preview.sweepCluster ? everywhere : everywhere.filter(own);
  const judged = await judge(run, all);
  tell(run, judged, new Map());
  const stale = judged.filter((each): each is Judged & { readonly stale: Stale } => each.stale !== undefined);

  const states = new Map<Standing, SweptPreview['state']>();
  if (!inputs.preview.dryRun && stale.length > 0) {
    const doomed = await stillStale(run, reader, stale);
    const gone = new Set(
      await removePreviews(
        run,
        { cluster, zones, deadline },
        doomed.map(({ preview }) => preview),
      ),
    );
    for (const { preview, stale: because } of doomed) {
      states.set(preview, gone.has(preview) ? 'removed' : 'left');
      if (gone.has(preview)) await tellRemoved(run, preview, because.message);
    }
  }
  tell(run, judged, states);
  begin(run, 'Look for records that nobody owns');
  await listOrphans(run, reader, zones, deadline);
  if ([...states.values()].includes('left')) return 'failed';
  if (inputs.preview.dryRun) return 'planned';
  return states.size > 0 ? 'removed' : 'clean';
}

/** Of each repository its open pull requests at once; what is not among them is asked for by number. */
async function judge(run: Run, all: readonly Standing[]): Promise<readonly Judged[]> {
  begin(run, 'Ask GitHub for their pull requests');
  const repositories = new Set(all.map(({ identity }) => identity.repository));
  const open = new Map<string, ReadonlyMap<number, PullNow> | undefined>();
  for (const repository of repositories) open.set(repository, await openOf(run, repository));
  const judged: Judged[] = [];
  for (const preview of all) {
    const { repository, number } = preview.identity;
    const known = open.get(repository);
    const pull = known && (known.get(number) ?? (await pullOf(run, preview)));
    judged.push({ preview, pull, stale: staleOf(preview, pull, run.clock.now(), all) });
  }
  return judged;
}

/** Without an answer a preview is only removed when its time is up. */
async function openOf(run: Run, repository: string): Promise<ReadonlyMap<number, PullNow> | undefined> {
  const github = hubOf(run, repository);
  try {
    return github && (await openPulls(github, run.signal));
  } catch (error) {
    return unanswered(run, error, repository);
  }
}

async function pullOf(run: Run, { identity }: Standing): Promise<PullNow | undefined> {
  const github = hubOf(run, identity.repository);
  try {
    return github && (await readPull(github, identity.number, run.signal));
  } catch (error) {
    return unanswered(run, error, sayIdentity(identity));
  }
}

function unanswered({ draft }: Run, error: unknown, of: string): undefined {
  if (!(error instanceof Problem)) throw error;
  const found = findingOf(error);
  draft.findings([
    {
      ...found,
      severity: 'warning',
      message: `Of ${of} GitHub did not say what is open; previews there go only when their time is up. ${found.message}`,
    },
  ]);
  return undefined;
}

/** Reopened, or pushed to, since it was judged: the run that makes it anew has the say. */
async function stillStale<Each extends Judged>(
  run: Run,
  reader: KubeReader,
  stale: readonly Each[],
): Promise<readonly Each[]> {
  const now = await standingPreviews(run, reader);
  const still: Each[] = [];
  for (const each of stale) {
    const { preview } = each;
    const same = now.find(
      ({ name, namespace, identity }) =>
        name === preview.name && namespace === preview.namespace && isSame(identity, preview.identity),
    );
    if (same === undefined) continue;
    const pull = each.stale?.why === 'expired' ? undefined : await pullOf(run, same);
    if (staleOf(same, pull, run.clock.now(), now) !== undefined) still.push(each);
    else run.runner.info(`${preview.name} is needed again`);
  }
  return still;
}

function tell(
  { draft, runner }: Run,
  judged: readonly Judged[],
  states: ReadonlyMap<Standing, SweptPreview['state']>,
): void {
  const rows = judged.map(({ preview, pull, stale }): SweptPreview => {
    const { name, namespace, identity, expiresAt } = preview;
    return {
      name,
      namespace,
      ...identity,
      ...(expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
      state: states.get(preview) ?? (stale === undefined ? 'kept' : 'stale'),
      why:
        stale?.message ??
        (pull ? 'its pull request is open' : 'its time is not up; GitHub did not say whether it is open'),
    };
  });
  draft.previews(rows);
  for (const { name, state, why } of rows) runner.info(`${state.padEnd(7)} ${name}: ${why}`);
}
