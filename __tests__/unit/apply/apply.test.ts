import { describe, expect, test } from '@jest/globals';
import type { Applied, Applier } from '../../../src/apply/applier.ts';
import { applyStage } from '../../../src/apply/apply.ts';
import { waitEstablished } from '../../../src/apply/established.ts';
import { type KubernetesObject, refOf, type Sourced } from '../../../src/bundle/object.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { Problem } from '../../../src/verdict/problem.ts';

const never = new AbortController().signal;
const at = new Date(0);
const of = (object: KubernetesObject): Sourced => ({ object, source: { file: 'a.yaml', line: 3 } });
const configMap = (name: string): Sourced => of({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const deployment = of({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } });

/** A cluster in memory; `refuse` decides about single objects. */
const memory = (
  refuse: (object: KubernetesObject) => Partial<Applied> | undefined = () => undefined,
): Applier & { readonly order: string[]; readonly held: Map<string, KubernetesObject> } => {
  const order: string[] = [];
  const held = new Map<string, KubernetesObject>();
  return {
    order,
    held,
    apply: async (object) => {
      const ref = refOf(object);
      order.push(`begin ${ref}`);
      await systemClock.sleep(5, never);
      order.push(`end ${ref}`);
      const refusal = refuse(object);
      if (refusal) return { ref, result: 'failed', warnings: [], ...refusal };
      const result = held.has(ref) ? 'unchanged' : 'created';
      held.set(ref, object);
      return { ref, result, live: object, warnings: [] };
    },
    read: async (object) => ({ at, value: held.get(refOf(object)) }),
    serves: async () => true,
  };
};

describe('a stage', () => {
  test('reports every object in the order given, and is unchanged the second time', async () => {
    const cluster = memory();
    const objects = [deployment, configMap('a'), configMap('b')];
    const first = await applyStage(objects, cluster, never);
    expect(first.objects.map(({ reported }) => reported)).toEqual([
      { ref: 'Deployment d', source: { file: 'a.yaml', line: 3 }, result: 'created' },
      { ref: 'ConfigMap a', source: { file: 'a.yaml', line: 3 }, result: 'created' },
      { ref: 'ConfigMap b', source: { file: 'a.yaml', line: 3 }, result: 'created' },
    ]);
    expect(first.objects[0]?.live).toBe(deployment.object);
    const second = await applyStage(objects, cluster, never);
    expect(new Set(second.objects.map(({ reported }) => reported.result))).toEqual(new Set(['unchanged']));
  });

  test('writes a rank side by side and the next one after it', async () => {
    const cluster = memory();
    await applyStage([deployment, configMap('a'), configMap('b')], cluster, never);
    expect(cluster.order.slice(0, 2)).toEqual(['begin ConfigMap a', 'begin ConfigMap b']);
    expect(cluster.order.slice(-2)).toEqual(['begin Deployment d', 'end Deployment d']);
  });

  test.each([
    [{ message: 'no' }, 'failed', 'apply/rejected'],
    [{ message: 'no', denied: 'patch configmaps' }, 'failed', 'cluster/forbidden'],
    [{ message: '.a is owned by kubectl', result: 'conflict' as const }, 'conflict', 'apply/conflict'],
  ])('goes on after a refusal: %j', async (refusal, result, code) => {
    const cluster = memory(({ metadata }) =>
      metadata.name === 'a' ? { ...refusal, hint: 'do this' } : undefined,
    );
    const { objects, problem } = await applyStage([configMap('a'), deployment], cluster, never);
    expect(objects.map(({ reported }) => reported.result)).toEqual([result, 'created']);
    expect(objects[0]?.findings).toMatchObject([
      { code, severity: 'error', ref: 'ConfigMap a', hint: 'do this', source: { line: 3 } },
    ]);
    expect(problem).toBeUndefined();
  });

  test("hands on the server's warnings", async () => {
    const cluster = memory(() => ({ result: 'created', warnings: ['v1beta1 is deprecated'] }));
    const { objects } = await applyStage([configMap('a')], cluster, never);
    expect(objects[0]?.findings).toMatchObject([{ code: 'apply/warning', severity: 'warning' }]);
  });

  test('ends when the cluster is lost, and says of the rest that it was not written', async () => {
    const lost = new Problem('cluster/endpoint-unreachable', 'gone');
    const cluster = memory(() => {
      throw lost;
    });
    const { objects, problem } = await applyStage([configMap('a'), deployment], cluster, never);
    expect(problem).toBe(lost);
    expect(objects.map(({ reported }) => [reported.result, reported.message])).toEqual([
      ['failed', 'gone'],
      ['failed', 'gone'],
    ]);
    expect(cluster.order.filter((line) => line.includes('Deployment'))).toEqual([]);
  });

  test('ends on abort; what was written before was told', async () => {
    const stop = new AbortController();
    const told: string[] = [];
    const running = applyStage([configMap('a'), deployment], memory(), stop.signal, {
      onApplied: ({ reported }) => {
        told.push(reported.ref);
        stop.abort(new Error('cancelled'));
      },
    });
    await expect(running).rejects.toThrow('cancelled');
    expect(told).toEqual(['ConfigMap a']);
  });

  test('lets a bug through', async () => {
    const cluster = memory(() => {
      throw new TypeError('bug');
    });
    await expect(applyStage([configMap('a')], cluster, never)).rejects.toThrow('bug');
  });
});

const crd = (version: string, rest: Partial<KubernetesObject> = {}): Sourced =>
  of({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: 'gateways.gateway.networking.k8s.io',
      annotations: { 'gateway.networking.k8s.io/bundle-version': version },
    },
    spec: {
      group: 'gateway.networking.k8s.io',
      names: { kind: 'Gateway' },
      versions: [
        { name: 'v1', served: true },
        { name: 'v1alpha2', served: false },
      ],
    },
    ...rest,
  });
