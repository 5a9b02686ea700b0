// Gateways and classes that no host's chain looks at: which they are, and what is said of them.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { Nudges } from '../../../src/chain/nudge.ts';
import { waitForHosts } from '../../../src/chain/wait.ts';
import { byHost, hostsOf } from '../../../src/gateway/hosts.ts';
import type { CertificatesPort } from '../../../src/modes/chain/gateway-certificates.ts';
import { chainAlone, gatewaysAlone, reportedAlone } from '../../../src/modes/chain/gateways-alone.ts';
import type { Applied } from '../../../src/modes/chain/live.ts';
import type { Ports } from '../../../src/modes/chain/want.ts';
import { broken, ok, unknown, type Verdict } from '../../../src/verdict/verdict.ts';
import { condition, gateway, good, type Objects, readerOf, since } from '../chain/seen-objects.ts';
import { SimulatedClock } from '../chain/simulated-clock.ts';
import { stubRun } from './stub-run.ts';

const source = { file: 'gateway.yaml', line: 1 };

const gatewayClass = (name: string, controllerName: string): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name, generation: 1 },
  spec: { controllerName },
  status: { conditions: [condition('Accepted', 'True')] },
});

const named = (name: string, className = 'aws-alb', status: JsonObject = {}): KubernetesObject => ({
  ...gateway(good, { status: { addresses: [{ value: 'lb.elb.amazonaws.com' }], ...status } }),
  metadata: { name, namespace: 'infra', generation: 1 },
  spec: { gatewayClassName: className, listeners: [{ name: 'https', protocol: 'HTTPS', port: 443 }] },
});

const lbc: KubernetesObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'lbc', namespace: 'infra', generation: 1 },
  spec: { template: { spec: { containers: [{ image: 'aws-load-balancer-controller:stand-in' }] } } },
  status: {
    observedGeneration: 1,
    updatedReplicas: 1,
    conditions: [{ ...condition('Available', 'True'), lastTransitionTime: '2026-11-22T20:00:00Z' }],
  },
};

