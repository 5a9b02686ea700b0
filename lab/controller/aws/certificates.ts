// Finds certificates in ACM for hostnames, as the controller does when a listener names none itself.
import { type Access, callJson } from './signed.ts';

interface Listed {
  CertificateSummaryList?: { CertificateArn: string }[];
  NextToken?: string;
}
interface Described {
  Certificate?: { DomainName?: string; SubjectAlternativeNames?: string[]; Status?: string };
}

export async function certificatesFor(access: Access, hosts: string[]): Promise<string[]> {
  const domains = await issued(access);
  const found = new Set<string>();
  for (const host of hosts) {
    const matching = [...domains]
      .filter(([, names]) => names.some((name) => covers(name, host)))
      .map(([arn]) => arn);
    if (matching.length === 0) throw new Error(`no certificate found for host: ${host}`);
    for (const arn of matching) found.add(arn);
  }
  return [...found].sort();
}

async function issued(access: Access): Promise<Map<string, string[]>> {
  const domains = new Map<string, string[]>();
  let token: string | undefined;
  do {
    const page: Listed = await callJson(access, 'ACM', 'acm', 'CertificateManager.ListCertificates', {
      CertificateStatuses: ['ISSUED'],
      ...(token && { NextToken: token }),
    });
    for (const { CertificateArn } of page.CertificateSummaryList ?? []) {
      const { Certificate } = await callJson<Described>(
        access,
        'ACM',
        'acm',
        'CertificateManager.DescribeCertificate',
        { CertificateArn },
      );
      if (Certificate?.Status && Certificate.Status !== 'ISSUED') continue;
      domains.set(
        CertificateArn,
        [Certificate?.DomainName ?? '', ...(Certificate?.SubjectAlternativeNames ?? [])].filter(Boolean),
      );
    }
    token = page.NextToken;
  } while (token);
  return domains;
}

/** A wildcard stands for exactly one label; a wildcard host is covered only by the same wildcard. */
function covers(name: string, host: string): boolean {
  if (name === host) return true;
  return (
    name.startsWith('*.') &&
    !host.startsWith('*.') &&
    host.includes('.') &&
    host.slice(host.indexOf('.')) === name.slice(1)
  );
}
