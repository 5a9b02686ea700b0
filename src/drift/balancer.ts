// A load balancer against its Gateway's configuration: what it is, its attributes, listeners, certificates, web ACL, security groups.
import { field, list, number, text, texts } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';
import { attributesOf } from '../gateway/load-balancer-configuration.ts';
import { listenersOf } from '../gateway/shapes.ts';
import { type Asked, balancerItem, flagOf } from './asked.ts';
import type { Sighting } from './item.ts';
import type { BalancerState, ListenerState, SecurityGroupState } from './load-balancer-state.ts';
import {
  addedListenerTrace,
  certificateTrace,
  goneTrace,
  ingressTrace,
  listenerTrace,
  missingListenerTrace,
  settingTrace,
  webAclTrace,
} from './traces.ts';
import type { Trace } from './trail.ts';

/** @param name as far as the DNS name tells it */
export const missingBalancer = (asked: Asked, dnsName: string, name?: string): Sighting =>
  balancerItem(
    asked,
    { name: dnsName },
    {
      path: '',
      wanted: 'a load balancer',
      found: null,
      severity: 'error',
      ...(name !== undefined && { trace: goneTrace(name) }),
    },
  );

const hasOwnBackendGroup = (
  { configuration }: Asked,
  { securityGroups }: BalancerState,
  wanted: readonly string[],
): boolean =>
  field(configuration, 'manageBackendSecurityGroupRules') === true &&
  wanted.every((each) => securityGroups.includes(each)) &&
  securityGroups.length === wanted.length + 1;

/** AWS writes truth values in lower case, whatever was asked for. */
const sameAttribute = (one: string, other: string | undefined): boolean =>
  one === other || (/^(true|false)$/i.test(one) && one.toLowerCase() === other);

type Differs = (
  path: string,
  wanted: string | undefined,
  found: string | undefined,
  severity: Sighting['severity'],
  trace?: Trace,
) => readonly Sighting[];

const differsIn =
  (asked: Asked, state: BalancerState): Differs =>
  (path, wanted, found, severity, trace) => {
    if (wanted === undefined || wanted === found) return [];
    const item = { path, wanted, found: found ?? null, severity, ...(trace && { trace }) };
    return [balancerItem(asked, state, item)];
  };

/**
 * Names in place of ids cannot be compared here. One more is the controller's own, for the way to the targets
 * (LBC 3.5.0 pkg/gateway/model, model_build_security_group.go), where it is asked for.
 */
const judgeGroupsOf = (asked: Asked, state: BalancerState, differs: Differs): readonly Sighting[] => {
  const wanted = texts(asked.configuration, 'securityGroups').toSorted();
  if (wanted.length === 0 || !wanted.every((each) => each.startsWith('sg-'))) return [];
  if (hasOwnBackendGroup(asked, state, wanted)) return [];
  const found = state.securityGroups.toSorted().join(', ');
  const trace = settingTrace(state.arn, 'SetSecurityGroups');
  return differs('securityGroups', wanted.join(', '), found, 'error', trace);
};

/** LBC's own defaults where neither Gateway nor class say anything. */
export const judgeBalancer = (
  asked: Asked,
  state: BalancerState,
  attributes: ReadonlyMap<string, string> | undefined,
): readonly Sighting[] => {
  const { configuration } = asked;
  const differs = differsIn(asked, state);
  return [
    ...differs('scheme', text(configuration, 'scheme'), state.scheme, 'error'),
    ...differs(
      'ipAddressType',
      text(configuration, 'ipAddressType') ?? 'ipv4',
      state.ipAddressType,
      'warning',
      settingTrace(state.arn, 'SetIpAddressType'),
    ),
    ...judgeGroupsOf(asked, state, differs),
    ...[...attributesOf(configuration, 'loadBalancerAttributes')].flatMap(([key, value]) =>
      attributes === undefined || sameAttribute(value, attributes.get(key))
        ? []
        : differs(
            `attributes[${key}]`,
            value,
            attributes.get(key),
            'warning',
            settingTrace(state.arn, 'ModifyLoadBalancerAttributes', key),
          ),
    ),
  ];
};

