// The hosted zone of each host, and whether the world is sent to its name servers.
import type { Authority, Delegation, ServerAnswer } from '../chain/nameservers.ts';
import { judgeDelegation } from '../chain/nameservers.ts';
import type { HostedZone, ZoneReader } from '../chain/zone.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import { notSeen } from './not-seen.ts';
import type { Setting } from './setting.ts';

export interface ZoneSeen {
  readonly zone: HostedZone;
  /** Absent where an input names the servers to ask. */
  readonly delegation?: Delegation;
  /** Each of its name servers, asked for the zone itself. */
  readonly answers: readonly ServerAnswer[];
}

export interface HostZones {
  readonly host: string;
  /** The public zones with the longest name that holds the host; several where the account has several of that name. */
  readonly zones: Seen<readonly HostedZone[]>;
  /** Private zones that hold the host too. */
  readonly hidden?: readonly HostedZone[];
}

export interface ZonesSeen {
  readonly hosts: readonly HostZones[];
  readonly zones: readonly ZoneSeen[];
}

/** The zones of a name, most specific only: a record is written there. */
const longest = (zones: readonly HostedZone[]): readonly HostedZone[] => {
  const open = zones.filter(({ private: hidden }) => !hidden);
  const length = Math.max(0, ...open.map(({ name }) => name.length));
  return open.filter(({ name }) => name.length === length);
};

export async function observeZones(
  hosts: readonly string[],
  reader: ZoneReader,
  authority: Authority,
  signal: AbortSignal,
): Promise<ZonesSeen> {
  const seen: HostZones[] = [];
  const zones = new Map<string, HostedZone>();
  for (const host of hosts) {
    const all = await reader.zones(host, signal);
    const found = 'value' in all ? { at: all.at, value: longest(all.value) } : all;
    const hidden = 'value' in all ? all.value.filter((zone) => zone.private) : [];
    seen.push({ host, zones: found, hidden });
    if ('value' in found) for (const zone of found.value) zones.set(zone.id, zone);
  }
  const looked: ZoneSeen[] = [];
  for (const zone of zones.values()) {
    if (authority.overridden) {
      looked.push({ zone, answers: [] });
    } else {
      const delegation = await authority.delegation(zone.name, signal);
      looked.push({ zone, delegation, answers: await authority.ask(zone.name, zone.nameServers, signal) });
    }
  }
  return { hosts: seen, zones: looked };
}

export const zoneIdsOf = ({ zones }: ZonesSeen): readonly string[] => zones.map(({ zone }) => zone.id);

/** The zone in which a host's record is written, where it is known. */
export function zoneOf({ hosts }: ZonesSeen, host: string): HostedZone | undefined {
  const seen = hosts.find((each) => each.host === host)?.zones;
  return seen !== undefined && 'value' in seen ? seen.value[0] : undefined;
}

export function judgeZones(setting: Setting, seen: ZonesSeen): readonly Finding[] {
  const { dns } = setting.accounts;
  const homeless = seen.hosts.flatMap(({ host, zones }) =>
    'value' in zones && zones.value.length === 0 ? [host] : [],
  );
  const unseen = seen.hosts.flatMap(({ zones }) => ('value' in zones ? [] : [zones]))[0];
  const names = Map.groupBy(seen.zones, ({ zone }) => zone.name);
  return [
    ...(unseen === undefined
      ? []
      : [notSeen(unseen, `The hosted zone in account ${dns}`, setting.roles.dns)]),
    ...(homeless.length === 0 ? [] : [missing(dns, homeless)]),
    ...[...names.values()].flatMap(judgeName),
    ...judgeTwins(seen),
  ];
}

