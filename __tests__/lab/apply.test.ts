// The apply engine against the real API server: what is sent reads back, and what is as it should be costs nothing.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json, KubernetesObject, Sourced } from '../../src/bundle/object.ts';
import { systemClock } from '../../src/system-clock.ts';
import {
  applyAll,
  type Counted,
  connectAs,
  createAdministrator,
  gatewayDefinitions,
  kubectl,
  manifests,
  names,
  never,
  removeAdministrator,
  results,
  sourced,
  versionsOf,
} from './engine.ts';

const namespace = 'apply-test';
const group = 'gateway-copy.example.test';
const definitions = gatewayDefinitions(group);
/** `npm run test:full` takes the experimental channel too. */
const experimental =
  process.env['GATEWAY_API'] === 'all' ? gatewayDefinitions(`ex-${group}`, 'experimental') : [];
const options = { namespace };

/** The API server publishes the schema of a new definition some time after it serves the kind. */
const schemaPublished = async (): Promise<void> => {
  const published = (): boolean => {
    try {
      return kubectl(['get', '--raw', `/openapi/v3/apis/${group}/v1`]).includes('HTTPRoute');
    } catch {
      return false;
    }
  };
  while (!published()) await systemClock.sleep(200, never);
};

let kube: Counted;

beforeAll(() => {
  createAdministrator(namespace);
  kube = connectAs(namespace, 'admin');
});
afterAll(async () => {
  await kube.close();
  kubectl([
    'delete',
    'crd',
    '--wait=false',
    ...[...definitions, ...experimental].map(({ object }) => object.metadata.name),
  ]);
  removeAdministrator(namespace);
});

/** How often each key that client libraries like to drop stands in an object. */
const count = (value: Json | undefined, into: Record<string, number> = {}): Record<string, number> => {
  if (Array.isArray(value)) for (const item of value as readonly Json[]) count(item, into);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (/^(x-kubernetes-.*|default|enum|pattern|nullable|format|maxItems)$/.test(key))
        into[key] = (into[key] ?? 0) + 1;
      count(inner as Json, into);
    }
  }
  return into;
};

const spec = (object: KubernetesObject | undefined): Json | undefined => object?.['spec'];

/** What the API server adds to a definition's spec by itself (apiextensions v1 defaults.go). */
const added = (spec: Json | undefined): Json | undefined => {
  const copy = structuredClone(spec) as { conversion?: object };
  if (JSON.stringify(copy.conversion) === '{"strategy":"None"}') delete copy.conversion;
  return copy as unknown as Json;
};

describe('the definitions of Gateway API 1.6.1', () => {
  const channels: readonly [string, typeof definitions, number][] = [
    ['standard', definitions, 10],
    ['experimental', experimental, 13],
  ];
  test.each(channels.filter(([, all]) => all.length > 0))(
    '%s: read back as they were sent, every field, and cost one LIST from then on',
    async (_, all, many) => {
      expect(all).toHaveLength(many);
      const first = await applyAll(kube, all, options);
      expect(results(first)).toEqual(names(all).map((ref) => `${ref} created`));
      const definitionNames = all.map(({ object }) => object.metadata.name);
      const { items } = JSON.parse(kubectl(['get', 'crd', ...definitionNames, '-o', 'json'])) as {
        readonly items: readonly KubernetesObject[];
      };
      for (const [index, { object }] of all.entries()) {
        const live = items[index] ?? object;
        expect(live.metadata.name).toBe(object.metadata.name);
        expect(live.metadata['uid']).toBeDefined();
        expect(added(spec(live))).toEqual(spec(object));
        expect(live.metadata['annotations']).toEqual(object.metadata['annotations']);
        expect(live.metadata['labels']).toEqual(object.metadata['labels']);
        expect(count(spec(live))).toEqual(count(spec(object)));
      }

      kube.forget();
      const second = await applyAll(kube, all, options);
      expect(results(second)).toEqual(names(all).map((ref) => `${ref} unchanged`));
      expect(kube.requests()).toEqual(['GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions']);
    },
  );
});

const route = (name: string, path = '/', more: object = {}): Sourced =>
  sourced({
    apiVersion: `${group}/v1`,
    kind: 'HTTPRoute',
    metadata: { name, labels: { app: name }, ...more },
    spec: {
      hostnames: [`${name}.example.com`],
      // Group, kind, matches, weight: all left to defaults, inside of atomic lists.
      parentRefs: [{ name: 'public', namespace: 'infra' }],
      rules: [{ matches: [{ path: { value: path } }], backendRefs: [{ name, port: 8080 }] }, {}],
    },
  });
const routes = Array.from({ length: 30 }, (_, index) => route(`route-${index}`));
const routePath = `/apis/${group}/v1/namespaces/${namespace}/httproutes`;

