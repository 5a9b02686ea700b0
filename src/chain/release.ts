// The link `release`: LBC and ExternalDNS are installed and available at their current generation.
import { field, list, number, text, textMap } from '../bundle/field.ts';
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { type ExternalDnsSettings, settingsOf } from '../externaldns/settings.ts';
import { conditionEvidence, conditionOf, conditionsOf, sayCondition } from '../gateway/conditions.ts';
import { gatewayGate, lbcFlag, setGates } from '../gateway/lbc-settings.ts';
import { matchesSelector } from '../gateway/shapes.ts';
import type { Seen } from '../verdict/seen.ts';
import { broken, type Evidence, ok, type Verdict, waiting } from '../verdict/verdict.ts';
import { type ClusterReader, kinds } from './cluster.ts';
import { judgeNotSeen } from './look.ts';
import { flappingPod, type PodTrouble, troubleOfPods } from './pod-trouble.ts';

/** On a Deployment or its pods: the controller is not the real one. The lab sets it; reports say so. */
export const standInAnnotation = 'eks-gateway-action/stand-in';

export interface LbcFound {
  readonly namespace: string;
  readonly name: string;
  /** From the image's tag, without `v`; absent for a digest or a tag that is no version. */
  readonly version?: string;
  readonly standIn?: boolean;
  readonly deployment: KubernetesObject;
}

export interface ExternalDnsFound {
  readonly namespace: string;
  readonly name: string;
  readonly version?: string;
  readonly settings: ExternalDnsSettings;
  readonly deployment: KubernetesObject;
}

export interface Controllers {
  readonly lbc?: LbcFound;
  readonly externalDns?: ExternalDnsFound;
}

const imagesOf = (deployment: KubernetesObject): readonly string[] =>
  list(deployment, 'spec', 'template', 'spec', 'containers').flatMap(
    (container) => text(container, 'image') ?? [],
  );

/** `registry:5000/external-dns/external-dns:v0.19.0@sha256:…` → its last path segment and its tag. */
const partsOf = (image: string): { readonly name: string; readonly tag?: string } => {
  const [path = ''] = image.split('@');
  const last = path.slice(path.lastIndexOf('/') + 1);
  const [name = '', tag] = last.split(':');
  return { name, ...(tag !== undefined && { tag }) };
};

const versionIn = (tag: string | undefined): string | undefined =>
  /^v?(\d+\.\d+\.\d+(?:-[\w.]+)?)/.exec(tag ?? '')?.[1];

const imageNamed = (deployment: KubernetesObject, suffix: string): string | undefined =>
  imagesOf(deployment).find((image) => partsOf(image).name.endsWith(suffix));

const isStandIn = (deployment: KubernetesObject): boolean =>
  [
    textMap(deployment, 'metadata', 'annotations'),
    textMap(deployment, 'spec', 'template', 'metadata', 'annotations'),
  ].some((annotations) => annotations[standInAnnotation] === 'true') ||
  imagesOf(deployment).some((image) => image.includes('stand-in'));

/** Of several, the one that somebody wants to run. */
const preferred = (deployments: readonly KubernetesObject[]): KubernetesObject | undefined =>
  deployments.find((deployment) => number(deployment, 'spec', 'replicas') !== 0) ?? deployments[0];

const lbcOf = (deployments: readonly KubernetesObject[]): LbcFound | undefined => {
  const deployment = preferred(
    deployments.filter((each) => imageNamed(each, 'aws-load-balancer-controller') ?? isStandIn(each)),
  );
  if (deployment === undefined) return undefined;
  const image = imageNamed(deployment, 'aws-load-balancer-controller') ?? imagesOf(deployment)[0] ?? '';
  const version = versionIn(partsOf(image).tag);
  return {
    namespace: deployment.metadata.namespace ?? '',
    name: deployment.metadata.name,
    ...(version !== undefined && { version }),
    ...(isStandIn(deployment) && { standIn: true }),
    deployment,
  };
};

