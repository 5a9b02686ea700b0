// "Unchanged" is said without asking the API server: whatever is said so must be what the API server would have said.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Applier, fieldManager } from '../../src/apply/applier.ts';
import type { Json, JsonObject, KubernetesObject } from '../../src/bundle/object.ts';
import { differenceFromApplied } from '../../src/compare/applied.ts';
import { sameContent } from '../../src/compare/content.ts';
import { serverSideApplier } from '../../src/kube/apply.ts';
import { discover } from '../../src/kube/discovery.ts';
import { systemClock } from '../../src/system-clock.ts';
import {
  applyAll,
  type Counted,
  connectAs,
  createAdministrator,
  gatewayDefinitions,
  kubectl,
  never,
  removeAdministrator,
  untilEstablished,
} from './engine.ts';

const namespace = 'unchanged-test';
const group = 'unchanged-copy.example.test';
const definitions = gatewayDefinitions(group).filter(({ object }) =>
  object.metadata.name.startsWith('httproutes.'),
);
let kube: Counted;
let applier: Applier;

beforeAll(async () => {
  createAdministrator(namespace);
  kube = connectAs(namespace, 'admin');
  await applyAll(kube, definitions, { namespace });
  await untilEstablished(definitions);
  applier = serverSideApplier(kube, await discover(kube, never), { namespace });
  // It is published a moment after the definition is established.
  for (const end = Date.now() + 20_000; Date.now() < end && !(await isPublished()); )
    await systemClock.sleep(200, never);
});
afterAll(async () => {
  await kube.close();
  kubectl(['delete', 'crd', ...definitions.map(({ object }) => object.metadata.name)]);
  removeAdministrator(namespace);
});

const isPublished = async (): Promise<boolean> =>
  (await kube.send({ method: 'GET', path: `/openapi/v3/apis/${group}/v1` }, never)).status === 200;

const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined, freq: 2 });
const some = <Value>(value: fc.Arbitrary<Value>, most = 2): fc.Arbitrary<Value[]> =>
  fc.array(value, { minLength: 1, maxLength: most });
/** Without the keys that are undefined, as a manifest has it. */
const clean = (value: object): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;

const labels = maybe(
  fc.dictionary(fc.constantFrom('a', 'b', 'x.y/z'), fc.constantFrom('1', '2'), { maxKeys: 2 }),
);
const backend = fc.record({
  name: fc.constantFrom('a', 'b'),
  port: fc.constantFrom(80, 443),
  kind: maybe(fc.constant('Service')),
  weight: maybe(fc.constantFrom(0, 1, 5)),
});
const rule = fc.record({
  matches: maybe(
    some(
      fc.record({
        path: maybe(
          fc.record({
            type: maybe(fc.constantFrom('PathPrefix', 'Exact')),
            value: fc.constantFrom('/', '/a'),
          }),
        ),
        method: maybe(fc.constant('GET')),
      }),
    ),
  ),
  backendRefs: maybe(some(backend)),
});
const route = fc.record({
  hostnames: maybe(fc.uniqueArray(fc.constantFrom('a.example.com', 'b.example.com'), { minLength: 0 })),
  parentRefs: maybe(some(fc.record({ name: fc.constant('p'), group: maybe(fc.constant(group)) }), 1)),
  rules: maybe(some(rule)),
});
const httpRoute = fc.record({ labels, spec: route }).map(({ labels: given, spec }) => ({
  apiVersion: `${group}/v1`,
  kind: 'HTTPRoute',
  metadata: { name: 'x', ...clean({ labels: given }) },
  spec: clean(spec),
}));

const port = fc.record({
  containerPort: fc.constantFrom(80, 53),
  protocol: maybe(fc.constantFrom('TCP', 'UDP')),
  name: maybe(fc.constant('p')),
});
const container = (name: string) =>
  fc.record({
    name: fc.constant(name),
    image: fc.constantFrom('a', 'b'),
    ports: maybe(fc.uniqueArray(port, { maxLength: 2, selector: ({ containerPort }) => containerPort })),
    env: maybe(
      fc.uniqueArray(
        fc.record({ name: fc.constantFrom('A', 'B', 'C'), value: maybe(fc.constantFrom('', '1')) }),
        {
          maxLength: 3,
          selector: ({ name: key }) => key,
        },
      ),
    ),
    resources: maybe(fc.record({ requests: fc.record({ cpu: fc.constantFrom('1', '1000m', '0.5') }) })),
    args: maybe(fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 })),
    stdin: maybe(fc.constantFrom(false, true, null)),
    securityContext: maybe(fc.constantFrom({}, { privileged: false })),
  });
/** Pods without a controller that would write into them between two looks. */
const template = fc
  .record({
    labels,
    priority: maybe(fc.constantFrom(0, 1)),
    containers: fc
      .shuffledSubarray(['one', 'two'], { minLength: 1 })
      .chain((names) => fc.tuple(...names.map(container))),
    tolerations: maybe(
      fc.array(fc.record({ key: fc.constantFrom('a', 'b'), operator: maybe(fc.constant('Exists')) }), {
        maxLength: 2,
      }),
    ),
  })
  .map(({ labels: given, priority, containers, tolerations }) => ({
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { name: 'x', ...clean({ labels: given }) },
    template: clean({ metadata: { labels: { app: 'x' } }, spec: { priority, containers, tolerations } }),
  }));
