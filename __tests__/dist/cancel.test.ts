// Cancelled at any moment: the summary comes at once, helm ends, nothing private stays, and the next run finishes the work.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { prepareSample } from '../../lab/sample.ts';
import { app } from './edge.ts';
import {
  ensureInfra,
  type Finished,
  infraInputs,
  kubectl,
  resetKnobs,
  run,
  setKnobs,
  workspaceOf,
} from './harness.ts';

/** The promise; the runner itself sends SIGTERM after 7.5 s and kills after 10. */
const promised = 5_000;

interface Cut {
  /** The signal is sent so many milliseconds after the log has this in it, and after such a process runs. */
  readonly at: RegExp;
  readonly running?: RegExp;
  readonly after?: number;
  readonly signal: NodeJS.Signals;
  /** Milliseconds until the second signal. */
  readonly again?: number;
}

interface Cancelled extends Finished {
  /** Milliseconds from the (last) signal to the end of the process. */
  readonly took: number;
  /** Command lines of the run's processes at the moment of the signal, its own aside, and after its end. */
  readonly during: readonly string[];
  readonly survivors: readonly string[];
}

/** Command lines of all processes that were started by this run: they have the runner's temp folder in their environment. */
function processesOf(temp: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        if (!environment.includes(temp)) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

const tempOf = ({ pid }: ChildProcess): string =>
  /(?:^|\0)RUNNER_TEMP=([^\0]+)/.exec(readFileSync(`/proc/${pid}/environ`, 'utf8'))?.[1] ?? 'unknown';

async function cancelled(given: Parameters<typeof run>[0], cut: Cut): Promise<Cancelled> {
  let child: ChildProcess | undefined;
  let temp = '';
  let log = '';
  let sending: Promise<void> | undefined;
  let sent = 0;
  let ended = 0;
  let during: readonly string[] = [];
  const children = (): string[] => processesOf(temp).filter((command) => !command.includes('index.js'));
  const send = async (): Promise<void> => {
    while (ended === 0 && cut.running && !children().some((command) => cut.running?.test(command)))
      await sleep(50);
    await sleep(cut.after ?? 0);
    during = children();
    sent = performance.now();
    child?.kill(cut.signal);
    if (cut.again === undefined) return;
    await sleep(cut.again);
    sent = performance.now();
    child?.kill(cut.signal);
  };
  const finished = await run({
    ...given,
    onStart: (started) => {
      child = started;
      temp = tempOf(started);
      started.once('exit', () => {
        ended = performance.now();
      });
    },
    onOutput: (text) => {
      log += text;
      if (cut.at.test(log)) sending ??= send();
    },
  });
  await sending;
  return { ...finished, took: ended - sent, during, survivors: processesOf(temp) };
}

function expectCancelled({ code, report, outputs, log, summary, took, survivors }: Cancelled): void {
  expect({
    code,
    outcome: report.outcome,
    exitCode: report.exitCode,
    live: outputs['live'],
    survivors,
  }).toEqual({
    code: 1,
    outcome: 'cancelled',
    exitCode: 1,
    live: 'false',
    survivors: [],
  });
  expect(took).toBeLessThan(promised);
  expect(log).toMatch(/^SIG(INT|TERM) received/m);
  expect(summary).toContain('The run was cancelled');
}

const sample = workspaceOf({});
const slow = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: slow\nversion: 0.1.0\n',
  'chart/templates/app.yaml': app('slow', 'late', { 'lab/ready-after': '60s' }),
};
const slowInputs = { namespace: 'slow', 'create-namespace': 'true' };

beforeAll(async () => {
  await ensureInfra();
  prepareSample(sample.path, process.env['LAB_DIR'] ?? '');
});

afterAll(async () => {
  sample.remove();
  await resetKnobs();
  kubectl('delete', 'namespace', 'slow', '--ignore-not-found', '--wait=false');
});

