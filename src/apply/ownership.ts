// Whose an object is: signs of another owner, conflicts with other managers, and what the user allows to be taken over.
import { field, isMap, list, textMap } from '../bundle/field.ts';
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
  /** How to find out more of it, and to let go of it there. */
  readonly remedy?: string;
}

interface Mark {
  /** Its usual field manager. */
  readonly manager: string;
  /** The label or annotation in which it says whose the object is. */
  readonly sign: readonly ['labels' | 'annotations', string];
  readonly owner: (value: string, metadata: Texts) => string;
  /** Others set it too: it counts only where the manager itself has. */
  readonly shared?: true;
}

interface Texts {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const within = (namespace: string | undefined, name: string): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** How tools sign what they apply; each would put its own state back. */
const marks: readonly Mark[] = [
  {
    // fluxcd helm-controller internal/postrender/labels.go; what it installs is signed by Helm as well
    manager: 'helm-controller',
    sign: ['labels', 'helm.toolkit.fluxcd.io/name'],
    owner: (name, { labels }) =>
      `the Flux HelmRelease ${within(labels['helm.toolkit.fluxcd.io/namespace'], name)}`,
  },
  {
    // helm pkg/action/validate.go
    manager: 'helm',
    sign: ['annotations', 'meta.helm.sh/release-name'],
    owner: (name, { annotations }) =>
      `the Helm release ${within(annotations['meta.helm.sh/release-namespace'], name)}`,
  },
  {
    // argo-cd util/argo/resource_tracking.go: by annotation (the default since 3.0), or by a label of the user's choice
    manager: 'argocd-controller',
    sign: ['annotations', 'argocd.argoproj.io/tracking-id'],
    owner: (id) => `the Argo CD application ${id.split(':')[0]}`,
  },
  {
    manager: 'argocd-controller',
    sign: ['labels', 'argocd.argoproj.io/instance'],
    owner: (name) => `the Argo CD application ${name}`,
  },
  {
    // Its label before 3.0, which charts set by themselves, too.
    manager: 'argocd-controller',
    sign: ['labels', 'app.kubernetes.io/instance'],
    owner: (name) => `the Argo CD application ${name}`,
    shared: true,
  },
  {
    // fluxcd kustomize-controller: the labels of its inventory
    manager: 'kustomize-controller',
    sign: ['labels', 'kustomize.toolkit.fluxcd.io/name'],
    owner: (name) => `the Flux Kustomization ${name}`,
  },
];

/** Who wrote the mark; programs that embed Helm have names of their own (helm pkg/kube/client.go). */
const signers = (live: KubernetesObject, [where, key]: Mark['sign']): readonly string[] =>
  fieldsEntries(live)
    .filter(({ fields }) => field(fields, 'f:metadata', `f:${where}`, `f:${key}`) !== undefined)
    .map(({ manager }) => manager);

/** A mark that we alone have written stands in the repository itself: in an exported manifest, or for Helm to adopt it. */
const ownerBy = (live: KubernetesObject, mark: Mark, texts: Texts, takeOver: readonly string[]) => {
  const { manager, sign, owner, shared } = mark;
  const value = texts[sign[0]][sign[1]];
  if (value === undefined || takeOver.includes(manager)) return undefined;
  const all = signers(live, sign);
  if (shared ? !all.includes(manager) : all.length > 0 && all.every((each) => each === fieldManager))
    return undefined;
  const others = all.filter((each) => each !== fieldManager);
  if (others.length > 0 && others.every((each) => takeOver.includes(each))) return undefined;
  return { name: owner(value, texts), manager: others.length > 0 ? others.join(',') : manager };
};

/** The parent of a set is a ConfigMap of ours, or a Secret as kubectl makes it. */
const lettingGo = ({ kind, metadata: { name, namespace } }: KubernetesObject, set: string): string =>
  `\`kubectl get configmaps,secrets -A -l applyset.kubernetes.io/id=${set} -o yaml\` shows whose that is. If nobody keeps it any more, take the label away: \`kubectl label ${kind.toLowerCase()} ${name}${namespace === undefined ? '' : ` -n ${namespace}`} ${partOfLabel}-\`.`;

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
  if (set !== undefined && set !== inventory)
    return { name: `another inventory (${partOfLabel}: ${set})`, remedy: lettingGo(live, set) };
  for (const mark of marks) {
    const owner = ownerBy(live, mark, { labels, annotations }, takeOver);
    if (owner) return owner;
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
