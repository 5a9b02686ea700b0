// Reads hosted zones and their record sets in Route 53, sparingly: its quota is shared with ExternalDNS.
import {
  GetHostedZoneCommand,
  ListHostedZonesByNameCommand,
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsCommandInput,
  type ResourceRecordSet,
  type Route53Client,
} from '@aws-sdk/client-route-53';
import { partitionOf } from '../access/arn.ts';
import type { HostedZone, RecordSet, WholeZoneReader } from '../chain/zone.ts';
import type { Clock } from '../clock.ts';
import type { DomainReader } from '../preview/orphans.ts';
import type { Seen } from '../verdict/seen.ts';
import { type AwsSettings, type CredentialSource, route53Client } from './clients.ts';
import { denialOf, hasCode, isThrottling, permissionOf, sentenceOf } from './denial.ts';
import { type PacedReads, pacedReads, type Read } from './paced-reads.ts';

export interface ZoneReaderSettings {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  /** Given by input: then no zone is looked for, and `route53:ListHostedZonesByName` is not needed. */
  readonly hostedZoneId?: string;
}

/** How long a zone that was found, or not found, is believed: 10 minutes, 30 seconds. */
const keepFound = 600_000;
const keepMissing = 30_000;

/** Record sets on a page: Route 53's own limit. */
const pageSize = 300;

/** Milliseconds between requests once the first few are used up. */
const spacing = 200;

