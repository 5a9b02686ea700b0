// Webhooks that fail closed are waited for until a pod is ready behind them.
import { expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import { failClosedTargets, webhooksReady } from '../../../src/modes/charts/webhooks-ready.ts';

const configuration = (failurePolicy?: string): KubernetesObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'w' },
  webhooks: [
    {
      ...(failurePolicy !== undefined && { failurePolicy }),
      clientConfig: { service: { namespace: 'infra', name: 'webhook' } },
    },
    { failurePolicy: 'Fail', clientConfig: { url: 'https://example.com' } },
  ],
});
const sourced = (object: KubernetesObject) => ({ object, source: { file: 'a', line: 1 } });
const slice = (ready: boolean | undefined): KubernetesObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 's', labels: { 'kubernetes.io/service-name': 'webhook' } },
  endpoints: [{ conditions: ready === undefined ? {} : { ready } }],
});

test.each([
  ['Fail', 1],
  [undefined, 1],
  ['Ignore', 0],
] as const)('failurePolicy %s: %i to wait for', (policy, count) => {
  expect(failClosedTargets([sourced(configuration(policy))])).toHaveLength(count);
});

const wait = async (answers: (KubernetesObject[] | 'denied')[]) => {
  let now = 0;
  let looks = 0;
  const lines: string[] = [];
  const reader = {
    list: async () => {
      const answer = answers[Math.min(looks, answers.length - 1)] ?? [];
      looks += 1;
      const at = new Date(0);
      return answer === 'denied' ? { at, denied: 'list endpointslices' } : { at, value: answer };
    },
  } as unknown as ClusterReader;
  const run = {
    clock: {
      monotonic: () => now,
      now: () => new Date(now),
      sleep: async (milliseconds: number) => {
        now += milliseconds;
      },
    },
    runner: { info: (line: string) => lines.push(line) },
    signal: new AbortController().signal,
  } as unknown as Parameters<typeof webhooksReady>[0];
  await webhooksReady(run, reader, [sourced(configuration())]);
  return { looks, waited: now, lines };
};

test('until a pod is ready, and told once', async () => {
  const { looks, lines } = await wait([[], [slice(false)], [slice(true)]]);
  expect(looks).toBe(3);
  expect(lines).toEqual([expect.stringContaining('no pod is ready behind Service infra/webhook')]);
});

test('ready where nothing is said', async () => {
  expect((await wait([[slice(undefined)]])).looks).toBe(1);
});

test('never for longer than a minute, and not at all where one may not look', async () => {
  expect((await wait([[]])).waited).toBeLessThanOrEqual(61_000);
  expect((await wait(['denied'])).looks).toBe(1);
});
