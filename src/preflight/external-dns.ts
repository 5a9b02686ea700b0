// ExternalDNS's settings: who owns its records, what it does with them, and which hosts it leaves out.
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { excludedBy } from '../externaldns/excludes.ts';
import type { ExternalDnsSettings } from '../externaldns/settings.ts';
import type { PublishedHost } from '../gateway/hosts.ts';
import { namespaceOf } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Setting } from './setting.ts';
import { sayWorkload, type Workload } from './workloads.ts';

export interface ExternalDnsWant {
  readonly hosts: readonly PublishedHost[];
  /** All that are known. */
  readonly gateways: readonly KubernetesObject[];
  /** Of objects that name none. */
  readonly namespace: string;
  /** The zone of a host, where it is known. */
  readonly zoneOf: (host: string) => { readonly id: string; readonly name: string } | undefined;
}

export function judgeExternalDns(
  setting: Setting,
  workload: Workload,
  want: ExternalDnsWant,
): readonly Finding[] {
  const { settings } = workload;
  if (settings === undefined) return [];
  const who = sayWorkload(workload);
  const place = { ref: refOf(workload.deployment), ...(workload.source && { source: workload.source }) };
  const said = [
    ownershipOf(setting, settings, who),
    policyOf(settings, who),
    assumedRoleOf(settings, who),
  ].flatMap((each) => each ?? []);
  return [
    ...said.map(({ severity, code, message, hint }) => finding(severity, code, message, { ...place, hint })),
    ...excluded(workload, settings, want),
  ];
}

type Said = Pick<Finding, 'severity' | 'code' | 'message' | 'hint'>;

const inValues = (lines: string, besides = ''): string =>
  `Set it in the chart's values.${besides}\nexternal-dns:\n${lines}`;

/** How it knows which records are its own. */
function ownershipOf(
  { cluster }: Setting,
  { registry, txtOwnerId, policy }: ExternalDnsSettings,
  who: string,
): Said | undefined {
  if (registry === 'noop')
    return {
      severity: 'warning',
      code: 'externaldns/registry',
      message: `${who} runs with --registry=noop: it marks no record as its own, and changes and deletes those of others.`,
      hint: inValues('  registry: txt'),
    };
  if (txtOwnerId !== 'default') return undefined;
  // With sync, two clusters with the same owner id delete each other's records.
  const deletes = policy === 'sync';
  return {
    severity: deletes ? 'error' : 'warning',
    code: 'externaldns/owner-id-default',
    message: `${who} has no owner id of its own (--txt-owner-id is "default"): any other cluster that writes to the zone without one takes the records for its own${deletes ? ', and deletes them if it runs with --policy=sync as this one does' : ''}.`,
    hint: inValues(
      `  txtOwnerId: ${cluster}`,
      ' The records that it has written so far stay with the owner "default", and it no longer touches them: put the new owner into their TXT records as well.',
    ),
  };
}

/** What it does with records that are no longer wanted, or wanted otherwise. */
function policyOf({ policy }: ExternalDnsSettings, who: string): Said | undefined {
  if (policy === 'sync') return undefined;
  const [code, hint] = ['externaldns/policy', inValues('  policy: sync')] as const;
  if (policy === undefined)
    return {
      severity: 'error',
      code,
      message: `${who} runs without --policy, which it demands since 0.22.`,
      hint,
    };
  return {
    severity: 'warning',
    code,
    message:
      policy === 'upsert-only'
        ? `${who} runs with --policy=upsert-only: the records of hosts that leave the repository stay, and point to load balancers that may belong to others one day.`
        : `${who} runs with --policy=create-only: a record is never changed, so it keeps pointing to the old load balancer when there is a new one.`,
    hint,
  };
}

const assumedRoleOf = ({ assumeRole }: ExternalDnsSettings, who: string): Said | undefined =>
  assumeRole === ''
    ? undefined
    : {
        severity: 'warning',
        code: 'externaldns/extra-hop',
        message: `${who} runs with --aws-assume-role=${assumeRole}: with EKS Pod Identity this is one more hop, whose trust policy has to admit sts:TagSession as well.`,
        hint: 'Make the role the target role of the pod identity association, and remove the flag.',
      };

/** One finding a reason: a wrong filter leaves out many hosts. */
function excluded(
  workload: Workload,
  settings: ExternalDnsSettings,
  want: ExternalDnsWant,
): readonly Finding[] {
  const reasons = new Map<string, { readonly host: PublishedHost; readonly reason: string }[]>();
  for (const host of want.hosts) {
    const zone = want.zoneOf(host.host);
    const object = host.route.object;
    const route = {
      ...object,
      metadata: { ...object.metadata, namespace: namespaceOf(object, want.namespace) },
    };
    const gateways = want.gateways.filter((gateway) =>
      host.parents.some(
        ({ name, namespace }) =>
          gateway.metadata.name === name && namespaceOf(gateway, want.namespace) === namespace,
      ),
    );
    const reason = excludedBy(settings, { host: host.host, route, gateways, ...(zone && { zone }) });
    if (reason === undefined) continue;
    // Reasons name their host; without it the same reason is the same for all.
    const shared = reason.replaceAll(host.host, 'these hosts');
    reasons.set(shared, [...(reasons.get(shared) ?? []), { host, reason }]);
  }
  return [...reasons].map(([shared, hosts]) => {
    const [first, ...others] = hosts;
    const reason = others.length === 0 ? (first?.reason ?? shared) : shared;
    const names = hosts.map(({ host: { host } }) => `\`${host}\``);
    const shown =
      names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
    return finding(
      'error',
      'record/external-dns-excludes',
      `ExternalDNS will write no record for ${shown}: ${reason}.`,
      {
        ref: refOf(workload.deployment),
        ...(first && { source: first.host.route.source }),
        hint: "Change the setting in the values of ExternalDNS's chart; it logs nothing about it.",
      },
    );
  });
}