/** The ports to Route 53, for one DNS account. Never throws but for the signal's abort. */
export function route53ZoneReader(settings: ZoneReaderSettings): WholeZoneReader & DomainReader {
  const { aws, credentials, clock } = settings;
  const reader = new Reader(route53Client(aws, credentials), partitionOf(aws.region).name, clock);
  const id = settings.hostedZoneId?.replace(/^\/hostedzone\//, '');
  return {
    zones: (host, signal) => reader.look(signal, () => reader.zones(plainName(host), id, signal)),
    records: async (zoneId, names, signal) => await reader.records(zoneId, names.map(plainName), signal),
    all: async (zoneId, signal) => await reader.all(zoneId, signal),
    below: async (zoneId, domain, signal) => await reader.below(zoneId, plainName(domain), signal),
  };
}

interface Listed {
  readonly id: string;
  readonly private: boolean;
}

interface Kept<Value> {
  readonly value: Value;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** Names that stand together in a zone's order. */
interface Part {
  readonly from: string;
  readonly holds: (name: string) => boolean;
  /** Record sets a page. */
  readonly size: number;
}

class Reader {
  readonly #client: Route53Client;
  readonly #partition: string;
  readonly #clock: Clock;
  readonly #zonesByName = new Map<string, Kept<readonly Listed[]>>();
  readonly #zonesById = new Map<string, Kept<HostedZone | undefined>>();
  /** Record sets in a zone when it was last described: tells whether to page it or to ask for names. */
  readonly #sizes = new Map<string, number>();
  readonly #reads = new Map<string, PacedReads<readonly RecordSet[]>>();
  /** Hosts look for the same zones at the same moment: the second finds what the first has kept. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Monotonic milliseconds. */
  #nextCall = Number.NEGATIVE_INFINITY;

  constructor(client: Route53Client, partition: string, clock: Clock) {
    this.#client = client;
    this.#partition = partition;
    this.#clock = clock;
  }

  async look<Value>(signal: AbortSignal, read: () => Promise<Value>): Promise<Seen<Value>> {
    const mine = this.#turn.then(read, read);
    this.#turn = mine.catch(() => undefined);
    try {
      return { at: this.#clock.now(), value: await mine };
    } catch (error) {
      signal.throwIfAborted();
      return this.#unseen(error);
    }
  }

  async zones(host: string, id: string | undefined, signal: AbortSignal): Promise<readonly HostedZone[]> {
    if (id !== undefined) {
      const zone = await this.#zone(id, signal);
      return zone !== undefined && covers(zone.name, host) ? [zone] : [];
    }
    const found: HostedZone[] = [];
    const named = suffixes(host).map(async (name) => ({ name, zones: await this.#zonesNamed(name, signal) }));
    for (const { name, zones } of await Promise.all(named)) {
      for (const listed of zones) {
        // Of a private zone its name is enough; the role need not be allowed to read it.
        const zone = listed.private
          ? { id: listed.id, name, private: true, nameServers: [] }
          : await this.#zone(listed.id, signal);
        if (zone !== undefined) found.push(zone);
      }
    }
    return found;
  }

  async records(
    zoneId: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<Seen<readonly RecordSet[]>> {
    const reads = this.#reads.get(zoneId) ?? this.#startReads(zoneId);
    this.#reads.set(zoneId, reads);
    try {
      const { at, value } = await reads.read(names, signal);
      return { at, value: value.filter((record) => names.includes(record.name)) };
    } catch (error) {
      signal.throwIfAborted();
      return this.#unseen(error, `route53:ListResourceRecordSets on ${this.#arn(zoneId)}`);
    }
  }

  async all(zoneId: string, signal: AbortSignal): Promise<Seen<readonly RecordSet[]>> {
    const found: RecordSet[] = [];
    try {
      for await (const page of this.#pages(zoneId, undefined, signal)) found.push(...page);
      return { at: this.#clock.now(), value: found };
    } catch (error) {
      signal.throwIfAborted();
      return this.#unseen(error, `route53:ListResourceRecordSets on ${this.#arn(zoneId)}`);
    }
  }

  async below(zoneId: string, domain: string, signal: AbortSignal): Promise<Seen<readonly RecordSet[]>> {
    try {
      const found: RecordSet[] = [];
      const inside = { from: domain, holds: (name: string) => covers(domain, name), size: pageSize };
      for await (const page of this.#pages(zoneId, inside, signal)) found.push(...page);
      return { at: this.#clock.now(), value: found };
    } catch (error) {
      signal.throwIfAborted();
      return this.#unseen(error, `route53:ListResourceRecordSets on ${this.#arn(zoneId)}`);
    }
  }

  #startReads(zoneId: string): PacedReads<readonly RecordSet[]> {
    return pacedReads({
      clock: this.#clock,
      isThrottling,
      read: async (names, signal) => await this.#readZone(zoneId, names, signal),
    });
  }

  #pagesOf(zoneId: string): number {
    return Math.ceil((this.#sizes.get(zoneId) ?? Number.POSITIVE_INFINITY) / pageSize);
  }

  /** Whichever needs fewer calls: all pages of a small zone, or each name of a large one. */
  async #readZone(
    zoneId: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<Read<readonly RecordSet[]>> {
    const all = this.#pagesOf(zoneId) <= names.length;
    const found: RecordSet[] = [];
    let calls = 0;
    const parts = all
      ? [undefined]
      : names.map((from) => ({ from, holds: (name: string) => name === from, size: 20 }));
    for (const part of parts) {
      for await (const page of this.#pages(zoneId, part, signal)) {
        calls += 1;
        found.push(...page);
      }
    }
    return { value: found, all, calls };
  }

  /**
   * Record sets of a part of the zone, or of all of it. A listing starts **at or after** a name, so an absent name gives
   * its successor (Route 53 API, ListResourceRecordSets): the loop ends at the first record outside the part. Names are
   * ordered by their labels from the last to the first, so one name, or a domain with all below it, stands together.
   */
  async *#pages(
    zoneId: string,
    part: Part | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly RecordSet[]> {
    let start: Pick<
      ListResourceRecordSetsCommandInput,
      'StartRecordName' | 'StartRecordType' | 'StartRecordIdentifier'
    > = part === undefined ? {} : { StartRecordName: `${part.from}.` };
    for (;;) {
      await this.#turnOfOurs(signal);
      const page = await this.#client.send(
        new ListResourceRecordSetsCommand({
          HostedZoneId: zoneId,
          MaxItems: part?.size ?? pageSize,
          ...start,
        }),
        { abortSignal: signal },
      );
      const records = (page.ResourceRecordSets ?? []).map(recordSet);
      const wanted = part === undefined ? records : records.filter((record) => part.holds(record.name));
      yield wanted;
      if (!page.IsTruncated || wanted.length < records.length) return;
      start = {
        StartRecordName: page.NextRecordName,
        StartRecordType: page.NextRecordType,
        StartRecordIdentifier: page.NextRecordIdentifier,
      };
    }
  }

  /** Five requests a second, five at once: all that Route 53's older limit grants an account. */
  async #turnOfOurs(signal: AbortSignal): Promise<void> {
    const now = this.#clock.monotonic();
    const wait = this.#nextCall - now - 4 * spacing;
    this.#nextCall = Math.max(now, this.#nextCall) + spacing;
    if (wait > 0) await this.#clock.sleep(wait, signal);
  }

  async #zonesNamed(name: string, signal: AbortSignal): Promise<readonly Listed[]> {
    return await this.#kept(this.#zonesByName, name, async () => {
      await this.#turnOfOurs(signal);
      const { HostedZones = [] } = await this.#client.send(
        new ListHostedZonesByNameCommand({ DNSName: `${name}.`, MaxItems: 100 }),
        { abortSignal: signal },
      );
      // The listing goes on with later zones, public and private mixed.
      return HostedZones.filter((zone) => plainName(zone.Name ?? '') === name).map((zone) => ({
        id: plainId(zone.Id ?? ''),
        private: zone.Config?.PrivateZone ?? false,
      }));
    });
  }

  /** `undefined` when there is no such zone. */
  async #zone(id: string, signal: AbortSignal): Promise<HostedZone | undefined> {
    return await this.#kept(this.#zonesById, id, async () => {
      await this.#turnOfOurs(signal);
      try {
        const { HostedZone: zone, DelegationSet: delegation } = await this.#client.send(
          new GetHostedZoneCommand({ Id: id }),
          { abortSignal: signal },
        );
        this.#sizes.set(id, zone?.ResourceRecordSetCount ?? Number.POSITIVE_INFINITY);
        return {
          id,
          name: plainName(zone?.Name ?? ''),
          private: zone?.Config?.PrivateZone ?? false,
          nameServers: (delegation?.NameServers ?? []).map(plainName),
        };
      } catch (error) {
        if (hasCode(error, 'NoSuchHostedZone')) return undefined;
        throw new ZoneError(error, `route53:GetHostedZone on ${this.#arn(id)}`);
      }
    });
  }

  async #kept<Value>(
    cache: Map<string, Kept<Value>>,
    key: string,
    read: () => Promise<Value>,
  ): Promise<Value> {
    const kept = cache.get(key);
    if (kept !== undefined && this.#clock.monotonic() < kept.until) return kept.value;
    const value = await read();
    const missing = value === undefined || (Array.isArray(value) && value.length === 0);
    cache.set(key, { value, until: this.#clock.monotonic() + (missing ? keepMissing : keepFound) });
    return value;
  }

  #arn(zoneId: string): string {
    return `arn:${this.#partition}:route53:::hostedzone/${zoneId}`;
  }

  #unseen(error: unknown, permission = 'route53:ListHostedZonesByName on *'): Seen<never> {
    const at = this.#clock.now();
    const cause = error instanceof ZoneError ? error.cause : error;
    const needed = error instanceof ZoneError ? error.permission : permission;
    const denial = denialOf(cause);
    if (denial !== undefined) {
      const [action = '', resource = ''] = needed.split(' on ');
      return { at, denied: permissionOf(denial, action, resource) };
    }
    const failed = isThrottling(cause)
      ? 'Route 53 throttles the requests of this account; the next look waits longer.'
      : `Route 53 did not answer as it should: ${sentenceOf(cause)}.`;
    return { at, failed, cause };
  }
}

/** A failed call together with the permission that it needs. */
class ZoneError extends Error {
  readonly permission: string;

  constructor(cause: unknown, permission: string) {
    super(`${permission} failed`, { cause });
    this.permission = permission;
  }
}

/** Lower case, no trailing dot, `\052` → `*` (Route 53 developer guide, DomainNameFormat). */
export function plainName(name: string): string {
  return name
    .replace(/\\([0-3][0-7]{2})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    .replace(/\.$/, '')
    .toLowerCase();
}

const plainId = (id: string): string => id.replace(/^\/hostedzone\//, '');

const covers = (zone: string, host: string): boolean => host === zone || host.endsWith(`.${zone}`);

/** The names that a zone for this host can have, longest first; a top-level domain is nobody's zone. */
export function suffixes(host: string): readonly string[] {
  const labels = host.replace(/^\*\./, '').split('.');
  return labels.slice(0, -1).map((_label, index) => labels.slice(index).join('.'));
}

function recordSet(record: ResourceRecordSet): RecordSet {
  const { Name = '', Type = '', SetIdentifier, AliasTarget: alias, ResourceRecords = [] } = record;
  return {
    name: plainName(Name),
    type: Type,
    ...(SetIdentifier !== undefined && { setIdentifier: SetIdentifier }),
    ...(alias && { alias: { target: plainName(alias.DNSName ?? ''), zoneId: alias.HostedZoneId ?? '' } }),
    values: ResourceRecords.map(({ Value = '' }) => Value),
  };
}
