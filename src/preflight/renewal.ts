// Whether ACM will renew the certificates: what it says of a renewal under way, and whether their records still stand.
import type { ZoneReader } from '../chain/zone.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import type { AcmCertificate, CertificatesSeen, CertificatesWant, ProofRecord } from './certificates.ts';
import type { NamedCertificate } from './listeners.ts';
import { notSeen } from './not-seen.ts';
import type { Setting } from './setting.ts';

export interface ProofSeen {
  readonly record: ProofRecord;
  readonly zone: string;
  /** What stands at its name in that zone. */
  readonly values: Seen<readonly string[]>;
}

const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** Certificates that the configurations name and ACM issued, each once. */
const issued = (want: CertificatesWant, { named }: CertificatesSeen) => {
  const all = [...want.named, ...want.listeners.flatMap((listener) => listener.named)];
  return [...new Map(all.map((each) => [each.arn, each])).values()].flatMap((each) => {
    const seen = named.get(each.arn);
    const certificate = seen !== undefined && 'value' in seen ? seen.value : undefined;
    return certificate?.status === 'ISSUED' && certificate.type === 'AMAZON_ISSUED'
      ? [{ named: each, certificate }]
      : [];
  });
};

/** The records of each name, in the zones that the role can see: a name of another account's zone is left out. */
export const observeProofs = (
  want: CertificatesWant,
  seen: CertificatesSeen,
  zones: ZoneReader,
  signal: AbortSignal,
): Promise<readonly ProofSeen[]> =>
  proofsOf(
    issued(want, seen).map(({ certificate }) => certificate),
    zones,
    signal,
  );

/** The same of certificates that are known already. */
export async function proofsOf(
  certificates: readonly AcmCertificate[],
  zones: ZoneReader,
  signal: AbortSignal,
): Promise<readonly ProofSeen[]> {
  const records = new Map(
    certificates.flatMap(({ proofs = [] }) => proofs.map((record) => [plain(record.name), record] as const)),
  );
  const found: ProofSeen[] = [];
  for (const [name, record] of records) {
    const known = await zones.zones(name, signal);
    const open =
      'value' in known
        ? known.value.find((zone) => !zone.private && name.endsWith(`.${zone.name}`))
        : undefined;
    if (open === undefined) continue;
    const sets = await zones.records(open.id, [name], signal);
    const values = 'value' in sets ? { ...sets, value: sets.value.flatMap((each) => each.values) } : sets;
    found.push({ record, zone: open.id, values });
  }
  return found;
}

/** Whether the record stands as ACM wants it; `undefined` where nobody could look. */
export const stands = ({ record, values }: ProofSeen): boolean | undefined =>
  'value' in values ? values.value.some((value) => plain(value) === plain(record.value)) : undefined;

export function judgeRenewals(
  setting: Setting,
  want: CertificatesWant,
  seen: CertificatesSeen,
  proofs: readonly ProofSeen[],
): readonly Finding[] {
  const unread = proofs.flatMap(({ values }) => ('value' in values ? [] : [values]))[0];
  return [
    ...issued(want, seen).flatMap(({ named, certificate }) => judgeOne(setting, named, certificate, proofs)),
    ...(unread === undefined
      ? []
      : [notSeen(unread, 'Whether the validation records of the certificates stand', setting.roles.dns)]),
  ];
}

function judgeOne(
  setting: Setting,
  { ref, source }: NamedCertificate,
  { arn, renewal, proofs = [] }: AcmCertificate,
  all: readonly ProofSeen[],
): readonly Finding[] {
  const place = { ref, ...(source && { source }) };
  const missing = all.flatMap((proof) => {
    const { record, values } = proof;
    const own = proofs.some(({ name }) => plain(name) === plain(record.name));
    if (!own || !('value' in values)) return [];
    return values.value.some((value) => plain(value) === plain(record.value))
      ? []
      : [{ proof, values: values.value }];
  });
  if (missing.length > 0)
    return [
      finding(
        'warning',
        'certificate/renewal-blocked',
        `ACM will not renew the certificate \`${arn}\` of ${ref}: ${missing.length === 1 ? 'its validation record is' : `${missing.length} of its validation records are`} not in the zone any more.`,
        {
          ...place,
          hint: `Put back what ACM looks for.\n${missing.map(({ proof }) => upsert(proof)).join('\n')}`,
          evidence: missing.map(({ proof, values }) => ({
            from: `hosted zone ${proof.zone}, ${plain(proof.record.name)}`,
            saw: values.join(', ') || 'none',
          })),
        },
      ),
    ];
  const { status = '', reason } = renewal ?? {};
  if (status !== 'FAILED' && status !== 'PENDING_VALIDATION') return [];
  return [
    finding(
      'warning',
      'certificate/renewal-blocked',
      `ACM cannot renew the certificate \`${arn}\` of ${ref}: the renewal is ${status}${reason === undefined ? '' : ` (${reason})`}.`,
      {
        ...place,
        hint: `See which domain is not proved, and put its record into the zone.\naws acm describe-certificate --region ${setting.region} --certificate-arn ${arn} --query Certificate.RenewalSummary`,
        evidence: [{ from: `acm:DescribeCertificate ${arn} RenewalSummary`, saw: status }],
      },
    ),
  ];
}

const upsert = ({ record: { name, type, value }, zone }: ProofSeen): string => {
  const set = { Name: name, Type: type, TTL: 300, ResourceRecords: [{ Value: value }] };
  const batch = { Changes: [{ Action: 'UPSERT', ResourceRecordSet: set }] };
  return `aws route53 change-resource-record-sets --hosted-zone-id ${zone} --change-batch '${JSON.stringify(batch)}'`;
};
