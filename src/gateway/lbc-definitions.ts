// The custom resource definitions that the AWS Load Balancer Controller needs, version by version.
import { isAtLeast } from './versions.ts';

export interface NeededDefinition {
  /** `grpcroutes.gateway.networking.k8s.io`. */
  readonly name: string;
  /** The version that the controller reads. */
  readonly version: string;
}

interface Row {
  readonly group: string;
  readonly plurals: readonly string[];
  readonly version: string;
  /** The first version of the controller that reads it so, and the first that does not any more. */
  readonly from: string;
  readonly until?: string;
}

const gatewayApi = 'gateway.networking.k8s.io';
const own = 'gateway.k8s.aws';
const ownPlurals = ['targetgroupconfigurations', 'loadbalancerconfigurations', 'listenerruleconfigurations'];

/**
 * From source: what the controller for ALBs watches (controllers/gateway/gateway_controller.go, setupCommonGatewayControllerWatches
 * and setupALBGatewayControllerWatches, at v2.14.0, v3.0.0, v3.2.0, v3.3.0, v3.4.3 and v3.5.0). It does not start where one of
 * them is missing. v3.2.0 and v3.2.1 watch ListenerSets whatever the gates say; later ones leave them where there are none.
 */
const lbcDefinitionRows: readonly Row[] = [
  {
    group: gatewayApi,
    plurals: ['gateways', 'gatewayclasses', 'httproutes', 'grpcroutes'],
    version: 'v1',
    from: '2.14.0',
  },
  { group: gatewayApi, plurals: ['referencegrants'], version: 'v1beta1', from: '2.14.0' },
  { group: gatewayApi, plurals: ['listenersets'], version: 'v1', from: '3.2.0', until: '3.2.2' },
  { group: own, plurals: ownPlurals, version: 'v1beta1', from: '2.14.0', until: '3.5.0' },
  { group: own, plurals: ownPlurals, version: 'v1', from: '3.5.0' },
];

/** Of a version that is not known, nothing is: a digest may be of any. */
export const definitionsNeededBy = (version: string | undefined): readonly NeededDefinition[] => {
  if (version === undefined) return [];
  return lbcDefinitionRows
    .filter(
      ({ from, until }) => isAtLeast(version, from) && (until === undefined || !isAtLeast(version, until)),
    )
    .flatMap(({ group, plurals, version: served }) =>
      plurals.map((plural) => ({ name: `${plural}.${group}`, version: served })),
    );
};

/** Looked for at the start: Gateway API's since v3.2.0, its own since this version. */
const detected = /^(gateways|gatewayclasses|httproutes|grpcroutes)\./;
const ownDetectedFrom = '3.3.0';

/**
 * Those without which the controller switches its gate for ALBs off when it starts (pkg/gateway/crddetect). Of a version that
 * is not known, what all that decide by themselves look for.
 */
export const definitionsDetectedBy = (version: string | undefined): readonly NeededDefinition[] =>
  definitionsNeededBy(version ?? '3.2.0').filter(
    ({ name }) =>
      detected.test(name) ||
      (version !== undefined && isAtLeast(version, ownDetectedFrom) && name.endsWith(`.${own}`)),
  );
