// The link `class`: the GatewayClass is there, is LBC's, and is accepted.
import { field, number, text } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import {
  conditionEvidence,
  conditionOf,
  conditionsOf,
  type Freshness,
  isNews,
  sayCondition,
} from '../gateway/conditions.ts';
import { albController, type LbcRules, rulesFor } from '../gateway/versions.ts';
import type { Seen } from '../verdict/seen.ts';
import { broken, type Evidence, type NotOk, ok, skipped, type Verdict, waiting } from '../verdict/verdict.ts';
import { type ClusterReader, type Kind, kinds } from './cluster.ts';
import { judgeNotSeen } from './look.ts';

export interface ClassWant extends Freshness {
  /** The Gateway whose class it is. */
  readonly gateway: { readonly namespace: string; readonly name: string };
  /** The class's name where it is known already; otherwise it is read from the Gateway. */
  readonly className?: string;
  /** Default `gateway.k8s.aws/alb`. */
  readonly controller?: string;
}

export interface ClassValue {
  /** Absent when the Gateway, which names the class, does not exist. */
  readonly name?: string;
  readonly gatewayClass?: KubernetesObject;
  /** The configuration that the controller calls missing is missing indeed, or its reference is without a namespace. */
  readonly parametersWrong?: boolean;
  /** What is wrong with the default TargetGroupConfiguration: the controller, from 3.3 on, says it in its log alone. */
  readonly defaultWrong?: string;
}

/** Whether what the class says of its parameters is wrong as it stands; read only where the controller complains. */
const observeParameters = async (
  reader: ClusterReader,
  gatewayClass: KubernetesObject,
  signal: AbortSignal,
): Promise<boolean> => {
  const accepted = conditionOf(conditionsOf(gatewayClass, 'status', 'conditions'), 'Accepted');
  const name = text(gatewayClass, 'spec', 'parametersRef', 'name');
  if (accepted?.status !== 'False' || name === undefined) return false;
  const namespace = text(gatewayClass, 'spec', 'parametersRef', 'namespace');
  if (namespace === undefined) return true;
  for (const version of ['v1', 'v1beta1']) {
    const kind = { ...kinds.loadBalancerConfiguration, apiVersion: `gateway.k8s.aws/${version}` };
    const seen = await reader.get(kind, namespace, name, signal);
    if (!('value' in seen) || seen.value !== undefined) return false;
  }
  return true;
};

const awsKind = (kind: 'LoadBalancerConfiguration' | 'TargetGroupConfiguration', version: string): Kind => ({
  apiVersion: `gateway.k8s.aws/${version}`,
  kind,
  plural: `${kind.toLowerCase()}s`,
});

/**
 * The default TargetGroupConfiguration of the class's LoadBalancerConfiguration; read only while the class is not accepted as it
 * is. Where it is missing or not fit the controller gives up on the class before it writes anything (lookUpDefaultTGCByName in
 * controllers/gateway/config_resolver.go, v3.3.0 … v3.5.0).
 */
const observeDefault = async (
  reader: ClusterReader,
  gatewayClass: KubernetesObject,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const namespace = text(gatewayClass, 'spec', 'parametersRef', 'namespace');
  const name = text(gatewayClass, 'spec', 'parametersRef', 'name');
  if (isAccepted(gatewayClass) || namespace === undefined || name === undefined) return undefined;
  for (const version of ['v1', 'v1beta1']) {
    const seen = await reader.get(awsKind('LoadBalancerConfiguration', version), namespace, name, signal);
    const wanted =
      'value' in seen ? text(seen.value, 'spec', 'defaultTargetGroupConfiguration', 'name') : undefined;
    if (wanted === undefined) continue;
    const found = await reader.get(awsKind('TargetGroupConfiguration', version), namespace, wanted, signal);
    if (!('value' in found)) return undefined;
    const ref = `TargetGroupConfiguration ${namespace}/${wanted}`;
    if (found.value === undefined) return `${ref} does not exist`;
    return field(found.value, 'spec', 'targetReference') === undefined
      ? undefined
      : `${ref} has a targetReference`;
  }
  return undefined;
};

const isAccepted = (gatewayClass: KubernetesObject): boolean => {
  const accepted = conditionOf(conditionsOf(gatewayClass, 'status', 'conditions'), 'Accepted');
  const generation = number(gatewayClass, 'metadata', 'generation') ?? 0;
  return accepted?.status === 'True' && (accepted.observedGeneration ?? 0) >= generation;
};

/** Reads the Gateway for the class's name, unless `want` has it, and then the class; its parameters where they are refused. */
export const observeClass = async (
  reader: ClusterReader,
  want: Pick<ClassWant, 'gateway' | 'className'>,
  signal: AbortSignal,
): Promise<Seen<ClassValue>> => {
  let name = want.className;
  if (name === undefined) {
    const seen = await reader.get(kinds.gateway, want.gateway.namespace, want.gateway.name, signal);
    if (!('value' in seen)) return seen;
    name = text(seen.value, 'spec', 'gatewayClassName');
    if (name === undefined) return { at: seen.at, value: {} };
  }
  const seen = await reader.get(kinds.gatewayClass, undefined, name, signal);
  if (!('value' in seen)) return seen;
  if (seen.value === undefined) return { at: seen.at, value: { name } };
  const parametersWrong = await observeParameters(reader, seen.value, signal);
  const defaultWrong = await observeDefault(reader, seen.value, signal);
  return {
    at: seen.at,
    value: {
      name,
      gatewayClass: seen.value,
      parametersWrong,
      ...(defaultWrong !== undefined && { defaultWrong }),
    },
  };
};