const externalDnsOf = (deployments: readonly KubernetesObject[]): ExternalDnsFound | undefined => {
  const found = deployments.flatMap((deployment): readonly ExternalDnsFound[] => {
    const image = imageNamed(deployment, 'external-dns');
    if (image === undefined) return [];
    const version = versionIn(partsOf(image).tag);
    const settings = settingsOf(deployment, version);
    const { name, namespace = '' } = deployment.metadata;
    return [{ namespace, name, ...(version !== undefined && { version }), settings, deployment }];
  });
  // A cluster may run one for Ingress and another for Gateway API.
  return found.find(({ settings }) => settings.sources.includes('gateway-httproute')) ?? found[0];
};

/** The two controllers among a cluster's Deployments, found by the name of their image. */
export const controllersOf = (deployments: readonly KubernetesObject[]): Controllers => {
  const lbc = lbcOf(deployments);
  const externalDns = externalDnsOf(deployments);
  return { ...(lbc && { lbc }), ...(externalDns && { externalDns }) };
};

export interface ReleaseWant {
  /** Whether the run needs ExternalDNS; default true. */
  readonly externalDns?: boolean;
}

export interface ReleaseValue {
  readonly controllers: Controllers;
  /** What keeps the pods of a controller that is not available, by the Deployment's `refOf`. */
  readonly troubles?: ReadonlyMap<string, PodTrouble>;
}

/** Reads the Deployments of all namespaces; the pods of those controllers that are not available, or not for long. */
export const observeRelease = async (
  reader: ClusterReader,
  signal: AbortSignal,
): Promise<Seen<ReleaseValue>> => {
  const seen = await reader.list(kinds.deployment, undefined, signal);
  if (!('value' in seen)) return seen;
  const controllers = controllersOf(seen.value);
  const troubles = new Map<string, PodTrouble>();
  for (const found of [controllers.lbc, controllers.externalDns]) {
    if (found === undefined || hasLongBeenAvailable(found.deployment, seen.at)) continue;
    const seenPods = await reader.list(kinds.pod, found.namespace, signal);
    const pods = 'value' in seenPods ? podsOf(found.deployment, seenPods.value) : [];
    const trouble = available(found.deployment) ? flappingPod(pods, seen.at) : troubleOfPods(pods);
    if (trouble !== undefined) troubles.set(refOf(found.deployment), trouble);
  }
  return { at: seen.at, value: { controllers, troubles } };
};

const available = (deployment: KubernetesObject): boolean => {
  const generation = number(deployment, 'metadata', 'generation') ?? 0;
  const wanted = number(deployment, 'spec', 'replicas') ?? 1;
  const status = field(deployment, 'status');
  return (
    (number(status, 'observedGeneration') ?? 0) >= generation &&
    (number(status, 'updatedReplicas') ?? 0) >= wanted &&
    conditionOf(conditionsOf(status, 'conditions'), 'Available')?.status === 'True'
  );
};

/** For so many seconds: the longest pause between two starts of a container is five minutes. */
const longTime = 300;

const hasLongBeenAvailable = (deployment: KubernetesObject, at: Date): boolean => {
  const { changedAt } = conditionOf(conditionsOf(deployment, 'status', 'conditions'), 'Available') ?? {};
  const lately = changedAt !== undefined && at.getTime() - changedAt.getTime() < longTime * 1_000;
  return available(deployment) && !lately;
};

