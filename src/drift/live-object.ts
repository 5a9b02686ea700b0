// A manifest against the object that lives in the cluster: each field that is set, who changed it, what to do.
import { partOfLabel } from '../apply/ownership.ts';
import { isMap, list, number, text, textMap } from '../bundle/field.ts';
import { groupOf, type Json, type KubernetesObject, refOf } from '../bundle/object.ts';
import { changesBetween } from '../compare/changes.ts';
import { leftFields } from '../compare/left.ts';
import { appliedBy, type FieldsEntry, fieldsEntries } from '../compare/managed-fields.ts';
import { ownersOf } from '../compare/owner.ts';
import type { Schema } from '../compare/schema.ts';
import { pathText, unmetFields } from '../compare/unmet.ts';
import type { Source } from '../verdict/finding.ts';
import { addedByHand, isSteering } from './by-hand.ts';
import { type DriftLayer, type Healing, type Sighting, shownValue } from './item.ts';
import { inOrderOf, wantedForm } from './wanted-form.ts';

export interface Expected {
  readonly layer: DriftLayer;
  /** As the repository or the release has it. */
  readonly object: KubernetesObject;
  readonly namespace: string | undefined;
  readonly source: Source;
  /** The field manager that applies it: `eks-gateway-action`, `helm`. */
  readonly manager: string;
}

/** A field that is not as it should be, and who owns it. */
export interface Difference {
  readonly path: string;
  /** Absent: there should be nothing. */
  readonly wanted?: Json;
  /** Absent: there is nothing. */
  readonly found?: Json;
  readonly owners: readonly FieldsEntry[];
  /** An earlier deploy set it, and the repository no longer has it. */
  readonly left?: true;
  /** Somebody has added it, and the repository never had it. */
  readonly added?: true;
}

/** Groups of Kubernetes itself, whose types are Go code. */
const isBuiltIn = ({ apiVersion }: KubernetesObject): boolean => {
  const group = groupOf(apiVersion);
  return !group.includes('.') || /^(rbac\.authorization|[a-z]+)\.k8s\.io$/.test(group);
};

const owned = (
  live: KubernetesObject,
  path: string,
  wanted: Json | undefined,
  found: Json | undefined,
): Difference => ({
  path,
  ...(wanted !== undefined && { wanted }),
  ...(found !== undefined && { found }),
  owners: ownersOf(live, path, found === undefined),
});

/** What somebody has added by hand, and no deploy takes away. */
const addedIn = ({ object }: Expected, form: Json, live: KubernetesObject): readonly Difference[] =>
  addedByHand(object, [asDeployed(object, live), form], live).map(({ steps, found }) => ({
    ...owned(live, pathText(steps), undefined, found),
    added: true,
  }));

/** What applying would change, as the API server's dry run has it, and what people have added. */
export const differencesFromDryRun = (
  expected: Expected,
  live: KubernetesObject,
  applied: KubernetesObject,
  schema?: Schema,
): readonly Difference[] =>
  distinct(
    changesBetween(live, applied, schema).map(({ path, from, to }) => owned(live, path, to, from)),
    addedIn(expected, wantedForm(expected.object, expected.namespace), live),
  );

/** @param more of which those that are told already, or lie within what is, are left out */
const distinct = (told: readonly Difference[], more: readonly Difference[]): readonly Difference[] => [
  ...told,
  ...more.filter(({ path }) => !told.some((each) => path === each.path || isWithin(path, each.path))),
];

