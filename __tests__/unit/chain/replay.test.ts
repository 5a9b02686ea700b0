// Every recording of the real LBC, moment by moment: what the judges say of class, gateway and route.
// Long, for one table holds what is expected of every scenario.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeClass, observeClass } from '../../../src/chain/class.ts';
import { foundGateway, judgeGateway, observeGateway } from '../../../src/chain/gateway.ts';
import { judgeRoute, observeRoute } from '../../../src/chain/route.ts';
import { judgeTargets, observeTargets } from '../../../src/chain/targets.ts';
import { gatewayThrough, hostnamesOf, isOfGateway, parentRefsOf } from '../../../src/gateway/shapes.ts';
import { rulesFor } from '../../../src/gateway/versions.ts';
import { type Code, codes } from '../../../src/verdict/codes.ts';
import type { Verdict } from '../../../src/verdict/verdict.ts';
import { recordingNamespace as namespace, Recording } from './recording.ts';

const { signal } = new AbortController();

interface Expected {
  readonly class: string;
  readonly gateway: string;
  /** By the route's name. */
  readonly routes: Readonly<Record<string, string>>;
}

const routes = (verdicts: Readonly<Record<string, string>>): Pick<Expected, 'routes'> => ({
  routes: verdicts,
});

const allOk: Expected = { class: 'ok', gateway: 'ok', routes: { 'sample-app': 'ok' } };

/** A route that stops the controller is admitted all the same, and so is every route after it: the Gateway tells. */
const blocked: Expected = {
  ...allOk,
  gateway: 'broken gateway/blocked-by-route',
  ...routes({ 'sample-app': 'ok', bad: 'ok' }),
};

const served: Expected = { ...allOk, ...routes({ bad: 'ok' }) };

/** What the judges must say a minute after the last row, nothing having changed. */
const table: Readonly<Record<string, Expected>> = {
  'all-at-once': allOk,
  'backend-service-later': allOk,
  'backend-service-missing': { ...allOk, routes: { 'sample-app': 'broken route/backend-not-found' } },
  'bad-route-blocks-good-route': {
    ...allOk,
    routes: {
      'sample-app': 'ok',
      bad: 'broken route/unsupported-value',
      third: 'broken route/blocked-by-other',
    },
  },
  'certificate-arn-unknown': { ...allOk, gateway: 'broken gateway/certificate-not-found' },
  'class-and-gateway-together': allOk,
  'class-missing': {
    class: 'broken class/missing',
    gateway: 'waiting gateway/pending',
    routes: { 'sample-app': 'broken class/missing' },
  },
  'class-of-other-controller': {
    class: 'broken class/other-controller',
    gateway: 'waiting gateway/pending',
    routes: { 'sample-app': 'broken class/other-controller' },
  },
  'dry-run-annotation': { ...allOk, gateway: 'broken gateway/not-accepted' },
  'duplicate-host-and-path': { ...allOk, routes: { 'sample-app': 'ok', second: 'ok' } },
  'gateway-missing': {
    class: 'skipped look/not-used',
    gateway: 'broken gateway/missing',
    routes: { 'sample-app': 'broken route/parent-missing' },
  },
  'gateway-spec-change': allOk,
  'gateway-without-routes': { ...allOk, routes: {} },
  // Nothing is made of the listeners before a route is there.
  'gateway-without-routes-unknown-certificate': {
    ...allOk,
    gateway: 'broken gateway/certificate-not-found',
    ...routes({}),
  },
  'grpc-route-at-http-listener': { ...allOk, ...routes({ 'sample-app': 'broken route/not-allowed' }) },
  'hostname-outside-listener': {
    ...allOk,
    routes: { 'sample-app': 'broken route/hostname-outside-listener' },
  },
  'http-to-https-redirect': { ...allOk, routes: { 'sample-app': 'ok', redirect: 'ok' } },
  'instance-target-with-clusterip': { ...allOk, gateway: 'broken gateway/build-failed' },
  'listener-kind-invalid': {
    ...allOk,
    gateway: 'broken gateway/listener-invalid',
    ...routes({ 'sample-app': 'ok', second: 'broken route/not-allowed' }),
  },
  'listener-protocol-conflict': {
    ...allOk,
    gateway: 'broken gateway/listener-invalid',
    // It is told nothing.
    ...routes({ 'sample-app': 'ok', second: 'broken route/no-status' }),
  },
  'listener-protocol-unsupported': {
    ...allOk,
    gateway: 'broken gateway/listener-invalid',
    ...routes({ 'sample-app': 'ok', second: 'broken route/not-allowed' }),
  },
  'load-balancer-configuration-missing': {
    class: 'ok',
    gateway: 'broken gateway/configuration-missing',
    routes: { 'sample-app': 'waiting route/pending' },
  },
  'named-ports-collide': {
    ...allOk,
    gateway: 'broken gateway/deploy-failed',
    ...routes({ 'sample-app': 'ok', bad: 'ok', third: 'ok' }),
  },
  'parent-listener-set': { ...allOk, ...routes({ 'sample-app': 'broken route/parent-not-followed' }) },
  // With the gate for ListenerSets on.
  'parent-listener-set-served': allOk,
  'redirect-without-change': served,
  'route-before-gateway': allOk,
  'section-name-unknown': { ...allOk, routes: { 'sample-app': 'broken route/no-matching-parent' } },
  'targets-refused': allOk,
  'unsupported-filter': { ...blocked, ...routes({ 'sample-app': 'ok', bad: 'ok', third: 'ok' }) },
  'unsupported-filter-grpc': blocked,
  'unsupported-filter-new-gateway': blocked,
  'url-rewrite': served,
  'weight-over-999': {
    class: 'ok',
    gateway: 'broken gateway/blocked-by-route',
    routes: { 'sample-app': 'broken route/unsupported-value' },
  },
  'wildcard-in-exact-path': served,
  'wildcard-in-path-prefix': blocked,
  'wildcard-in-redirect': blocked,
};

