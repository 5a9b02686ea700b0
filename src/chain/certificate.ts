// The link `certificate`: every address shows a certificate that is trusted, covers the host and has not expired.
import type { Clock } from '../clock.ts';
import type { Code } from '../verdict/codes.ts';
import type { Seen } from '../verdict/seen.ts';
import { broken, type Evidence, ok, skipped, type Verdict, waiting } from '../verdict/verdict.ts';
import { judgeNotSeen } from './look.ts';
import { unreachableHint } from './private-address.ts';

export interface Certificate {
  /** Subject alternative names as the certificate has them, without `DNS:`; at most 100. */
  readonly names: readonly string[];
  readonly issuer: string;
  readonly subject: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly fingerprint256: string;
  /** A name of it covers the host; a wildcard covers one label (RFC 6125 section 6.4.3). */
  readonly covers: boolean;
  /** The chain leads to a root that the runner trusts, and every certificate of it is in its time. */
  readonly authorized: boolean;
  /** Node's reason when it is not: `CERT_HAS_EXPIRED`, `SELF_SIGNED_CERT_IN_CHAIN` … */
  readonly error?: string;
}

export interface Unreachable {
  /** A sentence's tail: `connection refused`, `no TLS connection within 10 s`. */
  readonly unreachable: string;
}

/** The port to the TLS side of a load balancer. Rejects with the signal's reason when it aborts, and with nothing else. */
export interface CertificateReader {
  certificate(host: string, address: string, signal: AbortSignal): Promise<Certificate | Unreachable>;
}

export interface CertificateWant {
  readonly host: string;
  readonly addresses: readonly string[];
}

export type CertificateValue = readonly {
  readonly address: string;
  readonly shown: Certificate | Unreachable;
}[];

export const observeCertificate = async (
  want: CertificateWant,
  reader: CertificateReader,
  clock: Pick<Clock, 'now'>,
  signal: AbortSignal,
): Promise<Seen<CertificateValue>> => {
  const shown = want.addresses.map(async (address) => ({
    address,
    shown: await reader.certificate(want.host, address, signal),
  }));
  const value = await Promise.all(shown);
  return { at: clock.now(), value };
};

const day = (moment: Date): string =>
  Number.isNaN(moment.getTime()) ? 'an unreadable date' : moment.toISOString().slice(0, 10);

const named = (names: readonly string[]): string =>
  names.length === 0
    ? 'no name'
    : names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');

interface Trouble {
  readonly code: Extract<Code, `certificate/${string}`>;
  readonly state: 'waiting' | 'broken';
  readonly message: string;
  readonly hint: string;
}

const troubleAt = (
  host: string,
  address: string,
  shown: Certificate | Unreachable,
  at: Date,
): Trouble | undefined => {
  if ('unreachable' in shown)
    return {
      code: 'certificate/unreachable',
      state: 'waiting',
      message: `No TLS connection for ${host} at ${address}: ${shown.unreachable}.`,
      hint: unreachableHint(address),
    };
  if (!shown.covers)
    return {
      code: 'certificate/wrong-name',
      state: 'broken',
      message: `The certificate at ${address} does not cover ${host}: it is for ${named(shown.names)}.`,
      hint: `Give the Gateway's HTTPS listener a certificate that covers ${host} (a wildcard covers one label only).`,
    };
  if (shown.validTo < at)
    return {
      code: 'certificate/expired',
      state: 'broken',
      message: `The certificate for ${host} at ${address} expired on ${day(shown.validTo)}.`,
      hint: 'Renew the certificate; ACM renews by itself only while its validation records stand.',
    };
  if (shown.validFrom > at)
    return {
      code: 'certificate/untrusted',
      state: 'waiting',
      message: `The certificate for ${host} at ${address} is valid only from ${day(shown.validFrom)}.`,
      hint: '',
    };
  if (!shown.authorized)
    return {
      code: 'certificate/untrusted',
      state: 'broken',
      message: `The certificate for ${host} at ${address} is not trusted: ${shown.error ?? 'no reason given'}.`,
      hint: 'Use a certificate of a public authority (ACM), or make your own authority known to the runner with NODE_EXTRA_CA_CERTS.',
    };
  return undefined;
};

/** What waiting cannot help comes first; then what was seen first. */
const worst = (troubles: readonly Trouble[]): Trouble | undefined =>
  (['certificate/wrong-name', 'certificate/expired', 'certificate/untrusted'] as const)
    .map((code) => troubles.find((trouble) => trouble.code === code))
    .find((trouble) => trouble !== undefined) ?? troubles[0];

const evidenceOf = (value: CertificateValue): readonly Evidence[] =>
  value.map(({ address, shown }) => ({
    from: `TLS ${address}`,
    saw:
      'unreachable' in shown
        ? shown.unreachable
        : `${named(shown.names)}; issued by ${shown.issuer}; valid until ${day(shown.validTo)}; ${shown.authorized ? 'trusted' : (shown.error ?? 'not trusted')}; SHA-256 ${shown.fingerprint256}`,
  }));

/**
 * Every address must be right. A wrong name is `broken`, but its settle time is long: ALB serves the listener's default
 * certificate until one that was just attached is in place (research C4).
 */
export const judgeCertificate = (want: CertificateWant, seen: Seen<CertificateValue>): Verdict => {
  if (!('value' in seen)) return judgeNotSeen(seen, `The certificate of ${want.host}`);
  if (seen.value.length === 0)
    return skipped('look/not-reached', { message: `No address of ${want.host} is known.` });
  const evidence = evidenceOf(seen.value);
  const troubles = seen.value.flatMap(
    ({ address, shown }) => troubleAt(want.host, address, shown, seen.at) ?? [],
  );
  const trouble = worst(troubles);
  if (trouble !== undefined) {
    const said = { message: trouble.message, hint: trouble.hint, evidence };
    return trouble.state === 'broken' ? broken(trouble.code, said) : waiting(trouble.code, said);
  }
  const until = seen.value.map(({ shown }) => ('unreachable' in shown ? seen.at : shown.validTo));
  const first = until.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? seen.at;
  const where = seen.value.length === 1 ? 'the one address' : `all ${seen.value.length} addresses`;
  return ok(`A trusted certificate covers ${want.host} at ${where}, valid until ${day(first)}.`, evidence);
};
