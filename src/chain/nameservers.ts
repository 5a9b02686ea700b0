// The link `nameservers`: the zone's own servers all give the host with authority, and the world asks those servers.
import type { Clock } from '../clock.ts';
import type { Seen } from '../verdict/seen.ts';
import { broken, type Evidence, type NotOk, ok, unknown, type Verdict, waiting } from '../verdict/verdict.ts';
import { judgeNotSeen } from './look.ts';

/** What one server said about the host's A records. */
export interface ServerSaid {
  /** The server as it was given: a host name, or the override's text. */
  readonly server: string;
  /** The address that was asked. */
  readonly address: string;
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED` … */
  readonly rcode: string;
  /** The answer came with authority (flag AA). */
  readonly aa: boolean;
  /** IPv4 addresses; of the CNAME's target where the record is a CNAME. */
  readonly addresses: readonly string[];
  readonly cname?: string;
  /** Seconds for which a resolver may keep a negative answer: min(SOA TTL, MINIMUM), RFC 2308 section 5. */
  readonly negativeTtl?: number;
  /** The server sends the asker on to the servers of a zone below. */
  readonly referral?: Zone;
}

export interface ServerSilent {
  readonly server: string;
  readonly address?: string;
  /** One sentence's tail: `no answer within 2 s over UDP, connection refused over TCP`. */
  readonly failed: string;
}

export type ServerAnswer = ServerSaid | ServerSilent;

export interface Zone {
  /** Lower case, without a trailing dot. */
  readonly name: string;
  /** Host names, lower case, without a trailing dot. */
  readonly nameServers: readonly string[];
}

/** The name servers that the runner's resolver is sent to for the zone; none when the zone is not delegated. */
export type Delegation =
  | { readonly servers: readonly { readonly name: string; readonly addresses: readonly string[] }[] }
  /** `lame`: the resolver said SERVFAIL, so the servers to which the zone is delegated do not hold it. */
  | { readonly failed: string; readonly lame?: true };

/**
 * The port to the name servers. No call ever asks a recursive resolver for the host: it would keep the NXDOMAIN for up
 * to 15 minutes. All reject with the signal's reason when it aborts, and with nothing else.
 */
export interface Authority {
  /** True when an input names the servers: they are asked in place of the zone's, and delegation is not looked at. */
  readonly overridden: boolean;
  /** What stood in for the name servers, as a clause; absent where servers are asked. */
  readonly standIn?: string;
  /** Asks each server for the host's A records; one answer a server, in their order. */
  ask(host: string, nameServers: readonly string[], signal: AbortSignal): Promise<readonly ServerAnswer[]>;
  delegation(zone: string, signal: AbortSignal): Promise<Delegation>;
  /** The zone that holds the host, found from the top by asking each zone's own servers. */
  zoneOf(host: string, signal: AbortSignal): Promise<Zone | { readonly failed: string }>;
}

/** Another public zone of the same name. */
export interface Twin {
  readonly id: string;
  readonly nameServers: readonly string[];
}

export interface NameServersWant {
  /** Lower case; a wildcard host's generated label in place of `*`. */
  readonly host: string;
  /** The zone in which the record stands; without it (no access to Route 53) the zone is found by DNS. */
  readonly zone?: Zone & {
    readonly twins?: readonly Twin[];
    readonly routed?: true;
  };
  /** The record stands in a private zone alone. */
  readonly privateZone?: { readonly id: string; readonly name: string };
}

export interface NameServersValue {
  readonly answers: readonly ServerAnswer[];
  readonly zone?: Zone;
  readonly delegation?: Delegation;
  /** What stood in for the name servers. */
  readonly standIn?: string;
  /** Why the zone's servers could not be found. */
  readonly noZone?: string;
}

const lower = (names: readonly string[]): readonly string[] =>
  names.map((name) => name.toLowerCase().replace(/\.$/, ''));

/** Delegated servers that are not the zone's: neither by name nor (white-label name servers) by address. */
const foreign = (
  value: Pick<NameServersValue, 'answers' | 'delegation'>,
  zone: Zone,
): readonly string[] | undefined => {
  if (value.delegation === undefined || 'failed' in value.delegation) return undefined;
  const names = new Set(lower(zone.nameServers));
  const own = new Set(
    value.answers.flatMap((answer) =>
      names.has(answer.server) && answer.address !== undefined ? [answer.address] : [],
    ),
  );
  return value.delegation.servers
    .filter((server) => !names.has(server.name) && !server.addresses.some((address) => own.has(address)))
    .map((server) => server.name);
};

/** The zone of the same name to which the delegated servers belong. */
const twinOf = (twins: readonly Twin[] = [], delegated: readonly string[]): Twin | undefined =>
  twins.find(({ nameServers }) => lower(nameServers).some((name) => delegated.includes(name)));

const servesOpenly = (answer: ServerAnswer): boolean => 'rcode' in answer && serves(answer, false);

/**
 * One look. Where the zone is delegated to servers of its own and others besides (two DNS providers), the others are
 * asked as well: visitors are sent to them too. Where it is another zone of the same name that is delegated, and that one
 * gives the host as well (ExternalDNS writes now to one, now to the other), it is the one that counts.
 */
export const observeNameServers = async (
  want: NameServersWant,
  authority: Authority,
  clock: Pick<Clock, 'now'>,
  signal: AbortSignal,
): Promise<Seen<NameServersValue>> => {
  const at = clock.now();
  if (want.privateZone !== undefined && !authority.overridden) return { at, value: { answers: [] } };
  const { standIn } = authority;
  if (authority.overridden)
    return {
      at,
      value: {
        answers: await authority.ask(want.host, [], signal),
        ...(standIn !== undefined && { standIn }),
      },
    };
  const zone = want.zone ?? (await authority.zoneOf(want.host, signal));
  if ('failed' in zone) return { at, value: { answers: [], noZone: zone.failed } };
  const known = { ...zone, nameServers: lower(zone.nameServers) };
  // Asking a resolver for the NS of a zone whose name is the host itself would be asking it for the host.
  const checkable = want.zone !== undefined && zone.name !== want.host;
  const [answers, delegation] = await Promise.all([
    authority.ask(want.host, known.nameServers, signal),
    checkable ? authority.delegation(zone.name, signal) : undefined,
  ]);
  const value = { answers, zone: known, ...(delegation && { delegation }) };
  const others = foreign(value, known) ?? [];
  if (delegation === undefined || 'failed' in delegation) return { at, value };
  if (others.length === delegation.servers.length) {
    const twin = twinOf(want.zone?.twins, others);
    const said = twin === undefined ? [] : await authority.ask(want.host, lower(twin.nameServers), signal);
    if (twin === undefined || !said.every(servesOpenly)) return { at, value };
    const nameServers = lower(twin.nameServers);
    return { at, value: { answers: said, zone: { name: known.name, nameServers }, delegation } };
  }
  return {
    at,
    value: { ...value, answers: [...answers, ...(await authority.ask(want.host, others, signal))] },
  };
};

const sayAnswer = (answer: ServerAnswer): string => {
  if ('failed' in answer) return answer.failed;
  const cname = answer.cname === undefined ? '' : `CNAME ${answer.cname} `;
  if (answer.referral !== undefined)
    return `referral to ${answer.referral.name}: ${answer.referral.nameServers.join(', ')}`;
  const addresses = answer.addresses.length === 0 ? 'no address' : answer.addresses.join(', ');
  const kept =
    answer.negativeTtl === undefined ? '' : ` (resolvers may keep this for ${answer.negativeTtl} s)`;
  const authority = answer.aa ? '' : ', without authority';
  return answer.rcode === 'NOERROR'
    ? `${cname}${addresses}${authority}${kept}`
    : `${answer.rcode}${authority}${kept}`;
};

const evidenceOf = (answers: readonly ServerAnswer[]): readonly Evidence[] =>
  answers.map((answer) => ({ from: answer.server, saw: sayAnswer(answer) }));

/** The resolver of a VPC, which alone tells of a private zone, never has authority. */
const serves = (answer: ServerSaid, hidden: boolean): boolean =>
  answer.rcode === 'NOERROR' && (answer.aa || hidden) && answer.addresses.length > 0;

/** `undefined` where nothing is wrong with it, or it is not known. The answers tell name servers under names of their own. */
export const judgeDelegation = (
  zone: Zone,
  value: NameServersValue,
  twins: readonly Twin[] = [],
): NotOk | undefined => {
  const { delegation } = value;
  if (delegation === undefined) return undefined;
  const hint = `Set the NS records of ${zone.name} in its parent zone (or at the registrar) to ${zone.nameServers.join(', ')}, or use the hosted zone that is delegated.`;
  if ('failed' in delegation)
    return delegation.lame
      ? waiting('nameservers/undelegated', {
          message: `The runner's resolver gets no answer from the name servers to which the zone ${zone.name} is delegated.`,
          evidence: [
            { from: `NS ${zone.name} as the runner's resolver sees it`, saw: delegation.failed },
            { from: `hosted zone ${zone.name} delegation set`, saw: zone.nameServers.join(', ') },
          ],
          hint,
        })
      : undefined;
  const others = foreign(value, zone) ?? [];
  if (others.length < delegation.servers.length) return undefined;
  const seen = delegation.servers.map((server) => server.name);
  const twin = twinOf(twins, seen);
  return broken('nameservers/undelegated', {
    message:
      seen.length === 0
        ? `The zone ${zone.name} is not delegated: nobody who looks for its names is sent to its name servers.`
        : twin === undefined
          ? `The zone ${zone.name} is delegated to name servers that are not those of the hosted zone.`
          : `Two hosted zones are called ${zone.name}: the record stands in one, and ${twin.id} is the one that is delegated.`,
    evidence: [
      { from: `NS ${zone.name} as the runner's resolver sees it`, saw: seen.join(', ') || 'none' },
      { from: `hosted zone ${zone.name} delegation set`, saw: zone.nameServers.join(', ') },
    ],
    hint,
  });
};