/** Private zones of the name of a public one, or below it: ExternalDNS takes the longest name, public or not. */
function judgeTwins({ hosts }: ZonesSeen): readonly Finding[] {
  const twins = new Map(
    hosts.flatMap(({ zones, hidden = [] }) => {
      const open = 'value' in zones ? zones.value[0] : undefined;
      if (open === undefined) return [];
      return hidden
        .filter(({ name }) => name.length >= open.name.length)
        .map((twin) => [twin.id, { open, twin }] as const);
    }),
  );
  return [...twins.values()].map(({ open, twin }) =>
    finding(
      'notice',
      'record/zone-private-twin',
      `The account has a private hosted zone \`${twin.name}\` (${twin.id}) beside the public \`${open.name}\` (${open.id}): inside its VPCs it answers in the place of the public one, and ExternalDNS may write there.`,
      {
        hint: 'If records are meant to be public, keep ExternalDNS out of it.\nexternal-dns:\n  extraArgs:\n    - --aws-zone-type=public',
        evidence: [open, twin].map(({ id, name, private: hidden }) => ({
          from: `hosted zone ${id}`,
          saw: `${name}, ${hidden ? 'private' : 'public'}`,
        })),
      },
    ),
  );
}

const missing = (account: string, hosts: readonly string[]): Finding =>
  finding(
    'error',
    'record/zone-missing',
    `Account ${account} has no public hosted zone for ${hosts.map((host) => `\`${host}\``).join(', ')}.`,
    {
      hint: 'Create the zone, or assume the role of the account that has it (`dns-role-to-assume`), or correct the hostnames.',
    },
  );

/**
 * Of several zones of one name only that to which the name is delegated counts; ExternalDNS takes whichever its map of zones
 * gives first (v0.19.0 provider/aws/aws.go suitableZones).
 */
function judgeName(zones: readonly ZoneSeen[]): readonly Finding[] {
  const verdicts = zones.map(({ zone, delegation, answers }) =>
    delegation === undefined ? undefined : judgeDelegation(zone, { answers, delegation }),
  );
  const findings: Finding[] = [];
  const name = zones[0]?.zone.name ?? '';
  if (zones.length > 1) {
    findings.push(
      finding(
        'warning',
        'record/zone-duplicate',
        `There are ${zones.length} public hosted zones for \`${name}\` in the account; visitors see one of them at most, and ExternalDNS writes each change to one of them by chance.`,
        {
          hint: 'Delete the zone to which the name is not delegated, or name the right one: `hosted-zone-id` here, `--zone-id-filter` for ExternalDNS.',
          evidence: zones.map(({ zone }) => ({
            from: `hosted zone ${zone.id}`,
            saw: zone.nameServers.join(', '),
          })),
        },
      ),
    );
  }
  const [verdict] = verdicts;
  if (verdict !== undefined && verdicts.every((each) => each !== undefined)) {
    const { code, message, hint, evidence } = verdict;
    findings.push(finding('error', code, message, { hint, evidence }));
  }
  findings.push(...zones.flatMap(judgeServers));
  return findings;
}

function judgeServers({ zone, delegation, answers }: ZoneSeen): readonly Finding[] {
  const findings: Finding[] = [];
  if (delegation !== undefined && 'failed' in delegation && delegation.lame !== true) {
    findings.push(
      finding(
        'notice',
        'look/failed',
        `The delegation of \`${zone.name}\` was not checked: ${delegation.failed}.`,
        {
          hint: "The runner's own resolver has to answer questions for NS records.",
        },
      ),
    );
  }
  const silent = answers.filter((answer) => 'failed' in answer);
  if (answers.length > 0 && silent.length === answers.length) {
    findings.push(
      finding(
        'warning',
        'nameservers/unreachable',
        `None of the ${answers.length} name servers of \`${zone.name}\` answers from here: a deploy could not tell when a hostname is live.`,
        {
          hint: 'Let the runner send DNS questions (port 53, UDP and TCP) to the name servers of the zone.',
          evidence: silent.map(({ server, failed }) => ({ from: server, saw: failed })),
        },
      ),
    );
  }
  return findings;
}
