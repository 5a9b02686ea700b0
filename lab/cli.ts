// Command line of the lab: npm run lab up | down | status | env | logs [NAME] | exec -- COMMAND

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { LabFolder, runningLab } from './cluster/folder.ts';
import { startLab, stopLab } from './cluster/lab.ts';
import { execInLab } from './cluster/namespace.ts';
import { isAlive } from './cluster/process-table.ts';
import type { ProcessState } from './cluster/processes.ts';
import { LabFailure } from './tools/failure.ts';

const USAGE = `usage: npm run lab -- COMMAND
  up              start the lab and wait until it is ready
  down            end it and remove what it left
  status          what runs
  env             the variables of .lab/env
  logs [NAME] [-f]  list the logs, or print the one of a process or of a pod
  exec -- CMD     run a command inside the lab
LAB_DIR chooses another state folder than .lab.`;

type Command = (args: readonly string[]) => Promise<number> | number;

const commands: Readonly<Record<string, Command>> = { up, down, status, env, logs, exec };

async function up(): Promise<number> {
  const stop = new AbortController();
  const started = performance.now();
  const interrupt = (): void => {
    console.error('stopping …');
    stop.abort(new LabFailure('Interrupted; the lab is gone.'));
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const folder = await startLab({ log: (line) => console.error(line), signal: stop.signal });
  console.error(`lab up in ${((performance.now() - started) / 1000).toFixed(1)} s; state in ${folder.path}`);
  process.stdout.write(readFileSync(folder.file('env')));
  return 0;
}

async function down(): Promise<number> {
  console.error((await stopLab()) ? 'lab down' : 'no lab was up');
  return 0;
}

function status(): number {
  const folder = new LabFolder();
  const record = folder.record();
  if (!record || !isAlive(record.initPid, record.initStart)) {
    console.log(record ? `down; remains of a lab are in ${folder.path}, "down" removes them` : 'down');
    return 1;
  }
  console.log(
    `${record.ready ? 'up' : 'starting'} since ${record.startedAt}; first process ${record.initPid}; ${folder.path}`,
  );
  const states = JSON.parse(readFileSync(folder.file('processes.json'), 'utf8')) as ProcessState[];
  for (const { name, state, code, signal } of states) {
    console.log(`  ${name.padEnd(24)} ${state === 'running' ? state : `ended with ${signal ?? code}`}`);
  }
  return states.every(({ state }) => state === 'running') ? 0 : 1;
}

function env(): number {
  const { folder } = runningLab();
  process.stdout.write(readFileSync(folder.file('env')));
  return 0;
}

function logs(args: readonly string[]): number | Promise<number> {
  const folder = new LabFolder();
  const follow = args.includes('-f');
  const name = args.find((argument) => argument !== '-f');
  const files = ['logs', 'pods'].flatMap((kind) =>
    existsSync(folder.file(kind))
      ? readdirSync(folder.file(kind)).map((file) => folder.file(kind, file))
      : [],
  );
  const base = (file: string): string => file.slice(file.lastIndexOf('/') + 1, -'.log'.length);
  if (name === undefined) {
    for (const file of files) console.log(base(file));
    return 0;
  }
  const wanted = files.find((file) => base(file) === name) ?? files.find((file) => base(file).includes(name));
  if (wanted === undefined) {
    throw new LabFailure(`There is no log "${name}"; there are: ${files.map(base).join(', ') || 'none'}.`);
  }
  if (!follow) {
    process.stdout.write(readFileSync(wanted));
    return 0;
  }
  return new Promise((done) => {
    spawn('tail', ['-n', '+1', '-F', wanted], { stdio: 'inherit' }).once('close', (code) => done(code ?? 1));
  });
}

function exec(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args[0] === '--' ? args.slice(1) : args;
  if (command === undefined) throw new LabFailure('What shall be run? npm run lab exec -- COMMAND');
  return execInLab(undefined, command, rest);
}

try {
  const [name = '', ...args] = process.argv.slice(2);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    console.error(USAGE);
    process.exitCode = 2;
  } else {
    process.exitCode = await command(args);
  }
} catch (cause) {
  console.error(cause instanceof LabFailure ? cause.message : cause);
  process.exitCode = 1;
}
