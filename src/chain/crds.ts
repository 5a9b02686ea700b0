// The link `crds`: the custom resource definitions that the bundle's objects need are there, established, and serve them.
import { refuseAlone } from '../apply/crd-safety.ts';
import { field, list, text } from '../bundle/field.ts';
import type { KubernetesObject, Sourced } from '../bundle/object.ts';
import { conditionEvidence, conditionOf, conditionsOf } from '../gateway/conditions.ts';
import type { NeededDefinition } from '../gateway/lbc-definitions.ts';
import type { Seen } from '../verdict/seen.ts';
import { broken, type Evidence, ok, type Verdict, waiting } from '../verdict/verdict.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { judgeNotSeen } from './look.ts';

export interface WantedCrd {
  /** `httproutes.gateway.networking.k8s.io`. */
  readonly name: string;
  /** Versions that must be served: `v1`. */
  readonly versions: readonly string[];
  /** Who reads these versions, where it is not the bundle alone: `AWS Load Balancer Controller 3.5.0`. */
  readonly by?: string;
  /** As the repository has it. */
  readonly definition?: KubernetesObject;
}

export interface CrdsWant {
  readonly crds: readonly WantedCrd[];
}

/** The definitions that exist. */
export type CrdsValue = readonly KubernetesObject[];

/** Groups whose kinds are custom resources for sure. */
const customGroups = /^(gateway\.networking\.k8s\.io|gateway\.k8s\.aws|elbv2\.k8s\.aws)$/;

/** The plural as these groups form it: gateways, gatewayclasses, httproutes, loadbalancerconfigurations. */
const pluralOf = (kind: string): string => {
  const lower = kind.toLowerCase();
  if (/(s|x|ch|sh)$/.test(lower)) return `${lower}es`;
  return /[^aeiou]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : `${lower}s`;
};

const definedBy = (crd: KubernetesObject) => ({
  name: crd.metadata.name,
  group: text(crd, 'spec', 'group'),
  kind: text(crd, 'spec', 'names', 'kind'),
});

/**
 * The definitions to look for: those of the bundle, and those of the Gateway API and LBC kinds among the objects, with the
 * versions that the objects use.
 */
export const wantedCrds = (
  crds: readonly Sourced[],
  objects: readonly KubernetesObject[],
): readonly WantedCrd[] => {
  const defined = crds
    .filter(({ object }) => object.kind === 'CustomResourceDefinition')
    .map(({ object }) => definedBy(object));
  const definitions = new Map(crds.map(({ object }) => [object.metadata.name, object]));
  const wanted = new Map<string, Set<string>>(defined.map(({ name }) => [name, new Set()]));
  for (const { apiVersion, kind } of objects) {
    const [group = '', version = ''] = apiVersion.split('/');
    const own = defined.find((each) => each.group === group && each.kind === kind)?.name;
    const name = own ?? (customGroups.test(group) ? `${pluralOf(kind)}.${group}` : undefined);
    if (name !== undefined) wanted.set(name, (wanted.get(name) ?? new Set()).add(version));
  }
  return [...wanted].map(([name, versions]) => {
    const definition = definitions.get(name);
    return { name, versions: [...versions], ...(definition && { definition }) };
  });
};

/** What the bundle wants, and what the controller needs besides. */
export const wantedByBoth = (
  wanted: readonly WantedCrd[],
  needed: readonly NeededDefinition[],
  by: string,
): readonly WantedCrd[] => {
  const all = new Map(wanted.map((each) => [each.name, each]));
  for (const { name, version } of needed) {
    const versions = all.get(name)?.versions ?? [];
    if (!versions.includes(version))
      all.set(name, { ...all.get(name), name, versions: [...versions, version], by });
  }
  return [...all.values()];
};

/** Versions that a definition serves. */
export const servedVersions = (crd: KubernetesObject): readonly string[] =>
  list(crd, 'spec', 'versions')
    .filter((version) => field(version, 'served') === true)
    .map((version) => text(version, 'name') ?? '');

