// A run: environment → inputs → mode → report. Whatever happens on the way, the report is written.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { createPrivateFolder } from './files/temp.ts';
import { writePrivateFile } from './files/write.ts';
import { isForkPullRequest } from './github/event.ts';
import { actionsRunner, type Runner } from './github/runner.ts';
import { type Inputs, readInputs } from './inputs.ts';
import { Draft } from './report/draft.ts';
import { outputsOf } from './report/outputs.ts';
import type { Outcome, Report } from './report/report.ts';
import { summaryOf } from './report/summary.ts';
import { systemClock } from './system-clock.ts';
import { finding, findingOf } from './verdict/finding.ts';
import { Problem } from './verdict/problem.ts';

/** What a mode is given. */
export interface Run {
  readonly inputs: Inputs;
  readonly environment: Environment;
  readonly runner: Runner;
  readonly draft: Draft;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export async function main(signal: AbortSignal): Promise<0 | 1> {
  const environment = readEnvironment();
  const runner = actionsRunner();
  if (environment.post) {
    const { cleanUp } = await import(/* webpackMode: "eager" */ './modes/clean-up.ts');
    await cleanUp(environment);
    return 0;
  }
  runner.saveState('started', 'true');
  const draft = new Draft('deploy', systemClock);
  const publish = await publisher(environment, runner, draft);
  // At once, and again when everything has come to rest: the runner kills 10 seconds after it first asked.
  const onAbort = (): void => void publish('cancelled');
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  const outcome = await attempt({ environment, runner, draft, signal });
  const report = await publish(outcome);
  tellEnd(runner, report);
  return report.exitCode;
}

async function attempt(given: Omit<Run, 'inputs' | 'clock'>): Promise<Outcome> {
  const { environment, runner, draft, signal } = given;
  try {
    signal.throwIfAborted();
    if (isForkPullRequest(environment.event.name, readEvent(environment))) {
      draft.findings([fork]);
      return 'refused';
    }
    draft.phase('inputs');
    const inputs = readInputs(environment.raw);
    runner.info(`Cluster ${inputs.clusterName} in ${inputs.region}, files from ${inputs.workingDirectory}`);
    const { deploy } = await import(/* webpackMode: "eager" */ './modes/deploy.ts');
    return await deploy({ ...given, inputs, clock: systemClock });
  } catch (error) {
    return failure(error, draft, signal, runner);
  } finally {
    runner.endGroup();
  }
}

const fork = finding(
  'notice',
  'event/fork',
  'This pull request comes from a fork: GitHub gives it no OIDC token, so nothing is deployed and nothing is checked.',
  { hint: 'Nothing has to be done. A maintainer can push the branch to this repository to deploy it.' },
);

function readEvent(environment: Environment): unknown {
  if (environment.event.payloadFile === undefined) return {};
  try {
    return JSON.parse(readFileSync(environment.event.payloadFile, 'utf8'));
  } catch {
    return {};
  }
}

function failure(error: unknown, draft: Draft, signal: AbortSignal, runner: Runner): Outcome {
  if (signal.aborted) return 'cancelled';
  if (error instanceof Problem) {
    draft.findings([findingOf(error)]);
    for (const fact of error.evidence) runner.info(`  ${fact.from}: ${fact.saw}`);
    return 'failed';
  }
  const bug = error instanceof Error ? error : new Error(String(error));
  runner.info(bug.stack ?? bug.message);
  const problem = new Problem('run/internal', `A bug in the action: ${bug.message}`, {
    hint: 'Please report it, with the log of this step.',
    cause: error,
  });
  draft.findings([findingOf(problem)]);
  return 'failed';
}

/** Writes report.json, outputs and summary, one call after the other; each finding is annotated once. */
async function publisher(environment: Environment, runner: Runner, draft: Draft) {
  const file = join(await createPrivateFolder(environment.temp), 'report.json');
  const annotated = new Set<unknown>();
  const publish = async (outcome: Outcome): Promise<Report> => {
    const report = draft.finish(outcome);
    await writePrivateFile(file, `${JSON.stringify(report, null, 2)}\n`);
    for (const [name, value] of Object.entries(outputsOf(report, file))) runner.output(name, value);
    for (const found of report.findings) {
      if (!annotated.has(found)) runner.annotate(found);
      annotated.add(found);
    }
    await runner.summary(summaryOf(report));
    return report;
  };
  let last: Promise<unknown> = Promise.resolve();
  return (outcome: Outcome): Promise<Report> => {
    const next = last.then(() => publish(outcome));
    last = next.catch(() => undefined);
    return next;
  };
}

function tellEnd(runner: Runner, report: Report): void {
  runner.info(report.verdict);
}
