// What an upgrade changes in a release, object by object, in the form of helm-diff; secrets masked.
import { createHmac, randomBytes } from 'node:crypto';
import { structuredPatch } from 'diff';
import { stringify } from 'yaml';
import { isMap } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import { parseManifests } from '../bundle/parse.ts';
import type { ReleaseChange } from '../report/report.ts';
import { telling } from './secret-values.ts';

const bytes = (value: string): string => `# (${Buffer.byteLength(value)} bytes)`;

const key = randomBytes(32);

/** A short sign of a text, so that a change shows; with a key of this run alone it tells nobody what the text is. */
const hidden = (value: string): string =>
  `REDACTED ${createHmac('sha256', key).update(value).digest('hex').slice(0, 6)} ${bytes(value)}`;

const maskMap = (map: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name, typeof value === 'string' ? hidden(value) : value]),
  );

const masked = (value: Json): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => masked(item));
  if (!isMap(value)) return value;
  const { name } = value;
  const variable = typeof name === 'string' && telling.test(name);
  return Object.fromEntries(
    Object.entries(value).map(([field, each]): [string, Json | undefined] => {
      if (typeof each === 'string' && (telling.test(field) || (variable && field === 'value')))
        return [field, hidden(each)];
      return [field, each === undefined ? undefined : masked(each)];
    }),
  );
};

const shown = (object: KubernetesObject): string => {
  if (object.kind !== 'Secret')
    return stringify(masked(object), { lineWidth: 0, aliasDuplicateObjects: false });
  const { data, stringData } = object;
  return stringify(
    {
      ...object,
      ...(isMap(data) && { data: maskMap(data) }),
      ...(isMap(stringData) && { stringData: maskMap(stringData) }),
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
};

/** As helm-diff names an object: `infra, web, Deployment (apps)`. */
const titleOf = ({ apiVersion, kind, metadata }: KubernetesObject, namespace: string): string => {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.lastIndexOf('/')) : apiVersion;
  return `${metadata.namespace ?? namespace}, ${metadata.name}, ${kind} (${group})`;
};

const byTitle = (objects: readonly KubernetesObject[], namespace: string) =>
  new Map(objects.map((object) => [titleOf(object, namespace), object]));

const linesOf = (from: string, to: string): readonly string[] =>
  structuredPatch('', '', from, to, '', '', { context: 3 }).hunks.flatMap(({ lines }, index) => [
    ...(index > 0 ? ['...'] : []),
    ...lines.filter((line) => !line.startsWith('\\')),
  ]);

/** The objects of a manifest as Helm keeps it. */
export const objectsIn = (manifest: string): readonly KubernetesObject[] =>
  parseManifests(manifest, '', { rendered: true }).objects.map(({ object }) => object);

/**
 * Objects that differ between two states of a release, in the order of their names; lines for those that change.
 * @param namespace the release's, for objects that name none
 */
export const releaseChanges = (
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  namespace: string,
): readonly ReleaseChange[] => {
  const [old, fresh] = [byTitle(before, namespace), byTitle(after, namespace)];
  const titles = [...new Set([...old.keys(), ...fresh.keys()])].toSorted();
  return titles.flatMap((object): ReleaseChange[] => {
    const [from, to] = [old.get(object), fresh.get(object)];
    if (from === undefined) return [{ object, change: 'added', diff: [] }];
    if (to === undefined) return [{ object, change: 'removed', diff: [] }];
    const diff = linesOf(shown(from), shown(to));
    return diff.length === 0 ? [] : [{ object, change: 'changed', diff }];
  });
};
