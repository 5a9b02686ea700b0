// Reads a release as Helm stores it in the cluster (pkg/storage/driver/secrets.go): without the helm binary, by get and list.
import { textMap } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Release } from './release.ts';
import { type Revision, secretOf, storedRevision } from './stored.ts';

/** Lists Secrets by labels; the caller's port to the cluster. */
export type ListSecrets = (
  namespace: string,
  labelSelector: string,
) => Promise<Seen<readonly KubernetesObject[]>>;

/** Reads one Secret; the caller's port to the cluster. */
export type ReadSecret = (namespace: string, name: string) => Promise<Seen<KubernetesObject | undefined>>;

/** One revision; `undefined` where it is not there, cannot be read, or is none. */
export const readRevision = async (
  read: ReadSecret,
  { name, namespace }: Release,
  revision: number,
): Promise<Revision | undefined> => {
  const seen = await read(namespace, secretOf(name, revision));
  return 'value' in seen && seen.value ? storedRevision(seen.value) : undefined;
};

const numberOf = (secret: KubernetesObject): number =>
  Number(textMap(secret, 'metadata', 'labels')['version'] ?? 0);

/** The last revision; `undefined` when there is no such release. Superseded ones are not even asked for. */
export const readStoredRelease = async (
  list: ListSecrets,
  { name, namespace }: Release,
): Promise<Seen<Revision | undefined>> => {
  const seen = await list(namespace, `owner=helm,name=${name},status!=superseded`);
  if (!('value' in seen)) return seen;
  const [last] = seen.value.toSorted((one, other) => numberOf(other) - numberOf(one));
  if (last === undefined) return { at: seen.at, value: undefined };
  const revision = storedRevision(last);
  return revision === undefined
    ? { at: seen.at, failed: `the Secret ${last.metadata.name} cannot be read as a release` }
    : { at: seen.at, value: revision };
};
