// What a run leaves for the runner: report.json, outputs, annotations and the job summary.
import { join } from 'node:path';
import type { Environment } from './environment.ts';
import { saySystemError } from './files/system-error.ts';
import { writePrivateFile } from './files/write.ts';
import type { Runner } from './github/runner.ts';
import type { Draft } from './report/draft.ts';
import { grouped } from './report/grouped.ts';
import { outputsOf } from './report/outputs.ts';
import type { Outcome, Report } from './report/report.ts';
import { summaryOf } from './report/summary.ts';
import { finding } from './verdict/finding.ts';

/** Findings in the log: a folder that was never meant to be searched has thousands. */
const mostTold = 200;

/** What the runner will not take is told once, and changes nothing of the outcome. */
class Attempts {
  readonly #runner: Runner;
  readonly #failed = new Set<string>();

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  async write(what: string, hint: string, written: () => void | Promise<void>): Promise<void> {
    try {
      await written();
    } catch (error) {
      if (this.#failed.has(what)) return;
      this.#failed.add(what);
      const message = `${what} could not be written: ${saySystemError(error)}.`;
      this.#runner.annotate(finding('warning', 'run/unwritable', message, { hint }));
    }
  }
}

/**
 * Writes report.json, outputs and summary, one call after the other; each finding is annotated once.
 * @param folder private
 */
export function publisher(environment: Environment, runner: Runner, draft: Draft, folder: string) {
  const attempts = new Attempts(runner);
  const file = join(folder, 'report.json');
  const annotated = new Set<unknown>();
  const publish = async (outcome: Outcome): Promise<Report> => {
    const report = draft.finish(outcome);
    const shown = withoutMasked(report, runner);
    const driftFile = report.mode === 'drift' ? join(folder, 'drift.json') : '';
    await attempts.write('The report', 'RUNNER_TEMP needs room.', async () => {
      await writePrivateFile(file, `${JSON.stringify(shown, null, 2)}\n`);
      if (driftFile !== '') await writePrivateFile(driftFile, `${JSON.stringify(shown.drift, null, 2)}\n`);
    });
    await attempts.write('The outputs', 'GITHUB_OUTPUT names the file that the runner made for them.', () => {
      for (const [name, value] of Object.entries(outputsOf(shown, file, driftFile)))
        runner.output(name, value);
    });
    const fresh = report.findings.filter((found) => !annotated.has(found));
    const room = Math.max(0, mostTold - annotated.size);
    for (const found of fresh) annotated.add(found);
    const told = grouped(fresh);
    for (const found of told.slice(0, room)) runner.annotate(found);
    if (told.length > room) runner.info(`… and ${told.length - room} more findings, in ${file}`);
    await attempts.write(
      'The job summary',
      'GITHUB_STEP_SUMMARY names the file that the runner made for it.',
      () => runner.summary(summaryOf(shown, environment.documentation)),
    );
    return report;
  };
  let last: Promise<unknown> = Promise.resolve();
  return (outcome: Outcome): Promise<Report> => {
    const next = last.then(() => publish(outcome));
    last = next.catch(() => undefined);
    return next;
  };
}

/** Words of others may repeat what was masked: it enters neither report nor summary. */
const withoutMasked = (report: Report, runner: Runner): Report =>
  JSON.parse(
    JSON.stringify(report, (_, value: unknown) => (typeof value === 'string' ? runner.hide(value) : value)),
  ) as Report;
