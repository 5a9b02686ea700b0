// The layer HTTPS of a drift check: each host's chain is walked once, without waiting.
import pLimit from 'p-limit';
import type { HostChain } from '../chain/link.ts';
import { firstNotOk, isLive } from '../chain/live.ts';
import { notReached, walk } from '../chain/walk.ts';
import type { Sighting } from '../drift/item.ts';
import type { ReportedHost, ReportedLink } from '../report/report.ts';
import type { Finding } from '../verdict/finding.ts';
import type { Verdict } from '../verdict/verdict.ts';
import type { DriftContext } from './drift-context.ts';
import { distinct, type LayerSeen, notChecked } from './drift-layer.ts';
import { chainOf, reported } from './live.ts';

const linkOf = (id: ReportedLink['id'], verdict: Verdict): ReportedLink => {
  const { state, message, evidence } = verdict;
  const trouble = state === 'ok' ? {} : { code: verdict.code, owner: verdict.owner, hint: verdict.hint };
  return { id, state, message, evidence, seconds: 0, ...trouble };
};

async function walked({ links }: HostChain, signal: AbortSignal): Promise<readonly ReportedLink[]> {
  const shown = links.map(({ id }) => linkOf(id, notReached()));
  await walk(links, signal, (index, look) => {
    const link = links[index];
    if (link === undefined) return;
    shown[index] = linkOf(link.id, look.verdict);
    const { revises } = look;
    const earlier = shown.findIndex(({ id }) => id === revises?.id);
    if (revises && earlier !== -1) shown[earlier] = linkOf(revises.id, revises.verdict);
  });
  return shown;
}

const sightingOf = ({ host, source }: ReportedHost, link: ReportedLink): Sighting => ({
  // The delegation is Route 53's, and not to be mended anywhere else.
  layer: link.id === 'nameservers' ? 'route53' : 'https',
  ref: `Host ${host}`,
  path: link.id,
  wanted: 'an accepted answer over HTTPS',
  found: link.message,
  heals: false,
  severity: 'error',
  remedy:
    link.hint === undefined || link.hint === ''
      ? 'Look at the link that is named.'
      : (link.hint.split('\n')[0] ?? ''),
  passing: true,
  ...(source && { source }),
});

/** One item a host that does not answer: its first link that is not ok. */
export async function lookAtHttps({ run, applied, ports, hosts }: DriftContext): Promise<LayerSeen> {
  const { draft, signal, clock } = run;
  const published = await hosts();
  const limit = pLimit(16);
  const found = await Promise.all(
    published.map((each) =>
      limit(async (): Promise<ReportedHost> => {
        const chain = chainOf(run, applied, each, ports);
        const links = await walked(chain, signal);
        const live = isLive(links);
        return reported({ host: chain.host, ref: chain.ref, live, links }, each.first);
      }),
    ),
  );
  draft.hosts(found);
  const sightings: Sighting[] = [];
  const unchecked: Finding[] = [];
  for (const host of found.filter(({ live }) => !live)) {
    const link = firstNotOk(host.links);
    if (link === undefined) continue;
    if (link.state === 'unknown' || link.state === 'skipped')
      unchecked.push(notChecked(`Host ${host.host}`, { at: clock.now(), failed: link.message }));
    else sightings.push(sightingOf(host, link));
  }
  return { sightings, unchecked: distinct(unchecked) };
}
