// Touching a Gateway or a TargetGroupBinding: what is sent, and what comes back.
import { expect, test } from '@jest/globals';
import { kinds } from '../../../src/chain/cluster.ts';
import { createToucher } from '../../../src/kube/touch.ts';
import { status } from './api-server.ts';
import { connected } from './connected.ts';

const never = new AbortController().signal;

const api = connected();

const touch = () => createToucher(api.kube).touch({ namespace: 'infra', name: 'public' }, never);
const live = (managedFields: readonly object[]) => ({
  body: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'public', namespace: 'infra', managedFields },
  },
});

test('one annotation, by a manager of its own, never by force', async () => {
  api.server.answer(() =>
    live([
      { manager: 'eks-gateway-action', time: '2026-11-22T20:00:00Z' },
      { manager: 'eks-gateway-action-nudge', time: '2026-11-22T23:00:07Z' },
    ]),
  );
  expect(await touch()).toMatchObject({ value: new Date('2026-11-22T23:00:07Z') });
  const [asked] = api.server.asked;
  expect(asked).toMatchObject({
    method: 'PATCH',
    path: '/apis/gateway.networking.k8s.io/v1/namespaces/infra/gateways/public',
    contentType: 'application/apply-patch+yaml',
  });
  // Our applies own the spec of a Gateway in the repository: under their name this one would take it away.
  expect(asked?.query.get('fieldManager')).toBe('eks-gateway-action-nudge');
  expect(asked?.query.get('force')).toBe('false');
  expect(JSON.parse(asked?.body ?? '')).toEqual({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: {
      name: 'public',
      namespace: 'infra',
      annotations: { 'eks-gateway-action/nudged-at': expect.any(String) },
    },
  });
});

test('a TargetGroupBinding the same way', async () => {
  const { kind, plural, apiVersion } = kinds.targetGroupBinding;
  api.server.answer(() => ({ body: { apiVersion, kind, metadata: { name: 'k8s-web', namespace: 'apps' } } }));
  const seen = await createToucher(api.kube).touch({ kind, namespace: 'apps', name: 'k8s-web' }, never);
  expect(seen).toHaveProperty('value');
  expect(api.server.asked[0]?.path).toBe(`/apis/${apiVersion}/namespaces/apps/${plural}/k8s-web`);
});

test('a denial names the permission', async () => {
  api.server.answer(() => status(403, 'Forbidden', 'no'));
  expect(await touch()).toMatchObject({
    denied: 'patch gateways.gateway.networking.k8s.io in namespace infra',
  });
});

test('a Gateway that is gone is no exception', async () => {
  api.server.answer(() => status(422, 'Invalid', 'spec.gatewayClassName: Required value'));
  expect(await touch()).toMatchObject({ failed: 'spec.gatewayClassName: Required value' });
});
