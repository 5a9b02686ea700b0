// Many reports → what became of each target of a fleet, wave by wave.
import type { FleetRow, Outcome, Report } from '../report/report.ts';
import { type Finding, finding } from '../verdict/finding.ts';

/** A cluster that gets the bundle. */
export interface Target {
  readonly name: string;
  /** From 1. */
  readonly wave: number;
}

export interface Folded {
  readonly rows: readonly FleetRow[];
  readonly findings: readonly Finding[];
  readonly outcome: Extract<Outcome, 'live' | 'not-live'>;
}

const good: readonly FleetRow['outcome'][] = ['live', 'clean', 'planned', 'removed'];

export const isGood = ({ outcome }: Pick<FleetRow, 'outcome'>): boolean => good.includes(outcome);

function rowOf(target: Target, report: Report | undefined, started: boolean): FleetRow {
  if (report !== undefined) {
    const { outcome, verdict, hosts } = report;
    return {
      ...target,
      outcome,
      verdict,
      ...(report.target && { cluster: report.target.cluster, region: report.target.region }),
      hostsTotal: hosts.length,
      hostsLive: hosts.filter(({ live }) => live).length,
    };
  }
  const none = { ...target, hostsTotal: 0, hostsLive: 0 };
  return started
    ? { ...none, outcome: 'none', verdict: 'Its run left no report.' }
    : { ...none, outcome: 'not-started', verdict: 'Not started: a wave before it is broken.' };
}

/** @param reports by the target's name */
export function fold(targets: readonly Target[], reports: ReadonlyMap<string, Report>): Folded {
  // A wave begins when those before it are live everywhere, whether or not its own runs came to leave a report.
  const amiss = targets.filter(({ name }) => !isGood({ outcome: reports.get(name)?.outcome ?? 'none' }));
  const begun = targets.filter(({ name }) => reports.has(name));
  const started = Math.max(Math.min(...amiss.map(({ wave }) => wave)), ...begun.map(({ wave }) => wave));
  const rows = targets.map((target) => rowOf(target, reports.get(target.name), target.wave <= started));
  const findings = rows.flatMap((row): Finding[] => {
    if (isGood(row) || row.outcome === 'not-started') return [];
    const where = `${row.name} (wave ${row.wave})`;
    return row.outcome === 'none'
      ? [
          finding('error', 'fleet/no-report', `${where} left no report.`, {
            hint: "Look at the log of that target's job: it ended before the action began, or its report was not uploaded.",
          }),
        ]
      : [finding('error', 'fleet/target-broken', `${where}: ${row.verdict}`)];
  });
  return { rows, findings, outcome: rows.every(isGood) ? 'live' : 'not-live' };
}

/** `198 of 200 targets are live; wave 2 is broken, and what comes after it was not started.` */
export function fleetVerdict(rows: readonly FleetRow[]): string {
  const fine = rows.filter(isGood).length;
  if (fine === rows.length) return `All ${rows.length} targets of the fleet are live.`;
  const wave = Math.min(...rows.filter((row) => !isGood(row)).map((row) => row.wave));
  const waiting = rows.filter(({ outcome }) => outcome === 'not-started').length;
  const rest = waiting === 0 ? '' : `; ${waiting} ${waiting === 1 ? 'was' : 'were'} not started`;
  return `${fine} of ${rows.length} targets of the fleet are live: wave ${wave} is broken${rest}.`;
}
