// The name servers of a zone, asked directly: the port of the link `nameservers`.
import { isIP } from 'node:net';
import type { Answer } from 'dns-packet';
import type { Authority, Delegation, ServerAnswer, ServerSaid, Zone } from '../chain/nameservers.ts';
import { type DnsAnswer, QueryError, query, type ServerAddress } from './query.ts';
import type { Lookup } from './resolve.ts';
import type { NamedServer } from './server.ts';

export interface AuthorityOptions {
  readonly lookup: Lookup;
  /** Asked in place of every zone's own servers. */
  readonly overrides?: readonly NamedServer[];
  /** Bounds the questions under way; 32 for the action. */
  readonly limit: <Value>(task: () => Promise<Value>) => Promise<Value>;
  /** Of servers that are known by name alone; default 53. */
  readonly port?: number;
  /** Milliseconds for each try at a server; default 2000. */
  readonly timeout?: number;
}

/** How many zones a name can be below each other before the search gives up. */
const maxDepth = 8;

const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '');
const within = (name: string, zone: string): boolean => name === zone || name.endsWith(`.${zone}`);

interface Failed {
  readonly failed: string;
  readonly lame?: true;
}

/** The value of a task, or why it failed: a sentence's tail. Anything but a `QueryError` is thrown on. */
const orFailed = async <Value>(task: () => Promise<Value>): Promise<Value | Failed> => {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return { failed: error.message, ...(error.serverFailure && { lame: true as const }) };
  }
};

/** The addresses of the host in an answer, and the last CNAME on the way to them. */
const addressesIn = (host: string, answers: readonly Answer[]): { addresses: string[]; cname?: string } => {
  let name = plain(host);
  let cname: string | undefined;
  for (let steps = 0; steps < maxDepth; steps++) {
    const addresses = answers.flatMap((record) =>
      record.type === 'A' && plain(record.name) === name ? [record.data] : [],
    );
    const next = answers.find((record) => record.type === 'CNAME' && plain(record.name) === name);
    if (addresses.length > 0 || next?.type !== 'CNAME')
      return { addresses: [...new Set(addresses)], ...(cname !== undefined && { cname }) };
    cname = plain(next.data);
    name = cname;
  }
  return { addresses: [], ...(cname !== undefined && { cname }) };
};

/** RFC 2308 section 5: the lesser of the SOA's own TTL and its MINIMUM. */
const negativeTtlIn = (authorities: readonly Answer[]): number | undefined => {
  const soa = authorities.find((record) => record.type === 'SOA');
  return soa === undefined ? undefined : Math.min(soa.ttl ?? 0, soa.data.minimum ?? 0);
};

/** A referral: no authority, no answer, NS records of a zone that holds the host. */
const referralIn = (host: string, answer: DnsAnswer): Zone | undefined => {
  if (answer.aa || answer.rcode !== 'NOERROR' || answer.answers.length > 0) return undefined;
  const records = answer.authorities.flatMap((record) => (record.type === 'NS' ? [record] : []));
  const zone = plain(records[0]?.name ?? '');
  if (zone === '' || !within(plain(host), zone)) return undefined;
  const nameServers = records.flatMap(({ name, data }) => (plain(name) === zone ? [plain(data)] : []));
  return { name: zone, nameServers: nameServers.toSorted() };
};

