// What a repository keeps in a cluster: a parent object that says which kinds and namespaces, and a label on each member.
// In the form of kubectl's ApplySets (KEP-3659), so that other tools can read it and know whose it is.
import { createHash } from 'node:crypto';
import { textMap } from '../bundle/field.ts';
import { groupOf, type KubernetesObject, type Sourced } from '../bundle/object.ts';
import { Problem } from '../verdict/problem.ts';
import { partOfLabel } from './ownership.ts';

/** A ConfigMap: its name, its place, and the id that its members carry. */
export interface Inventory {
  readonly name: string;
  readonly namespace: string;
  readonly id: string;
}

/** Where members are: group kinds as `HTTPRoute.gateway.networking.k8s.io`, `Service`; namespaces. */
export interface Contents {
  readonly kinds: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
}

const idLabel = 'applyset.kubernetes.io/id';
const tooling = 'applyset.kubernetes.io/tooling';
const groupKinds = 'applyset.kubernetes.io/contains-group-kinds';
const otherNamespaces = 'applyset.kubernetes.io/additional-namespaces';
/** The run that wrote last. */
const runAnnotation = 'eks-gateway-action/run';

const tool = 'eks-gateway-action';

/** kubectl pkg/cmd/apply/applyset.go: `base64(sha256(<name>.<namespace>.<kind>.<group>))`, in a fixed frame. */
const idOf = (name: string, namespace: string): string =>
  `applyset-${createHash('sha256').update(`${name}.${namespace}.ConfigMap.`).digest('base64url')}-v1`;

/** Readable, and different for whatever differs: `inventory-org-shop-deploy-1a2b3c4d`. */
const nameOf = (repository: string, folder: string): string => {
  const whole = `${repository}/${folder}`;
  const readable = whole
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 200);
  return `inventory-${readable}-${createHash('sha256').update(whole).digest('hex').slice(0, 8)}`;
};

/**
 * @param repository `org/shop`
 * @param folder the working directory
 * @param name the user's own, where several workflows deploy parts of one folder
 */
export const inventoryOf = (
  repository: string,
  folder: string,
  namespace: string,
  name?: string,
): Inventory => {
  const chosen = name ?? nameOf(repository, folder);
  return { name: chosen, namespace, id: idOf(chosen, namespace) };
};

/** Definitions and namespaces carry everything of their kind, or in them, along: they are never removed. */
const never = new Set(['CustomResourceDefinition', 'Namespace']);

export const isMember = ({ kind }: Pick<KubernetesObject, 'kind'>): boolean => !never.has(kind);

/** The object as a member; a label of that name in the manifest gives way. */
export const asMember = (each: Sourced, { id }: Inventory): Sourced => {
  const { object, source } = each;
  if (!isMember(object)) return each;
  const labels = { ...textMap(object, 'metadata', 'labels'), [partOfLabel]: id };
  return { source, object: { ...object, metadata: { ...object.metadata, labels } } };
};

export const groupKindOf = ({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): string => {
  const group = groupOf(apiVersion);
  return group === '' ? kind : `${kind}.${group}`;
};

/** The parent's own namespace is always among them. */
export const contentsOf = (
  inventory: Inventory,
  members: readonly { readonly object: KubernetesObject; readonly namespace: string | undefined }[],
): Contents => ({
  kinds: new Set(members.map(({ object }) => groupKindOf(object))),
  namespaces: new Set([inventory.namespace, ...members.flatMap(({ namespace }) => namespace ?? [])]),
});

export const union = (one: Contents, other: Contents): Contents => ({
  kinds: new Set([...one.kinds, ...other.kinds]),
  namespaces: new Set([...one.namespaces, ...other.namespaces]),
});

const within = (part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean =>
  [...part].every((each) => whole.has(each));

export const same = (one: Contents, other: Contents): boolean =>
  within(one.kinds, other.kinds) &&
  within(other.kinds, one.kinds) &&
  within(one.namespaces, other.namespaces) &&
  within(other.namespaces, one.namespaces);

const listed = (names: ReadonlySet<string>): string => [...names].toSorted().join(',');

/** The parent object to apply. `run` is shown to whoever finds that another run was quicker. */
export const parentOf = (inventory: Inventory, contents: Contents, run: string): KubernetesObject => {
  const { name, namespace, id } = inventory;
  const others = new Set([...contents.namespaces].filter((each) => each !== namespace));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace,
      labels: { [idLabel]: id },
      annotations: {
        [tooling]: `${tool}/v1`,
        [groupKinds]: listed(contents.kinds),
        [otherNamespaces]: listed(others),
        [runAnnotation]: run,
      },
    },
  };
};

const names = (text: string | undefined): ReadonlySet<string> =>
  new Set((text ?? '').split(',').filter((name) => name !== ''));

/** The run that wrote the parent last, for messages. */
export const runOf = (parent: KubernetesObject): string =>
  textMap(parent, 'metadata', 'annotations')[runAnnotation] ?? 'another run';

/**
 * What the parent says; nothing of a parent that does not exist.
 * @throws Problem `inventory/not-ours` where another tool keeps it, or something else has its name.
 */
export const readParent = (inventory: Inventory, parent: KubernetesObject | undefined): Contents => {
  if (parent === undefined) return { kinds: new Set(), namespaces: new Set() };
  const annotations = textMap(parent, 'metadata', 'annotations');
  const by = annotations[tooling];
  const isOurs =
    by?.split('/')[0] === tool && textMap(parent, 'metadata', 'labels')[idLabel] === inventory.id;
  if (!isOurs) {
    throw new Problem(
      'inventory/not-ours',
      `ConfigMap ${inventory.namespace}/${inventory.name} is not an inventory of this action${by === undefined ? '' : `: ${by} keeps it`}.`,
      { hint: 'Give the inventory another name with the input `inventory`.' },
    );
  }
  return {
    kinds: names(annotations[groupKinds]),
    namespaces: new Set([inventory.namespace, ...names(annotations[otherNamespaces])]),
  };
};

/** The label selector of an inventory's members. */
export const selectorOf = ({ id }: Inventory): string => `${partOfLabel}=${id}`;