/** Nobody makes pods of it: its replicas are none. */
const deployment = fc
  .record({
    strategy: maybe(
      fc.constantFrom(
        {},
        { type: 'Recreate' },
        { type: 'RollingUpdate' },
        { rollingUpdate: {} },
        { rollingUpdate: { maxSurge: 1 } },
      ),
    ),
    paused: maybe(fc.boolean()),
    minReadySeconds: maybe(fc.constantFrom(0, 1)),
    template: template.map(({ template: { spec } }) => ({
      metadata: { creationTimestamp: null, labels: { app: 'x' } },
      spec,
    })),
  })
  .map(({ strategy, paused, minReadySeconds, template: pods }) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'x' },
    spec: clean({
      replicas: 0,
      selector: { matchLabels: { app: 'x' } },
      strategy,
      paused,
      minReadySeconds,
      template: pods,
    }),
  }));
/** An atomic map that may be empty, and a list. */
const networkPolicy = fc
  .record({
    podSelector: fc.constantFrom({}, { matchLabels: {} }, { matchLabels: { a: 'b' } }),
    ingress: maybe(
      fc.constantFrom<Json>(
        [],
        [{}],
        [{ from: [{ podSelector: {} }] }],
        [{ ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }] }],
        [{ ports: [{ port: 80, protocol: 'TCP' }] }],
      ),
    ),
  })
  .map((spec) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'x' },
    spec: clean(spec),
  }));
const configMap = fc
  .record({
    labels,
    data: maybe(fc.dictionary(fc.constantFrom('a', 'b', 'c.d'), fc.constantFrom('', '1'), { maxKeys: 2 })),
  })
  .map(({ labels: given, data }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', ...clean({ labels: given, finalizers: undefined }) },
    ...clean({ data }),
  }));
const anyObject: fc.Arbitrary<KubernetesObject> = fc.oneof(
  httpRoute,
  template,
  configMap,
  deployment,
  networkPolicy,
);
/** Every object that comes of it by leaving one field out or turning one list round. */
function smallChanges(value: Json): Json[] {
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    const inner = items.flatMap((item, index) =>
      smallChanges(item).map((changed) => items.with(index, changed)),
    );
    return items.length > 1 ? [...inner, items.toReversed()] : inner;
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [
    Object.fromEntries(Object.entries(value).filter(([other]) => other !== key)),
    ...smallChanges(each ?? null).map((changed) => ({ ...value, [key]: changed })),
  ]);
}
const changed = (one: KubernetesObject, choice: number): KubernetesObject => {
  const { apiVersion, kind, metadata, ...rest } = one;
  const all = smallChanges(rest).filter((each) => typeof each === 'object');
  const picked = all[choice % Math.max(1, all.length)];
  return { ...(picked as JsonObject | undefined), apiVersion, kind, metadata };
};

/** What was applied first, and what is wanted then: the same, nearly the same, or another object of the kind. */
const pairs = fc
  .tuple(
    anyObject,
    fc.nat(),
    fc.constantFrom('same', 'changed', 'changed', 'other'),
    fc.infiniteStream(anyObject),
  )
  .map(([one, choice, how, others]): [KubernetesObject, KubernetesObject] => {
    if (how === 'same') return [one, one];
    if (how === 'changed') return [one, changed(one, choice)];
    return [one, [...others.take(20)].find(({ kind }) => kind === one.kind) ?? one];
  });

const inNamespace = (object: KubernetesObject): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, namespace },
});

/** What the dry run met: a controller may have been at work since. */
const asTried = async (live: KubernetesObject, tried: KubernetesObject): Promise<KubernetesObject> => {
  if (live.metadata['resourceVersion'] === tried.metadata['resourceVersion']) return live;
  const seen = await applier.read(live, never);
  return ('value' in seen ? seen.value : undefined) ?? live;
};

/** `UNCHANGED=full`: all of them; the first are the same. */
const pairsTried = process.env['UNCHANGED'] === 'full' ? 600 : 250;

test('what is called unchanged would not be changed by the API server, nor would its ownership', async () => {
  const said = { toldAlone: 0, askedInVain: 0 };
  let run = 0;
  await fc.assert(
    fc.asyncProperty(pairs, async ([first, wanted]) => {
      run += 1;
      const named = (object: KubernetesObject) => ({
        ...object,
        metadata: { ...object.metadata, name: `x-${run}` },
      });
      const written = await applier.write(inNamespace(named(first)), {}, never);
      // A generator may make what validation refuses (two ports of one name); there is then nothing to compare.
      fc.pre('live' in written);
      const { live } = written;
      const object = inNamespace(named(wanted));
      const schema = await applier.schema(object.apiVersion, object.kind, never);
      const difference = differenceFromApplied(object, live, fieldManager, schema);
      const tried = await applier.write(object, { dryRun: true, force: true }, never);
      const same = 'live' in tried && sameContent(await asTried(live, tried.live), tried.live, fieldManager);
      if (same) said[difference === undefined ? 'toldAlone' : 'askedInVain'] += 1;
      if (difference === undefined)
        expect({ tried: 'live' in tried ? tried.live : tried.refusal, same }).toMatchObject({ same: true });
    }),
    { numRuns: pairsTried, seed: 20261122 },
  );
  // It must also be said most times when it is so, or the fast path would be none.
  expect(said.toldAlone).toBeGreaterThan(50);
  expect(said.askedInVain).toBeLessThan(said.toldAlone / 2);
});
