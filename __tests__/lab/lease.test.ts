// The Lease of a bundle on the real API server: one writer at a time, and what a role that may not is told.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Lease, Runner } from '../../src/apply/lease.ts';
import { leaseStore } from '../../src/kube/lease.ts';
import { connectAs, createAdministrator, kubectl, never, removeAdministrator } from './engine.ts';

const namespace = 'lease-test';
const us: Runner = {
  identity: 'us',
  run: { id: '7', attempt: 2 },
  url: 'https://example.test/7',
  actor: 'ana',
};
const at = new Date('2026-11-25T12:00:00.000Z');
const lease: Lease = { holder: us, acquired: at, renewed: at, seconds: 30, transitions: 3 };

beforeAll(() => {
  createAdministrator(namespace);
  kubectl(['create', 'serviceaccount', 'nobody', '-n', namespace]);
});
afterAll(() => removeAdministrator(namespace));

test('is made once, written by whoever read it last, and reads back as it was written', async () => {
  const kube = connectAs(namespace, 'admin');
  const store = leaseStore(kube, namespace, 'bundle');
  expect(await store.read(never)).toEqual({ lease: undefined });
  const made = await store.create(lease, never);
  if (typeof made !== 'object' || !('version' in made)) throw new Error(JSON.stringify(made));
  expect(await store.read(never)).toEqual({ lease: { ...lease, version: made.version } });
  expect(await store.create(lease, never)).toBe('late');

  const { holder: _, ...free } = lease;
  expect(await store.replace(made.version, free, never)).toEqual({ version: expect.any(String) });
  expect(await store.replace(made.version, lease, never)).toBe('late');
  expect(await store.read(never)).toEqual({ lease: { ...free, version: expect.any(String) } });
  // Whoever has no address takes the former one's away.
  const now = await store.read(never);
  const bare = { ...lease, holder: { identity: 'bare' } };
  await store.replace('lease' in now ? (now.lease?.version ?? '') : '', bare, never);
  expect(await store.read(never)).toEqual({ lease: { ...bare, version: expect.any(String) } });
  expect(await store.remove(made.version, never)).toBe(false);
  const last = await store.read(never);
  expect(await store.remove('lease' in last ? (last.lease?.version ?? '') : '', never)).toBe(true);
  expect(await store.read(never)).toEqual({ lease: undefined });
  expect(await store.replace(made.version, lease, never)).toBe('late');
  expect(await leaseStore(kube, 'nowhere-at-all', 'bundle').create(lease, never)).toBe('homeless');
  await kube.close();
});

test('a role that may not is told which permission it lacks', async () => {
  const kube = connectAs(namespace, 'nobody');
  const store = leaseStore(kube, namespace, 'bundle');
  const denied = (verb: string) => ({
    denied: `${verb} leases.coordination.k8s.io in namespace ${namespace}`,
  });
  expect(await store.read(never)).toEqual(denied('get'));
  expect(await store.create(lease, never)).toEqual(denied('create'));
  expect(await store.replace('1', lease, never)).toEqual(denied('patch'));
  expect(await store.remove('1', never)).toBe(false);
  await kube.close();
});

test('the connection reads the API server’s clock, whatever the runner’s says', async () => {
  const kube = connectAs(namespace, 'admin', undefined, 3_600_000);
  const store = leaseStore(kube, namespace, 'clock');
  await store.create(lease, never);
  const created = Date.parse(
    kubectl(['get', 'lease', 'clock', '-n', namespace, '-o', 'jsonpath={.metadata.creationTimestamp}']),
  );
  expect(Math.abs(kube.clock.now().getTime() - created)).toBeLessThan(3_000);
  await kube.close();
});