/** Asks name servers with dns-packet; node:dns shows neither the AA flag nor the authority section (research C8). */
export const createAuthority = ({
  lookup,
  overrides = [],
  limit,
  port: ordinary = 53,
  timeout = 2000,
}: AuthorityOptions): Authority => {
  /** Addresses of name servers hardly ever change: what was found once is kept for the run. */
  const known = new Map<string, string>();
  const zones = new Map<string, Zone>();

  const addressOf = async ({ host, port }: NamedServer, signal: AbortSignal): Promise<ServerAddress> => {
    if (isIP(host) !== 0) return { address: host, port };
    const address = known.get(host) ?? (await lookup.addresses(host, signal))[0];
    if (address === undefined) throw new QueryError(`${host} has no IPv4 address`);
    known.set(host, address);
    return { address, port };
  };

  const targetAddresses = async (cname: string, signal: AbortSignal): Promise<readonly string[]> => {
    const found = await orFailed(() => lookup.addresses(cname, signal));
    return 'failed' in found ? [] : found;
  };

  const askOne = async (host: string, server: NamedServer, signal: AbortSignal): Promise<ServerAnswer> => {
    const at = await orFailed(() => addressOf(server, signal));
    if ('failed' in at) return { server: server.text, failed: at.failed };
    const answer = await orFailed(() => query(at, { name: host, type: 'A' }, { timeout, signal }));
    if ('failed' in answer) return { server: server.text, address: at.address, failed: answer.failed };
    const { addresses, cname } = addressesIn(host, answer.answers);
    const negativeTtl = addresses.length === 0 ? negativeTtlIn(answer.authorities) : undefined;
    const referral = referralIn(host, answer);
    // The record of a load balancer in a region that ExternalDNS does not know is a CNAME: its target is not the host,
    // and exists by now, so the ordinary resolver may be asked for it.
    const targets =
      cname !== undefined && cname !== plain(host) && addresses.length === 0
        ? await targetAddresses(cname, signal)
        : addresses;
    return {
      server: server.text,
      address: at.address,
      rcode: answer.rcode,
      aa: answer.aa,
      addresses: targets.toSorted(),
      ...(cname !== undefined && { cname }),
      ...(negativeTtl !== undefined && { negativeTtl }),
      ...(referral && { referral }),
    };
  };

  const ask: Authority['ask'] = (host, nameServers, signal) => {
    const servers =
      overrides.length > 0
        ? overrides
        : nameServers.map((name) => ({ text: name, host: name, port: ordinary }));
    return Promise.all(servers.map((server) => limit(() => askOne(host, server, signal))));
  };

  const delegation: Authority['delegation'] = async (zone, signal): Promise<Delegation> => {
    const names = await orFailed(() => lookup.nameServers(zone, signal));
    if ('failed' in names) return names;
    const servers = names.map((name) =>
      limit(async () => {
        const addresses = await orFailed(() => lookup.addresses(name, signal));
        return { name, addresses: 'failed' in addresses ? [] : addresses };
      }),
    );
    return { servers: await Promise.all(servers) };
  };

  /** The shortest suffix of the host, never the host itself, for which the runner's resolver knows name servers. */
  const top = async (host: string, signal: AbortSignal): Promise<Zone> => {
    const labels = plain(host).split('.');
    for (let count = 1; count < labels.length; count++) {
      const name = labels.slice(-count).join('.');
      const nameServers = await lookup.nameServers(name, signal);
      if (nameServers.length > 0) return { name, nameServers };
    }
    throw new QueryError(`no zone above ${host} has name servers`);
  };

  /** Asks the servers of a zone one after the other for the host, until one says something. */
  const firstSaid = async (
    host: string,
    zone: Zone,
    signal: AbortSignal,
  ): Promise<ServerSaid | undefined> => {
    for (const server of zone.nameServers.slice(0, 4)) {
      const answer = await limit(() => askOne(host, { text: server, host: server, port: ordinary }, signal));
      if ('rcode' in answer && (answer.aa || answer.referral)) return answer;
    }
    return undefined;
  };

  const descend = async (host: string, signal: AbortSignal): Promise<Zone> => {
    let zone = await top(host, signal);
    for (let depth = 0; depth < maxDepth; depth++) {
      const answer = await firstSaid(host, zone, signal);
      if (answer === undefined) throw new QueryError(`no name server of ${zone.name} answers`);
      if (answer.referral === undefined) return zone;
      if (answer.referral.name.length <= zone.name.length)
        throw new QueryError(`the name servers of ${zone.name} refer to ${answer.referral.name}`);
      zone = answer.referral;
    }
    throw new QueryError(`more than ${maxDepth} zones lie above ${host}`);
  };

  const zoneOf: Authority['zoneOf'] = (host, signal) =>
    orFailed(async () => {
      const zone = zones.get(host) ?? (await descend(host, signal));
      zones.set(host, zone);
      return zone;
    });

  return { overridden: overrides.length > 0, ask, delegation, zoneOf };
};
