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
export const createAuthority = (options: AuthorityOptions): Authority => new NameServers(options);

class NameServers implements Authority {
  readonly #lookup: Lookup;
  readonly #overrides: readonly NamedServer[];
  readonly #limit: AuthorityOptions['limit'];
  readonly #port: number;
  readonly #timeout: number;
  /** Addresses of name servers hardly ever change: what was found once is kept for the run. */
  readonly #known = new Map<string, string>();
  /** By host. */
  readonly #zones = new Map<string, Zone>();

  constructor({ lookup, overrides = [], limit, port = 53, timeout = 2000 }: AuthorityOptions) {
    this.#lookup = lookup;
    this.#overrides = overrides;
    this.#limit = limit;
    this.#port = port;
    this.#timeout = timeout;
  }

  get overridden(): boolean {
    return this.#overrides.length > 0;
  }

  ask(host: string, nameServers: readonly string[], signal: AbortSignal): Promise<readonly ServerAnswer[]> {
    const servers = this.overridden ? this.#overrides : nameServers.map((name) => this.#named(name));
    return Promise.all(servers.map((server) => this.#limit(() => this.#askOne(host, server, signal))));
  }

  async delegation(zone: string, signal: AbortSignal): Promise<Delegation> {
    const names = await orFailed(() => this.#lookup.nameServers(zone, signal));
    if ('failed' in names) return names;
    const servers = names.map((name) =>
      this.#limit(async () => ({ name, addresses: await this.#addressesOf(name, signal) })),
    );
    return { servers: await Promise.all(servers) };
  }

  zoneOf(host: string, signal: AbortSignal): ReturnType<Authority['zoneOf']> {
    return orFailed(async () => {
      const zone = this.#zones.get(host) ?? (await this.#descend(host, signal));
      this.#zones.set(host, zone);
      return zone;
    });
  }

  #named(name: string): NamedServer {
    return { text: name, host: name, port: this.#port };
  }

  /** None where the ordinary resolver has none, or fails. */
  async #addressesOf(name: string, signal: AbortSignal): Promise<readonly string[]> {
    const found = await orFailed(() => this.#lookup.addresses(name, signal));
    return 'failed' in found ? [] : found;
  }

  async #addressOf({ host, port }: NamedServer, signal: AbortSignal): Promise<ServerAddress> {
    if (isIP(host) !== 0) return { address: host, port };
    const address = this.#known.get(host) ?? (await this.#lookup.addresses(host, signal))[0];
    if (address === undefined) throw new QueryError(`${host} has no IPv4 address`);
    this.#known.set(host, address);
    return { address, port };
  }

  async #askOne(host: string, server: NamedServer, signal: AbortSignal): Promise<ServerAnswer> {
    const at = await orFailed(() => this.#addressOf(server, signal));
    if ('failed' in at) return { server: server.text, failed: at.failed };
    const options = { timeout: this.#timeout, signal };
    const answer = await orFailed(() => query(at, { name: host, type: 'A' }, options));
    if ('failed' in answer) return { server: server.text, address: at.address, failed: answer.failed };
    const { addresses, cname } = addressesIn(host, answer.answers);
    const negativeTtl = addresses.length === 0 ? negativeTtlIn(answer.authorities) : undefined;
    const referral = referralIn(host, answer);
    // The record of a load balancer in a region that ExternalDNS does not know is a CNAME: its target is not the host,
    // and exists by now, so the ordinary resolver may be asked for it.
    const targets =
      cname !== undefined && cname !== plain(host) && addresses.length === 0
        ? await this.#addressesOf(cname, signal)
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
  }

  /** From the top-most zone down, by the referrals of each zone's own servers. */
  async #descend(host: string, signal: AbortSignal): Promise<Zone> {
    let zone = await this.#top(host, signal);
    for (let depth = 0; depth < maxDepth; depth++) {
      const answer = await this.#firstSaid(host, zone, signal);
      if (answer === undefined) throw new QueryError(`no name server of ${zone.name} answers`);
      if (answer.referral === undefined) return zone;
      if (answer.referral.name.length <= zone.name.length)
        throw new QueryError(`the name servers of ${zone.name} refer to ${answer.referral.name}`);
      zone = answer.referral;
    }
    throw new QueryError(`more than ${maxDepth} zones lie above ${host}`);
  }

  /** The shortest suffix of the host, never the host itself, for which the runner's resolver knows name servers. */
  async #top(host: string, signal: AbortSignal): Promise<Zone> {
    const labels = plain(host).split('.');
    for (let count = 1; count < labels.length; count++) {
      const name = labels.slice(-count).join('.');
      const nameServers = await this.#lookup.nameServers(name, signal);
      if (nameServers.length > 0) return { name, nameServers };
    }
    throw new QueryError(`no zone above ${host} has name servers`);
  }

  /** Asks the servers of a zone one after the other for the host, until one says something. */
  async #firstSaid(host: string, zone: Zone, signal: AbortSignal): Promise<ServerSaid | undefined> {
    for (const server of zone.nameServers.slice(0, 4)) {
      const answer = await this.#limit(() => this.#askOne(host, this.#named(server), signal));
      if ('rcode' in answer && (answer.aa || answer.referral)) return answer;
    }
    return undefined;
  }
}
