// A stage of the apply engine over a scripted cluster: tried first, written rank by rank, and what a refusal stops.
import { describe, expect, test } from '@jest/globals';
import { type Applier, fieldManager, type Refusal, type WriteOptions } from '../../../src/apply/applier.ts';
import { applyStage } from '../../../src/apply/apply.ts';
import { waitEstablished } from '../../../src/apply/established.ts';
import {
  type Json,
  type JsonObject,
  type KubernetesObject,
  refOf,
  type Sourced,
} from '../../../src/bundle/object.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { Problem } from '../../../src/verdict/problem.ts';

const never = new AbortController().signal;
const at = new Date(0);
const of = (object: KubernetesObject): Sourced => ({ object, source: { file: 'a.yaml', line: 3 } });
const configMap = (name: string): Sourced => of({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const deployment = of({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } });

/** What a test's cluster answers to a write instead of doing it. */
type Answer = { readonly refusal: Refusal } | { readonly warnings: readonly string[] } | undefined;

/** A cluster in memory, with managedFields; `answer` decides about single writes. */
const memory = (
  answer: (object: KubernetesObject, options: WriteOptions) => Answer = () => undefined,
): Applier & { readonly order: string[]; readonly held: Map<string, KubernetesObject> } => {
  const order: string[] = [];
  const held = new Map<string, KubernetesObject>();
  return {
    order,
    held,
    expect: () => undefined,
    forgo: ({ metadata }) => void order.push(`forgo ${metadata.name}`),
    look: async (objects) => {
      order.push(`look ${objects.length}`);
      return objects.map((object) => ({
        ref: refOf(object),
        object,
        held: { at, value: held.get(refOf(object)) },
      }));
    },
    schema: async () => undefined,
    disown: async () => undefined,
    awaitGone: async () => false,
    write: async (object, options) => {
      const ref = refOf(object);
      const dry = options.dryRun ? 'dry ' : '';
      order.push(`${dry}begin ${ref}`);
      await systemClock.sleep(5, never);
      order.push(`${dry}end ${ref}`);
      const given = answer(object, options);
      if (given && 'refusal' in given) return { warnings: [], ...given };
      const live = ownedByUs(object);
      const created = !held.has(ref);
      if (!options.dryRun) held.set(ref, live);
      return { warnings: given?.warnings ?? [], live, created, ref };
    },
    read: async (object) => ({ at, value: held.get(refOf(object)) }),
    serves: async () => true,
  };
};

/** As the API server would hold it after an apply: everything in it is ours. */
const ownedByUs = (object: KubernetesObject): KubernetesObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    managedFields: [
      {
        manager: fieldManager,
        operation: 'Apply',
        apiVersion: object.apiVersion,
        fieldsV1: fieldsOf(object),
      },
    ],
  },
});
const fieldsOf = ({ apiVersion: _, kind: __, metadata, ...rest }: KubernetesObject): JsonObject => {
  const { name: ___, namespace: ____, ...owned } = metadata;
  const all: JsonObject = { ...rest, ...(Object.keys(owned).length > 0 && { metadata: owned }) };
  const tree = (value: Json | undefined): JsonObject =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([key, each]) => [`f:${key}`, tree(each)]))
      : {};
  return tree(all);
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
    expect(first.objects[0]?.live).toMatchObject(deployment.object);
    const second = await applyStage(objects, cluster, never);
    expect(new Set(second.objects.map(({ reported }) => reported.result))).toEqual(new Set(['unchanged']));
  });

  test('tries all before it writes any; writes a rank side by side and the next one after it', async () => {
    const cluster = memory();
    await applyStage([deployment, configMap('a'), configMap('b')], cluster, never);
    expect(cluster.order.slice(0, 4)).toEqual([
      'look 3',
      'dry begin Deployment d',
      'dry begin ConfigMap a',
      'dry begin ConfigMap b',
    ]);
    expect(cluster.order.slice(7)).toEqual([
      'begin ConfigMap a',
      'begin ConfigMap b',
      'end ConfigMap a',
      'end ConfigMap b',
      'begin Deployment d',
      'end Deployment d',
    ]);
  });

  test('asks nothing more of what is as it should be', async () => {
    const cluster = memory();
    await applyStage([deployment, configMap('a')], cluster, never);
    const before = cluster.order.length;
    const { objects } = await applyStage([deployment, configMap('a')], cluster, never);
    expect(cluster.order.slice(before)).toEqual(['look 2']);
    expect(objects[1]?.live).toBe(cluster.held.get('ConfigMap a'));
  });

  test.each<[Refusal, string]>([
    [{ result: 'failed', message: 'no' }, 'apply/rejected'],
    [{ result: 'failed', message: 'no', denied: 'patch configmaps' }, 'cluster/forbidden'],
    [{ result: 'conflict', message: 'x', conflicts: [{ path: '.a', manager: 'm' }] }, 'apply/conflict'],
  ])('writes nothing where one is refused: %j', async (refusal, code) => {
    const cluster = memory(({ metadata }) =>
      metadata.name === 'a' ? { refusal: { hint: 'do this', ...refusal } } : undefined,
    );
    const { objects, problem } = await applyStage([deployment, configMap('a')], cluster, never);
    expect(objects.map(({ reported }) => reported.result)).toEqual(['failed', refusal.result]);
    expect(objects[0]?.reported.message).toContain('ConfigMap a was refused');
    expect(objects.map(({ findings }) => findings.length)).toEqual([0, 1]);
    expect(objects[1]?.findings).toMatchObject([
      { code, severity: 'error', ref: 'ConfigMap a', hint: expect.stringMatching(/./), source: { line: 3 } },
    ]);
    expect(problem).toBeUndefined();
    expect(cluster.order.filter((line) => line.startsWith('begin'))).toEqual([]);
  });

  test('a refusal that comes only with the write stops the ranks after it', async () => {
    const cluster = memory(({ metadata }, { dryRun }) =>
      metadata.name === 'a' && !dryRun ? { refusal: { result: 'failed', message: 'no' } } : undefined,
    );
    const { objects } = await applyStage([configMap('a'), configMap('b'), deployment], cluster, never);
    expect(objects.map(({ reported }) => reported.result)).toEqual(['failed', 'created', 'failed']);
    expect([...cluster.held.keys()]).toEqual(['ConfigMap b']);
  });

  test('two that turn out to be the same object are refused, with both places', async () => {
    const cluster = memory();
    // The namespace that one of them does not name is that of the other.
    const look: Applier['look'] = async (objects) =>
      objects.map((object) => ({ ref: 'ConfigMap apps/a', object, held: { at, value: undefined } }));
    const again: Sourced = { ...configMap('a'), source: { file: 'b.yaml', line: 7 } };
    const { objects } = await applyStage([configMap('a'), again], { ...cluster, look }, never);
    expect(objects.map(({ reported }) => [reported.result, reported.message])).toEqual([
      ['failed', expect.stringMatching(/^Not written: /)],
      ['failed', 'It stands twice in the repository: a.yaml:3 is the same object.'],
    ]);
    expect(objects[1]?.findings).toMatchObject([{ source: { file: 'b.yaml', line: 7 } }]);
    expect(cluster.held.size).toBe(0);
  });

  test('what the dry run cannot tell is decided by the write', async () => {
    const cluster = memory((_, { dryRun }) =>
      dryRun ? { refusal: { result: 'failed', message: 'no webhook yet', open: true } } : undefined,
    );
    const { objects } = await applyStage([configMap('a')], cluster, never);
    expect(objects[0]?.reported.result).toBe('created');
  });

  test("hands on the server's warnings, each once", async () => {
    const cluster = memory(() => ({ warnings: ['v1beta1 is deprecated'] }));
    const { objects } = await applyStage([configMap('a')], cluster, never);
    expect(objects[0]?.findings).toMatchObject([{ code: 'apply/warning', severity: 'warning' }]);
  });

  test('ends when the cluster is lost, and says of the rest that it was not written', async () => {
    const lost = new Problem('cluster/endpoint-unreachable', 'gone');
    const cluster = memory((_, { dryRun }) => {
      if (dryRun) return undefined;
      throw lost;
    });
    const { objects, problem } = await applyStage([configMap('a'), deployment], cluster, never);
    expect(problem).toBe(lost);
    expect(objects.map(({ reported }) => [reported.result, reported.message])).toEqual([
      ['failed', 'Not written: gone'],
      ['failed', 'Not written: gone'],
    ]);
    expect(cluster.order.filter((line) => line === 'begin Deployment d')).toEqual([]);
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
  expect(cluster.order.slice(-1)).toEqual(['look 1']);
});

test('the guard of a release stays away with the CRDs that do', async () => {
  const cluster = memory();
  const guard = (version: string): Sourced =>
    of({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'safe-upgrades', annotations: crd(version).object.metadata['annotations'] ?? null },
    });
  await applyStage([crd('v1.6.1')], cluster, never);
  const { objects } = await applyStage([crd('v1.2.0'), guard('v1.2.0')], cluster, never);
  expect(objects.map(({ reported }) => reported.result)).toEqual(['unchanged', 'unchanged']);
  expect(objects[1]?.findings).toMatchObject([{ code: 'crds/lower-version', severity: 'warning' }]);
  expect([...cluster.held.keys()]).toEqual(['CustomResourceDefinition gateways.gateway.networking.k8s.io']);
  const both = await applyStage([crd('v1.6.1'), guard('v1.6.1')], cluster, never);
  expect(both.objects.map(({ reported }) => reported.result)).toEqual(['unchanged', 'created']);
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