const configurationOfPort = ({ configuration }: Asked, { protocol, port }: ListenerState): Json | undefined =>
  list(configuration, 'listenerConfigurations').find(
    (each) => text(each, 'protocolPort') === `${protocol}:${port}`,
  );

/** Routes at each listener, as the controller counted them; ports without any get no listener. */
const usedPorts = ({ gateway }: Asked): ReadonlyMap<number, string> => {
  const counts = new Map(
    list(gateway, 'status', 'listeners').map((each) => [
      text(each, 'name') ?? '',
      number(each, 'attachedRoutes') ?? 0,
    ]),
  );
  return new Map(
    listenersOf(gateway)
      .filter(({ name }) => (counts.get(name) ?? 0) > 0)
      .map(({ port, protocol }) => [port, protocol === 'HTTPS' ? 'HTTPS' : 'HTTP']),
  );
};

export const judgeListeners = (
  asked: Asked,
  state: BalancerState,
  listeners: readonly ListenerState[],
): readonly Sighting[] => {
  const ports = usedPorts(asked);
  const declared = new Set(listenersOf(asked.gateway).map(({ port }) => port));
  const item = (rest: Parameters<typeof balancerItem>[2]): Sighting => balancerItem(asked, state, rest);
  const missing = [...ports].flatMap(([port, protocol]) =>
    listeners.some((each) => each.port === port)
      ? []
      : [
          item({
            path: `listeners[${port}]`,
            wanted: protocol,
            found: null,
            severity: 'error' as const,
            trace: missingListenerTrace(state.arn),
          }),
        ],
  );
  const present = listeners.flatMap((listener) =>
    declared.has(listener.port)
      ? [...protocolOf(asked, state, listener, ports.get(listener.port)), ...tlsOf(asked, state, listener)]
      : added(asked, state, listener),
  );
  return [...missing, ...present];
};

/** A listener that the Gateway does not declare; other Gateways of a shared load balancer may. */
const added = (asked: Asked, state: BalancerState, listener: ListenerState): readonly Sighting[] =>
  asked.shared === true
    ? []
    : [
        balancerItem(asked, state, {
          path: `listeners[${listener.port}]`,
          wanted: null,
          found: listener.protocol,
          severity: 'warning',
          trace: addedListenerTrace(state.arn, listener),
        }),
      ];

const protocolOf = (
  asked: Asked,
  state: BalancerState,
  listener: ListenerState,
  wanted: string | undefined,
): readonly Sighting[] =>
  wanted === undefined || wanted === listener.protocol
    ? []
    : [
        balancerItem(asked, state, {
          path: `listeners[${listener.port}].protocol`,
          wanted,
          found: listener.protocol,
          severity: 'error',
          trace: listenerTrace(listener, 'protocol'),
        }),
      ];

/** Of LBC when neither configuration nor flag say anything (config/runtime_config.go). */
const defaultPolicy = 'ELBSecurityPolicy-2016-08';

const tlsOf = (asked: Asked, state: BalancerState, listener: ListenerState): readonly Sighting[] => {
  if (listener.protocol !== 'HTTPS') return [];
  const own = configurationOfPort(asked, listener);
  const path = `listeners[${listener.port}]`;
  const policy = text(own, 'sslPolicy') ?? flagOf(asked.lbc, 'default-ssl-policy') ?? defaultPolicy;
  const explicit = [text(own, 'defaultCertificate'), ...texts(own, 'certificates')].flatMap(
    (each) => each ?? [],
  );
  const trace = listenerTrace(listener, 'sslPolicy');
  return [
    ...differsIn(asked, state)(`${path}.sslPolicy`, policy, listener.sslPolicy, 'warning', trace),
    ...certificatesOf(asked, state, listener, explicit),
  ];
};

