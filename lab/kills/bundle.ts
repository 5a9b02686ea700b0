// The bundle that is killed on its way: everything that a repository may hold, each version of it different everywhere.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const namespace = 'kills';
export const appNamespace = 'kills-app';
export const definition = 'widgets.kills.example.test';

export const inputs = {
  namespace,
  'create-namespace': 'true',
  inventory: 'kills',
  prune: 'true',
  'helm-timeout': '1m',
  'wait-timeout': '2m',
};

const crd = (version: number): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${definition} }
spec:
  group: kills.example.test
  names: { kind: Widget, plural: widgets, singular: widget }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, description: 'version ${version}', properties: { spec: { type: object, properties: { version: { type: integer } } } } } }
`;

const configMap = (name: string, where: string, version: number): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: ${where} }\ndata: { version: '${version}' }\n`;

const deployment = (
  name: string,
  where: string,
  version: number,
  annotations: string,
): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${where} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} }, annotations: { version: '${version}'${annotations} } }
    spec: { containers: [{ name: web, image: 'nginx:1.29', ports: [{ name: http, containerPort: 80 }] }] }
`;

const service = `apiVersion: v1
kind: Service
metadata: { name: web, namespace: ${appNamespace} }
spec: { selector: { app: web }, ports: [{ name: http, port: 8080, targetPort: http }] }
`;

const route = (name: string, version: number): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${appNamespace}, annotations: { version: '${version}' } }
spec:
  hostnames: [${name}.example.com]
  parentRefs: [{ name: public, namespace: infra, sectionName: https }]
  rules: [{ matches: [{ path: { type: PathPrefix, value: / } }], backendRefs: [{ name: web, port: 8080 }] }]
`;

const filesOf = (version: number): Readonly<Record<string, string>> => ({
  'crds/widgets.yaml': crd(version),
  'chart/Chart.yaml': `apiVersion: v2\nname: kills\nversion: 0.${version}.0\n`,
  // Helm waits a second for it.
  'chart/templates/app.yaml': deployment('helm-app', namespace, version, ", 'lab/ready-after': 1s"),
  'chart/templates/config.yaml': [
    configMap('chart', namespace, version),
    configMap(`chart-${version}`, namespace, version),
  ].join('---\n'),
  'app/app.yaml': [
    `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${appNamespace} }\n`,
    service,
    deployment('web', appNamespace, version, ''),
    `apiVersion: kills.example.test/v1\nkind: Widget\nmetadata: { name: w, namespace: ${appNamespace} }\nspec: { version: ${version} }\n`,
    ...Array.from({ length: 12 }, (_, index) => configMap(`app-${index}`, appNamespace, version)),
    configMap(`only-${version}`, appNamespace, version),
    configMap(`beside-${version}`, namespace, version),
  ].join('---\n'),
  'routes/routes.yaml': [route('kills', version), route(`kills-${version}`, version)].join('---\n'),
});

/** Puts one version of the bundle in the place of what is there. */
export function writeBundle(workspace: string, version: number): void {
  rmSync(workspace, { recursive: true, force: true });
  for (const [name, text] of Object.entries(filesOf(version))) {
    mkdirSync(dirname(join(workspace, name)), { recursive: true });
    writeFileSync(join(workspace, name), text);
  }
}

/** Each object that the cluster must hold, and the version that it must say; sorted. */
export const expected = (version: number): readonly string[] =>
  [
    `CustomResourceDefinition ${definition} version ${version}`,
    `ConfigMap ${namespace}/beside-${version} ${version}`,
    `ConfigMap ${namespace}/chart ${version}`,
    `ConfigMap ${namespace}/chart-${version} ${version}`,
    `Deployment ${namespace}/helm-app ${version}`,
    `ConfigMap ${appNamespace}/only-${version} ${version}`,
    ...Array.from({ length: 12 }, (_, index) => `ConfigMap ${appNamespace}/app-${index} ${version}`),
    `Deployment ${appNamespace}/web ${version}`,
    `Service ${appNamespace}/web`,
    `Widget ${appNamespace}/w ${version}`,
    `HTTPRoute ${appNamespace}/kills ${version}`,
    `HTTPRoute ${appNamespace}/kills-${version} ${version}`,
    `release kills deployed 0.${version}.0`,
    'Lease held by nobody',
  ].toSorted();
