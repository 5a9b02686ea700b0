// Routes and the rules of a listener that they are judged against.
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeRules } from '../../../src/drift/rules.ts';
import type { ListenerRule } from '../../../src/gateway/alb-rules.ts';
import { candidatesOf } from '../../../src/gateway/route-requests.ts';
import { hostnamesOf, type Listener } from '../../../src/gateway/shapes.ts';
import { asked, said, state } from './balancer-setting.ts';

export const route = (
  name: string,
  rules: JsonObject[],
  born = '2026-01-01T00:00:00Z',
): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'apps', creationTimestamp: born },
  spec: { rules },
});

/** A rule of a route. */
export const to = (path: string, ...services: [string, number?][]): JsonObject => ({
  matches: [{ path: { type: 'PathPrefix', value: path } }],
  backendRefs: services.map(([name, weight = 1]) => ({ name, port: 80, weight })),
});

const listener: Listener = {
  name: 'https',
  port: 443,
  protocol: 'HTTPS',
  allowed: { from: 'All', kinds: [] },
};

/** A rule of the load balancer. */
export const rule = (
  priority: number,
  path: string[],
  groups: [string, number?][],
  host = 'a.example.com',
): ListenerRule => ({
  listener,
  priority,
  conditions: [
    { field: 'host-header', values: [host] },
    { field: 'path-pattern', values: path },
  ],
  action: { kind: 'forward', targetGroups: groups.map(([arn, weight = 1]) => ({ arn, weight })) },
});

export const fallback: ListenerRule = {
  listener,
  priority: Number.POSITIVE_INFINITY,
  conditions: [],
  action: { kind: 'fixed', status: 404 },
};

const hostsOf = (each: KubernetesObject): readonly string[] => {
  const own = hostnamesOf(each);
  return own.length > 0 ? own : ['a.example.com'];
};

const services = new Map([
  ['tg-web', 'apps/web:80'],
  ['tg-admin', 'apps/web:9000'],
  ['tg-api', 'apps/api:80'],
]);

export const sightings = (
  routes: KubernetesObject[],
  rules: ListenerRule[],
  refused = false,
  more: object = {},
) =>
  judgeRules({ ...asked(), ...more }, state, {
    candidates: routes.flatMap((each) =>
      candidatesOf({ route: each, namespace: 'apps', listener, hosts: hostsOf(each) }, refused),
    ),
    rules: rules.some(({ priority }) => priority === Number.POSITIVE_INFINITY) ? rules : [...rules, fallback],
    services,
  });

export const judge = (...given: Parameters<typeof sightings>): string[] => said(sightings(...given));
