// Target groups against what TargetGroupConfigurations ask for, and their targets against the ready endpoints.
import { field, isMap, list, number, text, texts } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';
import { attributesOf } from '../gateway/load-balancer-configuration.ts';
import { namespaceOf } from '../gateway/shapes.ts';
import { type Asked, type BindingName, balancerItem, targetsHealing, touchBinding } from './asked.ts';
import { type Sighting, shownValue } from './item.ts';
import type { BalancerState, TargetGroupState } from './load-balancer-state.ts';
import { healthCheckTrace, settingTrace, targetTrace } from './traces.ts';

type Target = TargetGroupState['targets'][number];

export interface GroupWant {
  readonly group: TargetGroupState;
  /** `namespace/name`. */
  readonly service: string;
  /** What fills it with targets. */
  readonly binding: BindingName;
  /** TargetGroupConfigurations of the cluster. */
  readonly configurations: readonly KubernetesObject[];
  /** EndpointSlices of the Service; absent where they may not be read. */
  readonly slices?: readonly KubernetesObject[];
}

/** LBC's defaults for HTTP (3.5.0 pkg/gateway/model, model_build_target_group.go; the same in 2.14). */
const defaults: Readonly<Record<string, string>> = {
  healthCheckPath: '/',
  healthCheckPort: 'traffic-port',
  healthCheckProtocol: 'HTTP',
  healthCheckInterval: '15',
  healthCheckTimeout: '5',
  healthyThresholdCount: '3',
  unhealthyThresholdCount: '3',
  'matcher.httpCode': '200-399',
};

const grpcDefaults: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(defaults).filter(([name]) => name !== 'matcher.httpCode')),
  healthCheckPath: '/AWS.ALB/healthcheck',
  'matcher.grpcCode': '12',
};

const flat = (check: Json | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(isMap(check) ? check : {}).flatMap(([name, value]): [string, string][] => {
      if (name !== 'matcher') return value === undefined || value === null ? [] : [[name, String(value)]];
      return Object.entries(isMap(value) ? value : {}).map(([key, code]) => [`matcher.${key}`, String(code)]);
    }),
  );

/** What the Gateway's default and the Service's own configuration say; `undefined` where a route's own may say otherwise. */
export const propsOf = (
  asked: Asked,
  { service, configurations }: Pick<GroupWant, 'service' | 'configurations'>,
): Json | undefined => {
  const [namespace = '', name = ''] = service.split('/');
  const own = configurations.find(
    (each) =>
      namespaceOf(each) === namespace &&
      text(each, 'spec', 'targetReference', 'name') === name &&
      (text(each, 'spec', 'targetReference', 'kind') ?? 'Service') === 'Service',
  );
  if (list(own, 'spec', 'routeConfigurations').length > 0) return undefined;
  const shared = text(asked.configuration, 'defaultTargetGroupConfiguration', 'name');
  const general = configurations.find(
    (each) => each.metadata.name === shared && namespaceOf(each) === namespaceOf(asked.gateway),
  );
  const [weak, strong] = [general, own].map((each) => field(each, 'spec', 'defaultConfiguration'));
  return { ...(isMap(weak) ? weak : {}), ...(isMap(strong) ? strong : {}) };
};

