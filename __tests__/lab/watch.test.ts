// Watches of the real API server: a change is told at once, and a role that may not watch is told what it lacks.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { kinds } from '../../src/chain/cluster.ts';
import { clusterWatcher } from '../../src/kube/watch.ts';
import { connectAs, kubectl } from './engine.ts';

const namespace = 'watch-test';
const services = { kind: kinds.service, namespace };
const over = new AbortController();
const open: { close(): Promise<void> }[] = [];

const account = (name: string, verbs: string): string => `
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name}, namespace: ${namespace} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: ${name}, namespace: ${namespace} }
rules: [{ apiGroups: [''], resources: [services], verbs: [${verbs}] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: ${name}, namespace: ${namespace} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${name} }
subjects: [{ kind: ServiceAccount, name: ${name}, namespace: ${namespace} }]
`;

const as = (name: string) => {
  const kube = connectAs(namespace, name);
  open.push(kube);
  return clusterWatcher(kube);
};

beforeAll(() => {
  kubectl(
    ['apply', '--server-side', '-f', '-'],
    `apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
${account('watcher', 'get, list, watch')}${account('reader', 'get, list')}${account('getter', 'get')}`,
  );
});

afterAll(async () => {
  over.abort();
  for (const each of open) await each.close();
  kubectl(['delete', 'namespace', namespace, '--wait=false']);
});

test('tells of what is made, changed and deleted, by name, and ends at once with its signal', async () => {
  const told: string[] = [];
  const waiting = new Map<string, () => void>();
  const tell = (word: string): void => {
    told.push(word);
    waiting.get(word)?.();
  };
  const until = (word: string): Promise<void> =>
    new Promise((resolve) => {
      waiting.set(word, resolve);
      if (told.includes(word)) resolve();
    });
  const ended = as('watcher')
    .watch(
      services,
      {
        standing: () => tell('standing'),
        lost: () => tell('lost'),
        changed: (inNamespace, name) => tell(`${inNamespace}/${name}`),
      },
      over.signal,
    )
    .catch((error: unknown) => error);
  await until('standing');
  kubectl(['create', 'service', 'clusterip', 'web', '--tcp=80', '-n', namespace]);
  await until(`${namespace}/web`);
  kubectl(['delete', 'service', 'web', '-n', namespace]);
  kubectl(['create', 'service', 'clusterip', 'other', '--tcp=80', '-n', namespace]);
  await until(`${namespace}/other`);
  expect(told).toEqual(['standing', `${namespace}/web`, `${namespace}/web`, `${namespace}/other`]);
  const at = performance.now();
  over.abort(new Error('enough'));
  expect(await ended).toEqual(new Error('enough'));
  expect(performance.now() - at).toBeLessThan(10_000);
});

test.each([
  ['reader', `watch services in namespace ${namespace}`],
  ['getter', `list services in namespace ${namespace}`],
])('the %s is told what it lacks', async (name, denied) => {
  const told: string[] = [];
  const tell = (word: string) => () => void told.push(word);
  const { signal } = new AbortController();
  const seen = await as(name).watch(
    services,
    { standing: tell('standing'), lost: tell('lost'), changed: tell('changed') },
    signal,
  );
  expect(seen).toEqual({ denied });
  expect(told).toEqual([]);
});
