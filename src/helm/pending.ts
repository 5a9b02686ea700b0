// Frees a release that a killed helm left in the middle of an operation.
import type { Clock } from '../clock.ts';
import { Problem } from '../verdict/problem.ts';
import { type Release, type ReleaseState, releaseState } from './release.ts';
import { type Revision, secretOf } from './stored.ts';
import type { Helm } from './version.ts';

export interface Freeing {
  readonly clock: Clock;
  /** Seconds that a helm which still runs elsewhere may take: the timeout that such a run would have been given. */
  readonly timeout: number;
  /** Reads a revision; `undefined` where it cannot be read. */
  readonly revision: (revision: number, signal: AbortSignal) => Promise<Revision | undefined>;
  /**
   * Whether the revision was written by a run of this bundle, while this run holds the bundle's Lease: then that run has
   * ended, and its helm, should a machine still run it, is without credentials (kubeconfig.ts).
   */
  readonly isOurs?: (revision: Revision | undefined) => boolean;
  /** Throws where the release is not one to be touched. */
  readonly allow?: (revision: Revision | undefined) => void;
  /** Deletes a Secret. */
  readonly deleteSecret: (namespace: string, name: string, signal: AbortSignal) => Promise<void>;
  /** Brings an uninstall to its end. */
  readonly uninstall: (signal: AbortSignal) => Promise<void>;
  /** Whether an operation that began then belongs to a run of ours that is known to have died. */
  readonly isAbandoned?: (began: Date) => boolean;
  /** Told what is waited for, and what was done. */
  readonly onLine?: (line: string) => void;
}

const between = 5_000;

/** Seconds for a helm that outlived its run: its last credential is good for six, a request takes some. */
const orphaned = 30;

/** A release while nobody works on it. */
export interface Freed {
  readonly state: ReleaseState;
  /** Its last revision; absent where it cannot be read. */
  readonly stored: Revision | undefined;
}

/** When an operation that has not come to its end began; `undefined` where none is under way. */
const beganOf = ({ status, updated }: ReleaseState, stored: Revision | undefined): number | undefined => {
  if (status.startsWith('pending-')) return Date.parse(updated);
  // `updated` stays that of the install.
  return status === 'uninstalling' ? (stored?.deleted?.getTime() ?? Number.NaN) : undefined;
};

const byHand = ({ name, namespace }: Release, { status, revision }: ReleaseState): string =>
  status === 'uninstalling'
    ? `helm uninstall ${name} --namespace ${namespace}`
    : `kubectl --namespace ${namespace} delete secret ${secretOf(name, revision)}`;

/**
 * The release's state once nothing is under way: `undefined` where there is no release. Helm refuses to touch one that is
 * `pending-*` ("another operation is in progress") or `uninstalling` ("has no deployed releases") for ever. A dead operation
 * is told from a live one by its age: it is given the time that it could have had, or half a minute where its run is known to
 * have ended, none where that run died long ago. Then the revision of an upgrade is forgotten (the objects that it wrote
 * carry the release's name, so the next upgrade takes them over), and an uninstall is brought to its end.
 * @throws Problem `helm/failed` when its start cannot be read; what the functions given throw; the signal's reason.
 */
export const freeRelease = async (
  helm: Helm,
  release: Release,
  cwd: string,
  freeing: Freeing,
  signal: AbortSignal,
): Promise<Freed | undefined> => {
  const { clock, timeout, revision, isOurs, allow, isAbandoned, deleteSecret, uninstall, onLine } = freeing;
  for (;;) {
    const state = await releaseState(helm, release, cwd, signal);
    if (state === undefined) return undefined;
    const stored = await revision(state.revision, signal);
    if (state.status !== 'uninstalled') allow?.(stored);
    const since = beganOf(state, stored);
    if (since === undefined) return { state, stored };
    if (Number.isNaN(since)) {
      throw new Problem('helm/failed', `Release ${release.name} is ${state.status}, since an unknown time.`, {
        hint: `If no other helm runs: ${byHand(release, state)}, then run again.`,
      });
    }
    const given = isOurs?.(stored) === true ? Math.min(timeout, orphaned) : timeout;
    const isDead = isAbandoned?.(new Date(since)) === true;
    const left = isDead ? 0 : since + given * 1_000 - clock.now().getTime();
    const was = `Release ${release.name} was left ${state.status} at revision ${state.revision} by a helm that has ended`;
    if (left > 0) {
      onLine?.(
        `waiting: release ${release.name} is ${state.status} since ${new Date(since).toISOString()}; another helm may be at work, it is given ${Math.ceil(left / 1_000)} s more`,
      );
      await clock.sleep(Math.min(between, left), signal);
    } else if (state.status === 'uninstalling') {
      onLine?.(`${was}; its removal is brought to its end first.`);
      await uninstall(signal);
    } else {
      await deleteSecret(release.namespace, secretOf(release.name, state.revision), signal);
      onLine?.(`${was}; that revision was dropped.`);
    }
  }
};