const judgeDeployment = (what: string, deployment: KubernetesObject, trouble?: PodTrouble): Verdict => {
  const ref = refOf(deployment);
  const conditions = conditionsOf(deployment, 'status', 'conditions');
  const evidence: readonly Evidence[] = conditionEvidence(ref, conditions);
  if (number(deployment, 'spec', 'replicas') === 0)
    return broken('release/controller-unavailable', {
      message: `${what} (${ref}) is scaled to zero.`,
      evidence: [{ from: `${ref} spec.replicas`, saw: '0' }],
      hint: 'Scale it up.',
    });
  if (trouble === undefined && available(deployment)) return ok(`${what} (${ref}) is available.`, evidence);
  if (trouble !== undefined)
    return broken('release/controller-unavailable', {
      message: `${what} (${ref}) does not run: ${trouble.says}.`,
      evidence,
      hint: trouble.hint,
    });
  const stuck = conditions.find(
    ({ type, status, reason }) =>
      (type === 'Progressing' && status === 'False' && reason === 'ProgressDeadlineExceeded') ||
      (type === 'ReplicaFailure' && status === 'True'),
  );
  return (stuck === undefined ? waiting : broken)('release/controller-unavailable', {
    message: `${what} (${ref}) is not available at its current generation${stuck === undefined ? ' yet' : `: ${sayCondition(stuck)}`}.`,
    evidence,
    hint: 'Its pods say why: kubectl describe, kubectl logs.',
  });
};

/** A gate that its own flags (or an old version's default) leave off: no Gateway will ever be looked at. */
const judgeGateFlag = (lbc: LbcFound | undefined): Verdict | undefined => {
  if (lbc === undefined) return undefined;
  const { off, given } = gatewayGate(lbc.deployment, lbc.version);
  if (!off) return undefined;
  const ref = refOf(lbc.deployment);
  return broken('controller/gate-off', {
    message: `AWS Load Balancer Controller (${ref}) runs ${given ? 'with the feature gate ALBGatewayAPI=false' : 'without the feature gate ALBGatewayAPI'}: it does not look at Gateways for ALBs.`,
    evidence: [
      { from: `${ref} --feature-gates`, saw: lbcFlag(lbc.deployment, 'feature-gates') ?? 'not given' },
    ],
    hint: setGates(lbc.version),
  });
};

/**
 * Both controllers are there and rolled out. That Helm calls the release deployed is the modes' business: they ran Helm.
 */
export const judgeRelease = (want: ReleaseWant, seen: Seen<ReleaseValue>): Verdict => {
  if (!('value' in seen)) return judgeNotSeen(seen, "The controllers' Deployments");
  const { lbc, externalDns } = seen.value.controllers;
  const wanted: readonly (readonly [string, KubernetesObject | undefined])[] = [
    ['AWS Load Balancer Controller', lbc?.deployment],
    ...(want.externalDns === false ? [] : [['ExternalDNS', externalDns?.deployment] as const]),
  ];
  const verdicts = wanted.map(([what, deployment]) =>
    deployment === undefined
      ? broken('release/controller-missing', {
          message: `No Deployment in the cluster runs ${what}.`,
          hint: "It is found by its image's name. Install it, as the umbrella chart of the example does.",
        })
      : judgeDeployment(what, deployment, seen.value.troubles?.get(refOf(deployment))),
  );
  const worst =
    verdicts.find(({ state }) => state === 'broken') ?? verdicts.find(({ state }) => state === 'waiting');
  return (
    worst ??
    judgeGateFlag(lbc) ??
    ok(
      `${wanted.map(([what]) => what).join(' and ')} ${wanted.length === 1 ? 'is' : 'are'} available.`,
      verdicts.flatMap(({ evidence }) => evidence),
    )
  );
};

/** The pods of a Deployment among those of its namespace, the youngest first. */
export const podsOf = (
  deployment: KubernetesObject,
  pods: readonly KubernetesObject[],
): readonly KubernetesObject[] => {
  const selector = {
    matchLabels: textMap(deployment, 'spec', 'selector', 'matchLabels'),
    matchExpressions: [],
  };
  const born = (pod: KubernetesObject): string => text(pod, 'metadata', 'creationTimestamp') ?? '';
  return pods
    .filter((pod) => matchesSelector(selector, textMap(pod, 'metadata', 'labels')))
    .toSorted((a, b) => born(b).localeCompare(born(a)));
};
