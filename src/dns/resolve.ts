// The runner's ordinary resolver, for names that are safe to ask it: name servers, zones, load balancers. Never the host.
import { Resolver } from 'node:dns/promises';
import { QueryError } from './query.ts';

/** All reject with a `QueryError`, or with the signal's reason when it aborts. */
export interface Lookup {
  /** IPv4 addresses; empty when the name does not exist or has none. GitHub's runners have no IPv6. */
  addresses(name: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Names of the NS records, lower case, sorted; empty when there are none. */
  nameServers(zone: string, signal: AbortSignal): Promise<readonly string[]>;
}

export interface LookupOptions {
  /** `ip` or `ip:port`; the machine's own resolvers when absent. */
  readonly servers?: readonly string[];
  /** Milliseconds for one question; c-ares does not always keep its own time-out (nodejs/node#57839). */
  readonly timeout?: number;
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

const said: Readonly<Record<string, string>> = {
  ECANCELLED: 'no answer in time',
  ETIMEOUT: 'no answer in time',
  ECONNREFUSED: 'it cannot be reached',
  EREFUSED: 'REFUSED',
  ESERVFAIL: 'SERVFAIL',
};

/** Neither the name nor the type: an empty answer, not a failure. */
const isEmpty = (error: unknown): boolean => ['ENOTFOUND', 'ENODATA'].includes(codeOf(error));

export const createLookup = ({ servers, timeout = 5000 }: LookupOptions = {}): Lookup => {
  const ask = async (
    what: string,
    signal: AbortSignal,
    question: (resolver: Resolver) => Promise<string[]>,
  ): Promise<readonly string[]> => {
    signal.throwIfAborted();
    // One a question: cancel() ends all questions of a resolver.
    const resolver = new Resolver({ timeout, tries: 2 });
    if (servers !== undefined) resolver.setServers(servers);
    const cancel = (): void => resolver.cancel();
    const timer = setTimeout(cancel, timeout * 2);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await question(resolver);
    } catch (error) {
      signal.throwIfAborted();
      if (isEmpty(error)) return [];
      const code = codeOf(error);
      throw new QueryError(
        `the runner's resolver gives no ${what} (${said[code] ?? (code || String(error))})`,
        {
          cause: error,
          serverFailure: code === 'ESERVFAIL',
        },
      );
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    }
  };
  return {
    addresses: (name, signal) => ask(`addresses of ${name}`, signal, (resolver) => resolver.resolve4(name)),
    nameServers: async (zone, signal) => {
      const names = await ask(`NS of ${zone}`, signal, (resolver) => resolver.resolveNs(zone));
      return names.map((name) => name.toLowerCase().replace(/\.$/, '')).toSorted();
    },
  };
};
