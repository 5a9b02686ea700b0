// Whose an object is: signs of another owner, conflicts with other managers, and what the user allows to be taken over.
import { isMap, list, textMap } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import { appliedBy, type FieldsEntry, fieldsEntries } from '../compare/managed-fields.ts';
import { type Conflict, fieldManager } from './applier.ts';

/** `applyset.kubernetes.io/part-of` (KEP-3659): the inventory that an object belongs to. */
export const partOfLabel = 'applyset.kubernetes.io/part-of';

export interface Owner {
  /** `the Helm release infra/umbrella`. */
  readonly name: string;
  /** Its field manager; `undefined` where none may be taken over from. */
  readonly manager?: string;
}

interface Mark {
  readonly manager: string;
  readonly owner: (
    labels: Readonly<Record<string, string>>,
    annotations: Readonly<Record<string, string>>,
  ) => string | undefined;
}

/** How tools sign what they apply; each would put its own state back. */
const marks: readonly Mark[] = [
  {
    // helm pkg/action/validate.go
    manager: 'helm',
    owner: (_, { 'meta.helm.sh/release-name': name, 'meta.helm.sh/release-namespace': namespace }) =>
      name === undefined
        ? undefined
        : `the Helm release ${namespace === undefined ? '' : `${namespace}/`}${name}`,
  },
  {
    // argo-cd util/argo/resource_tracking.go
    manager: 'argocd-controller',
    owner: ({ 'argocd.argoproj.io/instance': label }, { 'argocd.argoproj.io/tracking-id': id }) => {
      const name = id?.split(':')[0] ?? label;
      return name === undefined ? undefined : `the Argo CD application ${name}`;
    },
  },
  {
    // fluxcd kustomize-controller and helm-controller: the labels of their inventories
    manager: 'kustomize-controller',
    owner: ({ 'kustomize.toolkit.fluxcd.io/name': name }) =>
      name === undefined ? undefined : `the Flux Kustomization ${name}`,
  },
];

/**
 * Who else keeps this object, as its labels and annotations say; `undefined` when nobody does, or one that may be taken
 * over from.
 * @param inventory our own, whether this run writes one or not
 */
export const otherOwner = (
  live: KubernetesObject,
  takeOver: readonly string[],
  inventory: string | undefined,
): Owner | undefined => {
  const labels = textMap(live, 'metadata', 'labels');
  const annotations = textMap(live, 'metadata', 'annotations');
  const set = labels[partOfLabel];
  if (set !== undefined && set !== inventory) return { name: `another inventory (${partOfLabel}: ${set})` };
  for (const { manager, owner } of marks) {
    const name = owner(labels, annotations);
    if (name !== undefined && !takeOver.includes(manager)) return { name, manager };
  }
  return undefined;
};

const since = (moment: Date | undefined): string =>
  moment === undefined ? '' : ` since ${moment.toISOString().replace(/\.\d+Z$/, 'Z')}`;

/** When a manager last wrote the object itself, or else a part of it. */
const lastWrite = (entries: readonly FieldsEntry[], manager: string): Date | undefined => {
  const own = entries.filter((entry) => entry.manager === manager && entry.since !== undefined);
  const whole = own.filter(({ subresource }) => subresource === undefined);
  const moments = (whole.length > 0 ? whole : own).flatMap((entry) => entry.since?.getTime() ?? []);
  return moments.length === 0 ? undefined : new Date(Math.max(...moments));
};

/** The conflicts with the time at which each manager last wrote; the API server does not always say it. */
export const dated = (
  conflicts: readonly Conflict[],
  live: KubernetesObject | undefined,
): readonly Conflict[] => {
  const entries = live === undefined ? [] : fieldsEntries(live);
  return conflicts.map((conflict) => {
    const moment = conflict.since ?? lastWrite(entries, conflict.manager);
    return { ...conflict, ...(moment && { since: moment }) };
  });
};

/** `.spec.replicas is owned by hpa since 2026-11-22T10:00:00Z; …` and the input that settles it. */
export const explainConflicts = (
  conflicts: readonly Conflict[],
): { readonly message: string; readonly hint: string } => {
  const owners = conflicts.map(
    ({ path, manager, since: moment }) => `${path} is owned by ${manager}${since(moment)}`,
  );
  const managers = [...new Set(conflicts.map(({ manager }) => manager))];
  const one = conflicts.length === 1;
  return {
    message: `${owners.join('; ')}.`,
    hint: `Remove the ${one ? 'field' : 'fields'} here, or let go of ${one ? 'it' : 'them'} there; to take ${one ? 'it' : 'them'} over for good, set the input \`take-over: ${managers.join(',')}\`.`,
  };
};

/** Entries of managers that the user lets us take over from; those of subresources are controllers' work. */
const adopted = (live: KubernetesObject, takeOver: readonly string[]): readonly FieldsEntry[] =>
  fieldsEntries(live).filter(
    ({ manager, subresource }) =>
      subresource === undefined && manager !== fieldManager && takeOver.includes(manager),
  );

const union = (one: JsonObject, other: JsonObject): JsonObject => {
  const both: Record<string, Json | undefined> = { ...one };
  for (const [element, fields] of Object.entries(other)) {
    const ours = Object.hasOwn(both, element) ? both[element] : undefined;
    both[element] = isMap(ours) && isMap(fields) ? union(ours, fields) : fields;
  }
  return both;
};

/**
 * managedFields in which all that the managers own is ours; `undefined` where they own nothing. Without it, fields that
 * leave the repository later would stay: their old manager would still own them (client-go util/csaupgrade does the same
 * for kubectl). The annotation in which kubectl keeps its last manifest comes along, and goes with the next apply.
 */
export const managedFieldsAfter = (
  live: KubernetesObject,
  takeOver: readonly string[],
): readonly Json[] | undefined => {
  const gone = adopted(live, takeOver);
  const [first] = gone;
  if (first === undefined) return undefined;
  const ours = appliedBy(live, fieldManager);
  const fields = gone.reduce((all, entry) => union(all, entry.fields), ours?.fields ?? {});
  const rest = list(live, 'metadata', 'managedFields').filter((value) => {
    if (!isMap(value) || value['subresource'] !== undefined) return true;
    const manager = value['manager'];
    return manager === fieldManager
      ? value['operation'] !== 'Apply'
      : !gone.some((entry) => entry.manager === manager);
  });
  const entry = {
    manager: fieldManager,
    operation: 'Apply',
    apiVersion: ours?.apiVersion ?? first.apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
  };
  return [entry, ...rest];
};