const established = (conditions: readonly { type: string; status: string; message?: string }[]) =>
  crd('v1.6.1', { status: { conditions: conditions.map((each) => ({ message: '', ...each })) } });

test('a CRD that is newer in the cluster is left alone, with a finding', async () => {
  const cluster = memory();
  await applyStage([crd('v1.6.1')], cluster, never);
  const { objects } = await applyStage([crd('v1.2.0')], cluster, never);
  expect(objects[0]?.reported).toMatchObject({
    result: 'unchanged',
    message: expect.stringContaining('v1.6.1'),
  });
  expect(objects[0]?.findings).toMatchObject([{ code: 'crds/lower-version', severity: 'warning' }]);
  expect(cluster.order).toHaveLength(2);
});

describe('waiting for CRDs', () => {
  const wait = { clock: systemClock, milliseconds: 1_200 };
  const holding = (live?: Sourced, serves: () => boolean = () => true): Applier => {
    const cluster = memory();
    if (live) cluster.held.set(refOf(live.object), live.object);
    return { ...cluster, serves: async () => serves() };
  };
  const good = established([
    { type: 'NamesAccepted', status: 'True' },
    { type: 'Established', status: 'True' },
  ]);

  test('ends when they are Established and in discovery', async () => {
    let looks = 0;
    const cluster = holding(good, () => {
      looks += 1;
      return looks > 1;
    });
    expect(await waitEstablished([crd('v1.6.1'), configMap('a')], cluster, wait, never)).toEqual([]);
    expect(looks).toBe(2);
  });

  test.each([
    ['is missing', holding(), 'does not exist'],
    ['is not Established', holding(established([])), 'not Established'],
    [
      'has names that another holds',
      holding(established([{ type: 'NamesAccepted', status: 'False', message: '"gw" is taken' }])),
      '"gw" is taken',
    ],
    ['is not in discovery', holding(good, () => false), 'gateway.networking.k8s.io/v1 is not in discovery'],
  ])('names one that %s', async (_name, cluster, words) => {
    const findings = await waitEstablished([crd('v1.6.1')], cluster, { ...wait, milliseconds: 0 }, never);
    expect(findings).toMatchObject([
      { code: 'crds/not-established', severity: 'error', message: expect.stringContaining(words) },
    ]);
  });

  test('goes by discovery where definitions may not be read', async () => {
    const cluster: Applier = {
      ...holding(),
      read: async () => ({ at, denied: 'get customresourcedefinitions' }),
    };
    expect(await waitEstablished([crd('v1.6.1')], cluster, wait, never)).toEqual([]);
  });
});