/** A referral for the host itself: a zone between this one and the host takes the name away. */
const judgeReferral = (host: string, value: NameServersValue): Verdict | undefined => {
  const said = value.answers.filter((answer) => 'rcode' in answer);
  const referral = said.find((answer) => answer.referral !== undefined)?.referral;
  if (referral === undefined || said.some((answer) => answer.referral === undefined)) return undefined;
  return broken('nameservers/delegated-away', {
    message: `The name servers send whoever asks for ${host} on to the zone ${referral.name}, so the record here is never seen.`,
    evidence: evidenceOf(value.answers),
    hint: `Publish the host in the hosted zone ${referral.name}, or remove its NS records from the zone above.`,
  });
};

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A server that shares no address with any other still gives an older record: sets differ in part when an ALB scales. */
const oddOneOut = (said: readonly ServerSaid[]): ServerSaid | undefined =>
  said.length < 2
    ? undefined
    : said.find((answer) => {
        const others = new Set(said.filter((other) => other !== answer).flatMap((other) => other.addresses));
        return !answer.addresses.some((address) => others.has(address));
      });

const judgeAnswers = ({ host, zone, privateZone }: NameServersWant, value: NameServersValue): Verdict => {
  const { answers } = value;
  const evidence = evidenceOf(answers);
  const said = answers.filter((answer) => 'rcode' in answer);
  const silent = answers.filter((answer) => 'failed' in answer);
  if (said.length === 0)
    return unknown('nameservers/unreachable', {
      message: `None of the ${plural(answers.length, 'name server')} of ${value.zone?.name ?? host} answers from here.`,
      evidence,
      hint: 'The runner must be able to send DNS queries (port 53, UDP or TCP) to the name servers of the zone; a proxy or an egress policy may forbid it.',
    });
  const bad = said.filter((answer) => !serves(answer, privateZone !== undefined));
  const [first] = bad;
  if (first !== undefined)
    return waiting('nameservers/not-served', {
      message: `${bad.length} of ${plural(answers.length, 'name server')} ${bad.length === 1 ? 'does' : 'do'} not give ${host} yet: ${first.server} says ${sayAnswer(first)}.`,
      evidence,
    });
  const [mute] = silent;
  if (mute !== undefined)
    return waiting('nameservers/unreachable', {
      message: `${silent.length} of ${plural(answers.length, 'name server')} ${silent.length === 1 ? 'does' : 'do'} not answer: ${mute.server}: ${mute.failed}.`,
      evidence,
    });
  // Route 53 gives each asker another of several record sets.
  const odd = zone?.routed === true ? undefined : oddOneOut(said);
  if (odd !== undefined)
    return waiting('nameservers/disagree', {
      message: `${odd.server} gives addresses for ${host} that no other name server gives: ${odd.addresses.join(', ')}.`,
      evidence,
    });
  const count = new Set(said.flatMap((answer) => answer.addresses)).size;
  if (value.standIn !== undefined)
    return ok(
      `${host} has ${plural(count, 'address').replace('addresss', 'addresses')}: ${value.standIn}, so that neither their answers nor the delegation were looked at.`,
      evidence,
    );
  return ok(
    `${answers.length === 1 ? 'The name server gives' : `All ${answers.length} name servers give`} ${host} with authority: ${plural(count, 'address').replace('addresss', 'addresses')}.`,
    evidence,
  );
};

