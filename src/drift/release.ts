// A release against the chart and the values of the repository.
import { isMap, textMap } from '../bundle/field.ts';
import {
  groupOf,
  type Json,
  type JsonObject,
  type KubernetesObject,
  refOf,
  type Sourced,
} from '../bundle/object.ts';
import { type Change, changesBetween } from '../compare/changes.ts';
import type { Source } from '../verdict/finding.ts';
import { type Sighting, shownValue } from './item.ts';

/** A revision as Helm keeps it. */
export interface StoredRelease {
  /** `deployed`, `failed`, `pending-upgrade` … */
  readonly status: string;
  readonly revision: number;
  /** When it was installed, as Helm writes it (RFC 3339 with an offset). */
  readonly updated: string;
  readonly chart: { readonly name: string; readonly version: string };
  /** Those that the user gave. */
  readonly values: JsonObject;
  /** What was installed, without hooks. */
  readonly manifest: string;
}

export interface ReleaseWant {
  readonly namespace: string;
  readonly name: string;
  readonly chart: { readonly name: string; readonly version: string };
  readonly source: Source;
  /** The values files, merged. */
  readonly values: JsonObject;
}

/** Later values win, maps are merged, a null removes (helm pkg/cli/values, pkg/chartutil/coalesce.go). */
export const mergedValues = (all: readonly JsonObject[]): JsonObject =>
  all.reduce<JsonObject>((merged, next) => merge(merged, next), {});

const merge = (base: JsonObject, over: JsonObject): JsonObject => {
  const merged: Record<string, Json | undefined> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const before = merged[name];
    merged[name] = isMap(before) && isMap(value) ? merge(before, value) : value;
  }
  return merged;
};

/** Words in a key whose text is not shown. */
const secret = /password|passwd|secret|token|credential|private|apikey|api_key/i;

const shown = (path: string, value: Json | undefined): string | null =>
  value !== undefined && typeof value !== 'boolean' && secret.test(path) ? '***' : shownValue(value);

const isoOf = (text: string): string | undefined => {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
};

const itemOf = (
  { namespace, name, source }: ReleaseWant,
  rest: Pick<Sighting, 'path' | 'wanted' | 'found' | 'severity' | 'remedy'> & Partial<Sighting>,
): Sighting => ({ layer: 'helm', ref: `Release ${namespace}/${name}`, heals: false, source, ...rest });

/** Whether it is there, of this chart, deployed, and with the values of the repository. */
export const judgeRelease = (want: ReleaseWant, stored: StoredRelease | undefined): readonly Sighting[] => {
  if (stored === undefined) {
    const remedy = 'Deploy: the release is not installed, or under another name or in another namespace.';
    return [itemOf(want, { path: '', wanted: 'a release', found: null, severity: 'error', remedy })];
  }
  const since = isoOf(stored.updated);
  const differs = (
    path: string,
    wanted: string,
    found: string,
    severity: Sighting['severity'],
    remedy: string,
  ): readonly Sighting[] =>
    wanted === found
      ? []
      : [itemOf(want, { path, wanted, found, severity, remedy, ...(since !== undefined && { since }) })];
  const history = `helm history ${want.name} --namespace ${want.namespace}`;
  return [
    ...differs(
      'status',
      'deployed',
      stored.status,
      'error',
      `Deploy again; \`${history}\` says what happened.`,
    ),
    ...differs(
      'chart.name',
      want.chart.name,
      stored.chart.name,
      'error',
      'Give one of the two another release name.',
    ),
    ...differs(
      'chart.version',
      want.chart.version,
      stored.chart.version,
      'warning',
      `Deploy; \`${history}\` says who came in between.`,
    ),
    ...valuesOf(want, stored, since),
  ];
};

const valuesOf = (want: ReleaseWant, stored: StoredRelease, since: string | undefined): readonly Sighting[] =>
  changesBetween({ values: stored.values }, { values: want.values })
    .filter(({ path }) => path.startsWith('.values'))
    .map(({ path, from, to }) =>
      itemOf(want, {
        path: path.slice(1),
        wanted: shown(path, to),
        found: shown(path, from),
        severity: 'warning',
        remedy: 'Deploy again to set it back, or put it into the values file.',
        ...(since !== undefined && { since }),
      }),
    );