/** Reads each definition by name; a list of all would be a megabyte and more. */
export const observeCrds = async (
  reader: ClusterReader,
  want: CrdsWant,
  signal: AbortSignal,
): Promise<Seen<CrdsValue>> => {
  const value: KubernetesObject[] = [];
  let at = new Date(0);
  for (const wanted of want.crds) {
    const seen = await reader.get(kinds.crd, undefined, wanted.name, signal);
    if (!('value' in seen)) return seen;
    at = seen.at;
    if (seen.value !== undefined) value.push(seen.value);
  }
  return { at, value };
};

const judgeCrd = (wanted: WantedCrd, crd: KubernetesObject | undefined): Verdict => {
  const ref = `CustomResourceDefinition ${wanted.name}`;
  if (crd === undefined)
    return broken('crds/missing', {
      message: `${ref} does not exist${wanted.by === undefined ? '' : `; ${wanted.by} needs it`}.`,
      hint: 'Apply it before the controllers start: LBC looks for its kinds only when it starts. Gateway API and LBC publish theirs with each release.',
    });
  const established = conditionOf(conditionsOf(crd, 'status', 'conditions'), 'Established');
  const evidence = conditionEvidence(ref, [established]);
  if (established?.status !== 'True')
    return waiting('crds/not-established', { message: `${ref} is not established yet.`, evidence });
  const served = servedVersions(crd);
  const unserved = wanted.versions.filter((version) => !served.includes(version));
  if (unserved.length === 0) return ok(`${ref} is established.`, evidence);
  return broken('crds/version-not-served', {
    message: `${ref} does not serve ${unserved.join(', ')}, which ${wanted.by === undefined ? 'the bundle uses' : `${wanted.by} reads`}.`,
    evidence: [{ from: `${ref} spec.versions`, saw: `served: ${served.join(', ') || 'none'}` }],
    hint: 'Apply the definitions of the release that has this version (helm upgrade leaves those of a chart as they are), or use a version that is served.',
  });
};

/** Those that a deploy leaves out, for the cluster keeps another release of the Gateway API; unless somebody needs one. */
const needed = ({ crds }: CrdsWant, there: CrdsValue): readonly WantedCrd[] => {
  const staying = crds.flatMap(({ name, definition: wanted }) => {
    const live = there.find((crd) => crd.metadata.name === name);
    return wanted && live ? [{ wanted, live }] : [];
  });
  return crds.filter(
    ({ name, versions, definition }) =>
      definition === undefined ||
      versions.length > 0 ||
      there.some((crd) => crd.metadata.name === name) ||
      refuseAlone(definition, staying) === undefined,
  );
};

const order = ['broken', 'waiting'];

export const judgeCrds = (want: CrdsWant, seen: Seen<CrdsValue>): Verdict => {
  if (!('value' in seen)) return judgeNotSeen(seen, 'The custom resource definitions');
  const wanting = needed(want, seen.value);
  const verdicts = wanting.map((wanted) =>
    judgeCrd(
      wanted,
      seen.value.find((crd) => crd.metadata.name === wanted.name),
    ),
  );
  for (const state of order) {
    const bad = verdicts.filter((verdict) => verdict.state === state);
    const [first] = bad;
    if (first !== undefined) {
      const others: readonly Evidence[] = bad.slice(1).map(({ message }) => ({ from: 'also', saw: message }));
      return { ...first, evidence: [...first.evidence, ...others] };
    }
  }
  return ok(`All ${wanting.length} custom resource definitions that are needed are established and served.`);
};

/** The Gateway API bundle that is installed, from the annotation of its definitions: `v1.6.1 standard`. */
export const gatewayApiVersion = (seen: Seen<CrdsValue>): string | undefined => {
  if (!('value' in seen)) return undefined;
  const annotated = seen.value.find(({ metadata }) => metadata.name.endsWith('.gateway.networking.k8s.io'));
  const version = text(annotated, 'metadata', 'annotations', 'gateway.networking.k8s.io/bundle-version');
  const channel = text(annotated, 'metadata', 'annotations', 'gateway.networking.k8s.io/channel');
  return version === undefined ? undefined : [version, ...(channel === undefined ? [] : [channel])].join(' ');
};
