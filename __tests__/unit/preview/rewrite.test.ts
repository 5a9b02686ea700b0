// The same app as a preview: what is changed, and that nothing else is.
import { describe, expect, test } from '@jest/globals';
import { parseManifests } from '../../../src/bundle/parse.ts';
import { imageName, parseImage } from '../../../src/preview/images.ts';
import { parseGateway, rewrite } from '../../../src/preview/rewrite.ts';

const plan = {
  name: 'pr-42-app',
  template: 'pr-{number}-app',
  domain: 'preview.example.com',
  longestName: 57,
  gateway: { namespace: 'infra', name: 'previews', section: 'https' },
  images: [{ name: 'ghcr.io/org/app', image: 'registry/app:abc' }],
  fences: { quota: {}, networks: [] },
  wildcard: false,
  repository: 'org/app',
  number: 42,
  branch: 'login',
  commit: 'a'.repeat(40),
  expiresAt: new Date('2026-11-30T00:00:00Z'),
  defaultNamespace: 'default',
};

const app = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop, labels: { app: web } }
spec:
  replicas: 2
  template:
    spec:
      initContainers: [{ name: i, image: 'ghcr.io/org/app:v1' }]
      containers: [{ name: web, image: 'ghcr.io/org/app@sha256:12' }, { name: proxy, image: 'envoy:1' }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
`;

const routes = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: shop, annotations: { team: a } }
spec:
  hostnames: [shop.example.com, admin.example.com]
  parentRefs: [{ name: public, namespace: infra }, { name: internal, namespace: infra }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: / } }]
      filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: web, namespace: shop, port: 80 } } }]
      backendRefs:
        - { name: web, port: 80 }
        - { name: api, namespace: shop, port: 80 }
        - { name: other, namespace: elsewhere, port: 80 }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: bare, namespace: shop }
spec: { parentRefs: [{ name: public, namespace: infra }], rules: [] }
`;

const bundle = {
  manifests: parseManifests(app, 'app.yaml').objects,
  routes: parseManifests(routes, 'routes.yaml').objects,
};
const before = JSON.stringify(bundle);
const made = rewrite(bundle, plan);
const object = (index: number) => made.manifests[index]?.object;

test('everything is in the one namespace, with the label, and keeps where it came from', () => {
  const all = [...made.manifests, ...made.routes];
  expect(all.map(({ object: { metadata } }) => [metadata.namespace, metadata['labels']])).toEqual([
    ['pr-42-app', { app: 'web', 'eks-gateway-action/preview': '42' }],
    ...Array(3).fill(['pr-42-app', { 'eks-gateway-action/preview': '42' }]),
  ]);
  expect(all.map(({ source }) => `${source.file}:${source.line}`)).toEqual([
    'app.yaml:5',
    'app.yaml:15',
    'routes.yaml:1',
    'routes.yaml:15',
  ]);
  expect(JSON.stringify(bundle)).toBe(before);
});

test("the repository's own namespace gives way to the preview's", () => {
  expect(made.replaced.map(({ object: { metadata } }) => metadata.name)).toEqual(['shop']);
  expect(made.namespace?.metadata).toEqual({
    name: 'pr-42-app',
    labels: { 'eks-gateway-action/preview': '42', 'pod-security.kubernetes.io/enforce': 'baseline' },
    annotations: {
      'eks-gateway-action/repository': 'org/app',
      'eks-gateway-action/branch': 'login',
      'eks-gateway-action/name-template': 'pr-{number}-app',
      'eks-gateway-action/commit': plan.commit,
      'eks-gateway-action/expires-at': '2026-11-30T00:00:00.000Z',
      'eks-gateway-action/hosts':
        'pr-42-app.preview.example.com,pr-42-app-admin.preview.example.com,pr-42-app-unnamed.preview.example.com',
    },
  });
});

test('images by name, whatever their tag or digest; no token; all else of the object as it was', () => {
  expect(object(0)?.['spec']).toEqual({
    replicas: 2,
    template: {
      spec: {
        automountServiceAccountToken: false,
        initContainers: [{ name: 'i', image: 'registry/app:abc' }],
        containers: [
          { name: 'web', image: 'registry/app:abc' },
          { name: 'proxy', image: 'envoy:1' },
        ],
      },
    },
  });
});

test('routes: hosts, parent, and backends that moved along', () => {
  expect(made.routes[0]?.object['spec']).toEqual({
    hostnames: ['pr-42-app.preview.example.com', 'pr-42-app-admin.preview.example.com'],
    parentRefs: [{ namespace: 'infra', name: 'previews', sectionName: 'https' }],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'web', port: 80 } } }],
        backendRefs: [
          { name: 'web', port: 80 },
          { name: 'api', port: 80 },
          { name: 'other', namespace: 'elsewhere', port: 80 },
        ],
      },
    ],
  });
});

