// A load balancer against its Gateway's configuration: what it is, its attributes, groups and subnets, its web ACL, its quotas.
import { field, list, text, texts } from '../bundle/field.ts';
import { attributesOf } from '../gateway/load-balancer-configuration.ts';
import { type Asked, balancerItem, flagOf } from './asked.ts';
import type { Sighting } from './item.ts';
import type { BalancerState } from './load-balancer-state.ts';
import { goneTrace, settingTrace, webAclTrace } from './traces.ts';
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
export const sameAttribute = (one: string, other: string | undefined): boolean =>
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
const judgeGroups = (asked: Asked, state: BalancerState, differs: Differs): readonly Sighting[] => {
  const wanted = texts(asked.configuration, 'securityGroups').toSorted();
  if (wanted.length === 0 || !wanted.every((each) => each.startsWith('sg-'))) return [];
  if (hasOwnBackendGroup(asked, state, wanted)) return [];
  const found = state.securityGroups.toSorted().join(', ');
  const trace = settingTrace(state.arn, 'SetSecurityGroups');
  return differs('securityGroups', wanted.join(', '), found, 'error', trace);
};

/** Found by tags or named by their names, they cannot be compared here. */
const judgeSubnets = (asked: Asked, state: BalancerState, differs: Differs): readonly Sighting[] => {
  const wanted = list(asked.configuration, 'loadBalancerSubnets')
    .map((each) => text(each, 'identifier') ?? '')
    .toSorted();
  if (wanted.length === 0 || !wanted.every((each) => each.startsWith('subnet-'))) return [];
  if (state.subnets === undefined) return [];
  const found = state.subnets.toSorted().join(', ');
  return differs('subnets', wanted.join(', '), found, 'warning', settingTrace(state.arn, 'SetSubnets'));
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
    ...judgeGroups(asked, state, differs),
    ...judgeSubnets(asked, state, differs),
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

/** From this part of a quota on. */
const threshold = 0.8;

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
        // A rollout has more targets for a while, and the old ones count until they are drained.
        ...(name.startsWith('targets-') && { passing: true as const }),
        severity: count >= limit ? 'error' : 'warning',
        remedy:
          'Ask for more in Service Quotas, or move routes to another Gateway: beyond the quota the controller stops, also for routes that are removed.',
      }),
    ];
  });
