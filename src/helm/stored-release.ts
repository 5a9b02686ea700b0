// Reads a release as Helm stores it in the cluster (pkg/storage/driver/secrets.go): without the helm binary, by get and list.
import { gunzipSync } from 'node:zlib';
import { isMap, text, textMap } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import type { StoredRelease } from '../drift/release.ts';
import type { Seen } from '../verdict/seen.ts';
import type { Release } from './release.ts';

/** Lists Secrets by labels; the caller's port to the cluster. */
export type ListSecrets = (
  namespace: string,
  labelSelector: string,
) => Promise<Seen<readonly KubernetesObject[]>>;

/** Bytes that a release may unpack to. */
const largest = 64 * 1024 * 1024;

const revisionOf = (secret: KubernetesObject): number =>
  Number(textMap(secret, 'metadata', 'labels')['version'] ?? 0);

/** base64 of the Secret, base64 of Helm, gzip unless it is very old, JSON. */
const decoded = (secret: KubernetesObject): JsonObject | undefined => {
  const outer = Buffer.from(text(secret, 'data', 'release') ?? '', 'base64').toString('utf8');
  const packed = Buffer.from(outer, 'base64');
  const zipped = packed[0] === 0x1f && packed[1] === 0x8b;
  const body = zipped ? gunzipSync(packed, { maxOutputLength: largest }) : packed;
  // JSON.parse gives JSON.
  const value = JSON.parse(body.toString('utf8')) as Json;
  return isMap(value) ? value : undefined;
};

const storedOf = (value: JsonObject): StoredRelease => {
  const config = value['config'];
  return {
    status: text(value, 'info', 'status') ?? 'unknown',
    revision: Number(value['version'] ?? 0),
    updated: text(value, 'info', 'last_deployed') ?? '',
    chart: {
      name: text(value, 'chart', 'metadata', 'name') ?? '',
      version: text(value, 'chart', 'metadata', 'version') ?? '',
    },
    values: isMap(config) ? config : {},
    manifest: text(value, 'manifest') ?? '',
  };
};

/** The last revision; `undefined` when there is no such release. Superseded ones are not even asked for. */
export const readStoredRelease = async (
  list: ListSecrets,
  { name, namespace }: Release,
): Promise<Seen<StoredRelease | undefined>> => {
  const seen = await list(namespace, `owner=helm,name=${name},status!=superseded`);
  if (!('value' in seen)) return seen;
  const [last] = seen.value.toSorted((one, other) => revisionOf(other) - revisionOf(one));
  if (last === undefined) return { at: seen.at, value: undefined };
  try {
    const value = decoded(last);
    return value === undefined
      ? { at: seen.at, failed: `the Secret ${last.metadata.name} holds no release` }
      : { at: seen.at, value: storedOf(value) };
  } catch (error) {
    return {
      at: seen.at,
      failed: `the Secret ${last.metadata.name} cannot be read as a release`,
      cause: error,
    };
  }
};
