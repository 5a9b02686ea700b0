// Steps of a preview that are refused: names too long, a namespace that stays, nothing routed, pods that do not come up.
import { expect, test } from '@jest/globals';
import type { Bundle, KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import { claimNamespace, dnsAnnotations, refuseLongNames } from '../../../src/modes/preview/checks.ts';
import { planned } from '../../../src/modes/preview/plan.ts';
import type { PreviewOf } from '../../../src/modes/preview/pull-request.ts';
import { rolledOut } from '../../../src/modes/preview/rollouts.ts';
import { previewAnnotations, previewLabel } from '../../../src/preview/identity.ts';
import { stubRun } from './stub-run.ts';

const at = new Date(0);

const reader = (objects: readonly KubernetesObject[]): ClusterReader => ({
  get: async ({ kind }, _namespace, name) => ({
    at,
    value: objects.find((each) => each.kind === kind && each.metadata.name === name),
  }),
  list: async ({ kind }) => ({ at, value: objects.filter((each) => each.kind === kind) }),
  log: async () => ({ at, value: '' }),
});

const externalDns: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'external-dns', namespace: 'infra' },
  spec: {
    template: {
      spec: {
        containers: [{ image: 'external-dns:v0.19.0', args: ['--registry=txt', '--txt-owner-id=sample'] }],
      },
    },
  },
};

test('a host whose ownership record would have a label of over 63 characters', async () => {
  const { run } = stubRun({ preview: { longestName: 63 } });
  const host = `${'p'.repeat(60)}.example.com`;
  await expect(refuseLongNames(run, reader([externalDns]), [host])).rejects.toMatchObject({
    code: 'preview/name-too-long',
    message: expect.stringContaining(host),
    hint: expect.stringContaining('preview-name-length: 60'),
  });
  await refuseLongNames(run, reader([externalDns]), ['p-1.example.com']);
  await refuseLongNames(run, reader([]), [host]);
});

const withPrefix: KubernetesObject = {
  ...externalDns,
  spec: {
    template: {
      spec: {
        containers: [{ image: 'external-dns:v0.20.0', args: ['--annotation-prefix=dns.corp.example/'] }],
      },
    },
  },
};

test.each([
  ['a name, by the prefix that ExternalDNS was given', withPrefix, 'dns.corp.example/hostname', 1],
  ['another controller, which makes it look away', withPrefix, 'dns.corp.example/controller', 0],
  ['what it does not read', withPrefix, 'corp.example/hostname', 0],
  ['the same, where it has its usual prefix', externalDns, 'dns.corp.example/hostname', 0],
])('an annotation for ExternalDNS: %s', async (_what, controller, key, count) => {
  const { run } = stubRun({});
  const object: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'pr-7-app', annotations: { [key]: 'login.example.com' } },
  };
  const source = { file: 'app.yaml', line: 3 };
  const found = await dnsAnnotations(run, reader([controller]), [{ object, source }]);
  expect(found).toHaveLength(count);
  for (const each of found) expect(each).toMatchObject({ code: 'preview/dns-annotation', source });
});

const of = {
  pull: { number: 7 },
  repository: 'org/app',
  name: 'pr-7-app',
  host: 'pr-7-app.example.com',
} as PreviewOf;

const leaving = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: of.name,
    deletionTimestamp: '2026-11-23T00:00:00Z',
    labels: { [previewLabel]: '7' },
    annotations: { [previewAnnotations.repository]: 'org/app' },
  },
} as unknown as KubernetesObject;

test('a namespace that is going away, and does not go', async () => {
  const { run, clock, lines } = stubRun();
  const claimed = claimNamespace(run, reader([leaving]), of, 2_000);
  await expect(clock.run(claimed)).rejects.toMatchObject({
    code: 'preview/objects-left',
    message: `Namespace ${of.name} has not gone away in time.`,
  });
  expect(clock.monotonic()).toBeGreaterThan(2_000);
  expect(lines).toEqual([`Namespace ${of.name} is being removed: waiting until it is gone`]);
});

test('a repository without routes', () => {
  const { run } = stubRun({ preview: { gateway: { namespace: 'infra', name: 'public' } } });
  const empty = { routes: [], manifests: [], crds: [], charts: [] } as unknown as Bundle;
  expect(() => planned(run, of, empty)).toThrow(
    expect.objectContaining({ code: 'preview/nothing-routed' }) as unknown as Error,
  );
});

const deployment: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: of.name, generation: 1 },
  spec: { replicas: 1, selector: { matchLabels: { app: 'web' } } },
  status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1 },
};

test('a Deployment whose new version does not come up until the deadline', async () => {
  const { run, clock, findings } = stubRun();
  const source = { file: 'app/web.yaml', line: 3 };
  const done = await clock.run(rolledOut(run, reader([deployment]), [{ object: deployment, source }], 1_000));
  expect(done).toBe(false);
  expect(findings()).toMatchObject([
    {
      code: 'preview/not-rolled-out',
      message: `Deployment ${of.name}/web does not come up: 0 of 1 replicas available.`,
      source,
    },
  ]);
});