/** What was otherwise before 3.2: 2.17.1 has recordings of the first alone. */
const before: Readonly<Record<string, Expected>> = {
  'listener-protocol-conflict': {
    ...allOk,
    gateway: 'broken gateway/listener-invalid',
    ...routes({ 'sample-app': 'ok', second: 'ok' }),
  },
  'redirect-without-change': { ...blocked, ...routes({ bad: 'ok' }) },
  'url-rewrite': { ...blocked, ...routes({ bad: 'ok' }) },
  'wildcard-in-exact-path': { ...blocked, ...routes({ bad: 'ok' }) },
};

const scenarios = ['v3.5.0', 'v2.17.1', 'v2.14.0'].flatMap((version) =>
  readdirSync(new URL(`../../fixtures/lbc-transcripts/${version}/`, import.meta.url)).map(
    (file): [string, string] => [version, file.replace('.json', '')],
  ),
);

const say = (verdict: Verdict): string =>
  verdict.state === 'ok' ? 'ok' : `${verdict.state} ${verdict.code}`;

interface Moment {
  /** Seconds of the recording. */
  readonly t: number;
  /** The recording's state at that moment. */
  readonly state: number;
  readonly verdict: Verdict;
}

/** The Gateways of a route; through a ListenerSet where the recording's controller follows it. */
const parentsIn = (recording: Recording, route: KubernetesObject) =>
  parentRefsOf(route).flatMap((ref) => {
    if (isOfGateway(ref)) return [ref];
    const set =
      recording.scenario === 'parent-listener-set-served' ? recording.listenerSet(ref.name) : undefined;
    return set === undefined ? [] : [gatewayThrough(ref, set)];
  });

/** Judges one link of a recording at a state `t`, asked at `now`. */
type Judge = (recording: Recording, t: number, now: number) => Promise<Verdict>;

