// What a deploy would do outside the cluster: rules, records, and what breaks.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { parseManifests } from '../../../src/bundle/parse.ts';
import { settingsOf } from '../../../src/externaldns/settings.ts';
import { targetGroupsOf, wantedRules } from '../../../src/gateway/wanted-rules.ts';
import { hostsGone, judgeBreaks } from '../../../src/plan/breaks.ts';
import { judgeBudgets, planLoadBalancers } from '../../../src/plan/load-balancers.ts';
import { type HostRecords, planRecords } from '../../../src/plan/records.ts';
import { afterSteps, type Step, type World } from '../../../src/plan/world.ts';

const one = (text: string): KubernetesObject => {
  const [found] = parseManifests(text, 'a.yaml').objects;
  if (found === undefined) throw new Error('no object');
  return found.object;
};
const gateway = (hostname = '*.example.com', more = ''): KubernetesObject =>
  one(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: infra }
spec:
  gatewayClassName: alb
  listeners:
    - { name: https, protocol: HTTPS, port: 443, hostname: '${hostname}', allowedRoutes: { namespaces: { from: All } } }
${more}`);
const route = (
  name: string,
  { host = `${name}.example.com`, backend = name, weight = 1, path = '/', made = '' } = {},
): KubernetesObject =>
  one(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: shop${made === '' ? '' : `, creationTimestamp: '${made}'`} }
spec:
  hostnames: [${host}]
  parentRefs: [{ name: public, namespace: infra }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: ${path} } }]
      backendRefs: [{ name: ${backend}, port: 8080, weight: ${weight} }]
`);
const service = (name: string): KubernetesObject =>
  one(`apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\n`);

const grpc = (name: string): KubernetesObject => ({ ...route(name), kind: 'GRPCRoute' });

const world = (routes: readonly KubernetesObject[], gateways = [gateway()]): World => ({
  gateways,
  routes,
  services: routes.map(({ metadata }) => service(metadata.name)),
  labelsOf: () => undefined,
});
const breaks = (before: World, steps: readonly Step[]) =>
  judgeBreaks({ before, after: afterSteps(before, steps), steps, sourceOf: () => undefined, rules: {} }).map(
    ({ severity, code, ref }) => `${severity} ${code} ${ref}`,
  );

describe('rules', () => {
  const many = one(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: many, namespace: shop }
spec:
  hostnames: [a.example.com, b.example.com]
  parentRefs: [{ name: public, namespace: infra }]
  rules:
    - matches: [{ path: { value: /a } }, { path: { value: /b }, method: POST, headers: [{ name: x, value: '1' }] }]
      backendRefs: [{ name: web, port: 80 }, { name: next, port: 80 }]
    - filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }]
