// Frees a release that a killed helm left in the middle of an operation.
import type { Clock } from '../clock.ts';
import { Problem } from '../verdict/problem.ts';
import { type Release, type ReleaseState, releaseState } from './release.ts';
import type { Helm } from './version.ts';

export interface Freeing {
  readonly clock: Clock;
  /** Seconds that a helm which still runs elsewhere may take: the timeout that such a run would have been given. */
  readonly timeout: number;
  /** Deletes a Secret. */
  readonly deleteSecret: (namespace: string, name: string, signal: AbortSignal) => Promise<void>;
  /** Whether an operation that began then belongs to a run of ours that is known to have died. */
  readonly isAbandoned?: (began: Date) => boolean;
  /** Told what is waited for, and what was done. */
  readonly onLine?: (line: string) => void;
}

const between = 5_000;

const isPending = (state: ReleaseState | undefined): state is ReleaseState =>
  state?.status.startsWith('pending-') === true;

/** Where Helm keeps a revision (helm pkg/storage/storage.go, driver `secret`). */
const secretOf = ({ name }: Release, { revision }: ReleaseState): string =>
  `sh.helm.release.v1.${name}.v${revision}`;

/**
 * Does nothing unless the release is `pending-*`. Helm refuses to touch such a release ("another operation is in
 * progress") for ever, and nothing in it tells a dead operation from a live one but its age: unless it is known to belong
 * to a run that died, it is given the time that it could have had; then its revision is forgotten. The objects that it
 * wrote carry the release's name, so the next upgrade takes them over.
 * @throws Problem `helm/failed` when its start cannot be read; what `deleteSecret` throws; the signal's reason.
 */
export const freeRelease = async (
  helm: Helm,
  release: Release,
  cwd: string,
  { clock, timeout, deleteSecret, isAbandoned, onLine }: Freeing,
  signal: AbortSignal,
): Promise<void> => {
  for (;;) {
    const state = await releaseState(helm, release, cwd, signal);
    if (!isPending(state)) return;
    const since = Date.parse(state.updated);
    if (Number.isNaN(since)) {
      throw new Problem('helm/failed', `Release ${release.name} is ${state.status}, since an unknown time.`, {
        hint: `If no other helm runs: kubectl --namespace ${release.namespace} delete secret ${secretOf(release, state)}, then run again.`,
      });
    }
    const isDead = isAbandoned?.(new Date(since)) === true;
    const left = isDead ? 0 : since + timeout * 1_000 - clock.now().getTime();
    if (left <= 0) {
      await deleteSecret(release.namespace, secretOf(release, state), signal);
      onLine?.(
        `Release ${release.name} was left ${state.status} at revision ${state.revision} by a helm that has ended; that revision was dropped.`,
      );
      return;
    }
    onLine?.(
      `waiting: release ${release.name} is ${state.status} since ${state.updated}; another helm may be at work, it is given ${Math.ceil(left / 1_000)} s more`,
    );
    await clock.sleep(Math.min(between, left), signal);
  }
};