describe('routes alone, beside the Services of a shared namespace', () => {
  const alone = rewrite(bundle, { ...plan, shared: 'shop' });

  test('nothing else is applied; the namespace is not ours', () => {
    expect(alone).toMatchObject({ manifests: [], fences: [] });
    expect(alone).not.toHaveProperty('namespace');
    expect(alone.replaced).toHaveLength(bundle.manifests.length);
  });

  test('under names of the preview, saying whose they are and until when', () => {
    const [route] = alone.routes;
    expect(route?.object.metadata).toMatchObject({
      name: expect.stringMatching(/^pr-42-app-/),
      namespace: 'shop',
      labels: { 'eks-gateway-action/preview': '42' },
      annotations: {
        'eks-gateway-action/preview-name': 'pr-42-app',
        'eks-gateway-action/repository': 'org/app',
        'eks-gateway-action/commit': plan.commit,
        'eks-gateway-action/expires-at': '2026-11-30T00:00:00.000Z',
      },
    });
  });

  test('references into the shared namespace are to Services beside them; others stay, to be refused', () => {
    expect(JSON.stringify(alone.routes[0]?.object['spec'])).not.toContain('"namespace":"shop"');
    expect(JSON.stringify(alone.routes[0]?.object['spec'])).toContain('"namespace":"elsewhere"');
  });
});

test('for a wildcard record ExternalDNS is told to leave the routes alone', () => {
  const [route] = rewrite(bundle, { ...plan, wildcard: true }).routes;
  expect(route?.object.metadata['annotations']).toMatchObject({
    'external-dns.alpha.kubernetes.io/controller': 'eks-gateway-action',
    'external-dns.kubernetes.io/controller': 'eks-gateway-action',
  });
});

describe('fences', () => {
  test('none unless they are asked for', () => expect(made.fences).toEqual([]));

  test('a quota, and a network policy that lets in the load balancer alone', () => {
    const fences = { quota: { pods: '10' }, networks: ['10.0.0.0/20', '10.0.16.0/20'] };
    const [quota, network] = rewrite(bundle, { ...plan, fences }).fences;
    expect(quota).toMatchObject({ kind: 'ResourceQuota', spec: { hard: { pods: '10' } } });
    expect(quota?.metadata).toEqual({
      name: 'preview',
      namespace: 'pr-42-app',
      labels: { 'eks-gateway-action/preview': '42' },
    });
    expect(network).toMatchObject({
      kind: 'NetworkPolicy',
      spec: {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [
              { podSelector: {} },
              { ipBlock: { cidr: '10.0.0.0/20' } },
              { ipBlock: { cidr: '10.0.16.0/20' } },
            ],
          },
        ],
      },
    });
    // The metadata of the node gives its role away.
    expect(JSON.stringify(network)).toContain('169.254.169.254/32');
  });
});

describe('inputs', () => {
  test.each([
    ['infra/public', { namespace: 'infra', name: 'public' }],
    ['infra/public/https', { namespace: 'infra', name: 'public', section: 'https' }],
    ['public', undefined],
    ['infra/public/https/x', undefined],
    ['Infra/public', undefined],
  ])('gateway %s', (text, wanted) => expect(parseGateway(text)).toEqual(wanted));

  test.each([
    ['app=registry/app:abc', { name: 'app', image: 'registry/app:abc' }],
    [
      'localhost:5000/app=registry:5000/app@sha256:12',
      { name: 'localhost:5000/app', image: 'registry:5000/app@sha256:12' },
    ],
    ['app:v1=registry/app:abc', undefined],
    ['app', undefined],
    ['=registry/app', undefined],
  ])('image %s', (text, wanted) => expect(parseImage(text)).toEqual(wanted));

  test.each([
    ['nginx', 'nginx'],
    ['nginx:1.29', 'nginx'],
    ['registry:5000/app', 'registry:5000/app'],
    ['registry:5000/app:v1@sha256:12', 'registry:5000/app'],
  ])('name of %s', (image, name) => expect(imageName(image)).toBe(name));
});
