// The links `release` and `crds`.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject, Sourced } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import { gatewayApiVersion, judgeCrds, observeCrds, wantedCrds } from '../../../src/chain/crds.ts';
import {
  controllersOf,
  judgeRelease,
  observeRelease,
  standInAnnotation,
} from '../../../src/chain/release.ts';
import type { Seen } from '../../../src/verdict/seen.ts';
import type { Verdict } from '../../../src/verdict/verdict.ts';

const { signal } = new AbortController();
const at = new Date('2026-11-22T23:01:00Z');
const said = (verdict: Verdict): string =>
  verdict.state === 'ok' ? 'ok' : `${verdict.state} ${verdict.code}`;

const available = { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' };
const deployment = (
  name: string,
  image: string,
  rest: { spec?: JsonObject; status?: JsonObject; metadata?: JsonObject } = {},
): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'infra', generation: 2, ...rest.metadata },
  spec: {
    replicas: 1,
    template: { spec: { containers: [{ image, args: ['--source=gateway-httproute'] }] } },
    ...rest.spec,
  },
  status: { observedGeneration: 2, updatedReplicas: 1, conditions: [available], ...rest.status },
});
const lbcImage = 'public.ecr.aws/eks/aws-load-balancer-controller:v3.5.0';
const dnsImage = 'registry.k8s.io/external-dns/external-dns:v0.19.0';
const lbc = (rest: Parameters<typeof deployment>[2] = {}) => deployment('lbc', lbcImage, rest);
const dns = (rest: Parameters<typeof deployment>[2] = {}) => deployment('dns', dnsImage, rest);

describe('controllersOf', () => {
  test.each<[string, string | undefined]>([
    [lbcImage, '3.5.0'],
    [
      '602401143452.dkr.ecr.eu-west-1.amazonaws.com/amazon/aws-load-balancer-controller:v2.14.1-eks.2',
      '2.14.1-eks.2',
    ],
    ['registry:5000/mirror/aws-load-balancer-controller:2.14.0@sha256:abc', '2.14.0'],
    ['aws-load-balancer-controller@sha256:abc', undefined],
    ['aws-load-balancer-controller:latest', undefined],
  ])('version of %s', (image, version) => {
    expect(controllersOf([deployment('x', image)]).lbc?.version).toBe(version);
  });

  test('takes the ExternalDNS that reads HTTPRoutes, and the LBC that runs', () => {
    const ingress = deployment('ingress-dns', dnsImage, {
      spec: { template: { spec: { containers: [{ image: dnsImage, args: ['--source=ingress'] }] } } },
    });
    const asleep = deployment('asleep', lbcImage, { spec: { replicas: 0 } });
    const found = controllersOf([deployment('web', 'nginx:1'), ingress, dns(), asleep, lbc()]);
    expect([found.lbc?.name, found.externalDns?.name]).toEqual(['lbc', 'dns']);
    expect(found.lbc).not.toHaveProperty('standIn');
    expect(controllersOf([deployment('web', 'nginx:1')])).toEqual({});
  });

  test('a stand-in says so', () => {
    expect(
      controllersOf([lbc({ metadata: { annotations: { [standInAnnotation]: 'true' } } })]).lbc,
    ).toMatchObject({ standIn: true, version: '3.5.0' });
    expect(controllersOf([deployment('x', 'lab/lbc-stand-in:v3.5.0')]).lbc).toMatchObject({
      standIn: true,
      version: '3.5.0',
    });
  });
});

