// Server-side apply: what is sent, what became of the object, and kinds that are served only later.
import { describe, expect, test } from '@jest/globals';
import { applyStage } from '../../../src/apply/apply.ts';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { serverSideApplier } from '../../../src/kube/apply.ts';
import { discover } from '../../../src/kube/discovery.ts';
import { type Answer, status } from './api-server.ts';
import { type Applied, apply, configMap, live, never, patience } from './applying.ts';
import { connected } from './connected.ts';
import { crds, group, resource, serve } from './served.ts';

const api = connected({ principal: 'arn:role' });
const owned = (fieldsV1: object) => [{ manager: 'eks-gateway-action', operation: 'Apply', fieldsV1 }];

describe('what is sent', () => {
  test('is the object as written, without what only the server writes', async () => {
    serve(api.server, ({ method }) =>
      method === 'GET' ? status(404, 'NotFound', 'x') : { status: 201, body: live('1') },
    );
    await apply(api, {
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
    const [tried, sent] = api.server.asked.filter(({ method }) => method === 'PATCH');
    expect(tried?.body).toBe(sent?.body);
    expect(Object.fromEntries(tried?.query ?? [])).toEqual({
      fieldManager: 'eks-gateway-action',
      fieldValidation: 'Strict',
      force: 'false',
      dryRun: 'All',
    });
    expect(sent).toMatchObject({
      path: '/api/v1/namespaces/apps/configmaps/a',
      contentType: 'application/apply-patch+yaml',
    });
    expect(Object.fromEntries(sent?.query ?? [])).toEqual({
      fieldManager: 'eks-gateway-action',
      fieldValidation: 'Ignore',
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
      api.server,
      ({ method }) => (method === 'GET' ? status(404, 'NotFound', 'x') : { status: 201, body: gadget }),
      () => [group('x.example', 'v1', gadgets)],
    );
    await apply(api, gadget);
    const bodies = api.server.asked
      .filter(({ method }) => method === 'PATCH')
      .map(({ body }) => JSON.parse(body));
    expect(bodies.map((body) => body.status)).toEqual([sent, sent]);
  });

  test('carries no namespace for an object of the cluster', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', namespace: 'wrong' } };
    serve(api.server, ({ method }) =>
      method === 'GET' ? status(404, 'NotFound', 'x') : { status: 201, body: namespace },
    );
    expect((await apply(api, namespace)).ref).toBe('Namespace n');
    const sent = api.server.asked.find(({ method }) => method === 'PATCH');
    expect(sent?.path).toBe('/api/v1/namespaces/n');
    expect(JSON.parse(sent?.body ?? '')).toEqual({ ...namespace, metadata: { name: 'n' } });
  });
});

describe('the result', () => {
  const answering = (before: Answer, given: Answer): void =>
    serve(api.server, ({ method }) => (method === 'GET' ? before : given));

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
    expect(await apply(api, configMap)).toMatchObject({
      result,
      ref: 'ConfigMap apps/a',
      live: { kind: 'ConfigMap' },
    });
  });

  describe('of an object that may not be read', () => {
    const unseen = (tried: Answer, given: Answer): void =>
      serve(api.server, ({ method, query }) => {
        if (method === 'GET') return status(403, 'Forbidden', 'no');
        return query.has('dryRun') ? tried : given;
      });
    test.each<[Applied['result'], string]>([
      ['unchanged', '1'],
      ['configured', '2'],
    ])('is %s by its version before and after: 1, %s', async (result, after) => {
      unseen({ body: live('1') }, { body: live(after) });
      expect((await apply(api, configMap)).result).toBe(result);
    });

    test('is a conflict where the dry run shows whose it is', async () => {
      const metadata = { ...live('1').metadata, annotations: { 'meta.helm.sh/release-name': 'shop' } };
      unseen({ body: { ...live('1'), metadata } }, { body: live('2') });
      expect(await apply(api, configMap)).toMatchObject({
        result: 'conflict',
        message: 'It belongs to the Helm release shop.',
      });
      expect(
        api.server.asked.filter(({ method, query }) => method === 'PATCH' && !query.has('dryRun')),
      ).toEqual([]);
    });
  });

  test('carries the warnings of the server', async () => {
    answering(
      { body: live('1') },
      { body: live('1'), headers: { warning: '299 - "v1beta1 is deprecated"' } },
    );
    expect((await apply(api, configMap)).findings).toMatchObject([
      { code: 'apply/warning', message: 'v1beta1 is deprecated' },
    ]);
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
    serve(api.server, () => status(404, 'NotFound', 'x'));
    const started = performance.now();
    expect(await apply(api, widget)).toMatchObject({ result: 'failed', ref: 'Widget w' });
    expect(performance.now() - started).toBeLessThan(patience.milliseconds / 2);
  });

  /** The kind is in discovery from the fourth look on. */
  const serveLate = (): void => {
    let looks = 0;
    serve(
      api.server,
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
    const applier = serverSideApplier(api.kube, await discover(api.kube, never), {
      namespace: 'apps',
      patience,
    });
    applier.expect([crd]);
    const { objects } = await applyStage(
      [{ object: widget, source: { file: 'a.yaml', line: 1 } }],
      applier,
      never,
    );
    expect(objects[0]?.reported).toMatchObject({ ref: 'Widget apps/w', result: 'created' });
    // No dry run was possible: the write is what proves it.
    const written = api.server.asked.filter(({ method }) => method === 'PATCH');
    expect(written.map(({ query }) => query.get('fieldValidation'))).toEqual(['Strict']);
  });

  test('is waited for when its CRD was applied before', async () => {
    serveLate();
    const applier = serverSideApplier(api.kube, await discover(api.kube, never), {
      namespace: 'apps',
      patience,
    });
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
