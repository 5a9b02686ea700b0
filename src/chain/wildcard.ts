// The link `record` where one standing wildcard record serves every preview: it exists, points here, and nothing hides it.
import type { Seen } from '../verdict/seen.ts';
import { broken, type NotOk, ok, unknown, type Verdict, waiting } from '../verdict/verdict.ts';
import { judgeNotSeen } from './look.ts';
import type { HostedZone, RecordSet, ZoneReader } from './zone.ts';

export interface WildcardWant {
  /** One that the wildcard is to serve. */
  readonly host: string;
  /** `preview.example.com` of `*.preview.example.com`. */
  readonly domain: string;
  /** The Gateway's address; without it any target counts. */
  readonly loadBalancer?: string;
}

export interface WildcardValue {
  /** The public zone with the wildcard, or else the first that could hold it; absent where there is none. */
  readonly zone?: HostedZone;
  /** A, AAAA and CNAME of the wildcard. */
  readonly wildcard: readonly RecordSet[];
  /** Record sets of the host's own name, of whatever type: for a name that exists no wildcard answers (RFC 4592). */
  readonly own: readonly RecordSet[];
}

const addressTypes = ['A', 'AAAA', 'CNAME'];

/** Reads the wildcard's name and the host's in the public zones that could hold them. */
export const observeWildcard = async (
  zones: ZoneReader,
  { host, domain }: WildcardWant,
  signal: AbortSignal,
): Promise<Seen<WildcardValue>> => {
  const name = `*.${domain}`;
  const known = await zones.zones(host, signal);
  if (!('value' in known)) return known;
  let value: WildcardValue = { wildcard: [], own: [] };
  for (const zone of known.value.filter((each) => !each.private)) {
    const seen = await zones.records(zone.id, [name, host], signal);
    if (!('value' in seen)) return seen;
    const wildcard = seen.value.filter((each) => each.name === name && addressTypes.includes(each.type));
    const own = seen.value.filter((each) => each.name === host);
    if (value.zone === undefined || wildcard.length > 0) value = { zone, wildcard, own };
    if (wildcard.length > 0) break;
  }
  return { at: known.at, value };
};

const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^dualstack\./, '');

const targetsOf = ({ alias, values }: RecordSet): readonly string[] => (alias ? [alias.target] : values);

const evidenceOf = (records: readonly RecordSet[]) =>
  records.map((record) => ({ from: `${record.type} ${record.name}`, saw: targetsOf(record).join(', ') }));

const missing = ({ domain, loadBalancer }: WildcardWant, zone: HostedZone | undefined): NotOk =>
  broken('record/wildcard-missing', {
    message:
      zone === undefined
        ? `No public hosted zone holds *.${domain}.`
        : `The hosted zone ${zone.name} (${zone.id}) has no record of *.${domain}.`,
    hint: `Make it once, by Terraform or by a route with the hostname *.${domain}: an alias A to ${loadBalancer ?? "the Gateway's load balancer"}. Or use \`preview-dns: record\`.`,
  });

export const judgeWildcard = (want: WildcardWant, seen: Seen<WildcardValue>): Verdict => {
  if ('denied' in seen)
    return unknown('record/look-denied', {
      message: `The record of *.${want.domain} could not be read: the permission ${seen.denied} is missing.`,
      hint: `Grant ${seen.denied} to the role that reads the zone (input \`dns-role-to-assume\`).`,
    });
  if (!('value' in seen)) return judgeNotSeen(seen, `The record of *.${want.domain}`);
  const { zone, wildcard, own } = seen.value;
  const answering = wildcard.filter(({ type }) => type !== 'AAAA');
  if (answering.length === 0) return missing(want, zone);
  const evidence = evidenceOf([...wildcard, ...own]);
  if (own.length > 0)
    return waiting('record/wildcard-hidden', {
      message: `${want.host} has ${own.length === 1 ? 'a record' : 'records'} of its own, so *.${want.domain} does not answer for it.`,
      evidence,
      hint: 'A preview with a record of its own left it, or somebody made it: ExternalDNS removes what it wrote for a route that it leaves alone now; remove others by hand.',
    });
  const { loadBalancer } = want;
  const right = answering.some(
    (record) =>
      loadBalancer === undefined || targetsOf(record).some((target) => plain(target) === plain(loadBalancer)),
  );
  if (!right)
    return broken('record/wildcard-elsewhere', {
      message: `*.${want.domain} points to ${answering.flatMap(targetsOf).join(', ')}, not to ${loadBalancer ?? ''}.`,
      evidence,
      hint: "Point it to the preview Gateway's load balancer, or name its Gateway with `preview-gateway`.",
    });
  return ok(`*.${want.domain} points to the load balancer.`, evidence);
};
