// The EKS Pod Identity Agent: without it no pod gets credentials from its association.
import { field, number } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import type { ClusterReader } from '../chain/cluster.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Seen } from '../verdict/seen.ts';
import { notSeen } from './not-seen.ts';
import type { Setting } from './setting.ts';

const agentName = 'eks-pod-identity-agent';

export interface Addon {
  /** `ACTIVE`, `CREATING`, `CREATE_FAILED`, `DEGRADED`, `UPDATE_FAILED` … */
  readonly status: string;
  readonly version: string;
  /** `code: message`. */
  readonly issues: readonly string[];
}

/** The port to a cluster's add-ons; `undefined` when it is not installed. */
export interface AddonReader {
  addon(name: string, signal: AbortSignal): Promise<Seen<Addon | undefined>>;
}

export interface AgentSeen {
  readonly addon: Seen<Addon | undefined>;
  /** Where there is no add-on: somebody may have installed the agent without it. Absent: the cluster was not reached. */
  readonly daemonSet?: Seen<KubernetesObject | undefined>;
}

const daemonSets = { apiVersion: 'apps/v1', kind: 'DaemonSet', plural: 'daemonsets' };

export async function observeAgent(
  reader: AddonReader,
  cluster: ClusterReader | undefined,
  signal: AbortSignal,
): Promise<AgentSeen> {
  const addon = await reader.addon(agentName, signal);
  if (cluster === undefined || ('value' in addon && addon.value !== undefined)) return { addon };
  return { addon, daemonSet: await cluster.get(daemonSets, 'kube-system', agentName, signal) };
}

/** @param autoMode the nodes of EKS Auto Mode have the agent built in */
export function judgeAgent(setting: Setting, autoMode: boolean, seen: AgentSeen): readonly Finding[] {
  if (autoMode) return [];
  const { addon, daemonSet } = seen;
  const installed = daemonSet !== undefined && 'value' in daemonSet ? daemonSet.value : undefined;
  if (installed !== undefined) return unready(installed);
  if (!('value' in addon)) return [notSeen(addon, `The add-on \`${agentName}\``, setting.roles.eks)];
  const { cluster, region } = setting;
  if (addon.value === undefined) {
    if (daemonSet !== undefined && !('value' in daemonSet))
      return [notSeen(daemonSet, `Whether a DaemonSet runs \`${agentName}\``, setting.roles.eks)];
    return [
      finding(
        'error',
        'identity/agent-missing',
        `The cluster \`${cluster}\` has no EKS Pod Identity Agent: pods get no credentials from their associations.`,
        {
          hint: `Install the add-on.\naws eks create-addon --cluster-name ${cluster} --region ${region} --addon-name ${agentName}`,
          evidence: [{ from: `eks:DescribeAddon ${agentName}`, saw: 'none' }],
        },
      ),
    ];
  }
  const { status, version, issues } = addon.value;
  if (status === 'ACTIVE') return [];
  const settling = /^(CREATING|UPDATING)$/.test(status);
  return [
    finding(
      settling ? 'warning' : 'error',
      'identity/agent-unhealthy',
      `The add-on \`${agentName}\` (${version}) of the cluster \`${cluster}\` is ${status}.`,
      {
        hint: settling
          ? 'Wait until it is ACTIVE.'
          : `See what its pods say; pods with an association get no credentials on nodes where it does not run.\nkubectl describe daemonset ${agentName} --namespace kube-system`,
        evidence: issues.map((saw) => ({ from: `eks:DescribeAddon ${agentName} health`, saw })),
      },
    ),
  ];
}

function unready(daemonSet: KubernetesObject): readonly Finding[] {
  const status = field(daemonSet, 'status');
  const wanted = number(status, 'desiredNumberScheduled') ?? 0;
  const ready = number(status, 'numberReady') ?? 0;
  if (ready >= wanted) return [];
  return [
    finding(
      'warning',
      'identity/agent-unhealthy',
      `The EKS Pod Identity Agent is ready on ${ready} of ${wanted} nodes.`,
      {
        hint: `See what its pods say.\nkubectl describe daemonset ${agentName} --namespace kube-system`,
        evidence: [{ from: `DaemonSet kube-system/${agentName} status`, saw: `${ready}/${wanted} ready` }],
      },
    ),
  ];
}