describe('a controller that ends again and again', () => {
  const changed = (seconds: number): string => new Date(at.getTime() - seconds * 1_000).toISOString();
  /** Available since, its pod running since, after so many ends. */
  const judged = async (availableFor: number, runsFor: number, restartCount: number): Promise<string> => {
    const conditions = [{ ...available, lastTransitionTime: changed(availableFor) }];
    const selector = { matchLabels: { app: 'lbc' } };
    const controller = lbc({
      status: { conditions },
      spec: {
        replicas: 1,
        selector,
        template: { spec: { containers: [{ image: lbcImage }] } },
      },
    });
    const pod: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'lbc-1', namespace: 'infra', labels: { app: 'lbc' } },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [
          {
            name: 'controller',
            ready: true,
            restartCount,
            state: { running: { startedAt: changed(runsFor) } },
            lastState: { terminated: { exitCode: 1 } },
          },
        ],
      },
    };
    const reader: ClusterReader = {
      get: async () => ({ at, value: undefined }),
      list: async ({ kind }) => ({ at, value: kind === 'Pod' ? [pod] : [controller, dns()] }),
      log: async () => ({ at, value: '' }),
    };
    const verdict = judgeRelease({}, await observeRelease(reader, signal));
    return `${said(verdict)}: ${verdict.message}`;
  };

  test('is named while it runs between two ends, though its Deployment counts as available', async () => {
    expect(await judged(2, 2, 3)).toBe(
      'broken release/controller-unavailable: AWS Load Balancer Controller (Deployment infra/lbc) does not run: Container controller of Pod infra/lbc-1 has ended 3 times, last with exit code 1.',
    );
  });

  test.each<[string, number, number, number]>([
    ['has run for half a minute', 31, 31, 3],
    ['ended once', 2, 2, 1],
    ['has been available for long', 301, 2, 3],
  ])('is not named where it %s', async (_what, availableFor, runsFor, ends) => {
    expect(await judged(availableFor, runsFor, ends)).toMatch(/^ok: /);
  });
});

describe('release', () => {
  const judge = async (
    deployments: readonly KubernetesObject[],
    want = {},
    seen?: Seen<readonly KubernetesObject[]>,
  ) => {
    const reader: ClusterReader = {
      get: async () => ({ at, value: undefined }),
      list: async () => seen ?? { at, value: deployments },
      log: async () => ({ at, value: '' }),
    };
    return said(judgeRelease(want, await observeRelease(reader, signal)));
  };
  const deadline = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' };

  test.each<[string, KubernetesObject[], string]>([
    ['both', [lbc(), dns()], 'ok'],
    ['no LBC', [dns()], 'broken release/controller-missing'],
    ['no ExternalDNS', [lbc()], 'broken release/controller-missing'],
    [
      'an old generation',
      [lbc({ status: { observedGeneration: 1 } }), dns()],
      'waiting release/controller-unavailable',
    ],
    ['old pods', [lbc(), dns({ status: { updatedReplicas: 0 } })], 'waiting release/controller-unavailable'],
    [
      'not Available',
      [lbc({ status: { conditions: [{ ...available, status: 'False' }] } }), dns()],
      'waiting release/controller-unavailable',
    ],
    [
      'given up',
      [lbc({ status: { conditions: [{ ...available, status: 'False' }, deadline] } }), dns()],
      'broken release/controller-unavailable',
    ],
    ['scaled to zero', [lbc({ spec: { replicas: 0 } }), dns()], 'broken release/controller-unavailable'],
  ])('%s', async (_what, deployments, expected) => {
    expect(await judge(deployments)).toBe(expected);
  });

  test('ExternalDNS only where it is wanted; denied; failed', async () => {
    expect(await judge([lbc()], { externalDns: false })).toBe('ok');
    expect(await judge([], {}, { at, denied: 'list deployments.apps' })).toBe('unknown look/denied');
    expect(await judge([], {}, { at, failed: 'time-out' })).toBe('waiting look/failed');
  });
});