describe('cancelled', () => {
  // The whole start-up, from the first line to helm's rendering, takes about 3 s. CANCEL=full tries many moments.
  const moments = [
    0,
    0,
    ...Array.from({ length: process.env['CANCEL'] === 'full' ? 40 : 2 }, () =>
      Math.round(Math.random() * 3_000),
    ),
  ];
  test.each(
    moments.map((after, index) => ({
      after,
      signal: index % 2 === 0 ? ('SIGINT' as const) : ('SIGTERM' as const),
    })),
  )(
    'at start-up: $signal $after ms after the first line',
    async ({ after, signal }) => {
      const given = { workspace: sample.path, inputs: infraInputs };
      expectCancelled(await cancelled(given, { at: /^/, after, signal }));
    },
    30_000,
  );

  test.each([
    { name: 'an error of a connection that was cut', code: 'UND_ERR_DESTROYED', told: false },
    { name: 'any other error', code: 'ERR_OTHER', told: true },
  ])(
    'and then $name that nobody hears: the summary is there, and a bug is told',
    async ({ code, told }) => {
      const late = workspaceOf({
        'late.mjs': `process.on('SIGTERM', () => setImmediate(() => {
  throw Object.assign(new Error('raised late'), { code: '${code}', stack: 'Error: raised late' });
}));\n`,
      });
      const env = { NODE_OPTIONS: `--import=${join(late.path, 'late.mjs')}` };
      const given = { workspace: sample.path, inputs: infraInputs, env };
      const stopped = await cancelled(given, { at: /^/, signal: 'SIGTERM' });
      late.remove();
      expectCancelled(stopped);
      expect(stopped.log.includes('raised late')).toBe(told);
    },
    30_000,
  );

  test('while waiting: the summary says where each host was', async () => {
    const host = 'sample-app.example.com';
    await setKnobs({ answers: { [host]: [503] } });
    const given = {
      workspace: sample.path,
      inputs: { 'working-directory': 'routes', 'wait-timeout': '90s' },
    };
    const stopped = await cancelled(given, { at: /gets 503/, after: 500, signal: 'SIGTERM' });
    await resetKnobs();
    expect(stopped.log).toMatch(/gets 503/);
    expectCancelled(stopped);
    expect(stopped.report.firstBroken).toMatchObject({ host, link: 'https' });
    expect(stopped.summary).toContain('gets 503 from the load balancer itself');
  });

  test('while helm waits: helm ends, and the next run takes over', async () => {
    const workspace = workspaceOf(slow);
    const given = { workspace: workspace.path, inputs: slowInputs };
    const running = /^helm upgrade --install slow/;
    const stopped = await cancelled(given, { at: /^/, running, after: 1_500, signal: 'SIGINT' });
    expectCancelled(stopped);
    expect(stopped.during).toEqual([expect.stringMatching(running)]);

    writeFileSync(join(workspace.path, 'chart/templates/app.yaml'), app('slow', 'late'));
    const next = await run(given);
    workspace.remove();
    expect({ code: next.code, outcome: next.report.outcome }).toEqual({ code: 0, outcome: 'live' });
  });

  describe('while a helm runs that will not end', () => {
    const workspace = workspaceOf(slow);
    // `upgrade` alone is stubborn; what it starts inherits that.
    const stubborn =
      '#!/bin/sh\n[ "$1" != upgrade ] && exec "$HELM" "$@"\ntrap "" INT TERM\nsleep 60\nexit 0\n';
    const bin = join(workspace.path, '.bin');
    const helm = (): string => {
      const found = (process.env['PATH'] ?? '')
        .split(':')
        .find((folder) => readdirOr(folder).includes('helm'));
      return join(found ?? '', 'helm');
    };
    const given = () => ({
      workspace: workspace.path,
      inputs: slowInputs,
      env: { PATH: `${bin}:${process.env['PATH']}` },
    });

    beforeAll(() => {
      mkdirSync(bin, { recursive: true });
      writeFileSync(join(bin, 'helm'), stubborn.replace('$HELM', helm()), { mode: 0o755 });
    });
    afterAll(workspace.remove);

    const waiting = { at: /^/, running: /^sleep 60$/ };
    test('it is killed', async () => {
      const stopped = await cancelled(given(), { ...waiting, signal: 'SIGTERM' });
      expectCancelled(stopped);
      expect(stopped.took).toBeGreaterThan(2_500);
    });

    test('a second signal ends everything at once', async () => {
      const stopped = await cancelled(given(), { ...waiting, signal: 'SIGINT', again: 1_000 });
      expectCancelled(stopped);
      // Well below the grace that the first signal alone leaves it.
      expect(stopped.took).toBeLessThan(2_000);
    });
  });
});

function readdirOr(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
