// Target groups against what TargetGroupConfigurations ask for, and their targets against the ready endpoints.
import { field, isMap, list, text, texts } from '../bundle/field.ts';
import type { Json, KubernetesObject } from '../bundle/object.ts';
import { attributesOf } from '../gateway/load-balancer-configuration.ts';
import { namespaceOf } from '../gateway/shapes.ts';
import { type Asked, balancerItem } from './asked.ts';
import { type Sighting, shownValue } from './item.ts';
import type { BalancerState, TargetGroupState } from './load-balancer-state.ts';
import { healthCheckTrace, settingTrace, targetTrace } from './traces.ts';

export interface GroupWant {
  readonly group: TargetGroupState;
  /** `namespace/name`. */
  readonly service: string;
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
const propsOf = (asked: Asked, { service, configurations }: GroupWant): Json | undefined => {
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

/** A Service of both families has slices of each, and a target group takes one. */
const readyAddresses = (
  slices: readonly KubernetesObject[],
  { ipAddressType = 'ipv4' }: TargetGroupState,
): ReadonlySet<string> =>
  new Set(
    slices
      .filter((slice) => (text(slice, 'addressType') ?? 'IPv4').toLowerCase() === ipAddressType)
      .flatMap((slice) => list(slice, 'endpoints'))
      .filter((endpoint) => field(endpoint, 'conditions', 'ready') !== false)
      .flatMap((endpoint) => texts(endpoint, 'addresses')),
  );

/** Pods come and go, so both directions are looked at twice. */
const targets = (asked: Asked, state: BalancerState, want: GroupWant): readonly Sighting[] => {
  const { group, service, slices } = want;
  if (slices === undefined || group.targetType !== 'ip') return [];
  const ready = readyAddresses(slices, group);
  // Other clusters register targets of theirs in the same group.
  const shared = field(propsOf(asked, want) ?? null, 'enableMultiCluster') === true;
  const registered = group.targets.filter((each) => !each.state.includes('draining'));
  const ids = new Set(registered.map(({ id }) => id));
  const item = (id: string, wanted: string | null, found: string | null): Sighting =>
    balancerItem(asked, state, {
      path: `targetGroups[${service}].targets[${id}]`,
      wanted,
      found,
      severity: 'error',
      passing: true,
      trace: targetTrace(group.arn, id),
    });
  return [
    ...[...ready].filter((id) => !ids.has(id)).map((id) => item(id, 'registered', null)),
    ...registered
      .filter(({ id }) => !shared && !ready.has(id))
      .map(({ id, state: is }) => item(id, null, shownValue(is))),
  ];
};

export const judgeTargetGroup = (
  asked: Asked,
  state: BalancerState,
  want: GroupWant,
): readonly Sighting[] => [...settings(asked, state, want), ...targets(asked, state, want)];
