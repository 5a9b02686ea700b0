// Which previews are stale, by what the cluster and GitHub say; asked again before anything is removed.
import { openPulls, type PullNow, readPull } from '../../github/pulls.ts';
import type { KubeReader } from '../../kube/reader.ts';
import { isSame, sayIdentity } from '../../preview/identity.ts';
import { type Stale, type Standing, staleOf } from '../../preview/standing.ts';
import type { Run } from '../../run.ts';
import { findingOf } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import { gitHubOf } from '../access/github.ts';
import { standingPreviews } from './standing.ts';

export interface Judged {
  readonly preview: Standing;
  /** Absent: GitHub did not say. */
  readonly pull: PullNow | undefined;
  readonly stale: Stale | undefined;
}

/** Those that a run may remove: its own repository's, or with `sweep-scope: cluster` all. */
export const inScope = ({ environment, inputs }: Run, all: readonly Standing[]): readonly Standing[] =>
  inputs.preview.sweepCluster
    ? all
    : all.filter(
        ({ identity }) => identity.repository.toLowerCase() === environment.repository.toLowerCase(),
      );

/** Of each repository its open pull requests at once; what is not among them is asked for by number. */
export async function judgePreviews(run: Run, all: readonly Standing[]): Promise<readonly Judged[]> {
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
  const github = gitHubOf(run, repository);
  try {
    return github && (await openPulls(github, run.signal));
  } catch (error) {
    return unanswered(run, error, repository);
  }
}

async function pullOf(run: Run, { identity }: Standing): Promise<PullNow | undefined> {
  const github = gitHubOf(run, identity.repository);
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
export async function stillStale<Each extends Judged>(
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
