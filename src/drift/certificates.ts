// Certificates that run out without anybody's edit: expiry, renewal, what ACM says of them.
import type { AcmCertificate } from '../preflight/certificates.ts';
import { type ProofSeen, stands } from '../preflight/renewal.ts';
import { type Asked, balancerItem } from './asked.ts';
import type { Sighting } from './item.ts';
import type { BalancerState } from './load-balancer-state.ts';
import { recordTrace } from './traces.ts';

const day = 86_400_000;

/** ACM begins to renew 60 days before the end, and an import takes somebody's time. */
const soon = 45;
const urgent = 14;

/** Whoever imports certificates of 90 days or less exchanges them when a third of their life is left. */
const part = 4;

/** Days before the end from which on it is told, and from which on it is an error. */
const limitsOf = (certificate: AcmCertificate, mends: boolean) => {
  const { notBefore, notAfter } = certificate;
  if (mends) return { told: urgent, error: urgent };
  if (notBefore === undefined || notAfter === undefined) return { told: soon, error: urgent };
  const life = (notAfter.getTime() - notBefore.getTime()) / day;
  const told = Math.min(soon, Math.floor(life / part));
  return { told, error: Math.min(urgent, Math.floor(told / 2)) };
};

const renewable = ({ type, renewal }: AcmCertificate): boolean =>
  type !== 'IMPORTED' && renewal?.eligible !== false;

const stuck = ({ renewal }: AcmCertificate): boolean =>
  renewal?.status === 'FAILED' || renewal?.status === 'PENDING_VALIDATION';

const whyNot = (certificate: AcmCertificate): string => {
  const { type, renewal } = certificate;
  if (type === 'IMPORTED')
    return 'ACM does not renew what was imported: import its successor under the same ARN.';
  if (renewal?.status === 'FAILED')
    return `ACM could not renew it${renewal.reason === undefined ? '' : ` (${renewal.reason})`}: look at its validation records.`;
  if (renewal?.status === 'PENDING_VALIDATION')
    return 'Its validation records are missing in the zone: write them back.';
  return 'It is in use by no service that ACM knows of, or exported: issue it anew.';
};

/** @param path of the listener */
export const judgeCertificate = (
  asked: Asked,
  state: BalancerState,
  path: string,
  certificate: AcmCertificate | undefined,
  arn: string,
): readonly Sighting[] => {
  const item = (
    what: string,
    rest: Pick<Sighting, 'wanted' | 'found' | 'severity' | 'remedy'> & Partial<Sighting>,
  ) => balancerItem(asked, state, { path: `${path}.certificates[${arn}].${what}`, heals: false, ...rest });
  if (certificate === undefined)
    return [
      item('status', {
        wanted: 'ISSUED',
        found: null,
        severity: 'error',
        remedy: 'Make or import it again, and name it in the LoadBalancerConfiguration.',
      }),
    ];
  const { status, notAfter } = certificate;
  if (status !== 'ISSUED')
    return [
      item('status', { wanted: 'ISSUED', found: status, severity: 'error', remedy: 'Look at it in ACM.' }),
    ];
  if (notAfter === undefined) return [];
  const days = Math.floor((notAfter.getTime() - asked.at.getTime()) / day);
  const mends = renewable(certificate) && !stuck(certificate);
  // What ACM renews by itself is nobody's business until it is late.
  const { told, error } = limitsOf(certificate, mends);
  if (days > told) return [];
  return [
    item('notAfter', {
      wanted: `more than ${told} days of life`,
      found: `${notAfter.toISOString().slice(0, 10)} (in ${days} days)`,
      severity: days <= error ? 'error' : 'warning',
      heals: mends ? { by: 'AWS Certificate Manager', until: notAfter.toISOString() } : false,
      remedy: mends ? 'ACM should have renewed it by now: look at it there.' : whyNot(certificate),
    }),
  ];
};

/** Those that ACM renews by itself, as long as it finds the records that prove their domains. */
export const isProvedByRecords = ({ type, status, proofs = [] }: AcmCertificate): boolean =>
  type === 'AMAZON_ISSUED' && status === 'ISSUED' && proofs.length > 0;

/** A record that ACM will look for, months after somebody has tidied it away. */
export const judgeProof = (proof: ProofSeen): readonly Sighting[] => {
  const { record, zone, values } = proof;
  if (stands(proof) !== false || !('value' in values)) return [];
  const name = record.name.toLowerCase().replace(/\.$/, '');
  return [
    {
      layer: 'route53',
      ref: `Record ${name}`,
      path: record.type,
      wanted: record.value,
      found: values.value.join(', ') || null,
      heals: false,
      severity: 'warning',
      remedy:
        'Put it back: ACM looks for it before each renewal of the certificate, and renews none without it.',
      trace: recordTrace(zone, [name], record.type),
    },
  ];
};
