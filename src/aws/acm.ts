// Reads certificates from ACM.
import {
  ACMClient,
  type CertificateDetail,
  DescribeCertificateCommand,
  type DomainValidation,
  type KeyAlgorithm,
  type ListCertificatesCommandInput,
  paginateListCertificates,
} from '@aws-sdk/client-acm';
import type { Clock } from '../clock.ts';
import type { AcmCertificate, CertificateStore, ProofRecord } from '../preflight/certificates.ts';
import { type AwsSettings, type CredentialSource, configuration } from './clients.ts';
import { hasCode } from './denial.ts';
import { look } from './look.ts';

export interface CertificateStoreSettings {
  readonly aws: AwsSettings;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
}

/** ACM lists only RSA_1024 and RSA_2048 unless it is asked for more; LBC asks for all. */
const keyTypes: KeyAlgorithm[] = [
  'RSA_1024',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'EC_prime256v1',
  'EC_secp384r1',
  'EC_secp521r1',
];

export function certificateStore(settings: CertificateStoreSettings): CertificateStore & { close(): void } {
  const { aws, credentials, clock } = settings;
  const client = new ACMClient({ ...configuration(aws), credentials });
  return {
    describe: (arn, signal) =>
      look({ service: 'ACM', action: 'acm:DescribeCertificate', resource: arn }, clock, signal, () =>
        describe(client, arn, signal),
      ),
    issued: (signal) =>
      look({ service: 'ACM', action: 'acm:ListCertificates', resource: '*' }, clock, signal, () =>
        issued(client, signal),
      ),
    close: () => client.destroy(),
  };
}

async function describe(
  client: ACMClient,
  arn: string,
  signal: AbortSignal,
): Promise<AcmCertificate | undefined> {
  try {
    const command = new DescribeCertificateCommand({ CertificateArn: arn });
    const { Certificate: found } = await client.send(command, { abortSignal: signal });
    return found && certificateOf(arn, found);
  } catch (error) {
    if (hasCode(error, 'ResourceNotFound')) return undefined;
    throw error;
  }
}

async function issued(
  client: ACMClient,
  signal: AbortSignal,
): Promise<readonly Pick<AcmCertificate, 'arn' | 'names'>[]> {
  const wanted: ListCertificatesCommandInput = {
    CertificateStatuses: ['ISSUED'],
    Includes: { keyTypes },
  };
  const found: Pick<AcmCertificate, 'arn' | 'names'>[] = [];
  const pages = paginateListCertificates({ client }, wanted, { abortSignal: signal });
  for await (const { CertificateSummaryList = [] } of pages) {
    for (const {
      CertificateArn: arn = '',
      DomainName,
      SubjectAlternativeNameSummaries,
    } of CertificateSummaryList)
      found.push({ arn, names: namesOf(DomainName, SubjectAlternativeNameSummaries) });
  }
  return found;
}

const namesOf = (domain: string | undefined, others: readonly string[] | undefined): readonly string[] => [
  ...new Set(
    [...(others ?? []), domain ?? ''].filter((name) => name !== '').map((name) => name.toLowerCase()),
  ),
];

const certificateOf = (arn: string, found: CertificateDetail): AcmCertificate => ({
  arn,
  status: found.Status ?? 'unknown',
  names: namesOf(found.DomainName, found.SubjectAlternativeNames),
  type: found.Type ?? 'unknown',
  ...(found.NotBefore && { notBefore: found.NotBefore }),
  ...(found.NotAfter && { notAfter: found.NotAfter }),
  ...(found.FailureReason !== undefined && { failure: found.FailureReason }),
  ...(found.ManagedBy !== undefined && { managedBy: found.ManagedBy }),
  ...(found.RenewalEligibility !== undefined && {
    renewal: {
      eligible: found.RenewalEligibility === 'ELIGIBLE',
      ...(found.RenewalSummary?.RenewalStatus !== undefined && {
        status: found.RenewalSummary.RenewalStatus,
      }),
      ...(found.RenewalSummary?.RenewalStatusReason !== undefined && {
        reason: found.RenewalSummary.RenewalStatusReason,
      }),
    },
  }),
  validation: proofsOf(found, ({ ValidationStatus }) => ValidationStatus !== 'SUCCESS'),
  proofs: proofsOf(found, () => true),
});

const proofsOf = (
  { DomainValidationOptions = [] }: CertificateDetail,
  wanted: (option: DomainValidation) => boolean,
): readonly ProofRecord[] =>
  DomainValidationOptions.filter(wanted).flatMap(({ ResourceRecord: record }) =>
    record === undefined
      ? []
      : [{ name: record.Name ?? '', type: record.Type ?? '', value: record.Value ?? '' }],
  );