describe('HTTPRoutes', () => {
  test('cost a LIST and the schema when nothing changes; a change costs a dry run and a write', async () => {
    const first = await applyAll(kube, routes, options);
    expect(new Set(first.objects.map(({ reported }) => reported.result))).toEqual(new Set(['created']));

    await schemaPublished();
    kube.forget();
    const second = await applyAll(kube, routes, options);
    expect(new Set(second.objects.map(({ reported }) => reported.result))).toEqual(new Set(['unchanged']));
    expect(kube.requests()).toEqual([`GET ${routePath}`, `GET /openapi/v3/apis/${group}/v1`]);
    expect(versionsOf(second)).toEqual(versionsOf(first));

    kube.forget();
    const third = await applyAll(kube, [...routes.slice(1), route('route-0', '/api')], options);
    expect(results(third).filter((each) => !each.endsWith('unchanged'))).toEqual([
      `HTTPRoute ${namespace}/route-0 configured`,
    ]);
    expect(kube.requests().filter((each) => each.startsWith('PATCH'))).toEqual([
      `PATCH ${routePath}/route-0 dry`,
      `PATCH ${routePath}/route-0`,
    ]);
  });

  test('lose what leaves the repository', async () => {
    const labelled = route('leaving', '/', { labels: { app: 'leaving', team: 'a' } });
    await applyAll(kube, [labelled], options);
    const { objects } = await applyAll(kube, [route('leaving')], options);
    expect(objects[0]?.reported.result).toBe('configured');
    expect(objects[0]?.live?.metadata['labels']).toEqual({ app: 'leaving' });
  });
});

const builtIn = `
apiVersion: v1
kind: Namespace
metadata: { name: apply-test-app, labels: { team: a } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: web, namespace: apply-test-app, annotations: { eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/x' } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web, namespace: apply-test-app }
data: { key: value, constructor: c, 'dotted.key': '1' }
---
apiVersion: v1
kind: Secret
metadata: { name: web, namespace: apply-test-app }
data: { token: c2VjcmV0 }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: apply-test-app }
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80, targetPort: http }, { name: https, port: 443, protocol: TCP }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: web, namespace: apply-test-app }
rules: [{ apiGroups: [''], resources: [pods], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: web, namespace: apply-test-app }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: web }
subjects: [{ kind: ServiceAccount, name: web, namespace: apply-test-app }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: apply-test-app }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      serviceAccountName: web
      containers:
        - name: web
          image: nginx:1.29
          ports: [{ name: http, containerPort: 80 }, { containerPort: 53, protocol: UDP }]
          env: [{ name: A, value: b }, { name: NODE, valueFrom: { fieldRef: { apiVersion: v1, fieldPath: spec.nodeName } } }]
          resources: { requests: { cpu: 100m, memory: 64Mi } }
          readinessProbe: { httpGet: { path: /, port: http } }
        - { name: side, image: 'busybox:1' }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web, namespace: apply-test-app }
spec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, maxReplicas: 3 }
`;

describe('built-in kinds', () => {
  afterAll(() => void kubectl(['delete', 'namespace', 'apply-test-app', '--wait=false']));

  test('arrive in one stage with their namespace, and cost one read a kind from then on', async () => {
    const objects = manifests(builtIn).toReversed();
    const first = await applyAll(kube, objects, options);
    expect(results(first)).toEqual(results(first).map((each) => each.replace(/\w+$/, 'created')));
    kube.forget();
    const second = await applyAll(kube, objects, options);
    expect(results(second)).toEqual(results(second).map((each) => each.replace(/\w+$/, 'unchanged')));
    expect(kube.requests()).toHaveLength(objects.length);
    expect(kube.requests().filter((each) => !each.startsWith('GET'))).toEqual([]);
  });

  test('a quantity written in another way costs a dry run, and changes nothing', async () => {
    const odd = manifests(builtIn.replace('cpu: 100m', 'cpu: "0.10"')).filter(
      ({ object }) => object.kind === 'Deployment',
    );
    const first = await applyAll(kube, odd, options);
    // Who writes between the look and the dry run has it looked at again.
    kubectl(['rollout', 'status', 'deployment/web', '-n', 'apply-test-app', '--timeout=120s']);
    kube.forget();
    const second = await applyAll(kube, odd, options);
    expect(results(second)).toEqual(['Deployment apply-test-app/web unchanged']);
    expect(
      kube.requests().map((each) => each.split(' ').slice(0, 1).concat(each.split(' ').slice(2)).join(' ')),
    ).toEqual(['GET', 'PATCH dry']);
    expect(first.objects[0]?.live?.metadata['generation']).toBe(
      second.objects[0]?.live?.metadata['generation'],
    );
  });
});
