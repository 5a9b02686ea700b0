// What an API server of the test's own serves, in the aggregated form of discovery.
import type { Answer, ApiServer, Asked } from './api-server.ts';

export const resource = (plural: string, kind: string, scope: string) => ({
  resource: plural,
  responseKind: { kind },
  scope,
  subresources: [{ subresource: 'status' }],
});

export const group = (name: string, version: string, ...resources: object[]) => ({
  metadata: { name },
  versions: [{ version, resources }],
});

const aggregated = (...items: object[]): Answer => ({ body: { kind: 'APIGroupDiscoveryList', items } });

const core = group(
  '',
  'v1',
  resource('configmaps', 'ConfigMap', 'Namespaced'),
  resource('namespaces', 'Namespace', 'Cluster'),
);

export const crds = group(
  'apiextensions.k8s.io',
  'v1',
  resource('customresourcedefinitions', 'CustomResourceDefinition', 'Cluster'),
);

/** Answers discovery; the rest is the test's. */
export const serve = (
  server: ApiServer,
  rest: (asked: Asked) => Answer | 'reset',
  groups: () => object[] = () => [crds],
): void =>
  server.answer((asked) => {
    if (asked.path === '/api') return aggregated(core);
    if (asked.path === '/apis') return aggregated(...groups());
    return rest(asked);
  });
