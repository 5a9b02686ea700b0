// What is said of an object that the API server refuses, how soon, and what is never even sent.
import { expect, test } from '@jest/globals';
import { type Answer, status } from './api-server.ts';
import { type Applied, apply, configMap, live, patience } from './applying.ts';
import { connected } from './connected.ts';
import { serve } from './served.ts';

const api = connected({ principal: 'arn:role' });

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
  serve(api.server, ({ method }) => (method === 'GET' ? { body: live('1') } : refusal));
  const began = performance.now();
  const applied = await apply(api, configMap);
  expect(performance.now() - began).toBeLessThan(patience.milliseconds / 2);
  expect(applied).toMatchObject(expected);
  expect(applied.findings[0]?.hint).toBeTruthy();
  expect(applied.live).toBeUndefined();
});

test('waits for a webhook that comes up', async () => {
  let calls = 0;
  serve(api.server, ({ method }) => {
    if (method === 'GET') return status(404, 'NotFound', 'x');
    calls += 1;
    // The first is the dry run, which waits for nobody.
    return calls < 4
      ? status(500, 'InternalError', 'Internal error occurred: failed calling webhook "w": refused')
      : { status: 201, body: live('1') };
  });
  const waits: string[] = [];
  const applied = await apply(api, configMap, {
    patience: { ...patience, onWait: (why) => waits.push(why) },
  });
  expect(applied.result).toBe('created');
  expect(waits).toEqual(Array(2).fill('the webhook w does not answer yet'));
});

test('refuses names that lead to another path, without asking', async () => {
  serve(api.server, () => ({ status: 201, body: live('1') }));
  for (const metadata of [
    { name: '../../secrets/a' },
    { name: 'a', namespace: '../b' },
    { name: 'a\ud800' },
  ]) {
    expect((await apply(api, { ...configMap, metadata })).result).toBe('failed');
  }
  expect(api.server.asked.filter(({ path }) => path.startsWith('/api/v1'))).toEqual([]);
});
