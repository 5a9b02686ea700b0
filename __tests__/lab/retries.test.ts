// The apply engine on a bad day of the API server: what passes by itself is waited out and said, and nothing is lost.
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { KubernetesObject, Sourced } from '../../src/bundle/object.ts';
import {
  applyAll,
  type Counted,
  connectAs,
  createAdministrator,
  kubectl,
  removeAdministrator,
  results,
  sourced,
} from './engine.ts';
import { type FaultingProxy, type Refusal, startFaultingProxy } from './faulting-proxy.ts';

const namespace = 'retries-test';
let proxy: FaultingProxy;
let kube: Counted;

beforeAll(async () => {
  createAdministrator(namespace);
  proxy = await startFaultingProxy();
  kube = connectAs(namespace, 'admin', proxy);
});
afterAll(async () => {
  await kube.close();
  await proxy.close();
  removeAdministrator(namespace);
});

const configMaps = (name: string, count: number): readonly Sourced[] =>
  Array.from({ length: count }, (_, index) =>
    sourced({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `${name}-${index}`, labels: { test: name } },
      data: { a: 'b' },
    }),
  );
const namesOf = (name: string): readonly string[] => {
  const path = 'jsonpath={.items[*].metadata.name}';
  const listed = kubectl(['get', 'configmap', '-n', namespace, '-l', `test=${name}`, '-o', path]);
  return listed.split(' ').filter(Boolean).toSorted();
};
const there = (name: string): number => namesOf(name).length;

/** One run; what it waited for. */
const apply = async (objects: readonly Sourced[]) => {
  const waits = new Set<string>();
  const result = await applyAll(kube, objects, {
    namespace,
    patience: 60_000,
    onWait: (why) => waits.add(why),
  });
  return { result, waits: [...waits] };
};
const ends = (objects: readonly Sourced[], end: string): readonly string[] =>
  objects.map(({ object }) => `ConfigMap ${namespace}/${object.metadata.name} ${end}`);

test('429: fewer at a time, after the time that the server asks for; then more again', async () => {
  const slow: Refusal = {
    status: 429,
    reason: 'TooManyRequests',
    message: 'too many requests',
    headers: { 'retry-after': '1' },
  };
  const refusedAt: number[] = [];
  let busiest = 0;
  let since = 0;
  proxy.fault((method, _path, inFlight) => {
    if (method !== 'PATCH') return undefined;
    if (inFlight > 12) {
      if (since === 0) since = performance.now();
      refusedAt.push(performance.now() - since);
      return slow;
    }
    // After the first storm.
    if (performance.now() - since > 900) busiest = Math.max(busiest, inFlight);
    return undefined;
  });
  const objects = configMaps('slow', 150);
  const { result, waits } = await apply(objects);
  expect(results(result)).toEqual(ends(objects, 'created'));
  expect(waits).toEqual(['the API server asked to slow down (429)']);
  // The first width meets the refusal; nobody comes back before a second is over; the narrower width then fits, nearly.
  const early = refusedAt.filter((at) => at < 900);
  expect(early.length).toBeGreaterThan(0);
  expect(refusedAt.length - early.length).toBeLessThan(early.length);
  expect(busiest).toBeLessThanOrEqual(12);
  expect(there('slow')).toBe(150);
});

test('a connection that is cut, again and again: every object arrives once', async () => {
  let seen = 0;
  proxy.fault((method) => {
    if (method !== 'PATCH') return undefined;
    seen += 1;
    return seen % 70 === 0 ? 'cut' : undefined;
  });
  const objects = configMaps('cut', 60);
  const { result, waits } = await apply(objects);
  // What was written just before the cut answers as it is by now.
  expect(results(result).map((each) => each.replace(/(unchanged|configured)$/, 'created'))).toEqual(
    ends(objects, 'created'),
  );
  expect(waits.length).toBeGreaterThan(0);
  expect(there('cut')).toBe(60);
  proxy.fault(() => undefined);
  const again = await apply(objects);
  expect(results(again.result)).toEqual(ends(objects, 'unchanged'));
});