describe('crds', () => {
  const crd = (name: string, versions: readonly JsonObject[], established = 'True'): KubernetesObject => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name,
      annotations: {
        'gateway.networking.k8s.io/bundle-version': 'v1.6.1',
        'gateway.networking.k8s.io/channel': 'standard',
      },
    },
    spec: { group: name.slice(name.indexOf('.') + 1), names: { kind: 'HTTPRoute' }, versions },
    status: { conditions: [{ type: 'Established', status: established, reason: 'x' }] },
  });
  const name = 'httproutes.gateway.networking.k8s.io';
  const want = { crds: [{ name, versions: ['v1'] }] };
  const v1 = { name: 'v1', served: true };

  test.each<[string, KubernetesObject[], string]>([
    ['established and served', [crd(name, [v1])], 'ok'],
    ['missing', [], 'broken crds/missing'],
    ['not established', [crd(name, [v1], 'False')], 'waiting crds/not-established'],
    [
      'served no more',
      [
        crd(name, [
          { name: 'v1', served: false },
          { name: 'v1beta1', served: true },
        ]),
      ],
      'broken crds/version-not-served',
    ],
  ])('%s', (_what, value, expected) => {
    expect(said(judgeCrds(want, { at, value }))).toBe(expected);
  });

  test('reads each by name; denial ends the look', async () => {
    const asked: string[] = [];
    const reader: ClusterReader = {
      get: async (_kind, _namespace, asking) => {
        asked.push(asking);
        return asking === 'b.x'
          ? { at, denied: 'get customresourcedefinitions' }
          : { at, value: crd(asking, [v1]) };
      },
      list: async () => ({ at, value: [] }),
      log: async () => ({ at, value: '' }),
    };
    const crds = ['a.x', 'b.x', 'c.x'].map((each) => ({ name: each, versions: [] }));
    expect(said(judgeCrds({ crds }, await observeCrds(reader, { crds }, signal)))).toBe(
      'unknown look/denied',
    );
    expect(asked).toEqual(['a.x', 'b.x']);
  });

  test('wanted are those of the bundle, and those of the kinds that it uses', () => {
    const sourced: Sourced = { object: crd(name, [v1]), source: { file: 'c.yaml', line: 1 } };
    const object = (apiVersion: string, kind: string): KubernetesObject => ({
      apiVersion,
      kind,
      metadata: { name: 'x' },
    });
    expect(
      wantedCrds(
        [sourced],
        [
          object('gateway.networking.k8s.io/v1', 'HTTPRoute'),
          object('gateway.networking.k8s.io/v1', 'GatewayClass'),
          object('gateway.networking.k8s.io/v1', 'Gateway'),
          object('gateway.k8s.aws/v1beta1', 'LoadBalancerConfiguration'),
          object('v1', 'Service'),
          object('apps/v1', 'Deployment'),
        ],
      ),
    ).toEqual([
      { name, versions: ['v1'], definition: sourced.object },
      { name: 'gatewayclasses.gateway.networking.k8s.io', versions: ['v1'] },
      { name: 'gateways.gateway.networking.k8s.io', versions: ['v1'] },
      { name: 'loadbalancerconfigurations.gateway.k8s.aws', versions: ['v1beta1'] },
    ]);
  });

  test('one that a deploy leaves out beside another release is missed only where it is needed', () => {
    const experimental = (of: string): KubernetesObject => {
      const whole = crd(of, [v1]);
      const annotations = {
        'gateway.networking.k8s.io/bundle-version': 'v1.6.1',
        'gateway.networking.k8s.io/channel': 'experimental',
      };
      return { ...whole, metadata: { ...whole.metadata, annotations } };
    };
    const left = 'xmeshes.gateway.networking.k8s.io';
    const judge = (versions: readonly string[], there: readonly KubernetesObject[]): string =>
      said(
        judgeCrds(
          {
            crds: [
              { name, versions: ['v1'], definition: experimental(name) },
              { name: left, versions, definition: experimental(left) },
            ],
          },
          { at, value: there },
        ),
      );
    expect(judge([], [crd(name, [v1])])).toBe('ok');
    expect(judge(['v1'], [crd(name, [v1])])).toBe('broken crds/missing');
    expect(judge([], [experimental(name)])).toBe('broken crds/missing');
  });

  test("Gateway API's version", () => {
    expect(gatewayApiVersion({ at, value: [crd(name, [v1])] })).toBe('v1.6.1 standard');
    expect(gatewayApiVersion({ at, denied: 'x' })).toBeUndefined();
  });
});
