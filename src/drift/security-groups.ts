// Who may reach a load balancer: the rules of its security groups against the listeners and what the configuration admits.
import { field, texts } from '../bundle/field.ts';
import { listenersOf } from '../gateway/shapes.ts';
import { type Asked, balancerItem } from './asked.ts';
import type { Sighting } from './item.ts';
import type { BalancerState, ListenerState, SecurityGroupState } from './load-balancer-state.ts';
import { judgeGroupTags, managedGroup } from './tags.ts';
import { ingressTrace } from './traces.ts';

const anywhere = ['0.0.0.0/0', '::/0'];

const isV6 = (range: string): boolean => range.includes(':');

/** As AWS writes a range: without the bits that its mask does not count; the short form of an IPv6 address. */
const canonical = (range: string): string => {
  const [address = '', bits = ''] = range.split('/');
  if (isV6(address)) {
    const url = `http://[${address}]/`;
    return URL.canParse(url) ? `${new URL(url).hostname.slice(1, -1)}/${bits}` : range;
  }
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || bits === '') return range;
  const masked = parts.map((part, index) => {
    const kept = Math.min(8, Math.max(0, Number(bits) - 8 * index));
    return part & (0xff << (8 - kept)) & 0xff;
  });
  return `${masked.join('.')}/${bits}`;
};

/** LBC buildManagedSecurityGroupIngressPermissions: without a word everybody, and IPv6 only where the load balancer has it. */
const admittedBy = ({ configuration }: Asked, { ipAddressType }: BalancerState): readonly string[] => {
  const ranges =
    field(configuration, 'sourceRanges') === undefined ? anywhere : texts(configuration, 'sourceRanges');
  return [
    ...ranges.filter((range) => !isV6(range) || ipAddressType.startsWith('dualstack')).map(canonical),
    ...texts(configuration, 'securityGroupPrefixes'),
  ];
};

const sourcesAt = (groups: readonly SecurityGroupState[], port: number): ReadonlySet<string> =>
  new Set(
    groups
      .flatMap(({ ingress }) => ingress)
      .filter(({ from, to }) => (from ?? 0) <= port && port <= (to ?? 65_535))
      .flatMap(({ sources }) => sources.map(canonical)),
  );

const said = (sources: Iterable<string>): string | null => [...sources].toSorted().join(', ') || null;

/**
 * The group that LBC has made for this Gateway, and keeps exactly so. Ports that no route uses are let in by some versions
 * (2.14: all of the Gateway; 3.5: those with routes).
 */
const judgeManaged = (
  asked: Asked,
  state: BalancerState,
  listeners: readonly ListenerState[],
  group: SecurityGroupState,
): readonly Sighting[] => {
  const declared = [...new Set(listenersOf(asked.gateway).map(({ port }) => port))];
  const wanted = admittedBy(asked, state);
  const trace = ingressTrace(state.arn, state.securityGroups);
  const item = (port: number | string, rest: Pick<Sighting, 'wanted' | 'found' | 'severity'>): Sighting =>
    balancerItem(asked, state, { path: `securityGroups.ingress[${port}]`, trace, ...rest });
  const ofListeners = declared.flatMap((port) => {
    const found = sourcesAt([group], port);
    const isUsed = listeners.some((each) => each.port === port);
    const same =
      (found.size === 0 && !isUsed) ||
      (found.size === wanted.length && wanted.every((each) => found.has(each)));
    return same ? [] : [item(port, { wanted: said(wanted), found: said(found), severity: 'error' })];
  });
  const strange = group.ingress
    .filter(({ from = 0, to = 65_535 }) => !declared.some((port) => from <= port && port <= to))
    .map(({ from = 0, to = 65_535, sources }) =>
      item(from === to ? from : `${from}-${to}`, {
        wanted: null,
        found: said(sources.map(canonical)),
        severity: 'warning',
      }),
    );
  return [...ofListeners, ...strange];
};

/** Groups of others: each listener's port must be let in by one of them, from where the configuration says. */
const judgeOthers = (
  asked: Asked,
  state: BalancerState,
  listeners: readonly ListenerState[],
  groups: readonly SecurityGroupState[],
): readonly Sighting[] => {
  const provided = texts(asked.configuration, 'securityGroups').length > 0;
  const ranges = provided ? [] : texts(asked.configuration, 'sourceRanges');
  const wanted = ranges.length === 0 ? [] : admittedBy(asked, state);
  return listeners.flatMap(({ port }) => {
    const sources = sourcesAt(groups, port);
    const open = anywhere.some((each) => sources.has(each));
    const lacks = wanted.length > 0 ? !open && wanted.some((each) => !sources.has(each)) : sources.size === 0;
    if (!lacks) return [];
    return [
      balancerItem(asked, state, {
        path: `securityGroups.ingress[${port}]`,
        wanted: said(wanted) ?? 'a rule that lets requests in',
        found: said(sources),
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

export const judgeSecurityGroups = (
  asked: Asked,
  state: BalancerState,
  listeners: readonly ListenerState[],
  groups: readonly SecurityGroupState[],
): readonly Sighting[] => {
  const managed = managedGroup(asked, groups);
  const tags = managed === undefined ? [] : judgeGroupTags(asked, state, managed);
  // Ports of ListenerSets are let in by the same group.
  const ports =
    managed === undefined || asked.shared === true
      ? judgeOthers(asked, state, listeners, groups)
      : judgeManaged(asked, state, listeners, managed);
  return [...tags, ...ports];
};