/** Where the configuration names none, the controller finds certificates by the hosts. */
const certificatesOf = (
  asked: Asked,
  state: BalancerState,
  listener: ListenerState,
  explicit: readonly string[],
): readonly Sighting[] => {
  const [main, ...others] = explicit;
  if (main === undefined) return [];
  const path = `listeners[${listener.port}]`;
  const item = (rest: Parameters<typeof balancerItem>[2]): Sighting => balancerItem(asked, state, rest);
  const differs: Sighting[] = [];
  if (listener.defaultCertificate !== main)
    differs.push(
      item({
        path: `${path}.defaultCertificate`,
        wanted: main,
        found: listener.defaultCertificate ?? null,
        severity: 'error',
        trace: listenerTrace(listener, 'certificates'),
      }),
    );
  const has = new Set([...listener.otherCertificates, listener.defaultCertificate]);
  for (const arn of others.filter((each) => !has.has(each)))
    differs.push(
      item({
        path: `${path}.certificates[${arn}]`,
        wanted: arn,
        found: null,
        severity: 'error',
        trace: certificateTrace(listener, arn),
      }),
    );
  for (const arn of listener.otherCertificates.filter((each) => !explicit.includes(each)))
    differs.push(
      item({
        path: `${path}.certificates[${arn}]`,
        wanted: null,
        found: arn,
        severity: 'warning',
        trace: certificateTrace(listener, arn),
      }),
    );
  return differs;
};

/** Only where a web ACL is asked for: without a word the controller leaves whatever is there. */
export const judgeWebAcl = (
  asked: Asked,
  state: BalancerState,
  found: string | undefined,
): readonly Sighting[] => {
  const wanted = text(asked.configuration, 'wafV2', 'webACL');
  // A controller without WAF leaves it to others (`--enable-wafv2=false`).
  if (wanted === undefined || wanted === found || flagOf(asked.lbc, 'enable-wafv2') === 'false') return [];
  return [
    balancerItem(asked, state, {
      path: 'webACL',
      wanted,
      found: found ?? null,
      severity: 'error',
      trace: webAclTrace(state.arn),
    }),
  ];
};

const anywhere = ['0.0.0.0/0', '::/0'];

/** Every listener's port must be let in by one of the security groups, from where the configuration says. */
export const judgeSecurityGroups = (
  asked: Asked,
  state: BalancerState,
  listeners: readonly ListenerState[],
  groups: readonly SecurityGroupState[],
): readonly Sighting[] => {
  const rules = groups.flatMap(({ ingress }) => ingress);
  const wanted = texts(asked.configuration, 'sourceRanges');
  const provided = field(asked.configuration, 'securityGroups') !== undefined;
  return listeners.flatMap(({ port }) => {
    const sources = new Set(
      rules
        .filter(({ from, to }) => (from ?? 0) <= port && port <= (to ?? 65_535))
        .flatMap((rule) => rule.sources),
    );
    const open = anywhere.some((each) => sources.has(each));
    const missing = wanted.filter((range) => !open && !sources.has(range));
    const path = `securityGroups.ingress[${port}]`;
    const found = sources.size === 0 ? null : [...sources].join(', ');
    const lacks = wanted.length > 0 && !provided ? missing.length > 0 : sources.size === 0;
    if (!lacks) return [];
    const said = wanted.length > 0 && !provided ? wanted.join(', ') : 'a rule that lets requests in';
    return [
      balancerItem(asked, state, {
        path,
        wanted: said,
        found,
        severity: 'error',
        trace: ingressTrace(state.arn, state.securityGroups),
        // Rules of groups that somebody else made are not the controller's.
        ...(provided && {
          heals: false,
          remedy: `Let port ${port} in again in ${state.securityGroups.join(', ')}.`,
        }),
      }),
    ];
  });
};

/** From this part of a quota on. */
const threshold = 0.8;

/** Of what is used, what fills its quota by more than the threshold; both by the quota's name. */
export const judgeQuotas = (
  asked: Asked,
  state: BalancerState,
  used: Readonly<Record<string, number>>,
  limits: ReadonlyMap<string, number>,
): readonly Sighting[] =>
  Object.entries(used).flatMap(([name, count]) => {
    const limit = limits.get(name);
    if (limit === undefined || !(limit > 0) || count <= limit * threshold) return [];
    return [
      balancerItem(asked, state, {
        path: `quota[${name}]`,
        wanted: `at most ${Math.floor(limit * threshold)} of ${limit}`,
        found: String(count),
        heals: false,
        severity: count >= limit ? 'error' : 'warning',
        remedy:
          'Ask for more in Service Quotas, or move routes to another Gateway: beyond the quota the controller stops, also for routes that are removed.',
      }),
    ];
  });
