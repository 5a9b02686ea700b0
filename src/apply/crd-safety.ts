// Keeps the cluster's Gateway API from being lowered or mixed: its CRDs serve every team's routes, not only ours.
import type { KubernetesObject } from '../bundle/object.ts';

/** gateway-api `pkg/consts/consts.go`. */
const bundleVersion = 'gateway.networking.k8s.io/bundle-version';
const channel = 'gateway.networking.k8s.io/channel';

export interface Refusal {
  readonly code: 'crds/lower-version' | 'crds/other-channel' | 'crds/other-owner';
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

/** `v1.6.1 standard`; `undefined` of what is no part of a release. */
const releaseOf = (object: KubernetesObject): string | undefined => {
  const version = annotation(object, bundleVersion);
  return version === undefined ? undefined : [version, annotation(object, channel) ?? ''].join(' ').trim();
};

/** A definition of the Gateway API that stays as the cluster has it, of another release than the repository's. */
export interface Staying {
  readonly wanted: KubernetesObject;
  readonly live: KubernetesObject;
}

const isOfOtherRelease = ({ wanted, live }: Staying): boolean => {
  const [ours, theirs] = [releaseOf(wanted), releaseOf(live)];
  return ours !== undefined && theirs !== undefined && ours !== theirs;
};

/** The admission policy of a release, and its binding: they let pass what fits that release's version and channel. */
const isGuard = ({ kind }: KubernetesObject): boolean => /^ValidatingAdmissionPolicy(Binding)?$/.test(kind);

/** Whether the object depends on what becomes of the definitions of its release that the cluster has. */
export const followsItsRelease = (wanted: KubernetesObject, live: KubernetesObject | undefined): boolean =>
  releaseOf(wanted) !== undefined && (isGuard(wanted) || live === undefined);

const lowest = ({ wanted, live }: Staying): Refusal['code'] =>
  refuseLowering(wanted, live)?.code ?? 'crds/other-owner';

/**
 * Why an object must stay away because definitions of its release do: a set of two releases is what nobody has tested, and
 * their guard would keep watch over another release's. A release comes as a whole or not at all (Gateway API's guide for
 * who manages definitions: never over newer ones, nor over those of another channel).
 * @param staying definitions that this run leaves as they are
 */
export const refuseAlone = (wanted: KubernetesObject, staying: readonly Staying[]): Refusal | undefined => {
  const release = releaseOf(wanted);
  const first = staying.find((each) => isOfOtherRelease(each) && releaseOf(each.wanted) === release);
  if (release === undefined || first === undefined) return undefined;
  const { name } = wanted.metadata;
  const { live } = first;
  const code = lowest(first);
  const theirs = releaseOf(live) ?? '';
  return {
    code,
    message: isGuard(wanted)
      ? `${name} guards the definitions of its own release, and those were left as they are: so was it.`
      : `${name} is not in the cluster, and was not created: it is of Gateway API ${release}, and the cluster keeps ${live.metadata.name} of ${theirs}. Together they would be a set that nobody has tested.`,
    hint:
      refuseLowering(first.wanted, live)?.hint ??
      `Let the owner of ${live.metadata.name} bring ${release}, or take the definitions of ${theirs} into the repository.`,
  };
};
