import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AppliedObject, applyStage } from '../../../src/apply/apply.ts';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { type ApplierOptions, serverSideApplier } from '../../../src/kube/apply.ts';
import { connect, type Kube } from '../../../src/kube/connection.ts';
import { type Discovery, discover, serverVersion } from '../../../src/kube/discovery.ts';
import { removeObject } from '../../../src/kube/remove.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { type Answer, type ApiServer, type Asked, startApiServer, status } from './api-server.ts';

let server: ApiServer;
let kube: Kube;
const never = new AbortController().signal;

const resource = (plural: string, kind: string, scope: string) => ({
  resource: plural,
  responseKind: { kind },
  scope,
  subresources: [{ subresource: 'status' }],
});
const group = (name: string, version: string, ...resources: object[]) => ({
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
const crds = group(
  'apiextensions.k8s.io',
  'v1',
  resource('customresourcedefinitions', 'CustomResourceDefinition', 'Cluster'),
);

/** Answers discovery; the rest is the test's. */
const serve = (rest: (asked: Asked) => Answer | 'reset', groups: () => object[] = () => [crds]): void =>
  server.answer((asked) => {
    if (asked.path === '/api') return aggregated(core);
    if (asked.path === '/apis') return aggregated(...groups());
    return rest(asked);
  });

beforeEach(async () => {
  server = await startApiServer();
  const { endpoint, caData } = server;
  kube = connect({ endpoint, caData, token: async () => 't', clock: systemClock, principal: 'arn:role' });
});
afterEach(async () => {
  await kube.close();
  await server.close();
});

const patience = { milliseconds: 2_000, random: () => 0 };
type Applied = AppliedObject['reported'] & Pick<AppliedObject, 'live' | 'findings'>;
const apply = async (object: KubernetesObject, options: Partial<ApplierOptions> = {}): Promise<Applied> => {
  const applier = serverSideApplier(kube, await discover(kube, never), {
    namespace: 'apps',
    patience,
    ...options,
  });
  const { objects } = await applyStage([{ object, source: { file: 'a.yaml', line: 1 } }], applier, never);
  const [applied] = objects;
  if (!applied) throw new Error('an object for an object');
  return { ...applied.reported, ...applied };
};

const configMap: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', labels: { x: 'y' } },
  data: { key: 'value' },
};
const live = (resourceVersion: string, more: object = {}) => ({
  ...configMap,
  ...more,
  metadata: { ...configMap.metadata, namespace: 'apps', resourceVersion },
});
const owned = (fieldsV1: object) => [{ manager: 'eks-gateway-action', operation: 'Apply', fieldsV1 }];

describe('what is sent', () => {
  test('is the object as written, without what only the server writes', async () => {
    serve(({ method }) =>
      method === 'GET' ? status(404, 'NotFound', 'x') : { status: 201, body: live('1') },
    );
    await apply({
      ...configMap,
      metadata: {
        ...configMap.metadata,
        creationTimestamp: null,
        resourceVersion: '7',
        managedFields: [],
        annotations: { keep: 'me', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      },
      status: { conditions: null },
    });
    const [tried, sent] = server.asked.filter(({ method }) => method === 'PATCH');
    expect(tried?.query.get('dryRun')).toBe('All');
    expect(tried?.body).toBe(sent?.body);
    expect(sent).toMatchObject({
      path: '/api/v1/namespaces/apps/configmaps/a',
      contentType: 'application/apply-patch+yaml',
    });
    expect(Object.fromEntries(sent?.query ?? [])).toEqual({
      fieldManager: 'eks-gateway-action',
      fieldValidation: 'Strict',
      force: 'false',
    });
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'apps', labels: { x: 'y' }, annotations: { keep: 'me' } },
      data: { key: 'value' },
    });
  });

  test.each([
    ['not where status is a subresource', [{ subresource: 'status' }], undefined],
    ['as it is where status is a field like any other', [{ subresource: 'scale' }], { phase: 'New' }],
  ])('has the status of a manifest: %s', async (_name, subresources, sent) => {
    const gadgets = { ...resource('gadgets', 'Gadget', 'Namespaced'), subresources };
    const gadget = {
      apiVersion: 'x.example/v1',
      kind: 'Gadget',
      metadata: { name: 'g', namespace: 'apps' },
      status: { phase: 'New' },
    };
    serve(
      ({ method }) => (method === 'GET' ? status(404, 'NotFound', 'x') : { status: 201, body: gadget }),
      () => [group('x.example', 'v1', gadgets)],
    );
    await apply(gadget);
    const bodies = server.asked
      .filter(({ method }) => method === 'PATCH')
      .map(({ body }) => JSON.parse(body));
    expect(bodies.map((body) => body.status)).toEqual([sent, sent]);
  });

  test('carries no namespace for an object of the cluster', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', namespace: 'wrong' } };
    serve(({ method }) =>
      method === 'GET' ? status(404, 'NotFound', 'x') : { status: 201, body: namespace },
    );
    expect((await apply(namespace)).ref).toBe('Namespace n');
    const sent = server.asked.find(({ method }) => method === 'PATCH');
    expect(sent?.path).toBe('/api/v1/namespaces/n');
    expect(JSON.parse(sent?.body ?? '')).toEqual({ ...namespace, metadata: { name: 'n' } });
  });
});