test('409 and 503: read again and sent again; 403 is final', async () => {
  const answers: Refusal[] = [
    { status: 409, reason: 'Conflict', message: 'the object has been modified' },
    { status: 503, reason: 'ServiceUnavailable', message: 'apiserver is shutting down' },
  ];
  proxy.fault((method) => (method === 'PATCH' ? answers.shift() : undefined));
  const objects = configMaps('again', 1);
  const { result, waits } = await apply(objects);
  expect(results(result)).toEqual(ends(objects, 'created'));
  expect(waits).toEqual([
    'the object was changed by someone else (the object has been modified)',
    'the API server failed (503: apiserver is shutting down)',
  ]);
  let asked = 0;
  proxy.fault((method) => {
    if (method !== 'PATCH') return undefined;
    asked += 1;
    return { status: 403, reason: 'Forbidden', message: 'quota exceeded' };
  });
  expect(results((await apply(configMaps('final', 1))).result)[0]).toMatch(/failed$/);
  expect(asked).toBe(1);
});

test.each([0, 7, 23])('a stage that fails at its write %d reports exactly what was written', async (good) => {
  let written = 0;
  proxy.fault((method, path) => {
    if (method !== 'PATCH' || path.includes('dryRun=')) return undefined;
    written += 1;
    return written <= good ? undefined : { status: 403, reason: 'Forbidden', message: 'quota exceeded' };
  });
  const name = `part-${good}`;
  const { result } = await apply(configMaps(name, 24));
  const created = result.objects.filter(({ reported }) => reported.result === 'created');
  expect(created).toHaveLength(good);
  expect(created.map(({ reported }) => reported.ref.replace(/^.*\//, '')).toSorted()).toEqual(namesOf(name));
  expect(result.objects.filter(({ reported }) => reported.result === 'failed')).toHaveLength(24 - good);
});

const hook = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: namespace },
  webhooks: [
    {
      name: 'down.retries.example.test',
      clientConfig: { url: 'https://127.0.0.1:1/' },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }],
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      objectSelector: { matchLabels: { test: 'hooked' } },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ],
};

/** A configuration counts some moments after it was written. */
const isHooked = (): boolean => {
  const [probe] = configMaps('hooked', 1);
  try {
    kubectl(['create', '--dry-run=server', '-n', namespace, '-f', '-'], JSON.stringify(probe?.object));
    return false;
  } catch (error) {
    return String(error).includes('failed calling webhook');
  }
};

test('a real webhook that does not answer: waited for, by name, until it does', async () => {
  proxy.fault(() => undefined);
  kubectl(['apply', '-f', '-'], JSON.stringify(hook));
  while (!isHooked()) await setTimeout(100);
  const waits: string[] = [];
  const objects = configMaps('hooked', 2);
  const result = await applyAll(kube, objects, {
    namespace,
    patience: 60_000,
    onWait: (why) => {
      if (waits.push(why) === 1) kubectl(['delete', 'validatingwebhookconfiguration', namespace]);
    },
  });
  expect(results(result)).toEqual(ends(objects, 'created'));
  expect(waits[0]).toBe('the webhook down.retries.example.test does not answer yet');
});

test('the server’s warnings come with the file and line of the object', async () => {
  const pod: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'warned' },
    spec: {
      nodeSelector: { 'beta.kubernetes.io/os': 'linux' },
      containers: [{ name: 'web', image: 'nginx' }],
    },
  };
  const { result } = await apply([{ object: pod, source: { file: 'app/pod.yaml', line: 7 } }]);
  expect(result.objects[0]?.findings).toContainEqual(
    expect.objectContaining({
      code: 'apply/warning',
      message: expect.stringContaining('beta.kubernetes.io/os'),
      source: { file: 'app/pod.yaml', line: 7 },
    }),
  );
});
