// Child processes: their environment, their output within bounds, and how they end.
import { describe, expect, test } from '@jest/globals';
import { runChild } from '../../src/child.ts';

const never = new AbortController().signal;
const options = { cwd: '/', environment: { PATH: process.env['PATH'] ?? '' } };
const node = (script: string, more: object = {}, signal = never) =>
  runChild(process.execPath, ['-e', script], { ...options, ...more }, signal);

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const until = async (holds: () => boolean): Promise<boolean> => {
  for (let count = 0; count < 1_000 && !holds(); count += 1) await new Promise((end) => setTimeout(end, 20));
  return holds();
};

test('the code, both streams and each line come back', async () => {
  const lines: string[] = [];
  const end = await node(
    "console.log('one\\ntwo'); console.error('bad'); process.stdout.write('rest'); process.exitCode = 3",
    {
      onLine: (line: string) => lines.push(line),
    },
  );
  expect(end).toEqual({ code: 3, stdout: 'one\ntwo\nrest', stderr: 'bad\n', cut: false });
  expect(lines.toSorted()).toEqual(['bad', 'one', 'rest', 'two']);
});

test('the environment is the one given, and arguments reach no shell', async () => {
  const environment = { ...options.environment, ONLY: 'this' };
  const { stdout } = await node("console.log(JSON.stringify([Object.keys(process.env), '$(id)']))", {
    environment,
  });
  const [names, text] = JSON.parse(stdout) as [string[], string];
  expect(names.filter((name) => !name.startsWith('__')).toSorted()).toEqual(['ONLY', 'PATH']);
  expect(text).toBe('$(id)');
});

test('output beyond the limit is dropped, and said to be', async () => {
  const end = await node("process.stdout.write('x'.repeat(200000))", { most: 1_000 });
  expect(end.cut).toBe(true);
  expect(end.stdout.length).toBeLessThanOrEqual(1_000);
});

test('a program that does not exist is an error with its code', async () => {
  await expect(runChild('no-such-program', [], options, never)).rejects.toMatchObject({ code: 'ENOENT' });
});

describe('abort', () => {
  const aborting = async (script: string, grace: number): Promise<{ seconds: number; lines: string[] }> => {
    const stop = new AbortController();
    const lines: string[] = [];
    let started = 0;
    const onLine = (line: string): void => {
      lines.push(line);
      if (line !== 'up' || started > 0) return;
      started = performance.now();
      stop.abort(new Error('cancelled'));
    };
    await expect(node(script, { onLine, grace }, stop.signal)).rejects.toThrow('cancelled');
    return { seconds: (performance.now() - started) / 1_000, lines };
  };
  const forever = 'setInterval(() => {}, 1000)';

  test('gives the child time to end by itself after SIGINT', async () => {
    const script = `process.on('SIGINT', () => { console.log('marked as failed'); process.exit(1) }); console.log('up'); ${forever}`;
    const { seconds, lines } = await aborting(script, 60_000);
    expect(lines).toContain('marked as failed');
    expect(seconds).toBeLessThan(30);
  });

  test('kills a child that does not heed it, when the time is up', async () => {
    const { seconds } = await aborting(`process.on('SIGINT', () => {}); console.log('up'); ${forever}`, 400);
    expect(seconds).toBeGreaterThan(0.35);
    expect(seconds).toBeLessThan(30);
  });

  test('ends what the child had started', async () => {
    const script = `process.on('SIGINT', () => {});
      const grandchild = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(`process.on('SIGINT', () => {}); ${forever}`)}], { stdio: 'inherit' });
      console.log(grandchild.pid); console.log('up'); ${forever}`;
    const { lines } = await aborting(script, 300);
    const pid = Number(lines[0]);
    expect(pid).toBeGreaterThan(1);
    expect(await until(() => !alive(pid))).toBe(true);
  });

  test('before the start starts nothing', async () => {
    await expect(node('', {}, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
  });
});

test('nothing is left listening afterwards', async () => {
  const before = process.listenerCount('exit');
  await node('');
  expect(process.listenerCount('exit')).toBe(before);
});