const classMissing = (name: string, controller: string): NotOk =>
  broken('class/missing', {
    message: `GatewayClass ${name} does not exist, so no controller serves its Gateways; they stay "Waiting for controller".`,
    hint: `Create the GatewayClass with controllerName ${controller}, or set the Gateway's gatewayClassName to one that exists.`,
  });

const classOfOther = (gatewayClass: KubernetesObject, controller: string): NotOk | undefined => {
  const other = text(gatewayClass, 'spec', 'controllerName') ?? 'none';
  if (other === controller) return undefined;
  const from = `GatewayClass ${gatewayClass.metadata.name}`;
  return broken('class/other-controller', {
    message: `${from} belongs to the controller ${other}, not to ${controller}.`,
    evidence: [{ from: `${from} spec.controllerName`, saw: other }],
    hint: `Use a GatewayClass whose controllerName is ${controller}. The field cannot be changed: delete and recreate the class.`,
  });
};

/** Why a class is not one that LBC serves; `undefined` when it is. Shared with the link `route`. */
export const judgeClassIdentity = (
  name: string,
  gatewayClass: KubernetesObject | undefined,
  controller = albController,
): NotOk | undefined =>
  gatewayClass === undefined ? classMissing(name, controller) : classOfOther(gatewayClass, controller);

const judgeDefault = (from: string, wrong: string, evidence: readonly Evidence[]): Verdict =>
  broken('class/invalid-parameters', {
    message: `The controller says nothing about ${from}, whose LoadBalancerConfiguration has a default that cannot be used: ${wrong}.`,
    evidence,
    hint: 'defaultTargetGroupConfiguration must name a TargetGroupConfiguration of the same namespace that has no targetReference.',
  });

/**
 * Accepted=True at the class's generation. LBC writes InvalidParametersRef (no namespace) and NotFound (no such
 * LoadBalancerConfiguration); until it acts the CRD's default Unknown/Pending stands.
 * controllers/gateway/gateway_class_controller.go, v3.5.0. LBC 2.14.0 keeps the generation at which it first accepted the class
 * (controllers/gateway/utils.go): what it makes of a change, the Gateway says.
 */
export const judgeClass = (
  want: ClassWant,
  seen: Seen<ClassValue>,
  at: Date,
  rules: Pick<LbcRules, 'raisesObservedGeneration'> = rulesFor(undefined),
): Verdict => {
  const { gateway } = want;
  const named = want.className === undefined ? '' : ` ${want.className}`;
  if (!('value' in seen))
    return judgeNotSeen(seen, `GatewayClass${named} of Gateway ${gateway.namespace}/${gateway.name}`);
  const { name, gatewayClass, parametersWrong = false, defaultWrong } = seen.value;
  if (name === undefined)
    return skipped('look/not-used', {
      message: `Gateway ${gateway.namespace}/${gateway.name} does not exist, so its class is not known.`,
    });
  const controller = want.controller ?? albController;
  if (gatewayClass === undefined) return classMissing(name, controller);
  const other = classOfOther(gatewayClass, controller);
  if (other !== undefined) return other;
  const from = `GatewayClass ${name}`;
  const accepted = conditionOf(conditionsOf(gatewayClass, 'status', 'conditions'), 'Accepted');
  const generation = number(gatewayClass, 'metadata', 'generation') ?? 0;
  const evidence = conditionEvidence(from, [accepted]);
  if (
    accepted === undefined ||
    accepted.status === 'Unknown' ||
    (rules.raisesObservedGeneration && (accepted.observedGeneration ?? 0) < generation)
  ) {
    if (defaultWrong !== undefined) return judgeDefault(from, defaultWrong, evidence);
    return waiting('class/pending', {
      message: `No controller has accepted ${from} at its current generation ${generation} yet.`,
      evidence,
      hint: 'If it stays so, the AWS Load Balancer Controller is not running, or switched Gateway API off because CRDs were missing when it started; its log says "Disabling ALBGatewayAPI".',
    });
  }
  if (accepted.status === 'True') return ok(`${from} is accepted.`, evidence);
  const invalid = accepted.reason === 'InvalidParametersRef' || accepted.reason === 'NotFound';
  const proven = invalid && parametersWrong;
  return (proven || isNews(accepted, want, at) ? broken : waiting)(
    invalid ? 'class/invalid-parameters' : 'class/not-accepted',
    {
      message: `The controller refuses ${from}: ${sayCondition(accepted)}.`,
      evidence,
      hint: invalid
        ? `spec.parametersRef must name an existing LoadBalancerConfiguration with its namespace; it says ${JSON.stringify(field(gatewayClass, 'spec', 'parametersRef') ?? null)}.`
        : '',
    },
  );
};