const definition = (plural: string): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.gateway.networking.k8s.io` },
  spec: { versions: [{ name: 'v1', served: true }] },
  status: { conditions: [condition('Established', 'True')] },
});
const definitions = [definition('gateways'), definition('gatewayclasses')];

const route = (parent: string): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', namespace: 'apps' },
  spec: { hostnames: ['a.example.com'], parentRefs: [{ name: parent, namespace: 'infra' }] },
});

const alb = gatewayClass('aws-alb', 'gateway.k8s.aws/alb');
const mesh = gatewayClass('mesh', 'example.com/mesh');

const portsOf = (objects: readonly KubernetesObject[]): Ports => {
  const clock = new SimulatedClock();
  const all: Objects = Object.fromEntries(
    objects.map((each) => {
      const place = each.metadata.namespace === undefined ? '' : `${each.metadata.namespace}/`;
      return [`${each.kind} ${place}${each.metadata.name}`, each];
    }),
  );
  return { cluster: readerOf(all), nudges: new Nudges({ clock }), clock } as unknown as Ports;
};

describe('which Gateways are alone', () => {
  const aloneOf = async (objects: readonly KubernetesObject[], routes: readonly KubernetesObject[]) => {
    const { run, lines } = stubRun({ namespace: 'apps' });
    const published = byHost(
      hostsOf(
        routes.map((object) => ({ object, source })),
        objects,
      ),
    );
    const sourced = objects.map((object) => ({ object, source }));
    const alone = await gatewaysAlone(run, { objects: sourced }, published, portsOf(objects));
    return { refs: alone.map(({ object }) => `${object.kind} ${object.metadata.name}`), lines };
  };

  test('without routes all are', async () => {
    const { refs } = await aloneOf([alb, named('one'), named('two')], []);
    expect(refs).toEqual(['Gateway one', 'Gateway two']);
  });

  test('not the one on which a host hangs', async () => {
    const { refs } = await aloneOf([alb, named('one'), named('two')], [route('one')]);
    expect(refs).toEqual(['Gateway two']);
    expect((await aloneOf([alb, named('one')], [route('one')])).refs).toEqual([]);
  });

  test('a class that none of them has', async () => {
    const other = gatewayClass('other', 'gateway.k8s.aws/alb');
    expect((await aloneOf([alb, other, named('one')], [])).refs).toEqual([
      'Gateway one',
      'GatewayClass other',
    ]);
  });

  test('those of another controller are told of and left', async () => {
    const { refs, lines } = await aloneOf([mesh, named('theirs', 'mesh')], []);
    expect(refs).toEqual([]);
    expect(lines).toEqual([
      'Gateway infra/theirs belongs to the controller example.com/mesh: it is not judged.',
    ]);
  });
});

describe('what is said of one', () => {
  const said = async (
    object: KubernetesObject,
    {
      certificate = ok('There.'),
      objects = [alb, lbc],
    }: { certificate?: Verdict; objects?: KubernetesObject[] } = {},
  ) => {
    const ports = portsOf([...definitions, ...objects, object]);
    const applied = { bundle: { crds: [] }, since, generations: new Map() } as unknown as Applied;
    const certificates: CertificatesPort = { look: async () => ({ verdict: certificate }), close: () => {} };
    const alone = { object, source };
    const clock = new SimulatedClock();
    const waited = await clock.run(
      waitForHosts([chainAlone(applied, alone, ports, certificates)], {
        clock,
        deadline: 120_000,
        interval: 1_000,
        random: () => 0.5,
        signal: new AbortController().signal,
      }),
    );
    const [reported] = reportedAlone(waited, [alone]);
    return { live: waited[0]?.live, end: waited[0]?.end, reported };
  };
  const links = (reported: Awaited<ReturnType<typeof said>>['reported']) =>
    Object.fromEntries((reported?.links ?? []).map(({ id, state, code }) => [id, code ?? state]));

  test('programmed: ready at once, though no route is there', async () => {
    const { live, end, reported } = await said(named('one'));
    expect({ live, end, state: reported?.state, source: reported?.source }).toEqual({
      live: true,
      end: 'live',
      state: 'ok',
      source,
    });
    expect(reported?.links.find(({ id }) => id === 'gateway')?.message).toContain(
      'No route is at its listeners yet',
    );
  });

  test('with a route of another repository nothing is said of there being none', async () => {
    const status = { listeners: [{ name: 'https', attachedRoutes: 1, conditions: [] }] };
    const { reported } = await said(named('one', 'aws-alb', status));
    expect(reported?.links.find(({ id }) => id === 'gateway')?.message).not.toContain('No route');
  });

  test('a certificate that is not there', async () => {
    const wrong = broken('gateway/certificate-not-found', { message: 'Not there.' });
    const { live, end, reported } = await said(named('one'), { certificate: wrong });
    expect({ live, end, state: reported?.state }).toEqual({ live: false, end: 'broken', state: 'broken' });
  });

  test('a certificate that may not be looked at: not known, and not waited for', async () => {
    const blind = unknown('look/denied', { message: 'Denied.' });
    const { live, end, reported } = await said(named('one'), { certificate: blind });
    expect({ live, end, state: reported?.state }).toEqual({ live: true, end: 'live', state: 'unknown' });
  });

  test('no controller, no class', async () => {
    expect(links((await said(named('one'), { objects: [alb] })).reported)).toMatchObject({
      release: 'release/controller-missing',
      class: 'look/not-reached',
    });
    expect(links((await said(named('one'), { objects: [lbc] })).reported)).toMatchObject({
      class: 'class/missing',
      gateway: 'look/not-reached',
    });
  });

  test('of a class, what comes before Gateways', async () => {
    const { live, reported } = await said(alb, { objects: [lbc] });
    expect(live).toBe(true);
    expect(links(reported)).toEqual({ crds: 'ok', release: 'ok', class: 'ok' });
  });
});
