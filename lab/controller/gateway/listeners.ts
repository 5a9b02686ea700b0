// Judges each listener of a Gateway: protocol, the kinds of routes it takes, and conflicts, in which the first one wins.
import type { Gateway, Listener, RouteKind } from '../objects.ts';
import { GATEWAY_GROUP } from '../objects.ts';

export interface JudgedListener {
  listener: Listener;
  /** `Accepted`, or why it is not served. */
  reason: string;
  message: string;
  kinds: RouteKind[];
}

/** What a listener takes that names no kinds, of every protocol that Gateway API knows. */
const KINDS_BY_PROTOCOL: Record<string, string[]> = {
  HTTP: ['HTTPRoute'],
  HTTPS: ['HTTPRoute', 'GRPCRoute'],
  TCP: ['TCPRoute'],
  UDP: ['UDPRoute'],
  TLS: ['TLSRoute', 'TCPRoute'],
};
/** Of a load balancer for applications. */
const PROTOCOLS = ['HTTP', 'HTTPS'];
const KINDS = ['HTTPRoute', 'GRPCRoute'];

const ACCEPTED = { reason: 'Accepted', message: 'Listener is accepted.' };

export const isValid = ({ reason }: JudgedListener): boolean => reason === ACCEPTED.reason;

export function judgeListeners(gateway: Gateway): JudgedListener[] {
  const protocols = new Map<number, string>();
  const hostnames = new Set<string>();
  return gateway.spec.listeners.map((listener) => {
    const asked = listener.allowedRoutes?.kinds?.map(({ kind }) => kind) ?? [];
    const named =
      asked.length > 0
        ? asked.filter((kind) => KINDS.includes(kind))
        : (KINDS_BY_PROTOCOL[listener.protocol] ?? []);
    const kinds = named.map((kind) => ({ group: GATEWAY_GROUP, kind }));
    return { listener, kinds, ...refusalOf(listener, asked, protocols, hostnames) };
  });
}

/** What a listener of a wrong protocol or kind asks for is not remembered: it takes nothing from those after it. */
function refusalOf(
  { name, port, protocol, hostname }: Listener,
  asked: string[],
  protocols: Map<number, string>,
  hostnames: Set<string>,
): { reason: string; message: string } {
  if (asked.some((kind) => !KINDS.includes(kind)))
    return { reason: 'InvalidRouteKinds', message: `Invalid route kind for listener ${name}` };
  if (!PROTOCOLS.includes(protocol))
    return {
      reason: 'UnsupportedProtocol',
      message: `Unsupported protocol ${protocol} for listener ${name}`,
    };
  const first = protocols.get(port) ?? protocol;
  protocols.set(port, first);
  const key = `${port}-${hostname}`;
  const isTaken = hostname !== undefined && hostnames.has(key);
  hostnames.add(key);
  if (isTaken)
    return {
      reason: 'HostnameConflict',
      message: `Hostname conflict for port ${port} with hostname ${hostname}`,
    };
  return first === protocol
    ? ACCEPTED
    : { reason: 'ProtocolConflict', message: `Protocol conflict for port ${port}` };
}