`);

  test('hosts, matches and rules are multiplied out; a Service port has one target group a route', () => {
    const rules = wantedRules(gateway(), [many]);
    expect(rules.map(({ host, match, to }) => `${host} ${match} → ${to}`)).toEqual([
      'a.example.com PathPrefix /a → Service shop/web:80, Service shop/next:80',
      'b.example.com PathPrefix /a → Service shop/web:80, Service shop/next:80',
      'a.example.com POST PathPrefix /b, header x=1 → Service shop/web:80, Service shop/next:80',
      'b.example.com POST PathPrefix /b, header x=1 → Service shop/web:80, Service shop/next:80',
      'a.example.com PathPrefix / → redirect',
      'b.example.com PathPrefix / → redirect',
    ]);
    expect(targetGroupsOf(rules)).toBe(2);
  });

  test('before LBC 3.4.3 one rule holds all hosts', () => {
    expect(wantedRules(gateway(), [many], { version: 'v3.4.2' })).toHaveLength(3);
    expect(wantedRules(gateway(), [many], { version: 'v3.4.3' })).toHaveLength(6);
  });

  test('created, changed and deleted, counted from what the load balancer has', () => {
    const before = world([route('stays'), route('goes'), route('moves')]);
    const after = afterSteps(before, [
      { before: route('goes') },
      { before: route('moves'), after: route('moves', { backend: 'other' }) },
      { after: route('comes') },
    ]);
    const [planned, ...more] = planLoadBalancers(before, after, {}, () => ({
      live: { rules: 7, targetGroups: 3 },
    }));
    expect(more).toEqual([]);
    expect(planned?.rules).toEqual({ before: 7, after: 7, limit: 100 });
    expect(planned?.changes.map(({ action, host, from, to }) => [action, host, from, to])).toEqual([
      ['changed', 'moves.example.com', 'Service shop/moves:8080', 'Service shop/other:8080'],
      ['created', 'comes.example.com', undefined, 'Service shop/comes:8080'],
      ['deleted', 'goes.example.com', 'Service shop/goes:8080', undefined],
    ]);
    expect(planLoadBalancers(before, before, {}, () => ({}))).toEqual([]);
  });

  test.each([
    [80, []],
    [81, ['warning plan/budget', 'warning plan/budget']],
    [101, ['error plan/budget', 'error plan/budget']],
  ])('%d routes where one was', (count, said) => {
    const before = world([route('r0')]);
    const steps = Array.from({ length: count - 1 }, (_, index) => ({ after: route(`r${index + 1}`) }));
    const planned = planLoadBalancers(before, afterSteps(before, steps), {}, () => ({}));
    expect(judgeBudgets(planned).map(({ severity, code }) => `${severity} ${code}`)).toEqual(said);
  });
});

describe('what breaks', () => {
  test('nothing, where a route with its Service is added', () => {
    const steps = [{ after: route('new') }, { after: service('new') }];
    expect(breaks(world([route('old')]), steps)).toEqual([]);
  });

  test.each<[string, World, readonly Step[], string]>([
    [
      'the last route of a host goes',
      world([route('a')]),
      [{ before: route('a') }],
      'warning plan/host-removed HTTPRoute shop/a',
    ],
    [
      'its Gateway goes',
      world([route('a')]),
      [{ before: gateway() }],
      'error route/parent-missing HTTPRoute shop/a',
    ],
    [
      "a listener's hostname changes under a route of others",
      world([route('a')]),
      [{ before: gateway(), after: gateway('*.example.org') }],
      'error route/hostname-outside-listener HTTPRoute shop/a',
    ],
    [
      'a host outside the listener',
      world([]),
      [{ after: route('a', { host: 'a.example.org' }) }, { after: service('a') }],
      'error route/hostname-outside-listener HTTPRoute shop/a',
    ],
    [
      'a weight that stops the controller',
      world([]),
      [{ after: route('a', { weight: 1000 }) }, { after: service('a') }],
      'error route/unsupported-value HTTPRoute shop/a',
    ],
    [
      'a route of others that stops the controller',
      world([route('bad', { weight: 1000 })]),
      [{ after: route('a') }, { after: service('a') }],
      'error route/blocked-by-other HTTPRoute shop/a',
    ],
    ['no Service', world([]), [{ after: route('a') }], 'error route/backend-not-found HTTPRoute shop/a'],
    [
      'a host of a GRPCRoute goes',
      world([grpc('a')]),
      [{ before: grpc('a') }],
      'warning plan/host-removed GRPCRoute shop/a',
    ],
    [
      'a route gets another host',
      world([route('a', { host: 'old.example.com' })]),
      [{ before: route('a', { host: 'old.example.com' }), after: route('a', { host: 'new.example.com' }) }],
      'warning plan/host-removed HTTPRoute shop/a',
    ],
    [
      'a GRPCRoute to a Service that is not there',
      world([]),
      [{ after: grpc('a') }],
      'error route/backend-not-found GRPCRoute shop/a',
    ],
    [
      'an older route with the same host and path',
      world([route('old', { host: 'a.example.com', made: '2026-01-01T00:00:00Z' })]),
      [{ after: route('a') }, { after: service('a') }],
      'error rule/shadowed HTTPRoute shop/a',
    ],
  ])('%s', (_, before, steps, said) => {
    expect(breaks(before, steps)).toContain(said);
  });

  test('a host that another route still publishes stays', () => {
    const before = world([route('a'), route('b', { host: 'a.example.com', path: '/b' })]);
    const steps = [{ before: route('a') }];
    expect(breaks(before, steps)).toEqual([]);
    expect([...hostsGone(before, afterSteps(before, steps)).keys()]).toEqual([]);
    expect([...hostsGone(before, { ...before, routes: [] }).keys()]).toEqual(['a.example.com']);
  });

  test('what was broken before, and is of others, is not said again', () => {
    const before = world([route('other', { host: 'x.example.org' })]);
    expect(breaks(before, [{ after: route('a') }, { after: service('a') }])).toEqual([]);
  });
});

describe('records', () => {
  const externalDns = (...args: readonly string[]) => {
    const deployment = one(`apiVersion: apps/v1
kind: Deployment
metadata: { name: external-dns, namespace: infra }
spec:
  template:
    spec:
      containers: [{ name: external-dns, image: 'external-dns:v0.19.0', args: ${JSON.stringify(['--txt-owner-id=ours', '--source=gateway-httproute', ...args])} }]
