// The layer HTTPS of a drift check: each host's chain is walked once, without waiting.
import pLimit from 'p-limit';
import type { HostChain, Link } from '../../chain/link.ts';
import { firstNotOk, isLive } from '../../chain/live.ts';
import { notReached, walk } from '../../chain/walk.ts';
import type { Sighting } from '../../drift/item.ts';
import { isRedirected } from '../../gateway/hosts.ts';
import type { ReportedHost, ReportedLink } from '../../report/report.ts';
import type { Finding } from '../../verdict/finding.ts';
import type { LinkId, Verdict } from '../../verdict/verdict.ts';
import { chainOf, reported } from '../chain/live.ts';
import type { DriftContext } from './context.ts';
import { distinct, type LayerSeen, notChecked } from './layer.ts';

const linkOf = (id: ReportedLink['id'], verdict: Verdict): ReportedLink => {
  const { state, message, evidence } = verdict;
  const trouble = state === 'ok' ? {} : { code: verdict.code, owner: verdict.owner, hint: verdict.hint };
  return { id, state, message, evidence, seconds: 0, ...trouble };
};

/** The proofs are looked at even where an earlier link is in the way: a host may answer although nobody mends it. */
async function walked({ links }: HostChain, signal: AbortSignal): Promise<readonly ReportedLink[]> {
  const shown = new Map(links.map(({ id }) => [id, linkOf(id, notReached())]));
  const look = (some: readonly Link[]): Promise<number> =>
    walk(some, signal, (index, { verdict, revises }) => {
      const link = some[index];
      if (link !== undefined) shown.set(link.id, linkOf(link.id, verdict));
      if (revises) shown.set(revises.id, linkOf(revises.id, revises.verdict));
    });
  const firstProof = links.findIndex(({ id }) => id === 'nameservers');
  if ((await look(links)) <= firstProof) await look(links.slice(firstProof));
  return [...shown.values()];
}

const proofs: readonly LinkId[] = ['nameservers', 'certificate', 'https'];

/** What the layers Route 53 and AWS say more exactly. */
const elsewhere: readonly LinkId[] = ['rule', 'record'];

/** The first proof that fails, and whatever else is broken for good, though the host may still answer. */
const amiss = (links: readonly ReportedLink[]): readonly ReportedLink[] => {
  const proof = links.find(
    ({ id, state }) => proofs.includes(id) && (state === 'broken' || state === 'waiting'),
  );
  const cause = links.find(
    ({ id, state }) => !proofs.includes(id) && !elsewhere.includes(id) && state === 'broken',
  );
  return [cause, proof].filter((link) => link !== undefined);
};

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

/** Each host once: whether it answers, and which link of its chain is broken. */
export async function lookAtHttps({ run, applied, ports, hosts }: DriftContext): Promise<LayerSeen> {
  const { draft, signal, clock } = run;
  // What answers there over HTTPS is another repository's.
  const published = (await hosts()).filter((each) => !isRedirected(each));
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
    const found = amiss(host.links).map((link) => sightingOf(host, link));
    const open = found.length === 0 ? firstNotOk(host.links) : undefined;
    sightings.push(...found);
    if (open !== undefined && !elsewhere.includes(open.id))
      unchecked.push(notChecked(`Host ${host.host}`, { at: clock.now(), failed: open.message }));
  }
  return { sightings, unchecked: distinct(unchecked) };
}