describe('the result', () => {
  const answering = (before: Answer, given: Answer): void =>
    serve(({ method }) => (method === 'GET' ? before : given));

  test.each<[Applied['result'], string, Answer, Answer]>([
    ['created', '201', status(404, 'NotFound', 'x'), { status: 201, body: live('1') }],
    ['unchanged', 'the same resourceVersion', { body: live('1') }, { body: live('1') }],
    ['configured', 'other content', { body: live('1', { data: {} }) }, { body: live('2') }],
    [
      'unchanged',
      'a status that was written in between',
      { body: live('1', { status: { a: 1 } }) },
      { body: live('2', { status: { a: 2 } }) },
    ],
    [
      'configured',
      'fields that are ours from now on',
      { body: live('1') },
      { body: { ...live('2'), metadata: { ...live('2').metadata, managedFields: owned({ 'f:data': {} }) } } },
    ],
  ])('is %s for %s', async (result, _name, before, given) => {
    answering(before, given);
    expect(await apply(configMap)).toMatchObject({
      result,
      ref: 'ConfigMap apps/a',
      live: { kind: 'ConfigMap' },
    });
  });

  describe('of an object that may not be read', () => {
    const unseen = (tried: Answer, given: Answer): void =>
      serve(({ method, query }) => {
        if (method === 'GET') return status(403, 'Forbidden', 'no');
        return query.has('dryRun') ? tried : given;
      });
    test.each<[Applied['result'], string]>([
      ['unchanged', '1'],
      ['configured', '2'],
    ])('is %s by its version before and after: 1, %s', async (result, after) => {
      unseen({ body: live('1') }, { body: live(after) });
      expect((await apply(configMap)).result).toBe(result);
    });

    test('is a conflict where the dry run shows whose it is', async () => {
      const metadata = { ...live('1').metadata, annotations: { 'meta.helm.sh/release-name': 'shop' } };
      unseen({ body: { ...live('1'), metadata } }, { body: live('2') });
      expect(await apply(configMap)).toMatchObject({
        result: 'conflict',
        message: 'It belongs to the Helm release shop.',
      });
      expect(server.asked.filter(({ method, query }) => method === 'PATCH' && !query.has('dryRun'))).toEqual(
        [],
      );
    });
  });

  test.each<[string, Answer, Partial<Applied>]>([
    [
      'a field of another manager',
      status(409, 'Conflict', 'Apply failed with 1 conflict', {
        causes: [
          {
            reason: 'FieldManagerConflict',
            message: 'conflict with "kubectl-client-side-apply" using v1 at 2026-11-22T10:00:00Z',
            field: '.data.key',
          },
        ],
      }),
      {
        result: 'conflict',
        message: '.data.key is owned by kubectl-client-side-apply since 2026-11-22T10:00:00Z.',
      },
    ],
    [
      'a missing permission',
      status(
        403,
        'Forbidden',
        'x is forbidden: User "u" cannot patch resource "configmaps" in API group "" in the namespace "apps"',
      ),
      {
        result: 'failed',
        message: 'arn:role (in the cluster: u) may not patch configmaps in namespace apps.',
      },
    ],
    [
      'a namespace that does not exist',
      status(404, 'NotFound', 'namespaces "apps" not found', { kind: 'namespaces', name: 'apps' }),
      { result: 'failed', message: 'The namespace apps does not exist.' },
    ],
    [
      'a namespace that goes away',
      status(403, 'Forbidden', 'being terminated', { causes: [{ reason: 'NamespaceTerminating' }] }),
      { result: 'failed', message: 'The namespace apps is being deleted.' },
    ],
    [
      'an invalid field',
      status(422, 'Invalid', 'long text', { causes: [{ field: 'spec.x', message: 'Required value' }] }),
      { result: 'failed', message: 'spec.x: Required value' },
    ],
    [
      "the policy that guards the Gateway API's definitions",
      status(
        422,
        'Invalid',
        `customresourcedefinitions "x" is forbidden: ValidatingAdmissionPolicy 'safe-upgrades.gateway.networking.k8s.io' with binding 'safe-upgrades.gateway.networking.k8s.io' denied request: Installing CRDs with version before v1.5.0 is prohibited`,
      ),
      {
        result: 'failed',
        message:
          "The cluster's admission policy safe-upgrades.gateway.networking.k8s.io refused it: Installing CRDs with version before v1.5.0 is prohibited",
      },
    ],
    [
      'a webhook that refuses',
      status(403, 'Forbidden', 'admission webhook "policy.example" denied the request: no team label'),
      {
        result: 'failed',
        message: "The cluster's admission webhook policy.example refused it: no team label",
      },
    ],
    [
      'a webhook that refuses and does not say why',
      status(400, '', 'admission webhook "policy.example" denied the request without explanation'),
      {
        result: 'failed',
        message: "The cluster's admission webhook policy.example refused it: it does not say why",
      },
    ],
    [
      'a quota that is used up',
      status(
        403,
        'Forbidden',
        'configmaps "a" is forbidden: exceeded quota: small, requested: count/configmaps=1, used: count/configmaps=5, limited: count/configmaps=5',
      ),
      {
        result: 'failed',
        message:
          'The ResourceQuota small of namespace apps does not allow it: requested: count/configmaps=1, used: count/configmaps=5, limited: count/configmaps=5',
      },
    ],
    [
      'an object that is too large for etcd, at once',
      status(500, '', 'etcdserver: request is too large'),
      { result: 'failed', message: 'It is too large for the API server: etcdserver: request is too large' },
    ],
    [
      'a version that objects may be stored in',
      status(422, 'Invalid', 'long', {
        causes: [
          {
            field: 'status.storedVersions[0]',
            message: 'Invalid value: "v1alpha1": must appear in spec.versions',
          },
        ],
      }),
      {
        result: 'failed',
        message:
          'Objects may still be stored in a version that this definition no longer has: Invalid value: "v1alpha1": must appear in spec.versions',
      },
    ],
    [
      'an unknown field',
      status(
        500,
        '',
        'failed to create typed patch object (apps/a; /v1, Kind=ConfigMap): .dada: field not declared in schema',
      ),
      { result: 'failed', message: '.dada: field not declared in schema' },
    ],
  ])('tells of %s', async (_name, refusal, expected) => {
    answering({ body: live('1') }, refusal);
    const began = performance.now();
    const applied = await apply(configMap);
    expect(performance.now() - began).toBeLessThan(patience.milliseconds / 2);
    expect(applied).toMatchObject(expected);
    expect(applied.findings[0]?.hint).toBeTruthy();
    expect(applied.live).toBeUndefined();
  });

  test('carries the warnings of the server', async () => {
    answering(
      { body: live('1') },
      { body: live('1'), headers: { warning: '299 - "v1beta1 is deprecated"' } },
    );
    expect((await apply(configMap)).findings).toMatchObject([
      { code: 'apply/warning', message: 'v1beta1 is deprecated' },
    ]);
  });

  test('waits for a webhook that comes up', async () => {
    let calls = 0;
    serve(({ method }) => {
      if (method === 'GET') return status(404, 'NotFound', 'x');
      calls += 1;
      // The first is the dry run, which waits for nobody.
      return calls < 4
        ? status(500, 'InternalError', 'Internal error occurred: failed calling webhook "w": refused')
        : { status: 201, body: live('1') };
    });
    const waits: string[] = [];
    const applied = await apply(configMap, { patience: { ...patience, onWait: (why) => waits.push(why) } });
    expect(applied.result).toBe('created');
    expect(waits).toEqual(Array(2).fill('the webhook w does not answer yet'));
  });

  test('refuses names that lead to another path, without asking', async () => {
    serve(() => ({ status: 201, body: live('1') }));
    for (const metadata of [
      { name: '../../secrets/a' },
      { name: 'a', namespace: '../b' },
      { name: 'a\ud800' },
    ]) {
      expect((await apply({ ...configMap, metadata })).result).toBe('failed');
    }
    expect(server.asked.filter(({ path }) => path.startsWith('/api/v1'))).toEqual([]);
  });
});

