// Keeps the cluster's Gateway API from being lowered: its CRDs serve every team's routes, not only ours.
import type { KubernetesObject } from '../bundle/object.ts';
import type { Look } from './applier.ts';

/** gateway-api `pkg/consts/consts.go`. */
const bundleVersion = 'gateway.networking.k8s.io/bundle-version';
const channel = 'gateway.networking.k8s.io/channel';

export interface Refusal {
  readonly code: 'crds/lower-version' | 'crds/other-channel';
  readonly message: string;
  readonly hint: string;
}

const annotation = (object: KubernetesObject, name: string): string | undefined => {
  const { annotations } = object.metadata;
  if (typeof annotations !== 'object' || annotations === null || Array.isArray(annotations)) return undefined;
  const value: unknown = Object.entries(annotations).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : undefined;
};

interface Version {
  readonly numbers: readonly number[];
  /** Empty for a release. */
  readonly pre: readonly string[];
}

const parse = (text: string): Version | undefined => {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(text);
  if (!match) return undefined;
  const [, major, minor, patch, pre] = match;
  return { numbers: [major, minor, patch].map(Number), pre: pre === undefined ? [] : pre.split('.') };
};

const comparePart = (one: string, other: string): number => {
  const numeric = /^\d+$/;
  if (numeric.test(one) && numeric.test(other)) return Number(one) - Number(other);
  if (numeric.test(one)) return -1;
  if (numeric.test(other)) return 1;
  return one < other ? -1 : Number(one > other);
};

/** Semantic Versioning 2.0.0, section 11: a pre-release is lower than its release. */
const compare = (one: Version, other: Version): number => {
  for (const [index, number] of one.numbers.entries()) {
    const difference = number - (other.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (one.pre.length === 0 || other.pre.length === 0) return other.pre.length - one.pre.length;
  for (const [index, part] of one.pre.entries()) {
    const theirs = other.pre[index];
    if (theirs === undefined) return 1;
    const difference = comparePart(part, theirs);
    if (difference !== 0) return difference;
  }
  return one.pre.length - other.pre.length;
};

/**
 * Why an object of the Gateway API's release (a CRD, its admission policy) must not replace the one that is there;
 * `undefined` when it may. Both carry the release's version and channel as annotations.
 */
export const refuseLowering = (
  wanted: KubernetesObject,
  live: KubernetesObject | undefined,
): Refusal | undefined => {
  const liveVersion = live && annotation(live, bundleVersion);
  const there = liveVersion === undefined ? undefined : parse(liveVersion);
  if (live === undefined || there === undefined) return undefined;
  const name = wanted.metadata.name;

  const liveChannel = annotation(live, channel);
  const wantedChannel = annotation(wanted, channel);
  if (liveChannel !== undefined && wantedChannel !== liveChannel) {
    return {
      code: 'crds/other-channel',
      message: `${name} is of the ${liveChannel} channel in the cluster; the repository has the ${wantedChannel ?? 'unnamed'} one. It was left as it is.`,
      hint: `Take the ${liveChannel} channel's file of the Gateway API release, or change the channel by hand for the whole cluster.`,
    };
  }
  const wantedVersion = annotation(wanted, bundleVersion);
  const ours = wantedVersion === undefined ? undefined : parse(wantedVersion);
  if (ours !== undefined && compare(ours, there) >= 0) return undefined;
  return {
    code: 'crds/lower-version',
    message: `${name} is at Gateway API ${liveVersion} in the cluster; the repository has ${wantedVersion ?? 'no version of it'}. It was left as it is.`,
    hint: `Update the repository's CRDs to ${liveVersion} or later.`,
  };
};

interface Refused {
  readonly object: KubernetesObject;
  readonly refusal: Refusal;
}

/** The objects of a stage that would lower the cluster's, or switch its channel. */
export const refusedAmong = (looks: readonly Look[]): readonly Refused[] =>
  looks.flatMap((look) => {
    const live = 'object' in look && 'value' in look.held ? look.held.value : undefined;
    const refusal = 'object' in look ? refuseLowering(look.object, live) : undefined;
    return 'object' in look && refusal ? [{ object: look.object, refusal }] : [];
  });

/** The admission policy of a release, and its binding: they let pass what fits that release's version and channel. */
const isGuard = ({ kind }: KubernetesObject): boolean => /^ValidatingAdmissionPolicy(Binding)?$/.test(kind);

/**
 * Why the guard of a release must stay away: definitions of that release were left as the cluster has them, so that it would
 * keep watch over another release's.
 * @param kept as `refusedAmong` gives them
 */
export const refuseGuard = (wanted: KubernetesObject, kept: readonly Refused[]): Refusal | undefined => {
  const release = (object: KubernetesObject): string =>
    `${annotation(object, bundleVersion)} ${annotation(object, channel)}`;
  const first = isGuard(wanted) ? kept.find(({ object }) => release(object) === release(wanted)) : undefined;
  if (first === undefined || annotation(wanted, bundleVersion) === undefined) return undefined;
  const { code, hint } = first.refusal;
  return {
    code,
    message: `${wanted.metadata.name} guards the definitions of its own release, and those were left as they are: so was it.`,
    hint,
  };
};
