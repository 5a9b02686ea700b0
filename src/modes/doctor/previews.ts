// The part of the doctor about previews: the standing wildcard record, and a certificate that covers it.
import type { KubernetesObject } from '../../bundle/object.ts';
import { foundIn } from '../../chain/gateway.ts';
import { judgeWildcard, observeWildcard } from '../../chain/wildcard.ts';
import type { ZoneReader } from '../../chain/zone.ts';
import { namespaceOf } from '../../gateway/shapes.ts';
import type { CarriedHost } from '../../preflight/listeners.ts';
import { notSeen } from '../../preflight/not-seen.ts';
import type { Setting } from '../../preflight/setting.ts';
import type { Run } from '../../run.ts';
import { type Finding, finding } from '../../verdict/finding.ts';
import type { Surroundings } from './surroundings.ts';

/** All hosts of previews as one, at the preview Gateway; none where the inputs name no domain or no Gateway. */
export function previewHosts({ inputs }: Run): readonly CarriedHost[] {
  const { domain, gateway } = inputs.preview;
  if (domain === '' || gateway === undefined) return [];
  const { namespace, name, section } = gateway;
  const object: KubernetesObject = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace },
  };
  const parent = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace, name };
  return [
    {
      host: `*.${domain}`,
      route: { object },
      parents: [{ ...parent, ...(section !== undefined && { sectionName: section }) }],
    },
  ];
}

/** A name that no preview has. */
const anyHost = (domain: string): string => `eks-gateway-action-doctor.${domain}`;

/** Nothing where previews get records of their own: those are there only with the previews. */
export async function previewFindings(
  { inputs, signal }: Run,
  setting: Setting,
  { inCluster }: Surroundings,
  zones: ZoneReader,
): Promise<readonly Finding[]> {
  const { domain, gateway, wildcard } = inputs.preview;
  if (domain === '' || !wildcard) return [];
  const live = inCluster.find(
    (each) =>
      each.kind === 'Gateway' &&
      each.metadata.name === gateway?.name &&
      namespaceOf(each) === gateway.namespace,
  );
  const { loadBalancer } = foundIn(live);
  const want = { host: anyHost(domain), domain, ...(loadBalancer !== undefined && { loadBalancer }) };
  const seen = await observeWildcard(zones, want, signal);
  if (!('value' in seen)) return [notSeen(seen, `The record of \`*.${domain}\``, setting.roles.dns)];
  const verdict = judgeWildcard(want, seen);
  if (verdict.state !== 'broken') return [];
  const { code, message, hint, evidence } = verdict;
  return [finding('error', code, message, { hint, evidence })];
}
