// The certificates of the listeners in ACM: there, issued, in the right place, for every host, for a while yet.
import { parseArn } from '../access/arn.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import type { ListenerCertificates, NamedCertificate } from './listeners.ts';
import { notSeen } from './not-seen.ts';
import type { Setting } from './setting.ts';

/** A CNAME by which ACM sees that a domain is the account's. */
export interface ProofRecord {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

export interface AcmCertificate {
  readonly arn: string;
  /** `ISSUED`, `PENDING_VALIDATION`, `EXPIRED`, `REVOKED`, `INACTIVE`, `VALIDATION_TIMED_OUT`, `FAILED`. */
  readonly status: string;
  /** Domain name and subject alternative names, lower case. */
  readonly names: readonly string[];
  /** `AMAZON_ISSUED`, `IMPORTED`, `PRIVATE`: imported ones are not renewed by ACM. */
  readonly type: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly failure?: string;
  /** Records that prove the domain, as far as they are still wanted. */
  readonly validation: readonly ProofRecord[];
  /** All records that prove its domains: ACM looks for them again before each renewal. */
  readonly proofs?: readonly ProofRecord[];
  readonly managedBy?: string;
  /** Whether ACM would renew it, and how a renewal under way stands (`PENDING_VALIDATION`, `FAILED` …). */
  readonly renewal?: { readonly eligible: boolean; readonly status?: string; readonly reason?: string };
}

/** The port to ACM in the cluster's account and region. */
export interface CertificateStore {
  /** `undefined` when there is none with this ARN. */
  describe(arn: string, signal: AbortSignal): Promise<Seen<AcmCertificate | undefined>>;
  /** All that are issued, of every key type: what LBC looks through where a listener names none. */
  issued(signal: AbortSignal): Promise<Seen<readonly Pick<AcmCertificate, 'arn' | 'names'>[]>>;
}

export interface CertificatesWant {
  readonly named: readonly NamedCertificate[];
  readonly listeners: readonly ListenerCertificates[];
}

export interface CertificatesSeen {
  /** By ARN; those of other regions and accounts, and those of IAM, are not asked for. */
  readonly named: ReadonlyMap<string, Seen<AcmCertificate | undefined>>;
  /** Where a listener names none. */
  readonly issued?: Seen<readonly Pick<AcmCertificate, 'arn' | 'names'>[]>;
}

const isHere = (setting: Setting, arn: string): boolean => {
  const parsed = parseArn(arn);
  return (
    parsed?.service === 'acm' && parsed.region === setting.region && parsed.account === setting.accounts.eks
  );
};

/** Server certificates of IAM are legitimate, and old: nothing is said of them. */
const isOfIam = (arn: string): boolean => parseArn(arn)?.service === 'iam';

export async function observeCertificates(
  setting: Setting,
  want: CertificatesWant,
  store: CertificateStore,
  signal: AbortSignal,
): Promise<CertificatesSeen> {
  const all = [...want.named, ...want.listeners.flatMap(({ named }) => named)].map(({ arn }) => arn);
  const named = new Map<string, Seen<AcmCertificate | undefined>>();
  for (const arn of new Set(all)) {
    if (isHere(setting, arn)) named.set(arn, await store.describe(arn, signal));
  }
  const searched = want.listeners.some((listener) => listener.named.length === 0);
  return { named, ...(searched && { issued: await store.issued(signal) }) };
}

/** LBC's rule (pkg/certs/cert_discovery.go), and every browser's: a wildcard stands for exactly one label. */
export const coversName = (name: string, host: string): boolean =>
  name === host || (name.startsWith('*.') && host.slice(host.indexOf('.')) === name.slice(1));

const covers = ({ names }: Pick<AcmCertificate, 'names'>, host: string): boolean =>
  names.some((name) => coversName(name, host));

const days = (milliseconds: number): number => Math.floor(milliseconds / 86_400_000);

/** Days before the end from which on it is said. */
const atMost = 30;

export function judgeCertificates(
  setting: Setting,
  want: CertificatesWant,
  seen: CertificatesSeen,
): readonly Finding[] {
  const named = new Map(
    [...want.named, ...want.listeners.flatMap((listener) => listener.named)].map((each) => [each.arn, each]),
  );
  return [
    ...[...named.values()].flatMap((each) => judgeOne(setting, each, seen.named.get(each.arn))),
    ...want.listeners.flatMap((listener) => judgeListener(setting, listener, seen) ?? []),
    ...(seen.issued === undefined || 'value' in seen.issued
      ? []
      : [notSeen(seen.issued, 'Which certificates the load balancer controller finds', setting.roles.eks)]),
  ];
}

type Said = Pick<Finding, 'severity' | 'code' | 'message' | 'hint'> & {
  /** What ACM says of it. */
  readonly saw?: string;
};

function judgeOne(
  setting: Setting,
  certificate: NamedCertificate,
  seen: Seen<AcmCertificate | undefined> | undefined,
): readonly Finding[] {
  const { arn, ref, source } = certificate;
  const place = { ref, ...(source && { source }) };
  if (seen !== undefined && !('value' in seen)) {
    const denied = notSeen(seen, `The certificate \`${arn}\` of ${ref}`, setting.roles.eks);
    return [{ ...denied, ...place }];
  }
  const said = wrongWith(setting, certificate, seen);
  if (said === undefined) return [];
  const { severity, code, message, hint, saw } = said;
  const evidence = saw === undefined ? undefined : [{ from: `acm:DescribeCertificate ${arn}`, saw }];
  return [finding(severity, code, message, { ...place, hint, ...(evidence && { evidence }) })];
}

function wrongWith(
  setting: Setting,
  certificate: NamedCertificate,
  seen: { readonly at: Date; readonly value: AcmCertificate | undefined } | undefined,
): Said | undefined {
  if (seen === undefined) return isOfIam(certificate.arn) ? undefined : elsewhere(setting, certificate);
  if (seen.value === undefined) return notThere(setting, certificate);
  if (seen.value.managedBy === 'CLOUDFRONT') return ofCloudFront(certificate);
  if (seen.value.status !== 'ISSUED') return notIssued(seen.value, certificate.ref, setting);
  return runningOut(setting, certificate, seen.value, seen.at);
}

const elsewhere = ({ region, accounts }: Setting, { arn, ref }: NamedCertificate): Said => ({
  severity: 'error',
  code: 'certificate/elsewhere',
  message: `${ref} names the certificate \`${arn}\`, which is not in account ${accounts.eks}, region ${region}: a load balancer takes only those of its own.`,
  hint: `Name a certificate of account ${accounts.eks} in ${region}; request or import it there.`,
});

const notThere = ({ region }: Setting, { arn, ref }: NamedCertificate): Said => ({
  severity: 'error',
  code: 'gateway/certificate-not-found',
  message: `${ref} names the certificate \`${arn}\`, which does not exist: the controller builds nothing of the whole Gateway.`,
  hint:
    'Correct the ARN: those that are there are listed by this command.\n' +
    `aws acm list-certificates --region ${region} --includes keyTypes=RSA_2048,RSA_3072,RSA_4096,EC_prime256v1,EC_secp384r1`,
});

const ofCloudFront = ({ arn, ref }: NamedCertificate): Said => ({
  severity: 'error',
  code: 'certificate/elsewhere',
  message: `The certificate \`${arn}\` of ${ref} belongs to CloudFront; no load balancer can use it.`,
  hint: 'Request one of your own.',
});

/** Nothing while there is time enough, or where nobody knows how much. */
function runningOut(
  { region }: Setting,
  { arn, ref }: NamedCertificate,
  { type, notAfter }: AcmCertificate,
  now: Date,
): Said | undefined {
  if (notAfter === undefined) return undefined;
  const left = notAfter.getTime() - now.getTime();
  if (left > 0 && days(left) >= atMost) return undefined;
  const hint =
    type === 'IMPORTED'
      ? `ACM does not renew what was imported: import its successor under the same ARN.\naws acm import-certificate --region ${region} --certificate-arn ${arn} --certificate fileb://cert.pem --private-key fileb://key.pem --certificate-chain fileb://chain.pem`
      : `ACM renews it by itself only while it is in use and its validation records stand.\naws acm describe-certificate --region ${region} --certificate-arn ${arn} --query Certificate.RenewalSummary`;
  const of = `The certificate \`${arn}\` of ${ref}`;
  return {
    ...(left <= 0
      ? { severity: 'error', code: 'certificate/expired', message: `${of} has expired.` }
      : {
          severity: 'warning',
          code: 'certificate/expires-soon',
          message: `${of} expires in ${days(left)} days.`,
        }),
    hint,
    saw: `NotAfter ${notAfter.toISOString()}, type ${type}`,
  };
}

function notIssued(
  { arn, status, failure, validation }: AcmCertificate,
  ref: string,
  { region }: Setting,
): Said {
  const records = validation.map(({ name, type, value }) => `${name} ${type} ${value}`);
  const pending = status === 'PENDING_VALIDATION';
  const hint = pending
    ? records.length === 0
      ? 'Its domain is not proved yet: answer the mail that ACM has sent, or ask for validation by DNS.'
      : `Its domain is not proved yet (ACM gives up after 72 hours): put these records into the hosted zone.\n${records.join('\n')}`
    : `Request a new one, and name its ARN in ${ref}.\naws acm describe-certificate --region ${region} --certificate-arn ${arn}`;
  return {
    severity: 'error',
    code: status === 'EXPIRED' ? 'certificate/expired' : 'certificate/not-issued',
    message: `The certificate \`${arn}\` of ${ref} is ${status}, not ISSUED: no listener can use it.`,
    hint,
    saw: failure === undefined ? `Status ${status}` : `Status ${status}, FailureReason ${failure}`,
  };
}

const judgeListener = (
  setting: Setting,
  listener: ListenerCertificates,
  seen: CertificatesSeen,
): Finding | undefined =>
  listener.named.length === 0
    ? noneFound(setting, listener, seen.issued)
    : noneCovers(setting, listener, seen.named);

/** A listener that names none: LBC looks through all that are issued. */
function noneFound(
  setting: Setting,
  { host, listener, route, routeSource }: ListenerCertificates,
  issued: CertificatesSeen['issued'],
): Finding | undefined {
  if (issued === undefined || !('value' in issued)) return undefined;
  if (issued.value.some((each) => covers(each, host))) return undefined;
  return finding(
    'error',
    'gateway/certificate-not-found',
    `No certificate that is issued in account ${setting.accounts.eks}, region ${setting.region} covers \`${host}\`, and ${listener} names none: the controller builds nothing of the whole Gateway.`,
    {
      ref: route,
      ...(routeSource && { source: routeSource }),
      hint: `Request one, or name one in a LoadBalancerConfiguration (\`defaultCertificate\` of HTTPS).\n${request(setting, [host])}`,
      evidence: issued.value.slice(0, 20).map(({ arn, names }) => ({ from: arn, saw: names.join(', ') })),
    },
  );
}

/** Nothing is said of a listener while one of its certificates could not be seen: that one may cover the host. */
function noneCovers(
  setting: Setting,
  { host, listener, named, route, routeSource }: ListenerCertificates,
  seen: CertificatesSeen['named'],
): Finding | undefined {
  const blind = named.some(({ arn }) => {
    const each = seen.get(arn);
    return isOfIam(arn) || (each !== undefined && !('value' in each));
  });
  const known = named.flatMap(({ arn }) => {
    const each = seen.get(arn);
    return (each !== undefined && 'value' in each ? each.value : undefined) ?? [];
  });
  if (blind || known.length === 0 || known.some((each) => covers(each, host))) return undefined;
  const names = known.flatMap((each) => each.names);
  const { ref } = named[0] ?? { ref: listener };
  const wildcard = names.find((name) => name.startsWith('*.') && host.endsWith(name.slice(1)));
  const depth = wildcard === undefined ? '' : ` \`${wildcard}\` stands for exactly one label.`;
  return finding(
    'error',
    'certificate/wrong-name',
    `No certificate of ${listener} covers \`${host}\`: they have ${[...new Set(names)].map((name) => `\`${name}\``).join(', ')}.${depth}`,
    {
      ref: route,
      ...(routeSource && { source: routeSource }),
      hint: `Request a certificate that has the name too, and add its ARN to \`certificates\` in ${ref}; or publish a name that is covered.\n${request(setting, [host, ...(known.length === 1 ? names : [])])}`,
      evidence: known.map((each) => ({
        from: `acm:DescribeCertificate ${each.arn}`,
        saw: each.names.join(', '),
      })),
    },
  );
}

function request({ region }: Setting, names: readonly string[]): string {
  const [first = '', ...others] = [...new Set(names)];
  const more =
    others.length === 0 ? '' : ` --subject-alternative-names ${others.map((name) => `'${name}'`).join(' ')}`;
  return `aws acm request-certificate --region ${region} --validation-method DNS --domain-name '${first}'${more}`;
}
