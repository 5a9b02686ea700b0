// The listeners of a load balancer against those of its Gateway: ports, protocols, TLS, certificates, clients' certificates.
import { field, list, number, text, texts } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';
import { attributesOf } from '../gateway/load-balancer-configuration.ts';
import { listenersOf } from '../gateway/shapes.ts';
import { type Asked, balancerItem, flagOf } from './asked.ts';
import { sameAttribute } from './balancer.ts';
import type { Sighting } from './item.ts';
import type { BalancerState, ListenerState } from './load-balancer-state.ts';
import {
  addedListenerTrace,
  certificateTrace,
  listenerTrace,
  missingListenerTrace,
  settingTrace,
} from './traces.ts';

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
      ? [
          ...protocolOf(asked, state, listener, ports.get(listener.port)),
          ...tlsOf(asked, state, listener),
          ...clientsOf(asked, state, listener),
          ...attributesIn(asked, state, listener),
        ]
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
  const other =
    listener.sslPolicy === policy
      ? []
      : [
          balancerItem(asked, state, {
            path: `${path}.sslPolicy`,
            wanted: policy,
            found: listener.sslPolicy ?? null,
            severity: 'warning',
            trace: listenerTrace(listener, 'sslPolicy'),
          }),
        ];
  return [...other, ...certificatesOf(asked, state, listener, explicit)];
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

/** Attributes that the configuration asks of the listener. */
const attributesIn = (asked: Asked, state: BalancerState, listener: ListenerState): readonly Sighting[] => {
  const { attributes } = listener;
  if (attributes === undefined) return [];
  return [...attributesOf(configurationOfPort(asked, listener), 'listenerAttributes')].flatMap(
    ([key, wanted]) => {
      const found = attributes.get(key);
      if (sameAttribute(wanted, found)) return [];
      return [
        balancerItem(asked, state, {
          path: `listeners[${listener.port}].attributes[${key}]`,
          wanted,
          found: found ?? null,
          severity: 'warning',
          trace: settingTrace(listener.arn ?? '', 'ModifyListenerAttributes', key),
        }),
      ];
    },
  );
};

/** Whether the listener of that configuration has attributes that somebody has to read. */
export const wantsAttributes = (asked: Asked, listener: ListenerState): boolean =>
  attributesOf(configurationOfPort(asked, listener), 'listenerAttributes').size > 0;

/** Clients that have to show a certificate. Without a configuration LBC leaves the listener as it is (listener_manager.go). */
const clientsOf = (asked: Asked, state: BalancerState, listener: ListenerState): readonly Sighting[] => {
  if (listener.protocol !== 'HTTPS') return [];
  const own = field(configurationOfPort(asked, listener), 'mutualAuthentication');
  const { mode: isMode = 'off', trustStore, ignoresExpiry = false } = listener.clients ?? {};
  const path = `listeners[${listener.port}].mutualAuthentication`;
  const trace = listenerTrace(listener, 'mutualAuthentication');
  const differs = (name: string, wanted: string, found: string, rest: Partial<Sighting> = {}): Sighting[] =>
    wanted === found
      ? []
      : [
          balancerItem(asked, state, {
            path: `${path}.${name}`,
            wanted,
            found: found === '' ? null : found,
            severity: 'error',
            trace,
            ...rest,
          }),
        ];
  if (own === undefined)
    return differs('mode', 'off', isMode, {
      heals: false,
      remedy: 'Switch it off: the controller leaves it alone where no configuration names it.',
    });
  const wantedMode = text(own, 'mode') ?? 'off';
  const mode = differs('mode', wantedMode, isMode);
  if (mode.length > 0 || wantedMode !== 'verify') return mode;
  const store = text(own, 'trustStore') ?? '';
  const ignores = field(own, 'ignoreClientCertificateExpiry') === true;
  return [
    // A name cannot be compared here.
    ...(store.startsWith('arn:') ? differs('trustStore', store, trustStore ?? '') : []),
    ...differs('ignoreClientCertificateExpiry', String(ignores), String(ignoresExpiry)),
  ];
};
