// The part of the doctor about ExternalDNS's settings: those of each that will be there after a deploy.
import { judgeExternalDns } from '../../preflight/external-dns.ts';
import { type ZonesSeen, zoneOf } from '../../preflight/zones.ts';
import type { Run } from '../../run.ts';
import type { Look, Say } from './look.ts';
import type { Surroundings } from './surroundings.ts';

export function lookAtExternalDns(
  { inputs }: Run,
  { setting }: Look,
  around: Surroundings,
  zones: ZonesSeen,
  say: Say,
): void {
  for (const workload of around.workloads?.coming ?? []) {
    if (workload.controller !== 'externalDns') continue;
    const want = {
      hosts: around.hosts,
      gateways: around.gateways,
      namespace: inputs.namespace,
      zoneOf: (host: string) => zoneOf(zones, host),
    };
    say("ExternalDNS's settings", judgeExternalDns(setting, workload, want));
  }
}
