// Judges each listener of a Gateway on its own: protocol, conflicts, the kinds of routes it takes.
import type { Gateway, Listener, RouteKind } from '../objects.ts';
import { GATEWAY_GROUP } from '../objects.ts';

export interface JudgedListener {
  listener: Listener;
  /** `Accepted`, or why not. */
  acceptedReason: string;
  conflictReason: string;
  refsReason: string;
  kinds: RouteKind[];
}

const KINDS_BY_PROTOCOL: Record<string, string[]> = {
  HTTP: ['HTTPRoute'],
  HTTPS: ['HTTPRoute', 'GRPCRoute'],
};

export const isValid = (judged: JudgedListener): boolean => judged.acceptedReason === 'Accepted';

export function judgeListeners(gateway: Gateway): JudgedListener[] {
  return gateway.spec.listeners.map((listener) => {
    const possible = KINDS_BY_PROTOCOL[listener.protocol];
    const asked = listener.allowedRoutes?.kinds;
    const offered: RouteKind[] = asked ?? (possible ?? []).map((kind) => ({ kind }));
    const supported = offered.filter(
      ({ group, kind }) => (group ?? GATEWAY_GROUP) === GATEWAY_GROUP && possible?.includes(kind),
    );
    const conflict = conflictOf(listener, gateway.spec.listeners);
    return {
      listener,
      acceptedReason: possible ? (conflict ?? 'Accepted') : 'UnsupportedProtocol',
      conflictReason: conflict ?? 'NoConflicts',
      refsReason: asked && supported.length < asked.length ? 'InvalidRouteKinds' : 'ResolvedRefs',
      kinds: supported.map(({ kind }) => ({ group: GATEWAY_GROUP, kind })),
    };
  });
}

function conflictOf(listener: Listener, all: Listener[]): string | undefined {
  const samePort = all.filter((other) => other !== listener && other.port === listener.port);
  if (samePort.some((other) => other.protocol !== listener.protocol)) return 'ProtocolConflict';
  if (samePort.some((other) => (other.hostname ?? '') === (listener.hostname ?? '')))
    return 'HostnameConflict';
  return undefined;
}
