// The part of the doctor about certificates: those of the listeners in ACM, and whether they will be renewed.
import { certificateStore } from '../../aws/acm.ts';
import type { ZoneReader } from '../../chain/zone.ts';
import { judgeCertificates, observeCertificates } from '../../preflight/certificates.ts';
import { judgeRenewals, observeProofs } from '../../preflight/renewal.ts';
import type { Run } from '../../run.ts';
import type { Look, Say } from './look.ts';
import { previewHosts } from './previews.ts';
import { certificatesOf, type Surroundings } from './surroundings.ts';

export async function lookAtCertificates(
  run: Run,
  { setting, signedIn }: Look,
  around: Surroundings,
  zones: ZoneReader,
  say: Say,
): Promise<void> {
  const { inputs, clock, signal } = run;
  const want = certificatesOf(around, inputs.namespace, previewHosts(run));
  const store = certificateStore({ aws: signedIn.aws, credentials: signedIn.cluster, clock });
  try {
    const certificates = await observeCertificates(setting, want, store, signal);
    const proofs = await observeProofs(want, certificates, zones, signal);
    say('The certificates of the listeners', [
      ...judgeCertificates(setting, want, certificates),
      ...judgeRenewals(setting, want, certificates, proofs),
    ]);
  } finally {
    store.close();
  }
}