/** Every server must answer NOERROR with authority and at least one address; DESIGN section 4, research C3 and C5. */
export const judgeNameServers = (want: NameServersWant, seen: Seen<NameServersValue>): Verdict => {
  if (!('value' in seen)) return judgeNotSeen(seen, `The name servers of ${want.host}`);
  const { value } = seen;
  if (want.privateZone !== undefined && value.answers.length === 0)
    return unknown('nameservers/private-zone', {
      message: `The record of ${want.host} stands in the private hosted zone ${want.privateZone.name} (${want.privateZone.id}) alone: outside of its VPCs nobody is told of it.`,
      hint: 'Run the job on a runner inside such a VPC, with its resolver in the input `name-servers` (169.254.169.253), or publish the host in a public zone.',
    });
  if (value.noZone !== undefined)
    return unknown('nameservers/unreachable', {
      message: `The name servers of ${want.host} cannot be found: ${value.noZone}.`,
      hint: 'Give the action a role that can read the hosted zone, or name the servers in the input for name servers.',
    });
  return (
    (value.zone && judgeDelegation(value.zone, value, want.zone?.twins)) ??
    judgeReferral(want.host, value) ??
    judgeAnswers(want, value)
  );
};

/** What later links want: the union of the addresses over all servers, sorted. */
export const servedAddresses = (seen: Seen<NameServersValue>): readonly string[] =>
  'value' in seen
    ? [
        ...new Set(seen.value.answers.flatMap((answer) => ('rcode' in answer ? answer.addresses : []))),
      ].toSorted()
    : [];
