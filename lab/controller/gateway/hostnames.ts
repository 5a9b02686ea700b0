// Gateway API's hostname rules: what a listener and a route have in common, and which name is the more specific.

/** The names under which a route answers on a listener; undefined when they have none in common, [] when both take any. */
export function commonHostnames(
  listener: string | undefined,
  route: string[] | undefined,
): string[] | undefined {
  const wanted = (route ?? []).map((host) => host.toLowerCase());
  const offered = listener?.toLowerCase();
  if (!offered) return wanted;
  if (wanted.length === 0) return [offered];
  const common = wanted.map((host) => intersect(offered, host)).filter((host) => host !== undefined);
  return common.length > 0 ? [...new Set(common)] : undefined;
}

function intersect(listener: string, route: string): string | undefined {
  if (listener === route) return route;
  if (listener.startsWith('*.') && route.endsWith(listener.slice(1))) return route;
  if (route.startsWith('*.') && listener.endsWith(route.slice(1))) return listener;
  return undefined;
}

/** Sorts the more specific name first: a full name before a wildcard, then the one with more characters. */
export function compareHostnames(one: string | undefined, other: string | undefined): number {
  const rank = (host: string | undefined): number => (host === undefined ? 2 : host.startsWith('*.') ? 1 : 0);
  return rank(one) - rank(other) || (other?.length ?? 0) - (one?.length ?? 0);
}
