// Looks once, at the start, whether the API server knows the kinds that Gateways on load balancers need.
import { isNotFound, type KubeApi } from './kube/api.ts';
import { GATEWAY_GROUP } from './objects.ts';

const NEEDED: Record<string, string[]> = {
  [`${GATEWAY_GROUP}/v1`]: ['Gateway', 'GatewayClass', 'HTTPRoute', 'GRPCRoute'],
  'gateway.k8s.aws/v1': [
    'TargetGroupConfiguration',
    'LoadBalancerConfiguration',
    'ListenerRuleConfiguration',
  ],
};

/** The kinds that are missing, as `group/version/Kind`. */
export async function missingKinds(api: KubeApi): Promise<string[]> {
  const missing: string[] = [];
  for (const [groupVersion, kinds] of Object.entries(NEEDED)) {
    const served = await servedKinds(api, groupVersion);
    missing.push(...kinds.filter((kind) => !served.has(kind)).map((kind) => `${groupVersion}/${kind}`));
  }
  return missing;
}

async function servedKinds(api: KubeApi, groupVersion: string): Promise<Set<string>> {
  try {
    const { resources } = await api.get<{ resources: { kind: string }[] }>(`/apis/${groupVersion}`);
    return new Set(resources.map(({ kind }) => kind));
  } catch (error) {
    if (isNotFound(error)) return new Set();
    throw error;
  }
}
