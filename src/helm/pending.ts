// Frees a release that a killed helm left in the middle of an operation.
import type { Clock } from '../clock.ts';
import { Problem } from '../verdict/problem.ts';
import { type Release, type ReleaseState, releaseState } from './release.ts';
import { secretOf } from './stored.ts';
import type { Helm } from './version.ts';

export interface Freeing {
  readonly clock: Clock;
  /** Seconds that a helm which still runs elsewhere may take: the timeout that such a run would have been given. */
  readonly timeout: number;
  /**
   * Whether the revision was written by a run of this bundle, while this run holds the bundle's Lease: then that run has
   * ended, and its helm, should a machine still run it, is without credentials (kubeconfig.ts).
   */
  readonly isOurs?: (revision: number, signal: AbortSignal) => Promise<boolean>;
  /** Deletes a Secret. */
  readonly deleteSecret: (namespace: string, name: string, signal: AbortSignal) => Promise<void>;
  /** Whether an operation that began then belongs to a run of ours that is known to have died. */
  readonly isAbandoned?: (began: Date) => boolean;
  /** Told what is waited for, and what was done. */
  readonly onLine?: (line: string) => void;
}

const between = 5_000;

/** Seconds for a helm that outlived its run: its last credential is good for six, a request takes some. */
const orphaned = 30;

const isPending = (state: ReleaseState | undefined): state is ReleaseState =>
  state?.status.startsWith('pending-') === true;

/**
 * Does nothing unless the release is `pending-*`. Helm refuses to touch such a release ("another operation is in
 * progress") for ever. A dead operation is told from a live one by its age: it is given the time that it could have had,
 * or half a minute where its run is known to have ended, none where that run died long ago; then its revision is forgotten. The objects that it wrote carry the
 * release's name, so the next upgrade takes them over.
 * @throws Problem `helm/failed` when its start cannot be read; what `deleteSecret` throws; the signal's reason.
 */
export const freeRelease = async (
  helm: Helm,
  release: Release,
  cwd: string,
  { clock, timeout, isOurs, isAbandoned, deleteSecret, onLine }: Freeing,
  signal: AbortSignal,
): Promise<void> => {
  for (;;) {
    const state = await releaseState(helm, release, cwd, signal);
    if (!isPending(state)) return;
    const since = Date.parse(state.updated);
    if (Number.isNaN(since)) {
      throw new Problem('helm/failed', `Release ${release.name} is ${state.status}, since an unknown time.`, {
        hint: `If no other helm runs: kubectl --namespace ${release.namespace} delete secret ${secretOf(release.name, state.revision)}, then run again.`,
      });
    }
    const ours = (await isOurs?.(state.revision, signal)) === true;
    const given = ours ? Math.min(timeout, orphaned) : timeout;
    const isDead = isAbandoned?.(new Date(since)) === true;
    const left = isDead ? 0 : since + given * 1_000 - clock.now().getTime();
    if (left <= 0) {
      await deleteSecret(release.namespace, secretOf(release.name, state.revision), signal);
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
