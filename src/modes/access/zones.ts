// The hosted zones of a run, read with the rights of the role in the DNS account, and their name servers.
import pLimit from 'p-limit';
import { route53ZoneReader } from '../../aws/route53.ts';
import type { Authority } from '../../chain/nameservers.ts';
import type { WholeZoneReader } from '../../chain/zone.ts';
import { createAuthority } from '../../dns/authority.ts';
import { createLookup } from '../../dns/resolve.ts';
import type { DomainReader } from '../../preview/orphans.ts';
import type { Run } from '../../run.ts';
import type { SignedIn } from './sign-in.ts';

export const zonesOf = (
  { inputs, clock }: Pick<Run, 'inputs' | 'clock'>,
  { aws, dns }: SignedIn,
): WholeZoneReader & DomainReader =>
  route53ZoneReader({
    aws,
    credentials: dns,
    clock,
    ...(inputs.hostedZoneId !== undefined && { hostedZoneId: inputs.hostedZoneId }),
  });

/** Asks the servers that the input `name-servers` names in place of the zones' own, where it does. */
export const authorityOf = ({ inputs }: Run): Authority =>
  createAuthority({ lookup: createLookup(), overrides: inputs.nameServers, limit: pLimit(32) });