describe('a kind that is not served', () => {
  const widget: KubernetesObject = { apiVersion: 'x.example/v1', kind: 'Widget', metadata: { name: 'w' } };
  const crd: KubernetesObject = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.x.example' },
    spec: { group: 'x.example', names: { kind: 'Widget' } },
  };
  const widgets = group('x.example', 'v1', resource('widgets', 'Widget', 'Namespaced'));

  test('fails at once when nothing will bring it', async () => {
    serve(() => status(404, 'NotFound', 'x'));
    const started = performance.now();
    expect(await apply(widget)).toMatchObject({ result: 'failed', ref: 'Widget w' });
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  /** The kind is in discovery from the fourth look on. */
  const serveLate = (): void => {
    let looks = 0;
    serve(
      ({ method, path }) =>
        method === 'GET'
          ? status(404, 'NotFound', 'x')
          : { status: 201, body: path.includes('/widgets/') ? widget : crd },
      () => {
        looks += 1;
        return looks > 3 ? [crds, widgets] : [crds];
      },
    );
  };

  test('is waited for when a chart brings its CRD', async () => {
    serveLate();
    const applier = serverSideApplier(kube, await discover(kube, never), { namespace: 'apps', patience });
    applier.expect([crd]);
    const { objects } = await applyStage(
      [{ object: widget, source: { file: 'a.yaml', line: 1 } }],
      applier,
      never,
    );
    expect(objects[0]?.reported).toMatchObject({ ref: 'Widget apps/w', result: 'created' });
  });

  test('is waited for when its CRD was applied before', async () => {
    serveLate();
    const applier = serverSideApplier(kube, await discover(kube, never), { namespace: 'apps', patience });
    const { objects } = await applyStage(
      [widget, crd].map((object) => ({ object, source: { file: 'a.yaml', line: 1 } })),
      applier,
      never,
    );
    expect(objects.map(({ reported }) => `${reported.ref} ${reported.result}`)).toEqual([
      'Widget apps/w created',
      'CustomResourceDefinition widgets.x.example created',
    ]);
  });
});

describe('discovery', () => {
  const found = async (discovery: Discovery) => discovery.find('apps/v1', 'Deployment', never);
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    plural: 'deployments',
    namespaced: true,
    statusApart: true,
  };

  test('understands a server without the aggregated form, and one whose extension is down', async () => {
    server.answer(({ path }) => {
      if (path === '/api') return { body: { kind: 'APIVersions', versions: ['v1'] } };
      if (path === '/apis') {
        const versions = ['apps/v1', 'metrics.k8s.io/v1beta1'].map((groupVersion) => ({ groupVersion }));
        return { body: { kind: 'APIGroupList', groups: [{ versions }] } };
      }
      if (path !== '/apis/apps/v1') return { status: 404 };
      const resources = [
        { name: 'deployments', kind: 'Deployment', namespaced: true },
        { name: 'deployments/status', kind: 'Deployment', namespaced: true },
      ];
      return { body: { groupVersion: 'apps/v1', resources } };
    });
    const discovery = await discover(kube, never);
    expect(await found(discovery)).toEqual(deployment);
    expect(await discovery.apiVersions(never)).toEqual(['apps/v1', 'apps/v1/Deployment']);
  });

  test('looks again, once, for a kind that it does not know', async () => {
    let known = false;
    serve(
      () => ({ status: 404 }),
      () => (known ? [group('apps', 'v1', resource('deployments', 'Deployment', 'Namespaced'))] : []),
    );
    const discovery = await discover(kube, never);
    expect(await found(discovery)).toBeUndefined();
    known = true;
    expect(await found(discovery)).toEqual(deployment);
    const before = server.asked.length;
    await found(discovery);
    expect(server.asked).toHaveLength(before);
  });

  test('that is denied names the permission', async () => {
    server.answer(() => status(403, 'Forbidden', 'forbidden: User "u" cannot get path "/apis"'));
    await expect(discover(kube, never)).rejects.toMatchObject({
      code: 'cluster/forbidden',
      hint: expect.stringContaining('get /apis'),
    });
  });

  test("gives the server's version", async () => {
    server.answer(() => ({ body: { gitVersion: 'v1.36.3-eks-1' } }));
    expect(await serverVersion(kube, never)).toBe('v1.36.3-eks-1');
  });
});

test('removing an object that is gone is no error; one that may not be removed is named', async () => {
  const secrets = { apiVersion: 'v1', plural: 'secrets' };
  server.answer(() => status(404, 'NotFound', 'x'));
  await removeObject(kube, secrets, 'n', 'a', never);
  expect(server.asked[0]).toMatchObject({ method: 'DELETE', path: '/api/v1/namespaces/n/secrets/a' });
  server.answer(() => status(403, 'Forbidden', 'no'));
  await expect(removeObject(kube, secrets, 'n', 'a', never)).rejects.toMatchObject({
    code: 'cluster/forbidden',
    message: 'arn:role may not delete secrets in namespace n.',
  });
});
