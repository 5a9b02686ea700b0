// The built file itself: it belongs to src/, is complete, starts anywhere, and its `post` does nothing but clean up. No lab is needed.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from '@jest/globals';
import { appFiles } from './app-files.ts';
import { workspaceOf } from './lab-control.ts';

const root = join(import.meta.dirname, '../..');
const dist = process.env['LAB_DIST'] ?? join(root, 'dist');
const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-bundle-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('dist/ is what src/ builds, byte for byte (npm run build)', () => {
  const built = join(scratch, basename(scratch));
  try {
    execFileSync(process.execPath, ['scripts/build.ts', built], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(readdirSync(dist)).toEqual(readdirSync(built));
    const other = readdirSync(built).filter(
      (file) => !readFileSync(join(dist, file)).equals(readFileSync(join(built, file))),
    );
    expect(other).toEqual([]);
  } finally {
    rmSync(join(root, 'build', basename(built)), { recursive: true, force: true });
  }
});

test('it is under 10 MB', () => {
  const sizes = readdirSync(dist).map((file) => statSync(join(dist, file)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(10_000_000);
});

test('it is one file, and the licences of what is in it lie beside it', () => {
  // With a second chunk ncc would list the licences of that chunk alone.
  expect(readdirSync(dist)).toEqual(['index.js', 'licenses.txt', 'package.json']);
  const licensed = readFileSync(join(dist, 'licenses.txt'), 'utf8').split('\n');
  const some = ['@aws-sdk/client-sts', '@smithy/node-http-handler', 'p-limit', 'undici', 'yaml'];
  expect(licensed).toEqual(expect.arrayContaining(some));
});

interface Ended {
  readonly code: number | null;
  readonly log: string;
}

/** Plain `node index.js`, as the runner calls it, with nothing but these variables. */
async function start(script: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn(process.execPath, [script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number | null, log: out + err };
}

const commandFiles = ['OUTPUT', 'STATE', 'STEP_SUMMARY'] as const;

/** A runner's folder with its temp folder and its files. */
function runnerFolder(): { readonly folder: string; readonly env: Readonly<Record<string, string>> } {
  const folder = mkdtempSync(join(scratch, 'runner-'));
  mkdirSync(join(folder, 'temp'));
  const names = commandFiles.map((name) => [`GITHUB_${name}`, join(folder, name)] as const);
  for (const [, path] of names) writeFileSync(path, '');
  return { folder, env: { ...Object.fromEntries(names), RUNNER_TEMP: join(folder, 'temp') } };
}

test('it needs nothing beside itself, and starts from any folder', async () => {
  const elsewhere = join(scratch, 'elsewhere');
  cpSync(dist, elsewhere, { recursive: true });
  const { folder, env } = runnerFolder();
  const { code, log } = await start(join(elsewhere, 'index.js'), '/', env);
  expect(log).toContain('`cluster-name` is required');
  expect(log).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
  expect(readFileSync(join(folder, 'STEP_SUMMARY'), 'utf8')).toContain('`role-to-assume` is required');
});

describe('post', () => {
  const given = {
    'INPUT_CLUSTER-NAME': 'sample',
    'INPUT_AWS-REGION': 'us-east-1',
    'INPUT_ROLE-TO-ASSUME': 'arn:aws:iam::111111111111:role/gateway-deploy',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'token',
  };

  /** The same step with a token endpoint that counts who asks. */
  async function started(state: (temp: string) => Readonly<Record<string, string>>) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(403).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?api-version=2.0`;
    const { folder, env } = runnerFolder();
    const workspace = workspaceOf(appFiles('post'));
    const temp = join(folder, 'temp');
    for (const name of ['eks-gateway-left', 'other']) {
      mkdirSync(join(temp, name));
      writeFileSync(join(temp, name, 'kubeconfig'), 'secret');
    }
    const step = {
      ...env,
      ...given,
      ACTIONS_ID_TOKEN_REQUEST_URL: url,
      GITHUB_WORKSPACE: workspace.path,
      ...state(temp),
    };
    const ended = await start(join(dist, 'index.js'), workspace.path, step);
    workspace.remove();
    server.closeAllConnections();
    server.close();
    const written = commandFiles.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
    return { ...ended, asked, written, temp };
  }
  const mainLeft = (folder: string) => (temp: string) => ({
    STATE_started: 'true',
    'STATE_private-folder': join(temp, folder),
  });

  test('removes what a killed run left, and does nothing else', async () => {
    const { code, log, asked, written, temp } = await started(mainLeft('eks-gateway-left'));
    expect({ code, log, asked, written }).toEqual({ code: 0, log: '', asked: [], written: '' });
    expect(readdirSync(temp)).toEqual(['other']);
  });

  test('removes no folder that a run did not make', async () => {
    const { code, temp } = await started(mainLeft('other'));
    expect({ code, there: existsSync(join(temp, 'other/kubeconfig')) }).toEqual({ code: 0, there: true });
  });

  test('is told from main by the saved state alone', async () => {
    const { code, asked, written } = await started(() => ({}));
    expect(code).toBe(1);
    expect(asked).not.toEqual([]);
    expect(written).toContain('started');
  });
});
