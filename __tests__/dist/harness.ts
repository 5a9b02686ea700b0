// What every test of the built action needs: a workspace, a run as a runner would make it, the lab's knobs, and the promises that hold for every run.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { layout } from '../../lab/cluster/layout.ts';
import { type ActionResult, type ActionRun, runAction } from '../../lab/runner.ts';
import { prepareSample, sampleInputs } from '../../lab/sample.ts';
import { withLock } from '../../lab/tools/lock.ts';
import type { Report } from '../../src/report/report.ts';
import { appFiles } from './app-files.ts';
import { kubectl, lab, workspaceOf } from './lab-control.ts';

export { appFiles } from './app-files.ts';
export { kubectl, kubectlApply, lab, resetKnobs, setKnobs, workspaceOf } from './lab-control.ts';
export { layout, sampleInputs as infraInputs };

const labFolder = process.env['LAB_DIR'] ?? '';

export interface Finished extends Omit<ActionResult, 'report'> {
  readonly report: Report;
}

/**
 * Runs the built action and checks what every run promises: a report and a summary, no stack trace, no secret that the
 * lab issued anywhere, nothing left in the runner's temp folder but the report.
 */
export async function run(given: ActionRun): Promise<Finished> {
  const result = await runAction(given);
  expect(result.report).toBeDefined();
  expect(result.summary).not.toBe('');
  // "at file:///…:1:2" and "at Object.<anonymous> (…)": the frames of a stack.
  expect(result.log).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(result.left.filter((file) => !/^eks-gateway-[^/]+\/(report|drift)\.json$/.test(file))).toEqual([]);
  await expectNoSecrets(result);
  return { ...result, report: JSON.parse(result.report ?? '{}') as Report };
}

/** Masking commands aside, nothing that the lab has issued may stand in log, summary, outputs or report. */
async function expectNoSecrets(result: ActionResult): Promise<void> {
  const issued = (await lab('GET', '/credentials')) as readonly { readonly value: string }[];
  const shown = [
    ...result.log.split('\n').filter((line) => !line.startsWith('::add-mask::')),
    result.summary,
    ...Object.values(result.outputs),
    result.report ?? '',
  ].join('\n');
  const leaked = issued.filter(({ value }) => value.length > 8 && shown.includes(value));
  expect(leaked).toEqual([]);
}

/** Namespaces that are on their way out. */
const leaving = (): readonly string[] =>
  kubectl(
    ...['get', 'namespaces', '-o'],
    'jsonpath={range .items[?(@.status.phase=="Terminating")]}{.metadata.name} {end}',
  )
    .split(' ')
    .filter((name) => name !== '');

/** Routes of namespaces that earlier tests are still removing have a say in the Gateways that all share, until they are gone. */
async function routesLeft(): Promise<void> {
  for (const namespace of leaving())
    while (kubectl('get', 'httproutes,grpcroutes', '-n', namespace, '-o', 'name') !== '') await sleep(200);
}

/** Until nothing goes any more that earlier tests have left: whoever compares the whole cluster would count it. */
export async function untilQuiet(): Promise<void> {
  while (leaving().length > 0) await sleep(500);
}

/** Installs the sample's infra once per lab; later calls, of other processes too, find it there when it is done. */
export const ensureInfra = (): Promise<void> =>
  withLock(join(labFolder, 'run/infra.lock'), () => undefined, installInfra);

async function installInfra(): Promise<void> {
  try {
    kubectl('get', 'gateway', 'public', '-n', 'infra');
    await routesLeft();
    return;
  } catch {
    // Not there yet.
  }
  const workspace = workspaceOf({});
  try {
    prepareSample(workspace.path, labFolder);
    const { report, log } = await run({
      workspace: workspace.path,
      inputs: { ...sampleInputs, 'wait-timeout': '3m' },
    });
    if (report.outcome !== 'live') throw new Error(`the sample did not come alive:\n${log}`);
  } finally {
    workspace.remove();
  }
}

/** Runs the action on an app of its own, with the infra in place. */
export async function runApp(
  name: string,
  options: Partial<ActionRun> & {
    readonly change?: (yaml: string) => string;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Promise<Finished> {
  const { change, files, ...rest } = options;
  const workspace = workspaceOf({ ...appFiles(name, change), ...files });
  try {
    return await run({
      workspace: workspace.path,
      inputs: { 'wait-timeout': '60s', ...rest.inputs },
      ...without(rest, 'inputs'),
    });
  } finally {
    workspace.remove();
  }
}

function without<Given extends object, Key extends keyof Given>(given: Given, key: Key): Omit<Given, Key> {
  const { [key]: _, ...rest } = given;
  return rest;
}