const settings = (asked: Asked, state: BalancerState, want: GroupWant): readonly Sighting[] => {
  const { group, service } = want;
  const props = propsOf(asked, want);
  if (props === undefined) return [];
  const path = `targetGroups[${service}]`;
  const base = group.protocolVersion === 'GRPC' ? grpcDefaults : defaults;
  // The check speaks what the traffic speaks, unless it is told otherwise.
  const protocol = group.protocol === undefined ? {} : { healthCheckProtocol: group.protocol };
  const check = { ...base, ...protocol, ...flat(field(props, 'healthCheckConfig')) };
  const same = (one: string, other: string | undefined): boolean =>
    one.toLowerCase() === (other ?? '').toLowerCase();
  const ofCheck = Object.entries(check)
    .filter(([name, wanted]) => !same(wanted, group.healthCheck[name]))
    .map(([name, wanted]) =>
      balancerItem(asked, state, {
        path: `${path}.healthCheckConfig.${name}`,
        wanted,
        found: group.healthCheck[name] ?? null,
        severity: 'warning' as const,
        trace: healthCheckTrace(group.arn, name),
      }),
    );
  const ofAttributes = [...attributesOf(props, 'targetGroupAttributes')]
    .filter(([key, wanted]) => !same(wanted, group.attributes.get(key)))
    .map(([key, wanted]) =>
      balancerItem(asked, state, {
        path: `${path}.attributes[${key}]`,
        wanted,
        found: group.attributes.get(key) ?? null,
        severity: 'warning' as const,
        trace: settingTrace(group.arn, 'ModifyTargetGroupAttributes', key),
      }),
    );
  return [...ofCheck, ...ofAttributes];
};

interface Endpoints {
  /** Address → ports that the Service has there; none: any. */
  readonly ready: ReadonlyMap<string, ReadonlySet<number>>;
  /** The same of those that are not ready: with a readiness gate they are registered before they are. */
  readonly all: ReadonlyMap<string, ReadonlySet<number>>;
}

/** A Service of both families has slices of each, and a target group takes one. */
const endpointsOf = (
  slices: readonly KubernetesObject[],
  { ipAddressType = 'ipv4' }: TargetGroupState,
): Endpoints => {
  const [ready, all] = [new Map<string, Set<number>>(), new Map<string, Set<number>>()];
  for (const slice of slices) {
    if ((text(slice, 'addressType') ?? 'IPv4').toLowerCase() !== ipAddressType) continue;
    const ports = list(slice, 'ports').flatMap((each) => number(each, 'port') ?? []);
    for (const endpoint of list(slice, 'endpoints')) {
      const to = field(endpoint, 'conditions', 'ready') === false ? [all] : [all, ready];
      for (const address of texts(endpoint, 'addresses'))
        for (const map of to) map.set(address, new Set([...(map.get(address) ?? []), ...ports]));
    }
  }
  return { ready, all };
};

/** Pods come and go, so both directions are looked at twice. */
const targets = (asked: Asked, state: BalancerState, want: GroupWant): readonly Sighting[] => {
  const { group, service, binding, slices } = want;
  if (slices === undefined || group.targetType !== 'ip') return [];
  const { ready, all } = endpointsOf(slices, group);
  // Other clusters register targets of theirs in the same group.
  const shared = field(propsOf(asked, want) ?? null, 'enableMultiCluster') === true;
  const registered = group.targets.filter((each) => !each.state.includes('draining'));
  const isAt = ({ id, port }: Target, places: Endpoints['all']): boolean => {
    const ports = places.get(id);
    return ports !== undefined && (ports.size === 0 || port === undefined || ports.has(port));
  };
  const item = (id: string, place: string, wanted: string | null, found: string | null): Sighting =>
    balancerItem(asked, state, {
      path: `targetGroups[${service}].targets[${place}]`,
      wanted,
      found,
      severity: 'error',
      heals: targetsHealing(asked),
      remedy: touchBinding(asked, binding),
      passing: true,
      trace: targetTrace(group.arn, id),
    });
  const served = new Set(registered.filter((each) => isAt(each, ready)).map(({ id }) => id));
  return [
    ...[...ready.keys()].filter((id) => !served.has(id)).map((id) => item(id, id, 'registered', null)),
    ...registered
      .filter((each) => !shared && !isAt(each, all))
      .map(({ id, port, state: is }) => {
        // The address is the Service's, at another port.
        const place = all.has(id) ? `${id}:${port ?? ''}` : id;
        return item(id, place, null, shownValue(is));
      }),
  ];
};

export const judgeTargetGroup = (
  asked: Asked,
  state: BalancerState,
  want: GroupWant,
): readonly Sighting[] => [...settings(asked, state, want), ...targets(asked, state, want)];
