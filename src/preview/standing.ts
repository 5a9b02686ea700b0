// A preview as the cluster has it, and whether anybody still needs it.
import { textMap } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import { hostnamesOf } from '../gateway/shapes.ts';
import { type Identity, identityOf, isSame, previewAnnotations } from './identity.ts';

export interface Standing {
  /** The first label of its first host. */
  readonly name: string;
  /** Where its objects are. */
  readonly namespace: string;
  /** Whether the namespace is the preview's own, and goes with it. */
  readonly own: boolean;
  readonly identity: Identity;
  readonly hosts: readonly string[];
  readonly branch: string;
  readonly commit: string;
  readonly template: string;
  readonly expiresAt?: Date;
}

const annotationsOf = (object: KubernetesObject): Readonly<Record<string, string>> =>
  textMap(object, 'metadata', 'annotations');

const factsOf = (annotations: Readonly<Record<string, string>>) => {
  const expiresAt = new Date(annotations[previewAnnotations.expiresAt] ?? Number.NaN);
  return {
    branch: annotations[previewAnnotations.branch] ?? '',
    commit: annotations[previewAnnotations.commit] ?? '',
    template: annotations[previewAnnotations.template] ?? '',
    ...(!Number.isNaN(expiresAt.getTime()) && { expiresAt }),
  };
};

/** The preview that a namespace was made for; `undefined` when the action did not make it. */
export const standingOf = (namespace: KubernetesObject): Standing | undefined => {
  const identity = identityOf(namespace);
  if (identity === undefined) return undefined;
  const annotations = annotationsOf(namespace);
  const hosts = (annotations[previewAnnotations.hosts] ?? '').split(',').filter((host) => host !== '');
  const { name } = namespace.metadata;
  return { name, namespace: name, own: true, identity, hosts, ...factsOf(annotations) };
};

/** Previews that are routes alone, in namespaces that others own. */
export const standingIn = (routes: readonly KubernetesObject[]): readonly Standing[] => {
  const found = new Map<string, Standing>();
  for (const route of routes) {
    const identity = identityOf(route);
    const annotations = annotationsOf(route);
    const name = annotations[previewAnnotations.name];
    const { namespace } = route.metadata;
    if (identity === undefined || name === undefined || namespace === undefined) continue;
    const key = `${namespace}/${name}`;
    const hosts = [...(found.get(key)?.hosts ?? []), ...hostnamesOf(route)];
    found.set(key, { name, namespace, own: false, identity, hosts, ...factsOf(annotations) });
  }
  return [...found.values()];
};

/** What GitHub says of a pull request now. */
export interface PullState {
  readonly closed: boolean;
  readonly branch: string;
  readonly sha: string;
}

export interface Stale {
  readonly why: 'closed' | 'superseded' | 'expired';
  /** A clause that says so, without a full stop. */
  readonly message: string;
}

const minute = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/**
 * A preview that has another name now (its branch was renamed, its name holds the commit): the newer one took its place
 * when it was made by the same template for what the pull request has now.
 */
const successorOf = (preview: Standing, pull: PullState, all: readonly Standing[]): Standing | undefined => {
  const isCurrent = ({ branch, commit }: Standing): boolean => branch === pull.branch && commit === pull.sha;
  if (isCurrent(preview)) return undefined;
  return all.find(
    (other) =>
      other.name !== preview.name &&
      other.template === preview.template &&
      isSame(other.identity, preview.identity) &&
      isCurrent(other),
  );
};

/**
 * Why a preview may go; `undefined` while it may be needed.
 * @param pull absent where GitHub did not say: then only time counts
 * @param all all previews that stand
 */
export const staleOf = (
  preview: Standing,
  pull: PullState | undefined,
  now: Date,
  all: readonly Standing[],
): Stale | undefined => {
  if (pull?.closed === true)
    return { why: 'closed', message: `pull request #${preview.identity.number} is closed` };
  const successor = pull && successorOf(preview, pull, all);
  if (successor !== undefined) return { why: 'superseded', message: `${successor.name} took its place` };
  const { expiresAt } = preview;
  return expiresAt !== undefined && expiresAt < now
    ? { why: 'expired', message: `its time was up on ${minute(expiresAt)}` }
    : undefined;
};