const isWithin = (path: string, outer: string): boolean =>
  path.startsWith(outer) && /^[.[]/.test(path.slice(outer.length));

/** As a deploy sends it: with the label of the inventory that the live object is a member of, whichever that is. */
export const asDeployed = (object: KubernetesObject, live: KubernetesObject): KubernetesObject => {
  const member = textMap(live, 'metadata', 'labels')[partOfLabel];
  if (member === undefined) return object;
  const labels = { ...textMap(object, 'metadata', 'labels'), [partOfLabel]: member };
  return { ...object, metadata: { ...object.metadata, labels } };
};

/**
 * What an earlier deploy set and the repository has dropped since: a deploy would remove it, where nobody else owns it as
 * well. Releases are not asked: Helm signs its objects with labels that no chart has.
 */
const leftIn = ({ object, manager, layer }: Expected, form: Json, live: KubernetesObject): Difference[] => {
  const entry = layer === 'kubernetes' ? appliedBy(live, manager) : undefined;
  // Paths of another version of the kind may mean something else.
  if (entry === undefined || entry.apiVersion !== object.apiVersion) return [];
  return leftFields([asDeployed(object, live), form], live, entry.fields)
    .map(
      ({ steps, found }): Difference => ({ ...owned(live, pathText(steps), undefined, found), left: true }),
    )
    .filter(({ owners }) =>
      owners.every((owner) => owner.manager === manager && owner.operation === 'Apply'),
    );
};

/**
 * What of the manifest the live object does not meet, what it has left of an earlier one, and what people have added; without
 * a schema only "nothing" is a statement.
 */
export const differencesOf = (
  expected: Expected,
  live: KubernetesObject,
  schema?: Schema,
): readonly Difference[] => {
  const form = inOrderOf(live, wantedForm(expected.object, expected.namespace));
  const unmet = unmetFields(form, live, {
    ...(schema && { schema }),
    omitsEmpty: isBuiltIn(expected.object),
  }).map(({ steps, wanted, found }) => owned(live, pathText(steps), wanted, found));
  return distinct(distinct(unmet, leftIn(expected, form, live)), addedIn(expected, form, live));
};

/**
 * A zero written by the scale subresource has no owner, nor has what that subresource writes afterwards until somebody writes
 * the field itself: the API server tracks the Scale object in place of the Deployment, whose `replicas` a zero leaves out
 * (k8s.io/api autoscaling/v1 ScaleSpec, omitempty), and an object without owners is tracked no more (apimachinery
 * managedfields/internal/skipnonapplied.go). So nobody can be named for it.
 */
const scaledBy = ({ manager, subresource }: FieldsEntry): boolean =>
  subresource === 'scale' && manager === 'kube-controller-manager';

/** At zero an autoscaler does nothing any more, unless it may go there itself or KEDA does it in its stead. */
const wakes = (autoscaler: KubernetesObject): boolean =>
  number(autoscaler, 'spec', 'minReplicas') === 0 ||
  list(autoscaler, 'metadata', 'ownerReferences').some((each) => text(each, 'kind') === 'ScaledObject');

/**
 * Whether the difference is a HorizontalPodAutoscaler's work.
 * @param autoscalers those there are, and those that the repository wants; `undefined` where they may not be read: then the
 * field's owner tells. One that is gone leaves its number behind, and nobody's work.
 */
export const isAutoscaled = (
  { path, owners, found }: Difference,
  { kind, metadata }: KubernetesObject,
  autoscalers: readonly KubernetesObject[] | undefined,
): boolean => {
  if (path !== '.spec.replicas') return false;
  if (autoscalers === undefined) return owners[0] !== undefined && scaledBy(owners[0]);
  return autoscalers.some(
    (each) =>
      each.metadata.namespace === metadata.namespace &&
      text(each, 'spec', 'scaleTargetRef', 'kind') === kind &&
      text(each, 'spec', 'scaleTargetRef', 'name') === metadata.name &&
      (found !== 0 || wakes(each)),
  );
};

/** Controllers that apply a repository again and again; their interval is not known here. */
const appliers: Readonly<Record<string, string>> = {
  'argocd-controller': 'Argo CD',
  'argocd-application-controller': 'Argo CD',
  'kustomize-controller': 'Flux',
  'helm-controller': 'Flux',
};

const healingOf = (live: KubernetesObject): Healing | false => {
  const by = fieldsEntries(live).flatMap(({ manager }) => appliers[manager] ?? [])[0];
  return by === undefined ? false : { by };
};

/** Kinds by which requests find their way. */
const routing = ['Gateway', 'GatewayClass', 'HTTPRoute', 'GRPCRoute', 'Service', 'LoadBalancerConfiguration'];

const severityOf = ({ kind }: KubernetesObject, path: string): Sighting['severity'] => {
  if (path.startsWith('.metadata') && !isSteering(path)) return 'notice';
  return routing.includes(kind) ? 'error' : 'warning';
};

const whereOf = ({ file, line }: Source): string => `${file}:${line}`;

const remedyOf = (expected: Expected, { owners: [owner], left, added }: Difference): string => {
  const { layer, manager, source } = expected;
  if (added)
    return `Remove it by hand (a deploy leaves alone what it has not set), or write it into ${layer === 'helm' ? 'the chart' : whereOf(source)}.`;
  if (left) return `Deploy again to remove it, or write what is live into ${whereOf(source)}.`;
  if (layer === 'helm')
    return `Deploy again: helm writes the chart's value; or put what is live into the values (${whereOf(source)}).`;
  const foreign = owner !== undefined && owner.manager !== manager;
  const takeOver = foreign ? ` (with \`take-over: ${owner.manager}\`, which owns the field now)` : '';
  return `Deploy again to set it back${takeOver}, or write what is live into ${whereOf(source)}.`;
};

/** Values of Secrets are never shown; that they differ is. */
const masked = (object: KubernetesObject, path: string, value: Json | undefined): string | null => {
  const secret = object.kind === 'Secret' && /^\.(data|stringData)\b/.test(path);
  if (value === undefined) return null;
  return secret ? '*** (a value of a Secret)' : shownValue(value);
};

const placed = ({ object, namespace }: Expected): KubernetesObject => {
  const { namespace: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: { ...metadata, name: object.metadata.name, ...(namespace !== undefined && { namespace }) },
  };
};

export const sightingOf = (expected: Expected, live: KubernetesObject, difference: Difference): Sighting => {
  const { path, wanted, found, owners } = difference;
  const [owner] = owners;
  return {
    layer: expected.layer,
    ref: refOf(placed(expected)),
    path,
    wanted: masked(expected.object, path, wanted),
    found: masked(expected.object, path, found),
    ...(owner && owner.manager !== '' && { by: owner.manager }),
    ...(owner?.since && { since: owner.since.toISOString() }),
    heals: healingOf(live),
    severity: severityOf(expected.object, path),
    remedy: remedyOf(expected, difference),
    source: expected.source,
  };
};

/** The object itself is gone. */
export const missingOf = (expected: Expected): Sighting => ({
  layer: expected.layer,
  ref: refOf(placed(expected)),
  path: '',
  wanted: 'an object',
  found: null,
  heals: false,
  severity: 'error',
  remedy: `Deploy again to make it anew, or remove it from ${whereOf(expected.source)}.`,
  source: expected.source,
});

/** Whether a rule of a webhook or of an admission policy could have changed the object on its way in. */
export const mayBeMutated = (
  { apiVersion }: KubernetesObject,
  plural: string,
  configurations: readonly KubernetesObject[],
): boolean => {
  const group = groupOf(apiVersion);
  const fits = (names: readonly Json[], name: string): boolean =>
    names.some((each) => each === '*' || each === name || each === `${name}/*` || each === '*/*');
  return configurations
    .flatMap((each) => [
      ...list(each, 'webhooks').flatMap((webhook) => list(webhook, 'rules')),
      ...list(each, 'spec', 'matchConstraints', 'resourceRules'),
    ])
    .some(
      (rule) => isMap(rule) && fits(list(rule, 'apiGroups'), group) && fits(list(rule, 'resources'), plural),
    );
};

/**
 * Nobody has written the field since it was applied: either the repository has moved on, or something changed the value
 * on its way in.
 */
export const isAsApplied = ({ owners, left, added }: Difference, { manager, layer }: Expected): boolean =>
  left !== true &&
  added !== true &&
  owners[0] !== undefined &&
  owners[0].manager === manager &&
  // Helm 3 knows no server-side apply.
  (owners[0].operation === 'Apply' || layer === 'helm');

/** Somebody has deleted the object, and something holds it back; it goes on only when that is through. */
export const deletedOf = (expected: Expected, { metadata }: KubernetesObject): Sighting => {
  const finalizers = list(metadata, 'finalizers').filter((each) => typeof each === 'string');
  const held = finalizers.length === 0 ? '' : ` (held by ${finalizers.join(', ')})`;
  return {
    ...missingOf(expected),
    path: '.metadata.deletionTimestamp',
    wanted: null,
    found: String(metadata['deletionTimestamp']),
    passing: true,
    remedy: `Find out who deleted it${held}; once it is gone, deploy again.`,
  };
};
