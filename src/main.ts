// A run: environment → inputs → mode → report. Whatever happens on the way, the report is written.
import { type Environment, readEnvironment } from './environment.ts';
import { saySystemError } from './files/system-error.ts';
import { createPrivateFolder } from './files/temp.ts';
import { isForkPullRequest } from './github/event.ts';
import { readPayload } from './github/payload.ts';
import { actionsRunner, type Runner } from './github/runner.ts';
import { unreadFinding, unreadInputs } from './input-use.ts';
import { type InputName, inputSpecs, type RunMode, readInputs, runModes } from './inputs.ts';
import { publisher } from './publish.ts';
import { Draft } from './report/draft.ts';
import { endingOf } from './report/ending.ts';
import type { Outcome, Report } from './report/report.ts';
import type { Run } from './run.ts';
import { systemClock } from './system-clock.ts';
import { type Finding, finding, findingOf } from './verdict/finding.ts';
import { bugOf, Problem } from './verdict/problem.ts';

export async function main(signal: AbortSignal): Promise<0 | 1> {
  const environment = readEnvironment();
  const runner = actionsRunner(environment.files);
  if (environment.post) {
    const { cleanUp } = await import(/* webpackMode: "eager" */ './modes/clean-up.ts');
    await cleanUp(environment);
    return 0;
  }
  runner.saveState('started', 'true');
  const named = environment.raw('mode').trim();
  runner.info(`eks-gateway-action: ${named || 'deploy'}`);
  const draft = new Draft(runModes.find((mode) => mode === named) ?? 'deploy', systemClock);
  const folder = await privateFolder(environment.temp);
  if (folder instanceof Problem) {
    runner.annotate(findingOf(folder));
    return 1;
  }
  const publish = publisher(environment, runner, draft, folder);
  // At once, and again when everything has come to rest: the runner kills 10 seconds after it first asked.
  const onAbort = (): void => void publish('cancelled');
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  const outcome = await attempt({ environment, runner, draft, signal });
  const report = await publish(outcome);
  tellEnd(runner, report);
  return report.exitCode;
}

/** Nothing can be done without: credentials for the cluster and values of charts are written there, and the report. */
async function privateFolder(temp: string): Promise<string | Problem> {
  try {
    return await createPrivateFolder(temp);
  } catch (cause) {
    return new Problem(
      'run/unwritable',
      `No private folder can be made in ${temp}, the runner's temp folder: ${saySystemError(cause)}.`,
      { hint: 'RUNNER_TEMP must be a folder that the user of the runner may write, with room in it.', cause },
    );
  }
}

async function attempt(given: Omit<Run, 'inputs' | 'clock'>): Promise<Outcome> {
  const { environment, runner, draft, signal } = given;
  try {
    signal.throwIfAborted();
    const { name, payloadFile } = environment.event;
    const foreign = draft.mode !== 'lint' && isForkPullRequest(name, readPayload(payloadFile));
    // Linting needs no credentials, so a fork's pull request may have it: that much of a plan it gets.
    const linted = foreign && draft.mode === 'plan';
    if (foreign) draft.findings([fork(name, linted)]);
    if (foreign && !linted) return 'refused';
    draft.phase('inputs');
    const unknown = environment.unknownInputs.map((name) => unknownInput(name, environment));
    draft.findings(unknown);
    if (environment.uncheckedTls) draft.findings([uncheckedTls]);
    const inputs = readInputs(linted ? lintOnly(environment.raw) : environment.raw);
    if (unknown.some(({ severity }) => severity === 'error')) return 'failed';
    const unread = unreadInputs(inputs.mode, environment.raw);
    if (unread.length > 0 && !linted) draft.findings([unreadFinding(inputs.mode, unread)]);
    return await (await modeOf(inputs.mode))({ ...given, inputs, clock: systemClock });
  } catch (error) {
    return failure(error, draft, signal, runner);
  } finally {
    runner.endGroup();
  }
}

