// Runners that are not as GitHub's are: files that cannot be written, folders that are missing. Nothing ends in a stack trace.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parseCommandFile } from '../../lab/runner.ts';

const script = join(process.env['LAB_DIST'] ?? join(import.meta.dirname, '../../dist'), 'index.js');

const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-runner-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(scratch, 'run-'));
  for (const name of ['temp', 'workspace']) mkdirSync(join(folder, name));
  for (const name of ['output', 'summary', 'state']) writeFileSync(join(folder, name), '');
  writeFileSync(join(folder, 'workspace/a.yaml'), manifest);
});

const at = (name: string): string => join(folder, name);

async function lint(changed: Readonly<Record<string, string | undefined>>) {
  const usual = {
    PATH: process.env['PATH'],
    INPUT_MODE: 'lint',
    GITHUB_WORKSPACE: at('workspace'),
    RUNNER_TEMP: at('temp'),
    GITHUB_OUTPUT: at('output'),
    GITHUB_STEP_SUMMARY: at('summary'),
    GITHUB_STATE: at('state'),
  };
  const child = spawn(process.execPath, [script], {
    env: { ...usual, ...changed },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<number | null>((done) => child.once('close', done));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  const log = `${out}${err}`;
  expect(log).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(err).toBe('');
  return {
    code,
    warnings: log.match(/^::warning.*$/gm) ?? [],
    errors: log.match(/^::error.*$/gm) ?? [],
    log,
  };
}

describe('what the runner does not take is told, and changes nothing of the outcome', () => {
  test.each([
    ['GITHUB_STEP_SUMMARY', 'The job summary could not be written: it does not exist (ENOENT).'],
    ['GITHUB_OUTPUT', 'The outputs could not be written: it does not exist (ENOENT).'],
  ])('%s', async (variable, said) => {
    const { code, warnings, errors } = await lint({ [variable]: at('gone/file') });
    expect({ code, errors }).toEqual({ code: 0, errors: [] });
    expect(warnings).toEqual([expect.stringContaining(`title=run/unwritable::${said}`)]);
  });

  test('where there are no such files at all, nothing is missed', async () => {
    const none = { GITHUB_STEP_SUMMARY: undefined, GITHUB_OUTPUT: undefined, GITHUB_STATE: undefined };
    expect(await lint(none)).toMatchObject({ code: 0, warnings: [], errors: [] });
  });
});

describe('the temp folder', () => {
  test('is made where it is missing', async () => {
    expect(await lint({ RUNNER_TEMP: at('temp/of/its/own') })).toMatchObject({ code: 0, errors: [] });
    const { report } = parseCommandFile(readFileSync(at('output'), 'utf8'));
    expect(report).toContain(at('temp/of/its/own'));
  });

  test('that is none ends the run in a sentence', async () => {
    const { code, errors } = await lint({ RUNNER_TEMP: at('state') });
    expect(code).toBe(1);
    expect(errors).toEqual([
      expect.stringContaining(`No private folder can be made in ${at('state')}, the runner's temp folder: `),
    ]);
    expect(readdirSync(at('temp'))).toEqual([]);
  });
});

test('a workspace that is not there', async () => {
  const { code, errors } = await lint({ GITHUB_WORKSPACE: at('gone') });
  expect(code).toBe(1);
  expect(errors).toEqual([
    expect.stringContaining(
      `The workspace ${at('gone')} (GITHUB_WORKSPACE) cannot be read: it does not exist`,
    ),
  ]);
});

test('a mode with blanks around it is that mode', async () => {
  const { code, log } = await lint({ INPUT_MODE: ' lint\n' });
  expect({ code, first: log.split('\n')[0] }).toEqual({ code: 0, first: 'eks-gateway-action: lint' });
});

test('letters of another language change nothing', async () => {
  expect(await lint({ LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8', TZ: 'Asia/Kathmandu' })).toMatchObject({
    code: 0,
    errors: [],
  });
});
