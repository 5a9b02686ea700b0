// docs/faults.md: which fault is said how, and how long it took in the last run of the whole matrix.
import type { Fault } from './fault.ts';
import type { FaultResult } from './run-fault.ts';
import { realController, withRealController } from './with-real-controller.ts';

const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const said = ({ link, code, live, waits }: Fault): string => {
  const where = link === undefined ? 'before any link' : `\`${link}\``;
  const note = live ? ', and the host is live' : waits ? ', at the time-out: waiting may help' : '';
  return `${where}${note} | \`${code}\``;
};

const controllerOf = ({ name }: Fault): string =>
  withRealController.has(name) ? `stand-in, real ${realController}` : 'stand-in';

/** The table of what is expected; it changes with the matrix alone. */
export const faultTable = (faults: readonly Fault[]): string =>
  [
    row('fault', 'of', 'in the way', 'code', 'load balancer controller'),
    '|---|---|---|---|---|',
    ...faults.map(
      (fault) =>
        `| ${fault.what.replaceAll('|', '\\|')} | ${fault.family} | ${said(fault)} | ${controllerOf(fault)} |`,
    ),
  ].join('\n');

const timesTable = (results: readonly FaultResult[]): string =>
  [
    row('fault', 'said', 'after', 'time-out'),
    '|---|---|---|---|',
    ...results.map((result) =>
      row(
        `\`${result.fault}\``,
        `${result.ok ? '' : '**wrong:** '}${result.message}`,
        `${result.seconds} s`,
        `${result.timeout_s} s`,
      ),
    ),
  ].join('\n');

const lastRun = (results: readonly FaultResult[], controller: string): string =>
  results.length === 0
    ? ''
    : `
## The last run

${results.filter(({ ok }) => ok).length} of ${results.length} were said right. Load balancer controller: ${controller}. Seconds are those of the whole run of the
action, signing in and applying included.

${timesTable(results)}
`;

/** @param controller `real 3.5.0` or `stand-in`: the load balancer controller of the run */
export const faultPage = (
  faults: readonly Fault[],
  results: readonly FaultResult[],
  controller: string,
): string => `# The fault matrix

\`npm run faults\` puts each of these ${faults.length} faults into a setting that works, runs the built action with a role of
least privilege, and expects the first broken link, the code and the name of what was broken. Before the fault and after
its mend the same run ends green. ExternalDNS is the real one; the load balancer controller is the lab's stand-in, and, where
that is said, the faults were also run with the real one.

${faultTable(faults)}
${lastRun(results, controller)}`;

/** The page with the table of the matrix as it is now; what the last run said stays. */
export const withTable = (page: string, faults: readonly Fault[]): string => {
  const last = page.indexOf('\n## The last run');
  return `${faultPage(faults, [], '')}${last < 0 ? '' : page.slice(last)}`;
};