/** Modes load lazily: whoever lints needs no AWS SDK. */
async function modeOf(mode: RunMode): Promise<(run: Run) => Promise<Outcome>> {
  switch (mode) {
    case 'deploy':
      return (await import(/* webpackMode: "eager" */ './modes/deploy.ts')).deploy;
    case 'plan':
      return (await import(/* webpackMode: "eager" */ './modes/plan.ts')).plan;
    case 'verify':
      return (await import(/* webpackMode: "eager" */ './modes/verify.ts')).verify;
    case 'preview':
      return (await import(/* webpackMode: "eager" */ './modes/preview.ts')).preview;
    case 'teardown':
      return (await import(/* webpackMode: "eager" */ './modes/teardown.ts')).teardown;
    case 'sweep':
      return (await import(/* webpackMode: "eager" */ './modes/sweep.ts')).sweep;
    case 'drift':
      return (await import(/* webpackMode: "eager" */ './modes/drift.ts')).drift;
    case 'doctor':
      return (await import(/* webpackMode: "eager" */ './modes/doctor.ts')).doctor;
    case 'lint':
      return (await import(/* webpackMode: "eager" */ './modes/lint.ts')).lint;
    case 'fold':
      return (await import(/* webpackMode: "eager" */ './modes/fold.ts')).fold;
  }
}

/** `pull_request` runs of a fork cannot have a token; `pull_request_target` and `workflow_run` can, and must not use it. */
const fork = (event: string, linted: boolean): Finding => {
  const rest = linted ? 'only the files are checked' : 'nothing is deployed and nothing is checked';
  return finding(
    'notice',
    'event/fork',
    event.startsWith('pull_request') && event !== 'pull_request_target'
      ? `This pull request comes from a fork: GitHub gives it no OIDC token, so ${rest}.`
      : `This pull request comes from a fork: what it holds is not used with the rights that \`${event}\` gives to this run; ${rest}.`,
    { hint: 'Nothing has to be done. A maintainer can push the branch to this repository to deploy it.' },
  );
};

const lintOnly =
  (raw: Environment['raw']): Environment['raw'] =>
  (name) =>
    name === 'mode' ? 'lint' : raw(name);

const uncheckedTls = finding(
  'warning',
  'auth/certificates-unchecked',
  'NODE_TLS_REJECT_UNAUTHORIZED=0 of the job is not obeyed: certificates are checked.',
  {
    hint: 'Remove it. The authority of a proxy or of a registry goes into NODE_EXTRA_CA_CERTS.',
  },
);

/**
 * Where only the punctuation is wrong, it is certain what was meant, and going on without it may be the worst that can be
 * done: `dry_run`, `allowed_account_ids`.
 */
function unknownInput(name: string, { raw, unknownRaw }: Environment): Finding {
  const names = Object.keys(inputSpecs) as InputName[];
  const meant = names.find((known) => letters(known) === letters(name));
  if (meant !== undefined && raw(meant) !== unknownRaw(name))
    return finding('error', 'input/unknown', `The action has no input \`${name}\`.`, {
      hint: `Call it \`${meant}\`.`,
    });
  const like = meant === undefined ? names.filter((known) => isLike(known, name)) : [meant];
  return finding('warning', 'input/unknown', `The action has no input \`${name}\`; it is ignored.`, {
    hint:
      like.length === 0 || like.length > 3
        ? 'Remove it, or look for its name in docs/inputs.md.'
        : `Call it ${like.map((each) => `\`${each}\``).join(' or ')}, or remove it.`,
  });
}

const letters = (text: string): string => text.replaceAll(/[^a-z0-9]/g, '');

/** `region` for `aws-region`, `working-dir` for `working-directory`. */
const isLike = (known: string, name: string): boolean =>
  letters(name).length > 2 &&
  (letters(known).includes(letters(name)) || letters(name).includes(letters(known)));

function failure(error: unknown, draft: Draft, signal: AbortSignal, runner: Runner): Outcome {
  if (signal.aborted) return 'cancelled';
  if (error instanceof Problem) {
    draft.findings([findingOf(error)]);
    return 'failed';
  }
  const bug = error instanceof Error ? error : new Error(String(error));
  runner.info(bug.stack ?? bug.message);
  draft.findings([findingOf(bugOf(bug))]);
  return 'failed';
}

function tellEnd(runner: Runner, report: Report): void {
  for (const reason of endingOf(report)) runner.annotate(reason);
  runner.info(report.verdict);
}
