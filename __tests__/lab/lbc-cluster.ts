// Writes the manifests of a scenario to the cluster, and takes them away again.
import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict, type KubeApi } from '../../lab/controller/kube/api.ts';
import { setKnobs } from '../dist/lab-control.ts';
import type { Manifest } from './lbc-manifests.ts';
import type { Step } from './lbc-scenarios.ts';
import { isGone, until } from './lbc-subject.ts';

const PLURALS: Record<string, string> = {
  Namespace: 'namespaces',
  GatewayClass: 'gatewayclasses',
  Gateway: 'gateways',
  ListenerSet: 'listenersets',
  HTTPRoute: 'httproutes',
  GRPCRoute: 'grpcroutes',
  Service: 'services',
  Pod: 'pods',
  LoadBalancerConfiguration: 'loadbalancerconfigurations',
  TargetGroupConfiguration: 'targetgroupconfigurations',
};

const pathOf = ({ apiVersion, kind, metadata: { namespace } }: Manifest): string => {
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace ? `${base}/namespaces/${namespace}/${PLURALS[kind]}` : `${base}/${PLURALS[kind]}`;
};

const objectPath = (manifest: Manifest): string => `${pathOf(manifest)}/${manifest.metadata.name}`;

export const isManifestGone = (api: KubeApi, manifest: Manifest): Promise<boolean> =>
  isGone(api, objectPath(manifest));

export async function apply(api: KubeApi, manifest: Manifest): Promise<void> {
  const { namespace } = manifest.metadata;
  // A pod is refused until its namespace has its service account.
  if (manifest.kind === 'Pod')
    await until(
      async () => !(await isGone(api, `/api/v1/namespaces/${namespace}/serviceaccounts/default`)),
      `the service account of ${namespace}`,
    );
  try {
    await api.create(pathOf(manifest), manifest);
  } catch (error) {
    if (!isConflict(error)) throw error;
    await api.merge(objectPath(manifest), manifest);
  }
}

export async function remove(api: KubeApi, manifest: Manifest): Promise<void> {
  if (!(await isManifestGone(api, manifest))) await api.remove(objectPath(manifest));
}

/**
 * A step's manifests. Gateways last: on a busy machine the controller would see one without its routes, and tell of it
 * once more.
 * @param held whether the Gateway has its finalizer
 * @param pauseMs before the Gateways
 */
interface Slices {
  readonly items: readonly {
    readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[];
  }[];
}

const hasEndpoint = async (api: KubeApi, namespace = ''): Promise<boolean> => {
  const { items } = await api.get<Slices>(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`);
  return items.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready === true));
};

export async function applyStep(api: KubeApi, step: Step, held: () => boolean, pauseMs = 0): Promise<void> {
  const isGateway = ({ kind }: Manifest): boolean => kind === 'Gateway';
  if (step.deny) await setKnobs({ deniedActions: step.deny });
  for (const manifest of step.apply.filter((each) => !isGateway(each))) await apply(api, manifest);
  await sleep(pauseMs);
  const pod = step.apply.find(({ kind }) => kind === 'Pod');
  // Where nothing is to be registered yet, nothing is refused either.
  if (pod) await until(() => hasEndpoint(api, pod.metadata.namespace), 'the pod is an endpoint', 60);
  for (const manifest of step.apply.filter(isGateway)) await apply(api, manifest);
  if (!step.afterFinalizer) return;
  await until(held, 'the Gateway has its finalizer');
  for (const manifest of step.afterFinalizer) await apply(api, manifest);
}