const judgeOf = (version: string, link: 'class' | 'gateway' | { readonly route: string }): Judge => {
  const rules = rulesFor(version);
  return async (recording, t, now) => {
    const reader = recording.reader(t, now);
    const at = recording.at(now);
    const since = recording.at(recording.since(t));
    const generation = recording.rows('Gateway', 'public', t).at(-1)?.generation;
    const gateway = { namespace, name: 'public' };
    if (link === 'class') {
      const want = { gateway, since };
      return judgeClass(want, await observeClass(reader, want, signal), at);
    }
    if (link === 'gateway') {
      const want = { ...gateway, since, ...(generation !== undefined && { appliedGeneration: generation }) };
      return judgeGateway(want, await observeGateway(reader, want, signal), at, rules);
    }
    const route = recording.route(link.route);
    const want = {
      kind: route?.kind === 'GRPCRoute' ? ('GRPCRoute' as const) : ('HTTPRoute' as const),
      namespace,
      name: link.route,
      host: (route && hostnamesOf(route)[0]) ?? '',
      parents: route ? parentsIn(recording, route) : [],
      since,
    };
    return judgeRoute(want, await observeRoute(reader, want, signal), at, rules);
  };
};

/** Verdicts at every row before the first deletion, and a minute after the last of them. */
const play = async (recording: Recording, judge: Judge): Promise<readonly Moment[]> => {
  const moments: Moment[] = [];
  const rows = recording.log.filter(({ t }) => t < recording.end);
  for (const { t } of rows) moments.push({ t, state: t, verdict: await judge(recording, t, t) });
  const last = rows.at(-1)?.t ?? 0;
  moments.push({ t: last + 60, state: last, verdict: await judge(recording, last, last + 60) });
  return moments;
};

/** The rule of chain/wait.ts: a broken verdict ends the wait once its code has held for its settle time. */
const endedBroken = (moments: readonly Moment[]): Code | undefined => {
  let held: { readonly code: Code; readonly since: number } | undefined;
  for (const { t, verdict } of moments) {
    if (verdict.state !== 'broken') held = undefined;
    else if (held?.code !== verdict.code) held = { code: verdict.code, since: t };
    if (held !== undefined && t - held.since >= codes[held.code].settle) return held.code;
  }
  return undefined;
};

const kindOf = (recording: Recording, name: string): string => recording.route(name)?.kind ?? '';

test('the table has every scenario', () => {
  expect([...new Set(scenarios.map(([, scenario]) => scenario))].toSorted()).toEqual(
    Object.keys(table).toSorted(),
  );
});

describe.each(scenarios)('%s %s', (version, scenario) => {
  const expected = (version === 'v3.5.0' ? undefined : before[scenario]) ?? table[scenario] ?? allOk;
  const recording = new Recording(version, scenario);

  test('class', async () => {
    const moments = await play(recording, judgeOf(version, 'class'));
    expect(say(moments.at(-1)?.verdict ?? { state: 'ok', message: '', evidence: [] })).toBe(expected.class);
    if (expected.class === 'ok') expect(endedBroken(moments)).toBeUndefined();
  });

  test('gateway', async () => {
    const moments = await play(recording, judgeOf(version, 'gateway'));
    expect(say(moments.at(-1)?.verdict ?? { state: 'ok', message: '', evidence: [] })).toBe(expected.gateway);
    if (expected.gateway === 'ok') expect(endedBroken(moments)).toBeUndefined();
    for (const { state, verdict } of moments) {
      if (verdict.state !== 'ok') continue;
      const row = recording.rows('Gateway', 'public', state).at(-1);
      const conditions = row?.status?.['conditions'] as {
        type: string;
        status: string;
        observedGeneration?: number;
      }[];
      const programmed = conditions.find(({ type }) => type === 'Programmed');
      expect(programmed?.status).toBe('True');
      if (version === 'v3.5.0') expect(programmed?.observedGeneration).toBe(row?.generation);
    }
  });

  for (const [route, end] of Object.entries(expected.routes))
    test(`route ${route}`, async () => {
      const moments = await play(recording, judgeOf(version, { route }));
      expect(say(moments.at(-1)?.verdict ?? { state: 'ok', message: '', evidence: [] })).toBe(end);
      if (end === 'ok') expect(endedBroken(moments)).toBeUndefined();
      for (const { state, verdict } of moments)
        if (verdict.state === 'ok')
          expect(recording.rows(kindOf(recording, route), route, state).at(-1)?.status).toHaveProperty(
            'parents',
          );
    });
});