`);
    return { deployment, settings: settingsOf(deployment, '0.19.0'), version: '0.19.0' };
  };
  const balancer = 'k8s-infra-1.eu-west-1.elb.amazonaws.com';
  const txt = (owner: string) => ({
    name: 'cname-a.example.com',
    type: 'TXT',
    values: [`"heritage=external-dns,external-dns/owner=${owner}"`],
  });
  const alias = (target: string, type = 'A') => ({
    name: 'a.example.com',
    type,
    alias: { target },
    values: [],
  });
  const host = (given: Partial<HostRecords>): HostRecords => ({
    host: 'a.example.com',
    records: [],
    ownership: [],
    targets: [balancer],
    ...given,
  });
  const said = (of: HostRecords, by = externalDns('--policy=sync')) =>
    planRecords(of, by).map(({ action, type, name, why }) =>
      [action, type, name, ...(why ? [why] : [])].join(' '),
    );

  test('a new host: aliases and their ownership, as 0.19 and 0.22 name it', () => {
    expect(said(host({}))).toEqual([
      'created A a.example.com',
      'created AAAA a.example.com',
      'created TXT cname-a.example.com',
      'created TXT aaaa-a.example.com',
    ]);
    expect(said(host({}), { ...externalDns('--policy=sync'), version: '0.22.0' })).toContain(
      'created TXT a-a.example.com',
    );
  });

  test.each([
    ['10.0.0.1', 'A', 'a-a'],
    ['2001:db8::1', 'AAAA', 'aaaa-a'],
    ['edge.example.net', 'CNAME', 'cname-a'],
  ])(
    'a target that is no load balancer, %s: one record, and its ownership by its own type',
    (target, type, txt) => {
      const wanted = [`created ${type} a.example.com`, `created TXT ${txt}.example.com`];
      expect(said(host({ targets: [target] }))).toEqual(wanted);
      expect(
        said(host({ targets: [target] }), { ...externalDns('--policy=sync'), version: '0.22.0' }),
      ).toEqual(wanted);
    },
  );

  test('pointing there already: nothing changes', () => {
    const records = [alias(`dualstack.${balancer}.`)];
    expect(said(host({ records, ownership: [txt('ours')] }))).toEqual(['unchanged A a.example.com']);
  });

  test.each([
    ['sync', 'ours', 'changed A a.example.com'],
    ['upsert-only', 'ours', 'changed A a.example.com'],
    [
      'create-only',
      'ours',
      'unchanged A a.example.com ExternalDNS runs with --policy=create-only and changes nothing',
    ],
    [
      'sync',
      'theirs',
      `unchanged A a.example.com it belongs to the owner "theirs", and this cluster's ExternalDNS is "ours"`,
    ],
  ])('pointing elsewhere, policy %s, owner %s', (policy, owner, wanted) => {
    const of = host({ records: [alias('old.elb.amazonaws.com')], ownership: [txt(owner)] });
    expect(said(of, externalDns(`--policy=${policy}`))).toEqual([wanted]);
  });

  test('no longer published: gone with its ownership by sync, kept by other policies and where it is not ours', () => {
    const of = host({
      targets: [],
      records: [alias(balancer), alias(balancer, 'AAAA')],
      ownership: [txt('ours')],
    });
    expect(said(of)).toEqual([
      'deleted A a.example.com',
      'deleted AAAA a.example.com',
      'deleted TXT cname-a.example.com',
    ]);
    expect(said(of, externalDns('--policy=upsert-only'))[0]).toMatch(/^unchanged A .* removes nothing$/);
    expect(said({ ...of, ownership: [] })[0]).toMatch(/^unchanged A .* no ownership record/);
  });

  test('left out by a domain filter, a record is not even seen; left out by its labels, it goes', () => {
    const of = host({ records: [alias(balancer)], ownership: [txt('ours')] });
    expect(said({ ...of, excluded: "ExternalDNS's --domain-filter=x.org does not admit it" })[0]).toMatch(
      /^unchanged A/,
    );
    expect(said({ ...of, excluded: "ExternalDNS's --label-filter=a=b leaves it out" })[0]).toMatch(
      /^deleted A/,
    );
  });
});

describe('a Gateway of another controller', () => {
  const lattice = one(
    'apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: alb }\nspec: { controllerName: application-networking.k8s.aws/gateway-api-controller }\n',
  );
  const twice = [route('web', { host: 'a.example.com' }), route('next', { host: 'a.example.com' })];
  const steps = twice.map((after) => ({ after }));

  test('has no rules of ALBs; our routes at it are told whose it is', () => {
    const before: World = { ...world([]), services: [], classes: [lattice] };
    expect(breaks(before, steps)).toEqual([
      'error class/other-controller HTTPRoute shop/web',
      'error class/other-controller HTTPRoute shop/next',
    ]);
    expect(planLoadBalancers(before, afterSteps(before, steps), {}, () => ({}))).toEqual([]);
  });

  test('may come with the plan', () => {
    expect(breaks({ ...world([]), classes: [] }, [{ after: lattice }, ...steps])).toContain(
      'error class/other-controller HTTPRoute shop/web',
    );
  });

  test('is not known where classes may not be read', () => {
    expect(breaks(world([]), steps)).toContain('error rule/shadowed HTTPRoute shop/next');
  });
});
