// The part of the doctor about the controllers' identities: from the association of each to what its roles may do.
import { type IamReader, iamReader } from '../../aws/iam.ts';
import type { IdentityReader } from '../../aws/pod-identity.ts';
import { foundAssociation, judgeAssociation, observeAssociation } from '../../preflight/associations.ts';
import { judgePermissions, observePermissions, wantedPermissions } from '../../preflight/permissions.ts';
import { judgePods, observePods } from '../../preflight/pods.ts';
import { judgeRoles, observeRoles } from '../../preflight/trust.ts';
import { controllerNames, identitiesOf, type Workload } from '../../preflight/workloads.ts';
import { type ZonesSeen, zoneIdsOf } from '../../preflight/zones.ts';
import type { Run } from '../../run.ts';
import type { SignedIn } from '../access/sign-in.ts';
import type { Look, Say } from './look.ts';
import type { Surroundings } from './surroundings.ts';

export async function lookAtIdentities(
  run: Run,
  look: Look,
  around: Surroundings,
  zones: ZonesSeen,
  identity: IdentityReader,
  say: Say,
): Promise<void> {
  const roles = rolesOf(run, look.signedIn);
  try {
    for (const workload of around.workloads ? identitiesOf(around.workloads) : [])
      await lookAtIdentity(run, { ...look, workload, identity, roles, zones }, say);
  } finally {
    roles.close();
  }
}

interface Roles {
  in(account: string): IamReader;
  close(): void;
}

/** IAM of the two accounts, each seen by the role that is in it. */
function rolesOf({ clock }: Run, { aws, cluster, dns, accounts }: SignedIn): Roles {
  const eks = iamReader({ aws, credentials: cluster, clock });
  const zone = iamReader({ aws, credentials: dns, clock });
  return {
    in: (account) => (account === accounts.dns && account !== accounts.eks ? zone : eks),
    close: () => {
      eks.close();
      zone.close();
    },
  };
}

interface IdentityLook extends Look {
  readonly workload: Workload;
  readonly identity: IdentityReader;
  readonly roles: Roles;
  readonly zones: ZonesSeen;
}

async function lookAtIdentity({ signal }: Run, look: IdentityLook, say: Say): Promise<void> {
  const { setting, workload, identity, roles, reader, zones } = look;
  const name = controllerNames[workload.controller];
  const seen = await observeAssociation(workload, identity, reader, signal);
  say(`The pod identity association of ${name}`, judgeAssociation(setting, workload, seen));
  const association = foundAssociation(seen);
  if (association === undefined) return;
  if (workload.installed && reader !== undefined) {
    const pods = await observePods(workload, reader, signal);
    say(`The pods of ${name}`, judgePods(setting, workload, association, pods));
  }
  const trust = await observeRoles(association, roles.in, signal);
  say(`The trust policies of ${name}'s roles`, judgeRoles(setting, workload, association, trust));
  if (workload.controller !== 'externalDns') return;
  const wanted = wantedPermissions(setting, association, zoneIdsOf(zones));
  const permissions = await observePermissions(wanted, roles.in, signal);
  say(`The permissions of ${name}'s roles`, judgePermissions(setting, workload, permissions));
}
