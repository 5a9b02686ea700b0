// What the log of a run ends with when hosts are not live: once for each reason, whose job it is and what to do.
import { type Finding, finding } from '../verdict/finding.ts';
import { owners } from '../verdict/owners.ts';
import { asHost, stuckAt } from './draft.ts';
import type { Report, ReportedHost } from './report.ts';

/** So many reasons are told; GitHub shows ten annotations of a step. */
const most = 10;

const names = (hosts: readonly ReportedHost[]): string => {
  const [first = '', second] = hosts.map(({ host }) => host);
  const wanted = hosts.every(({ host, ref }) => host === ref) ? 'ready' : 'live';
  if (second === undefined) return `${first} is not ${wanted}`;
  return hosts.length === 2
    ? `${first} and ${second} are not ${wanted}`
    : `${first}, ${second} and ${hosts.length - 2} more are not ${wanted}`;
};

/** Each at the line of the first host's route, so that it is an annotation there. */
export const endingOf = ({ outcome, hosts, gateways = [] }: Report): readonly Finding[] => {
  if (outcome !== 'not-live') return [];
  const stuck = [...hosts, ...gateways.map(asHost)].flatMap((host) => {
    const link = stuckAt(host);
    return link?.code === undefined ? [] : [{ host, link, code: link.code }];
  });
  const reasons = Map.groupBy(stuck, ({ link, code }) => `${link.id} ${code} ${link.message}`);
  return [...reasons.values()].slice(0, most).flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { host, link, code } = first;
    const { owner, hint = '', evidence = [] } = link;
    const who = owner === undefined ? '' : `For ${owners[owner]}: `;
    return [
      finding('error', code, `${names(same.map((each) => each.host))}, link ${link.id}: ${link.message}`, {
        ref: host.ref,
        ...(host.source && { source: host.source }),
        hint: hint === '' ? '' : `${who}${hint}`,
        evidence,
      }),
    ];
  });
};
