// What links share of the cluster, on simulated time: how old it may be with and without a watch, and what counts as a change.
import { expect, test } from '@jest/globals';
import { type ClusterReader, kinds } from '../../../src/chain/cluster.ts';
import { type SharedReader, sharedReader } from '../../../src/chain/shared-reader.ts';
import { type Told, type WatchedPlace, Watches } from '../../../src/chain/watches.ts';

const never = new AbortController().signal;

interface Bench {
  readonly reader: SharedReader;
  /** What was read, in order. */
  readonly reads: string[];
  readonly watched: { readonly place: WatchedPlace; readonly told: Told }[];
  readonly denied: string[];
  time: number;
}

/** A cluster whose watches do as the test tells them. */
function bench({ most = 10, deny = false }: { most?: number; deny?: boolean } = {}): Bench {
  const reads: string[] = [];
  const watched: { place: WatchedPlace; told: Told }[] = [];
  const denied: string[] = [];
  const at = new Date(0);
  const cluster: ClusterReader = {
    get: async ({ kind }, namespace, name) => {
      reads.push(`${kind} ${namespace}/${name}`);
      return { at, value: undefined };
    },
    list: async ({ kind }, namespace) => {
      reads.push(`${kind} ${namespace ?? 'all'}`);
      return { at, value: [] };
    },
    log: async () => ({ at, value: '' }),
  };
  const watches = new Watches({
    watcher: {
      watch: (place, told) => {
        watched.push({ place, told });
        return deny
          ? Promise.resolve({ denied: `watch ${place.kind.plural}` })
          : new Promise<never>(() => {});
      },
    },
    most,
    kinds: new Set(['gateways', 'httproutes']),
    onDenied: (permission) => denied.push(permission),
    signal: never,
  });
  const self: Bench = {
    reads,
    watched,
    denied,
    time: 0,
    reader: sharedReader(cluster, { monotonic: () => self.time }, 800, never, watches),
  };
  return self;
}

const gateway = ({ reader }: Bench, name = 'public') => reader.get(kinds.gateway, 'infra', name, never);
const routes = ({ reader }: Bench, namespace?: string) => reader.list(kinds.httpRoute, namespace, never);

test('without a watch an answer stands for its age, and is asked for once meanwhile', async () => {
  const it = bench();
  await Promise.all([gateway(it), gateway(it)]);
  it.time = 799;
  await gateway(it);
  expect(it.reads).toEqual(['Gateway infra/public']);
  it.time = 800;
  await gateway(it);
  expect(it.reads).toHaveLength(2);
});

test('what was read before the watch stood is read again; then it stands until it changes', async () => {
  const it = bench();
  await gateway(it);
  it.watched[0]?.told.standing();
  await gateway(it);
  expect(it.reads).toHaveLength(2);
  it.time = 4_000;
  await gateway(it);
  expect(it.reads).toHaveLength(2);
  it.watched[0]?.told.changed('infra', 'public');
  expect(it.reader.changes.count()).toBe(1);
  await gateway(it);
  expect(it.reads).toHaveLength(3);
});

test('a watch that has died without a sign is found out after 5 s', async () => {
  const it = bench();
  it.watched[0]?.told.standing();
  await gateway(it);
  it.watched[0]?.told.standing();
  await gateway(it);
  const before = it.reads.length;
  it.time = 5_000;
  await gateway(it);
  expect(it.reads).toHaveLength(before + 1);
});

test('a lost watch leaves polling', async () => {
  const it = bench();
  await gateway(it);
  it.watched[0]?.told.standing();
  await gateway(it);
  it.watched[0]?.told.lost();
  it.time = 800;
  await gateway(it);
  expect(it.reads).toHaveLength(3);
});

test('only what somebody has read counts as a change, and each wakes', async () => {
  const it = bench();
  await gateway(it);
  let wakes = 0;
  const unsubscribe = it.reader.changes.subscribe(() => {
    wakes += 1;
  });
  it.watched[0]?.told.changed('infra', 'other');
  expect(wakes).toBe(0);
  it.watched[0]?.told.changed('infra', 'public');
  expect(wakes).toBe(1);
  unsubscribe();
  it.watched[0]?.told.changed('infra', 'public');
  expect(wakes).toBe(1);
});

test('a LIST is read again at most once in its age, however much changes', async () => {
  const it = bench();
  await routes(it);
  it.watched[0]?.told.standing();
  it.time = 1_000;
  await routes(it);
  expect(it.reads).toHaveLength(2);
  it.time = 1_100;
  it.watched[0]?.told.changed('shop', 'cart');
  await routes(it);
  expect(it.reads).toHaveLength(2);
  it.time = 1_800;
  await routes(it);
  expect(it.reads).toHaveLength(3);
  it.time = 3_000;
  it.watched[0]?.told.changed('shop', 'cart');
  await routes(it);
  expect(it.reads).toHaveLength(4);
});

test('one watch a kind and namespace; that of all namespaces does for each', async () => {
  const it = bench();
  await gateway(it);
  await gateway(it, 'private');
  await routes(it);
  it.watched[1]?.told.standing();
  await routes(it, 'shop');
  await it.reader.get(kinds.httpRoute, 'shop', 'cart', never);
  expect(it.watched.map(({ place }) => `${place.kind.kind} ${place.namespace ?? 'all'}`)).toEqual([
    'Gateway infra',
    'HTTPRoute all',
  ]);
  it.watched[1]?.told.changed('shop', 'cart');
  expect(it.reader.changes.count()).toBe(1);
});

test('kinds that hardly change, and what is beyond the number of watches, are polled', async () => {
  const it = bench({ most: 1 });
  await it.reader.get(kinds.crd, undefined, 'gateways.gateway.networking.k8s.io', never);
  await gateway(it);
  await routes(it);
  expect(it.watched).toHaveLength(1);
});

test('where the role may not watch, that is said once, and everything is polled', async () => {
  const it = bench({ deny: true });
  await gateway(it);
  await routes(it);
  await new Promise((resolve) => setImmediate(resolve));
  expect(it.denied).toEqual(['watch gateways']);
  it.time = 800;
  await gateway(it);
  expect(it.reads).toEqual(['Gateway infra/public', 'HTTPRoute all', 'Gateway infra/public']);
  expect(it.watched).toHaveLength(2);
});