describe('what the judges say', () => {
  const at = async (version: string, scenario: string, link: Parameters<typeof judgeOf>[1], t: number) =>
    judgeOf(version, link)(new Recording(version, scenario), t, t);

  test('LBC 2.14.0: a changed Gateway is not ok before the event of success', async () => {
    expect(say(await at('v2.14.0', 'gateway-spec-change', 'gateway', 6.92))).toBe('waiting gateway/pending');
    expect(say(await at('v2.14.0', 'gateway-spec-change', 'gateway', 6.98))).toBe('ok');
  });

  test('LBC 3.5.0: a changed Gateway is not ok at the old generation', async () => {
    expect(say(await at('v3.5.0', 'gateway-spec-change', 'gateway', 6.93))).toBe('waiting gateway/pending');
  });

  test.each(['v3.5.0', 'v2.14.0'])(
    'LBC %s: without a route a certificate is not looked at',
    async (version) => {
      const recording = new Recording(version, 'gateway-without-routes-unknown-certificate');
      const [, second] = recording.log.filter(({ applied }) => applied !== undefined);
      const before = (second?.t ?? 0) - 0.01;
      expect(say(await judgeOf(version, 'gateway')(recording, before, before))).toBe('ok');
    },
  );

  test('the requeue while the load balancer comes up is no failure', async () => {
    const verdict = await at('v3.5.0', 'all-at-once', 'gateway', 1.22);
    expect(say(verdict)).toBe('waiting gateway/provisioning');
  });

  test('the event explains what the condition does not, without request ids', async () => {
    const verdict = await at('v3.5.0', 'certificate-arn-unknown', 'gateway', 2);
    expect(verdict.evidence[0]?.saw).toBe(
      'Failed deploy model due to operation error Elastic Load Balancing v2: CreateListener, https response error StatusCode: 400, CertificateNotFound: Supplied certificate was not found',
    );
    expect(verdict.evidence[0]?.from).toMatch(/^Gateway app\/public event FailedDeployModel/);
  });

  test('both sides of a hostname that fits no listener', async () => {
    const verdict = await at('v3.5.0', 'hostname-outside-listener', { route: 'sample-app' }, 2);
    expect(verdict.message).toBe(
      'HTTPRoute app/sample-app asks for "app.elsewhere.org", and Gateway app/public listens for "*.example.com" (listener "https"): they have no name in common.',
    );
  });

  test('the route of another that stops the controller', async () => {
    const judge = judgeOf('v3.5.0', { route: 'third' });
    const recording = new Recording('v3.5.0', 'bad-route-blocks-good-route');
    const { message } = await judge(recording, recording.end - 0.01, recording.end + 60);
    expect(message).toBe(
      'HTTPRoute app/bad stops the controller for every route of Gateway app/public, so HTTPRoute app/third is not looked at: the weight of backend sample-app is 1000, and 999 is the most.',
    );
  });

  test.each([
    [
      'unsupported-filter',
      'HTTPRoute app/bad stops the controller for all of Gateway app/public: the filter ResponseHeaderModifier is none that an ALB has.',
    ],
    [
      'unsupported-filter-grpc',
      'GRPCRoute app/bad stops the controller for all of Gateway app/public: the filter RequestHeaderModifier is none that an ALB has.',
    ],
    [
      'wildcard-in-path-prefix',
      'HTTPRoute app/bad stops the controller for all of Gateway app/public: the path /shop* holds wildcards.',
    ],
    [
      'wildcard-in-redirect',
      'HTTPRoute app/bad stops the controller for all of Gateway app/public: a redirect leads to the path /shop*, which holds wildcards.',
    ],
  ])('the route at the bottom of %s', async (scenario, message) => {
    const recording = new Recording('v3.5.0', scenario);
    const verdict = await judgeOf('v3.5.0', 'gateway')(recording, recording.end - 0.01, recording.end);
    expect(verdict.message).toBe(message);
    expect(verdict.evidence[0]?.from).toMatch(/^Gateway app\/public event FailedBuildModel/);
  });

  test('LBC 2.14.0: the listener that stops the whole Gateway', async () => {
    for (const [scenario, type] of [
      ['listener-kind-invalid', 'ResolvedRefs=False InvalidRouteKinds'],
      ['listener-protocol-conflict', 'Conflicted=False HostnameConflict'],
      ['listener-protocol-unsupported', 'Accepted=False UnsupportedProtocol'],
    ] as const) {
      const recording = new Recording('v2.14.0', scenario);
      const verdict = await judgeOf('v2.14.0', 'gateway')(recording, recording.end - 0.01, recording.end);
      expect(verdict.message).toBe(
        'The controller refuses Gateway app/public: Accepted=False Accepted at generation 1: Gateway is not accepted because there is an invalid listener ("other").',
      );
      expect(verdict.evidence[0]?.saw).toMatch(new RegExp(`^${type}`));
    }
  });

  test('two target groups of one name', async () => {
    const recording = new Recording('v3.5.0', 'named-ports-collide');
    const verdict = await judgeOf('v3.5.0', 'gateway')(recording, recording.end - 0.01, recording.end);
    expect(verdict.message).toMatch(/DuplicateTargetGroupName/);
    expect(verdict.state !== 'ok' && verdict.hint).toMatch(/use the number of the port as targetPort/);
  });

  test('targets that the controller may not register', async () => {
    const recording = new Recording('v3.5.0', 'targets-refused');
    const t = recording.end - 0.01;
    const binding = recording.log.find(({ kind }) => kind === 'TargetGroupBinding')?.name ?? '';
    const group = { arn: 'arn', service: { namespace, name: 'sample-app' }, binding };
    const loadBalancers = {
      rules: () => Promise.reject(new Error('asked')),
      health: async () => ({ at: recording.at(t), value: { targets: [] } }),
    };
    const want = { groups: [group] };
    const seen = await observeTargets(loadBalancers, recording.reader(t), want, signal);
    const verdict = judgeTargets(seen, () => ({ since: recording.at(0) }));
    expect(say(verdict)).toBe('broken targets/refused');
    expect(verdict.message).toMatch(
      /^The controller cannot register the pods with the load balancer, for Service app\/sample-app: Failed reconcile due to .* AccessDenied: User: \S+ is not authorized to perform: elasticloadbalancing:RegisterTargets on/,
    );
    expect(verdict.state !== 'ok' && verdict.hint).toMatch(/^Grant elasticloadbalancing:RegisterTargets/);
  });

  test('a backend that comes later mends the route', async () => {
    const judge = judgeOf('v3.5.0', { route: 'sample-app' });
    const recording = new Recording('v3.5.0', 'backend-service-later');
    expect(say(await judge(recording, 5, 5))).toBe('broken route/backend-not-found');
    expect(say(await judge(recording, 7, 7))).toBe('ok');
  });

  test('LBC 2.14.0 names what a missing backend does to the record', async () => {
    const verdict = await at('v2.14.0', 'backend-service-missing', { route: 'sample-app' }, 2);
    expect(verdict.state !== 'ok' && verdict.hint).toMatch(/ExternalDNS removes the record/);
  });

  test('the ARN and the address are handed on', async () => {
    const recording = new Recording('v3.5.0', 'all-at-once');
    const seen = await observeGateway(recording.reader(2), { namespace, name: 'public' }, signal);
    expect(foundGateway(seen)).toEqual({
      loadBalancer: 'k8s-tallaton-public-0c47946a31-1.us-east-1.elb.amazonaws.com',
      loadBalancerArn:
        'arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/k8s-tallaton-public-0c47946a31/c1728d412c0ec98f',
    });
  });
});
