// Starts and stops a lab, and runs commands inside it. Both the command line and the tests use these.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureTools } from '../tools/ensure.ts';
import { LabFailure } from '../tools/failure.ts';
import { cacheFolder, versions } from '../tools/locations.ts';
import { withLock } from '../tools/lock.ts';
import type { Log } from '../tools/progress.ts';
import { linkTools, readSeeded } from './environment.ts';
import { LabFolder, type LabRecord } from './folder.ts';
import { layout } from './layout.ts';
import { childOf, isAlive, processStart } from './process-table.ts';

export { runningLab } from './folder.ts';
export { type InLabOptions, inLab, type Ran, type Running, spawnInLab } from './namespace.ts';

const SUPERVISOR = fileURLToPath(new URL('supervisor.ts', import.meta.url));
const INIT = fileURLToPath(new URL('init.sh', import.meta.url));
const NSSWITCH = 'passwd: files\ngroup: files\nhosts: files dns\n';

export interface LabOptions {
  /** State folder; `.lab` in the repository, or LAB_DIR, when not given. */
  readonly dir?: string;
  readonly log?: Log;
  readonly signal?: AbortSignal;
}

/** Starts a lab and returns when it is ready. Whatever goes wrong, nothing of it stays but its logs. */
export async function startLab(options: LabOptions = {}): Promise<LabFolder> {
  const { log = () => undefined, signal } = options;
  const folder = new LabFolder(options.dir);
  refuseIfUp(folder);
  const { python } = await ensureTools(log, signal);

  // One at a time: two that start at the same moment must not take each other's lab for remains.
  const record = await withLock(join(cacheFolder(), 'claim'), log, async () => claim(folder), signal);
  let init: ChildProcess | undefined;
  try {
    signal?.throwIfAborted();
    init = openNamespaces(folder, python);
    const running = { ...record, ...(await firstProcess(init, folder)) };
    folder.write(running);
    await untilReady(init, folder, log, signal);
    folder.write({ ...running, ready: true, seeded: readSeeded(folder) });
    init.unref();
    return folder;
  } catch (cause) {
    await end(folder, init);
    folder.clear(record.foreign, signal?.aborted ? [] : ['logs']);
    throw cause;
  }
}

/** Ends a lab and removes what it left; false when there was none. */
export async function stopLab(dir?: string): Promise<boolean> {
  const folder = new LabFolder(dir);
  const record = folder.record();
  if (!record) return false;
  if (!record.initPid && isAlive(record.makerPid, record.makerStart)) {
    throw new LabFailure(
      `Process ${record.makerPid} is starting this lab just now: end it with Ctrl-C there.`,
    );
  }
  await end(folder, undefined);
  folder.clear(record.foreign);
  return true;
}

function refuseIfUp(folder: LabFolder): void {
  const record = folder.record();
  if (!record) return;
  if (isAlive(record.initPid, record.initStart)) {
    throw new LabFailure(
      record.ready
        ? `A lab is up already in ${folder.path} (since ${record.startedAt}): use it, or end it with "npm run lab down".`
        : `A lab in ${folder.path} is starting or half started: wait for it, or end it with "npm run lab down".`,
    );
  }
  if (record.initPid === undefined && isAlive(record.makerPid, record.makerStart)) {
    throw new LabFailure(`Process ${record.makerPid} is starting a lab in ${folder.path} just now.`);
  }
}

// Makes this process the owner of the folder, after removing what an earlier lab left there when it was cut off.
function claim(folder: LabFolder): LabRecord {
  refuseIfUp(folder);
  const earlier = folder.record();
  // Without a record, logs can only be those of a start that failed.
  folder.clear(earlier?.foreign ?? folder.entries().filter((entry) => entry !== 'logs'));
  const record: LabRecord = {
    makerPid: process.pid,
    makerStart: processStart(process.pid) ?? '',
    startedAt: new Date().toISOString(),
    ready: false,
    versions,
    foreign: folder.entries(),
  };
  folder.write(record);
  return record;
}

function openNamespaces(folder: LabFolder, python: string): ChildProcess {
  for (const name of ['run', 'logs']) mkdirSync(folder.file(name), { recursive: true });
  writeFileSync(folder.file('resolv.conf'), `nameserver ${layout.addresses.resolver}\n`);
  writeFileSync(folder.file('nsswitch.conf'), NSSWITCH);
  linkTools(folder);
  const log = openSync(folder.log('lab'), 'w');
  const { podRoute, addresses } = layout;
  const init = spawn(
    'unshare',
    [
      ...['-rnmp', '--mount-proc', '--fork', '--kill-child', '--'],
      ...['sh', INIT, folder.path, podRoute, addresses.node, addresses.podIdentityAgent, addresses.nowhere],
      ...[process.execPath, SUPERVISOR, folder.path, python],
    ],
    { detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  return init;
}

async function firstProcess(
  unshare: ChildProcess,
  folder: LabFolder,
): Promise<{ initPid: number; initStart: string }> {
  for (let tries = 0; tries < 500 && unshare.exitCode === null; tries++) {
    const initPid = unshare.pid === undefined ? undefined : childOf(unshare.pid);
    const initStart = initPid === undefined ? undefined : processStart(initPid);
    if (initPid !== undefined && initStart !== undefined) return { initPid, initStart };
    await sleep(10);
  }
  throw new LabFailure(`The namespaces could not be made:\n${readFileSync(folder.log('lab'), 'utf8')}`);
}

// Shows the supervisor's lines until it says that all is ready.
async function untilReady(
  init: ChildProcess,
  folder: LabFolder,
  log: Log,
  signal?: AbortSignal,
): Promise<void> {
  let shown = 0;
  for (;;) {
    signal?.throwIfAborted();
    // Read after looking whether it is over, so that the last lines are seen.
    const over = init.exitCode !== null || init.signalCode !== null;
    const lines = readFileSync(folder.log('lab'), 'utf8').split('\n').slice(0, -1);
    const failed = lines.findIndex((line) => line.startsWith('failed: '));
    for (const line of lines.slice(shown, failed < 0 ? undefined : failed)) {
      if (line === 'ready') return;
      log(line);
    }
    if (over) {
      const why = failed < 0 ? lines.slice(-10) : lines.slice(failed);
      throw new LabFailure(
        `The lab did not start; its logs are in ${folder.file('logs')}.\n${why.join('\n')}`,
      );
    }
    shown = lines.length;
    await sleep(50);
  }
}

async function end(folder: LabFolder, unshare: ChildProcess | undefined): Promise<void> {
  const record = folder.record();
  const { initPid, initStart } = record ?? {};
  const alive = (): boolean => isAlive(initPid, initStart);
  if (initPid !== undefined && alive()) {
    process.kill(initPid, 'SIGTERM');
    for (let waited = 0; waited < 3000 && alive(); waited += 20) await sleep(20);
    if (alive()) process.kill(initPid, 'SIGKILL');
    for (let waited = 0; waited < 5000 && alive(); waited += 20) await sleep(20);
    if (alive()) throw new LabFailure(`Process ${initPid} of the lab does not end.`);
  } else if (unshare && unshare.exitCode === null) {
    // Its child goes with it.
    unshare.kill('SIGKILL');
  }
}
