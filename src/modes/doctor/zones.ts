// The part of the doctor about the hosted zone: whether there is one for each host, and the world is sent to it.
import type { ZoneReader } from '../../chain/zone.ts';
import { judgeZones, observeZones, type ZonesSeen } from '../../preflight/zones.ts';
import type { Run } from '../../run.ts';
import { authorityOf } from '../access/zones.ts';
import type { Look, Say } from './look.ts';
import { previewFindings } from './previews.ts';
import type { Surroundings } from './surroundings.ts';

export async function lookAtZones(
  run: Run,
  { setting }: Look,
  around: Surroundings,
  zones: ZoneReader,
  say: Say,
): Promise<ZonesSeen> {
  const hosts = around.hosts.map(({ host }) => host);
  const seen = await observeZones(hosts, zones, authorityOf(run), run.signal);
  say('The hosted zone and its delegation', judgeZones(setting, seen));
  if (run.inputs.preview.wildcard)
    say('The wildcard record of previews', await previewFindings(run, setting, around, zones));
  const [first] = seen.zones;
  if (first !== undefined) run.draft.zone(first.zone.name);
  return seen;
}
