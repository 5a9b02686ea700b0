// Definitions of the Gateway API come as a whole release: one that the cluster lacks is not created beside another release.
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { applyStage } from '../../src/apply/apply.ts';
import type { KubernetesObject, Sourced } from '../../src/bundle/object.ts';
import { serverSideApplier } from '../../src/kube/apply.ts';
import { discover } from '../../src/kube/discovery.ts';
import {
  applyAll,
  type Counted,
  connectAs,
  createAdministrator,
  gatewayDefinitions,
  kubectl,
  manifests,
  never,
  removeAdministrator,
  results,
} from './engine.ts';

const namespace = 'one-release-test';
const options = { namespace, patience: 5_000 };
const group = 'one-release.example';
createAdministrator(namespace);
const kube: Counted = connectAs(namespace, 'admin');

/** The real definitions under another group, as of a version; the signs of their release are the real ones. */
const release = (channel: 'standard' | 'experimental', version: string): readonly Sourced[] =>
  gatewayDefinitions(group, channel).map(({ object, source }) => ({
    source,
    object: { ...object, metadata: { ...object.metadata, annotations: signs(channel, version) } },
  }));
const signs = (channel: string, version: string) => ({
  'gateway.networking.k8s.io/bundle-version': version,
  'gateway.networking.k8s.io/channel': channel,
});
const named = (all: readonly Sourced[], ...plurals: readonly string[]): readonly Sourced[] =>
  all.filter(({ object }) => plurals.some((plural) => object.metadata.name.startsWith(`${plural}.`)));
const there = (): readonly string[] =>
  kubectl(['get', 'crd', '-o', 'name'])
    .split('\n')
    .flatMap((line) => /\/(\w+)\.(?:x-)?one-release\.example$/.exec(line)?.[1] ?? [])
    .toSorted();
const clear = (): void => {
  const left = kubectl(['get', 'crd', '-o', 'name'])
    .split('\n')
    .filter((line) => line.endsWith(group));
  if (left.length > 0) kubectl(['delete', ...left]);
};
const codes = async (objects: readonly Sourced[]): Promise<readonly string[]> => {
  const done = await applyAll(kube, objects, options);
  return done.objects.flatMap(({ findings }) =>
    findings.map(({ code, ref }) => `${code} ${ref?.split(/[ .]/)[1]}`),
  );
};

beforeEach(clear);
afterAll(async () => {
  await kube.close();
  clear();
  removeAdministrator(namespace);
});

const core = ['gatewayclasses', 'gateways'];

test.each<[string, readonly Sourced[], readonly Sourced[], string]>([
  ['another channel', release('standard', 'v1.6.1'), release('experimental', 'v1.6.1'), 'crds/other-channel'],
  ['a lower version', release('standard', 'v1.6.1'), release('standard', 'v1.5.0'), 'crds/lower-version'],
])('of %s: nothing of it is written', async (_what, theirs, ours, code) => {
  await applyAll(kube, named(theirs, ...core), options);
  expect(await codes(named(ours, ...core, 'httproutes', 'grpcroutes'))).toEqual(
    [...core, 'httproutes', 'grpcroutes'].map((name) => expect.stringMatching(`^${code} (${name}|\\w+)$`)),
  );
  expect(there()).toEqual(core);
});

test('where somebody else keeps a lower version, what is missing is left to them', async () => {
  const theirs = named(release('standard', 'v1.5.0'), ...core);
  const flux = {
    'kustomize.toolkit.fluxcd.io/name': 'gateway',
    'kustomize.toolkit.fluxcd.io/namespace': 'flux',
  };
  for (const { object } of theirs) {
    const owned: KubernetesObject = { ...object, metadata: { ...object.metadata, labels: flux } };
    kubectl(
      ['apply', '--server-side', '--field-manager=kustomize-controller', '-f', '-'],
      JSON.stringify(owned),
    );
  }
  expect(await codes(named(release('standard', 'v1.6.1'), ...core, 'httproutes'))).toEqual([
    'crds/other-owner gatewayclasses',
    'crds/other-owner gateways',
    'crds/other-owner httproutes',
  ]);
  expect(there()).toEqual(core);
});

test('the same release, a higher one, and a definition of a release of its own come', async () => {
  const theirs = release('standard', 'v1.5.0');
  await applyAll(kube, named(theirs, ...core), options);
  expect(await codes(named(theirs, ...core, 'httproutes'))).toEqual([]);
  const higher = named(release('standard', 'v1.6.1'), ...core, 'httproutes', 'grpcroutes');
  const own = named(release('experimental', 'v1.6.1'), 'tcproutes');
  expect(await codes([...higher, ...own])).toEqual([]);
  expect(there()).toEqual([...core, 'grpcroutes', 'httproutes', 'tcproutes']);
});

test('a kind that is left out is not waited for', async () => {
  await applyAll(kube, named(release('standard', 'v1.6.1'), ...core), options);
  const applier = serverSideApplier(kube, await discover(kube, never), {
    namespace,
    patience: { milliseconds: 20_000 },
  });
  const ours = named(release('experimental', 'v1.6.1'), ...core, 'httproutes');
  expect(results(await applyStage(ours, applier, never))).toHaveLength(3);
  const route = manifests(
    `apiVersion: ${group}/v1\nkind: HTTPRoute\nmetadata: { name: r, namespace: ${namespace} }\nspec: {}\n`,
  );
  const began = performance.now();
  const { objects } = await applyStage(route, applier, never);
  expect(objects.flatMap(({ findings }) => findings.map(({ code }) => code))).toEqual(['crds/missing']);
  expect(performance.now() - began).toBeLessThan(5_000);
});
