// Hostnames of Gateway API: which host a route publishes at a listener, and which label stands in for a wildcard.

/** RFC 1123 label. */
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Lower case, without a trailing dot. */
export const canonical = (host: string): string => host.toLowerCase().replace(/\.$/, '');

const isWildcard = (host: string): boolean => host.startsWith('*.');

/**
 * A hostname as Gateway API's type Hostname has it: RFC 1123 labels, no IP address, at most 253 octets, and `*` only as the
 * whole first label.
 */
export const isHostname = (host: string): boolean => {
  const name = isWildcard(host) ? host.slice(2) : host;
  const labels = name.split('.');
  const isAddress = labels.length === 4 && labels.every((part) => /^\d+$/.test(part));
  return host.length <= 253 && !isAddress && labels.every((part) => label.test(part));
};

/** A wildcard covers one label or more, and never the name behind it: `*.example.com` covers `a.b.example.com`. */
const covers = (wildcard: string, host: string): boolean =>
  isWildcard(wildcard) && host.length > wildcard.length - 1 && host.endsWith(wildcard.slice(1));

/**
 * What a route's hostname and a listener's have in common: the more specific of the two, or `undefined`. An absent
 * hostname stands for all; two absent ones give the empty text (every host).
 * Gateway API v1.6 HTTPRouteSpec.hostnames; the same as gwMatchingHost in ExternalDNS 0.19 (source/gateway.go).
 */
export const intersect = (one: string | undefined, other: string | undefined): string | undefined => {
  const [a, b] = [canonical(one ?? ''), canonical(other ?? '')];
  if (a === '' || b === '') return a === '' ? b : a;
  if (a === b || covers(a, b)) return b;
  return covers(b, a) ? a : undefined;
};

/** 32 bits of FNV-1a as seven letters and digits: enough for a name that nobody uses, the same in every run. */
const shortHash = (of: string): string => {
  let hash = 0x811c9dc5;
  for (const char of of) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(36).padStart(7, '0');
};

/** The host to ask for: itself, or for `*.example.com` a generated name under it, such as `probe-0f3k2lq.example.com`. */
export const probeHostOf = (host: string): string =>
  isWildcard(host) ? `probe-${shortHash(host)}${host.slice(1)}` : host;
