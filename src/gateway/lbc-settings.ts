// Settings of the AWS Load Balancer Controller, as the arguments of its Deployment give them.
import { list, texts } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import { isAtLeast, rulesFor } from './versions.ts';

/** The value of a flag, `--name=value` or `--name value`, over all containers. */
export const lbcFlag = (deployment: KubernetesObject, name: string): string | undefined => {
  const args = list(deployment, 'spec', 'template', 'spec', 'containers').flatMap((container) => [
    ...texts(container, 'command'),
    ...texts(container, 'args'),
  ]);
  for (const [index, arg] of args.entries()) {
    if (arg === `--${name}`) return args[index + 1];
    if (arg.startsWith(`--${name}=`)) return arg.slice(name.length + 3);
  }
  return undefined;
};

/** `--feature-gates` as a map: `ALBGatewayAPI` → `true`. */
export const featureGates = (deployment: KubernetesObject): ReadonlyMap<string, string> =>
  new Map(
    (lbcFlag(deployment, 'feature-gates') ?? '').split(',').map((pair): [string, string] => {
      const [name = '', value = ''] = pair.split('=');
      return [name.trim(), value.trim()];
    }),
  );

export interface GatewayGate {
  /** By the flags, or by the version's default where they do not say. */
  readonly off: boolean;
  /** `--feature-gates` names the gate. */
  readonly given: boolean;
  /**
   * The controller decides at its start, by the definitions that there are: from 3.2 on, unless all gates of Gateway API are
   * given (pkg/gateway/crddetect, v3.2.0; that of ListenerSets came with v3.2.2).
   */
  readonly detects: boolean;
}

const gates = ['ALBGatewayAPI', 'NLBGatewayAPI', 'GatewayListenerSet'];

/** Whether the controller looks at ALB Gateways. */
export const gatewayGate = (deployment: KubernetesObject, version: string | undefined): GatewayGate => {
  const values = featureGates(deployment);
  const gate = values.get('ALBGatewayAPI');
  const pinned = gates
    .filter((name) => isAtLeast(version, knownSince[name] ?? ''))
    .every((name) => values.has(name));
  return {
    off: gate === 'false' || (gate === undefined && !rulesFor(version).enabledByDefault),
    given: gate !== undefined,
    detects: !pinned && isAtLeast(version, '3.2.0'),
  };
};

/**
 * Whether the controller follows ListenerSets to their Gateway: with the gate on, which it is where it is not named and the
 * definition was there when the controller started (pkg/gateway/crddetect, v3.2.2 … v3.5.0).
 */
export const followsListenerSets = (deployment: KubernetesObject, version: string | undefined): boolean =>
  isAtLeast(version, knownSince['GatewayListenerSet'] ?? '') &&
  featureGates(deployment).get('GatewayListenerSet') !== 'false';

/** The first version whose gates are known here, and the first whose are not. */
const oldest = '2.14.0';
const newer = '3.6.0';

/**
 * Gates by the version that knows them first (pkg/config/feature_gates.go, v2.14.0 … v3.5.0). With one that it does not know
 * the controller does not start: "unknown feature: GatewayListenerSet" (the real 2.14.0 in the lab).
 */
const knownSince: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'ListenerRulesTagging WeightedTargetGroups ServiceTypeLoadBalancerOnly EndpointsFailOpen EnableServiceController',
      'EnableIPTargetType EnableTCPUDPListener EnableRGTAPI SubnetsClusterTagCheck NLBHealthCheckAdvancedConfig',
      'NLBSecurityGroup ALBSingleSubnet LBCapacityReservation SubnetDiscoveryByReachability NLBGatewayAPI',
      'ALBGatewayAPI EnhancedDefaultBehavior',
    ]
      .flatMap((line) => line.split(' '))
      .map((name) => [name, oldest]),
  ),
  AGAController: '2.14.1',
  EnableDefaultTagsLowPriority: '2.14.1',
  ALBTargetControlAgent: '2.16.0',
  GlobalAcceleratorController: '2.17.0',
  GatewayListenerSet: '3.2.2',
  EnableCertificateManagement: '3.3.0',
  IngressPlanAnnotation: '3.4.0',
};

/** Gates that keep this version from starting; `since`: the first one that knows it, absent where none does. */
export const unknownGates = (
  deployment: KubernetesObject,
  version: string | undefined,
): readonly { readonly name: string; readonly since?: string }[] => {
  if (version === undefined || !isAtLeast(version, oldest)) return [];
  return [...featureGates(deployment).keys()]
    .filter((name) => name !== '')
    .flatMap((name) => {
      const since = knownSince[name];
      if (since === undefined) return isAtLeast(version, newer) ? [] : [{ name }];
      return isAtLeast(version, since) ? [] : [{ name, since }];
    });
};

/** What switches the gate on for good, whatever there is when the controller starts. */
export const setGates = (version: string | undefined): string =>
  [
    "Set it in the chart's values.",
    'aws-load-balancer-controller:',
    '  controllerConfig:',
    '    featureGates:',
    '      ALBGatewayAPI: true',
    '      NLBGatewayAPI: false',
    ...(isAtLeast(version, knownSince['GatewayListenerSet'] ?? '')
      ? ['      GatewayListenerSet: false']
      : []),
  ].join('\n');
