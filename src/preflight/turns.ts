// Whether the role may keep the Lease by which runs of one bundle wait for each other.
import { type Finding, finding } from '../verdict/finding.ts';
import { quoted, type Setting } from './setting.ts';

/** What deploy and teardown do with it (kube/lease.ts); `delete`, at the end of a teardown, is not needed. */
const needed = ['get', 'create', 'patch'] as const;

/** The port to the API server's own answer (SelfSubjectAccessReview). */
export type MayKeepLeases = (
  verb: (typeof needed)[number],
  namespace: string,
  signal: AbortSignal,
) => Promise<boolean>;

/** The verbs that the role lacks on Leases of the namespace. */
export async function observeTurns(
  namespace: string,
  may: MayKeepLeases,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const lacking: string[] = [];
  for (const verb of needed) if (!(await may(verb, namespace, signal))) lacking.push(verb);
  return lacking;
}

export function judgeTurns(
  { roles }: Setting,
  namespace: string,
  lacking: readonly string[],
): readonly Finding[] {
  if (lacking.length === 0) return [];
  return [
    finding(
      'notice',
      'run/unguarded',
      `The role \`${roles.eks}\` may not ${lacking.join(', ')} leases.coordination.k8s.io in namespace ${namespace}: two runs of a bundle at once would not be kept apart.`,
      {
        hint: `Bind this Role to a group of its access entry, or give the workflow a \`concurrency\` group.\nkubectl create role eks-gateway-turns --namespace ${quoted(namespace)} --verb=get,create,patch,delete --resource=leases.coordination.k8s.io`,
      },
    ),
  ];
}