/** While somebody installs or upgrades it, all of it is on its way; one that stays so has been left behind by a run that was killed. */
export const onItsWay = <Seen extends Sighting>(
  { status }: Pick<StoredRelease, 'status'>,
  sightings: readonly Seen[],
): readonly Seen[] =>
  status.startsWith('pending-') ? sightings.map((each) => ({ ...each, passing: true as const })) : sightings;

export const isHook = ({ object }: Sourced): boolean =>
  textMap(object, 'metadata', 'annotations')['helm.sh/hook'] !== undefined;

/** @param namespace of the release: Helm installs what names none into it */
export const keyOf = ({ apiVersion, kind, metadata }: KubernetesObject, namespace: string): string => {
  return `${groupOf(apiVersion)}/${kind}/${metadata.namespace ?? namespace}/${metadata.name}`;
};

const byKey = (objects: readonly Sourced[], namespace: string): ReadonlyMap<string, Sourced> =>
  new Map(objects.filter((each) => !isHook(each)).map((each) => [keyOf(each.object, namespace), each]));

/** Two renderings of one chart: what differs is made anew each time (certificates, passwords), or by what the cluster has. */
export const unstableFields = (
  one: readonly Sourced[],
  other: readonly Sourced[],
  namespace: string,
): ReadonlySet<string> => {
  const [ones, others] = [byKey(one, namespace), byKey(other, namespace)];
  const lonely = [...ones.keys(), ...others.keys()].filter((key) => !(ones.has(key) && others.has(key)));
  return new Set([
    // No path: the object itself.
    ...lonely.map((key) => `${key} `),
    ...[...ones].flatMap(([key, { object }]) => {
      const twin = others.get(key);
      return twin === undefined
        ? []
        : changesBetween(object, twin.object).map(({ path }) => `${key} ${path}`);
    }),
  ]);
};

const moment = /^(\d{4}-\d\d-\d\d([T ]\d\d[:.]?\d\d.*)?|1\d{9}(\d{3})?|20\d{6}([T-]?\d{4,6}Z?)?)$/;

/** `{{ now | date … }}` and `{{ .Release.Revision }}` are others at each rendering; `helm template` says revision 1. */
const isOfTheMoment = ({ from, to }: Change, revision: number | undefined): boolean => {
  const [before, after] = [from, to].map((each) =>
    typeof each === 'string' || typeof each === 'number' ? String(each) : '',
  );
  if (before === undefined || after === undefined || before === '' || after === '') return false;
  if (moment.test(before) && moment.test(after)) return true;
  return revision !== undefined && before.replaceAll(String(revision), '1') === after;
};

/**
 * What the chart would install now and the release does not have, and the other way round.
 * @param revision of the release, which templates may have written into objects
 */
export const judgeManifest = (
  want: ReleaseWant,
  rendered: readonly Sourced[],
  installed: readonly Sourced[],
  revision?: number,
): readonly (Sighting & { readonly key: string })[] => {
  const now = byKey(rendered, want.namespace);
  const before = byKey(installed, want.namespace);
  const remedy = 'Deploy: the chart of the repository is not what was installed, under the same version.';
  const of = (key: string, object: KubernetesObject, rest: Parameters<typeof itemOf>[1]) => ({
    ...itemOf(want, rest),
    ref: refOf(object),
    key: `${key} ${rest.path}`,
  });
  const missing = [...now].flatMap(([key, { object, source }]) =>
    before.has(key)
      ? []
      : [
          of(key, object, {
            path: '',
            wanted: 'an object',
            found: null,
            severity: 'warning',
            remedy,
            source,
          }),
        ],
  );
  const changed = [...before].flatMap(([key, { object }]) => {
    const next = now.get(key);
    if (next === undefined)
      return [of(key, object, { path: '', wanted: null, found: 'an object', severity: 'warning', remedy })];
    const masked = object.kind === 'Secret';
    const changes = changesBetween(object, next.object).filter((each) => !isOfTheMoment(each, revision));
    return changes.map(({ path, from, to }) =>
      of(key, object, {
        path,
        wanted: masked && to !== undefined ? '***' : shownValue(to),
        found: masked && from !== undefined ? '***' : shownValue(from),
        severity: 'warning',
        remedy,
        source: next.source,
      }),
    );
  });
  return [...missing, ...changed];
};
