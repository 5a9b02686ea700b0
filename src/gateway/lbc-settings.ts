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
    .filter((name) => name !== 'GatewayListenerSet' || isAtLeast(version, '3.2.2'))
    .every((name) => values.has(name));
  return {
    off: gate === 'false' || (gate === undefined && !rulesFor(version).enabledByDefault),
    given: gate !== undefined,
    detects: !pinned && isAtLeast(version, '3.2.0'),
  };
};

/** What switches the gate on for good, whatever there is when the controller starts. */
export const setGates = `Set it in the chart's values.
aws-load-balancer-controller:
  controllerConfig:
    featureGates:
      ALBGatewayAPI: true
      NLBGatewayAPI: false
      GatewayListenerSet: false`;
