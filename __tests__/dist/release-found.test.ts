// What a deploy finds in the place of its release: somebody else's, one that is half removed, one that it could not see.
import { execFileSync, spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Finished, kubectl, run, workspaceOf } from './harness.ts';
import { errorIn, errorsOf } from './reading.ts';

/** `HELM=full`: with Helm 3 also what is removed, but kept in the history. */
const full = process.env['HELM'] === 'full';
const namespace = 'release-found';
const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { a: b }\n`;
const workspace = workspaceOf({
  'app/Chart.yaml': 'apiVersion: v2\nname: app\nversion: 0.1.0\n',
  'app/templates/a.yaml': configMap('ours'),
});
const strange = workspaceOf({
  'Chart.yaml': 'apiVersion: v2\nname: app-database\nversion: 3.0.0\n',
  'templates/a.yaml': configMap('theirs'),
});
const helm3 = `${join(process.env['LAB_DIR'] ?? '', 'bin/helm3')}:${process.env['PATH'] ?? ''}`;

const go = (inputs: Record<string, string> = {}, env: Record<string, string> = {}): Promise<Finished> =>
  run({ workspace: workspace.path, inputs: { namespace, 'helm-timeout': '30s', ...inputs }, env });
const helm = (args: readonly string[], env: Record<string, string> = {}): string =>
  execFileSync('helm', [...args, '--namespace', namespace], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
const objects = (): string =>
  kubectl('get', 'configmap', '-n', namespace, '-l', 'app.kubernetes.io/managed-by=Helm', '-o', 'name');
const expectDone = ({ code, report }: Finished, result: string): void =>
  expect({ code, errors: errorsOf(report), release: report.releases?.[0]?.result }).toEqual({
    code: 0,
    errors: [],
    release: result,
  });
const expectRefused = ({ code, report }: Finished, error: string, says: RegExp): void => {
  expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: [error] });
  expect(errorIn(report)?.message).toMatch(says);
};

beforeAll(() => {
  kubectl('create', 'namespace', namespace);
});
beforeEach(() => {
  kubectl('delete', 'secret,configmap', '-n', namespace, '-l', 'owner=helm');
  kubectl('delete', 'configmap', 'ours', 'theirs', '-n', namespace, '--ignore-not-found');
});
afterAll(() => {
  kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');
  workspace.remove();
  strange.remove();
});

describe("somebody else's", () => {
  test('of another chart: nothing of it is touched, until it is to be taken over', async () => {
    helm(['install', 'app', strange.path]);
    const finished = await go();
    expectRefused(
      finished,
      'helm/not-ours',
      /^Release release-found\/app is somebody else's: it is of the chart app-database 3\.0\.0, not of app\./,
    );
    expect(errorIn(finished.report)?.hint).toContain('take-over: helm');
    expect(objects()).toBe('configmap/theirs\n');
    expectDone(await go({ 'take-over': 'helm' }), 'upgraded');
    expect(objects()).toBe('configmap/ours\n');
  });

  test('of another bundle with a chart of the same name', async () => {
    expectDone(await go({ inventory: 'other' }), 'installed');
    expectRefused(await go(), 'helm/not-ours', /another repository, or another folder of this one, keeps it/);
    expectDone(await go({ inventory: 'other' }), 'unchanged');
  });

  test('the same chart, installed by hand, is taken over', async () => {
    helm(['install', 'app', join(workspace.path, 'app')]);
    writeFileSync(join(workspace.path, 'app/templates/b.yaml'), configMap('theirs'));
    const finished = await go();
    rmSync(join(workspace.path, 'app/templates/b.yaml'));
    expectDone(finished, 'upgraded');
  });
});

describe.each([
  ['4', process.env['PATH'] ?? ''],
  ['3', helm3],
])('removed, by Helm %s', (version, path) => {
  const inFull = full || version === '4' ? test : undefined;
  inFull?.('but kept in the history: a first install', async () => {
    helm(['install', 'app', join(workspace.path, 'app')], { PATH: path });
    helm(['uninstall', 'app', '--keep-history'], { PATH: path });
    const finished = await go({}, { PATH: path });
    expectDone(finished, 'installed');
    expect(finished.report.releases?.[0]?.changes).toEqual([
      { object: `${namespace}, ours, ConfigMap (v1)`, change: 'added', diff: [] },
    ]);
  });

  test('by half, by a helm that was killed: to the end, and installed anew', async () => {
    helm(['install', 'app', join(workspace.path, 'app')], { PATH: path });
    const held = ['patch', 'configmap', 'ours', '-n', namespace, '--type=merge', '-p'];
    kubectl(...held, '{"metadata":{"finalizers":["example.com/held"]}}');
    const killed = spawn('helm', ['uninstall', 'app', '--namespace', namespace, '--wait'], {
      env: { ...process.env, PATH: path },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => killed.once('close', resolve));
    const uninstalling = (): boolean =>
      kubectl('get', 'secret', '-n', namespace, '-l', 'owner=helm,status=uninstalling', '-o', 'name') !== '';
    while (!uninstalling()) await sleep(100);
    killed.kill('SIGKILL');
    await ended;
    kubectl(...held, '{"metadata":{"finalizers":null}}');
    const finished = await go({ 'helm-timeout': '5s' }, { PATH: path });
    expectDone(finished, 'installed');
    expect(finished.log).toContain('its removal is brought to its end first');
    expect(objects()).toBe('configmap/ours\n');
  });
});

describe('out of sight', () => {
  test('kept in ConfigMaps: refused, since helm would install it twice', async () => {
    helm(['install', 'app', join(workspace.path, 'app')], { HELM_DRIVER: 'configmap' });
    expectRefused(await go(), 'helm/other-storage', /is kept in ConfigMaps/);
    expect(kubectl('get', 'secret', '-n', namespace, '-l', 'owner=helm', '-o', 'name')).toBe('');
  });

  test('HELM_DRIVER of the job', async () => {
    expectRefused(await go({}, { HELM_DRIVER: 'sql' }), 'helm/other-storage', /^HELM_DRIVER is sql/);
    expectDone(await go({}, { HELM_DRIVER: 'secret' }), 'installed');
  });
});

test('a failed release whose only revision before failed too is removed, with `helm-rollback`', async () => {
  const bad = join(workspace.path, 'app/templates/bad.yaml');
  writeFileSync(
    bad,
    'apiVersion: v1\nkind: Service\nmetadata: { name: bad }\nspec: { ports: [{ port: 80800 }] }\n',
  );
  expectRefused(await go(), 'helm/failed', /^The first install of release app failed/);
  const finished = await go({ 'helm-rollback': 'true' });
  rmSync(bad);
  expectRefused(finished, 'helm/failed', /^The upgrade of release app from revision 1 failed/);
  expect(finished.report.verdict).toMatch(/The release, which never was good, was removed/);
  expect(objects()).toBe('');
});

test.each([
  ['longer than helm takes', 'a'.repeat(54), /it has 54 characters, and may have 53/],
  ['no name of an object', 'App_1', /only small letters, digits/],
])('a chart whose name is %s', async (_what, name, says) => {
  const named = workspaceOf({ 'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 0.1.0\n` });
  const finished = await run({ workspace: named.path, inputs: { namespace } });
  named.remove();
  expectRefused(finished, 'input/invalid', says);
  expect(errorIn(finished.report)?.hint).toContain('give it another name with `release-name`');
});
