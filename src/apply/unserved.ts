// Kinds that the API server does not serve and that nothing in the repository brings: said once for all objects of one.
import { list, text, texts } from '../bundle/field.ts';
import { groupOf, type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import type { Code } from '../verdict/codes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { AppliedObject } from './applied-object.ts';
import type { Look, Refusal } from './applier.ts';

/** `gateway.networking.k8s.io/v1/HTTPRoute`. */
export const versionedKind = ({ apiVersion, kind }: Pick<KubernetesObject, 'apiVersion' | 'kind'>): string =>
  `${apiVersion}/${kind}`;

/** Groups whose kinds are Go code of the API server (kubernetes pkg/controlplane/instance.go); those without a dot besides. */
const compiled =
  /^(?:admissionregistration|apiextensions|apiregistration|authentication|authorization|certificates|coordination|discovery|events|(?:flowcontrol|internal)\.apiserver|networking|node|rbac\.authorization|resource|scheduling|storage|storagemigration)\.k8s\.io$/;

/** Whether a definition makes the kind, and no version of Kubernetes. */
export const isCustom = ({ apiVersion }: Pick<KubernetesObject, 'apiVersion'>): boolean => {
  const group = groupOf(apiVersion);
  return group.includes('.') && !compiled.test(group);
};

export const unservedCode = (object: Pick<KubernetesObject, 'apiVersion'>): Code =>
  isCustom(object) ? 'crds/missing' : 'apply/rejected';

export const unservedRefusal = (object: Pick<KubernetesObject, 'apiVersion' | 'kind'>): Refusal => ({
  result: 'failed',
  message: `The cluster does not serve ${object.kind} in ${object.apiVersion}.`,
  hint: isCustom(object)
    ? 'Add the CustomResourceDefinition to the repository, or install the chart that brings it first.'
    : 'Correct apiVersion and kind: `kubectl api-resources` lists what this version of Kubernetes serves.',
  unserved: true,
});

const shown = 5;

const named = (refs: readonly string[]): string =>
  `${refs.slice(0, shown).join(', ')}${refs.length > shown ? ` and ${refs.length - shown} more` : ''}`;

/** One finding for a kind. @param objects all of it, at least one @param look at the first of them, where there was one */
export const unservedFinding = (objects: readonly Sourced[], look?: Look): readonly Finding[] => {
  const [first] = objects;
  if (first === undefined) return [];
  const refusal = look !== undefined && 'refusal' in look ? look.refusal : unservedRefusal(first.object);
  const { message, hint = '' } = refusal;
  const refs = objects.map(({ object }) => refOf(object));
  const what = objects.length === 1 ? '' : `${objects.length} objects need it: `;
  return [
    finding('error', unservedCode(first.object), `${message} ${what}${named(refs)}.`, {
      source: first.source,
      ref: refOf(first.object),
      hint,
    }),
  ];
};

export const unservedObject = ({ object, source }: Sourced, ref = refOf(object)): AppliedObject => ({
  reported: { ref, source, result: 'failed', message: unservedRefusal(object).message },
  findings: [],
});

/** The ends of the objects of a stage that cannot even be sent: the first of each kind has the finding for all. */
export const endsOfUnserved = (
  objects: readonly Sourced[],
  looks: readonly Look[],
): ReadonlyMap<Sourced, AppliedObject> => {
  const unserved = objects.flatMap((each, index) => {
    const look = looks[index];
    return look !== undefined && 'refusal' in look && look.refusal.unserved
      ? [{ each, look, end: unservedObject(each, look.ref) }]
      : [];
  });
  const kinds = Map.groupBy(unserved, ({ each }) => versionedKind(each.object));
  return new Map(
    [...kinds.values()].flatMap((all) => {
      const findings = unservedFinding(
        all.map(({ each }) => each),
        all[0]?.look,
      );
      return all.map(({ each, end }, index) => [each, index === 0 ? { ...end, findings } : end] as const);
    }),
  );
};

/** @param brought versioned kinds that come with this run */
export const unservedAmong = async (
  objects: readonly Sourced[],
  brought: ReadonlySet<string>,
  serves: (apiVersion: string, kind: string) => Promise<boolean>,
): Promise<readonly (readonly Sourced[])[]> => {
  const kinds = Map.groupBy(objects, ({ object }) => versionedKind(object));
  const unserved: (readonly Sourced[])[] = [];
  for (const [kind, all] of kinds) {
    const [first] = all;
    if (first === undefined || brought.has(kind)) continue;
    if (!(await serves(first.object.apiVersion, first.object.kind))) unserved.push(all);
  }
  return unserved;
};

const covers = (wanted: readonly string[], given: readonly string[]): boolean =>
  given.includes('*') || wanted.some((each) => given.includes(each));

const grantsDefinitions = ({ kind, ...object }: KubernetesObject): boolean =>
  /^(?:Cluster)?Role$/.test(kind) &&
  list({ ...object }, 'rules').some(
    (rule) =>
      covers(['apiextensions.k8s.io'], texts(rule, 'apiGroups')) &&
      covers(['customresourcedefinitions'], texts(rule, 'resources')) &&
      covers(['create', 'patch', 'update'], texts(rule, 'verbs')),
  );

/**
 * Whether what a chart installs may make definitions while it runs, an operator, say, or the Job of a hook: nothing does
 * without the right to, by a role of its own or by one that stands in the cluster.
 */
export const mayDefine = (objects: readonly Sourced[]): boolean => {
  const own = new Set(
    objects.flatMap(({ object }) => (object.kind === 'ClusterRole' ? object.metadata.name : [])),
  );
  return objects.some(
    ({ object }) =>
      grantsDefinitions(object) ||
      (object.kind === 'ClusterRoleBinding' && !own.has(text(object, 'roleRef', 'name') ?? '')),
  );
};
