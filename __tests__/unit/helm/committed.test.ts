// Charts that are committed, as archives and as folders, and charts of the repository that need others: by the real helm.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readAnyChart, requirementsOf } from '../../../src/bundle/chart.ts';
import type { Chart } from '../../../src/bundle/object.ts';
import { runChild } from '../../../src/child.ts';
import { copyChart } from '../../../src/helm/chart-copy.ts';
import { buildDependencies, hasDependencies } from '../../../src/helm/dependencies.ts';
import { helmEnvironment } from '../../../src/helm/environment.ts';
import { findHelm, type Helm } from '../../../src/helm/version.ts';
import { toolFolder } from './tools.ts';

const never = new AbortController().signal;
/** Nobody is there: whoever asks, fails. */
const nowhere = 'https://127.0.0.1:1/charts';
let base: string;
let helm: Helm;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'helm-committed-'));
  const tools = await toolFolder(base);
  const home = await mkdtemp(join(base, 'home-'));
  helm = await findHelm(helmEnvironment({ PATH: `${tools}:${process.env['PATH']}` }, home), never);
});
afterAll(() => rm(base, { recursive: true, force: true }));

const write = async (workspace: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(workspace, path)), { recursive: true });
    await writeFile(join(workspace, path), text);
  }
};

const chartYaml = (name: string, version: string, dependencies: readonly string[] = [], more = ''): string =>
  `apiVersion: v2\nname: ${name}\nversion: ${version}\n${more}${dependencies.length > 0 ? `dependencies:\n${dependencies.map((each) => `  - { ${each} }\n`).join('')}` : ''}`;

const chartIn = async (workspace: string, folder: string): Promise<Chart> => {
  const file = `${folder}/Chart.yaml`;
  const requirements = await readFile(join(workspace, requirementsOf(file)), 'utf8').catch(() => undefined);
  const read = readAnyChart(await readFile(join(workspace, file), 'utf8'), file, requirements);
  if (!('chart' in read)) throw new Error('not read');
  return read.chart;
};

describe('committed', () => {
  const wanted = `name: sub, version: 1.x, repository: '${nowhere}'`;
  const locked = (version: string): string =>
    `dependencies:\n- name: sub\n  repository: ${nowhere}\n  version: ${version}\ndigest: sha256:0\n`;

  const isComplete = async (form: 'archive' | 'folder' | 'none', version: string, lock?: string) => {
    const workspace = await mkdtemp(join(base, 'workspace-'));
    await write(workspace, {
      'app/Chart.yaml': chartYaml('app', '0.1.0', [wanted]),
      'sub/Chart.yaml': chartYaml('sub', version),
      ...(form === 'folder' && { 'app/charts/sub/Chart.yaml': chartYaml('sub', version) }),
      ...(lock !== undefined && { 'app/Chart.lock': locked(lock) }),
    });
    if (form === 'archive') {
      const packed = ['package', 'sub', '--destination', 'app/charts'];
      await runChild('helm', packed, { cwd: workspace, environment: helm.environment }, never);
    }
    return await hasDependencies(helm, await chartIn(workspace, 'app'), join(workspace, 'app'), never);
  };

  test.each<['archive' | 'folder' | 'none', string, string | undefined, boolean]>([
    ['archive', '1.2.3', undefined, true],
    ['folder', '1.2.3', undefined, true],
    ['archive', '1.2.3', '1.2.3', true],
    ['folder', '1.2.3', '1.2.3', true],
    ['archive', '2.0.0', undefined, false],
    ['folder', '2.0.0', undefined, false],
    // It fits Chart.yaml, but it is not what the lock says.
    ['archive', '1.2.3', '1.3.0', false],
    ['folder', '1.2.3', '1.3.0', false],
    ['none', '1.2.3', undefined, false],
    ['none', '1.2.3', '1.2.3', false],
  ])('as %s at %s, locked at %s: nothing is to be fetched: %s', async (form, version, lock, complete) => {
    expect(await isComplete(form, version, lock)).toBe(complete);
  });

  test.each([
    ['1.2.3', true],
    ['1.3.0', false],
  ])('of a chart of v1, by its requirements.lock at %s: %s', async (version, complete) => {
    const workspace = await mkdtemp(join(base, 'workspace-'));
    await write(workspace, {
      'app/Chart.yaml': 'apiVersion: v1\nname: app\nversion: 0.1.0\n',
      'app/requirements.yaml': `dependencies:\n- { ${wanted} }\n`,
      'app/requirements.lock': locked(version),
      'app/charts/sub/Chart.yaml': chartYaml('sub', '1.2.3'),
    });
    const chart = await chartIn(workspace, 'app');
    expect(chart.dependencies).toHaveLength(1);
    expect(await hasDependencies(helm, chart, join(workspace, 'app'), never)).toBe(complete);
  });

  test('a chart without a repository is one that is committed', async () => {
    const workspace = await mkdtemp(join(base, 'workspace-'));
    await write(workspace, {
      'app/Chart.yaml': chartYaml('app', '0.1.0', ["name: sub, version: '1.2.3'"]),
      'app/charts/sub/Chart.yaml': chartYaml('sub', '1.2.3'),
    });
    expect(await hasDependencies(helm, await chartIn(workspace, 'app'), join(workspace, 'app'), never)).toBe(
      true,
    );
  });
});

describe('charts of the repository', () => {
  const files = {
    'app/Chart.yaml': chartYaml('app', '0.1.0', [
      "name: common, version: 1.0.0, repository: 'file://../common'",
    ]),
    'app/templates/a.yaml': '{{ include "base.object" . }}\n',
    'common/Chart.yaml': chartYaml(
      'common',
      '1.0.0',
      ["name: base, version: 1.0.0, repository: 'file://../base'"],
      'type: library\n',
    ),
    'common/templates/_a.tpl': '',
    'base/Chart.yaml': chartYaml('base', '1.0.0', [], 'type: library\n'),
    'base/templates/_a.tpl':
      '{{ define "base.object" }}\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n{{ end }}\n',
  };
  const rendered = async (workspace: string): Promise<string> => {
    const to = await mkdtemp(join(base, 'copy-'));
    const copied = await copyChart(workspace, await chartIn(workspace, 'app'), to);
    for (const { chart, path } of copied) await buildDependencies(helm, chart, { path }, never);
    const end = await runChild(
      'helm',
      ['template', 'app'],
      { cwd: to, environment: helm.environment },
      never,
    );
    return end.stdout + end.stderr;
  };

  test('get what they need themselves, which helm alone does not see to', async () => {
    const workspace = await mkdtemp(join(base, 'workspace-'));
    await write(workspace, files);
    const alone = await mkdtemp(join(base, 'alone-'));
    await write(alone, files);
    const environment = helm.environment;
    await runChild('helm', ['dependency', 'update', 'app'], { cwd: alone, environment }, never);
    const without = await runChild('helm', ['template', 'app'], { cwd: alone, environment }, never);
    expect(without.stderr).toMatch(/base\.object/);

    expect(await rendered(workspace)).toContain('kind: ConfigMap');
    expect(await readdir(join(workspace, 'common'))).toEqual(['Chart.yaml', 'templates']);
  });

  test('of apiVersion v1 have them in requirements.yaml, and a lock that is held against it', async () => {
    const workspace = await mkdtemp(join(base, 'workspace-'));
    const v1 = (name: string): string => `apiVersion: v1\nname: ${name}\nversion: 1.0.0\n`;
    const needs = (name: string): string =>
      `dependencies:\n- { name: ${name}, version: 1.0.0, repository: 'file://../${name}' }\n`;
    await write(workspace, {
      ...files,
      'app/Chart.yaml': v1('app'),
      'app/requirements.yaml': needs('common'),
      'common/Chart.yaml': v1('common'),
      'common/requirements.yaml': needs('base'),
    });
    expect(await rendered(workspace)).toContain('kind: ConfigMap');

    const environment = helm.environment;
    await runChild('helm', ['dependency', 'update', 'app'], { cwd: workspace, environment }, never);
    expect(await readdir(join(workspace, 'app'))).toContain('requirements.lock');
    expect(await rendered(workspace)).toContain('kind: ConfigMap');
    await write(workspace, { 'app/requirements.yaml': needs('common').replace('1.0.0', '1.x') });
    await expect(rendered(workspace)).rejects.toMatchObject({
      code: 'helm/dependency-failed',
      message: expect.stringContaining('the lock file (requirements.lock) is out of sync'),
    });
  });

  test('a requirements.yaml of a chart of v2, which helm reads too, may not lead out either', async () => {
    const workspace = await mkdtemp(join(base, 'workspace-'));
    const out = "dependencies:\n- { name: base, version: 1.0.0, repository: 'file://../../base' }\n";
    await write(workspace, { ...files, 'common/requirements.yaml': out });
    await expect(rendered(workspace)).rejects.toMatchObject({
      code: 'bundle/invalid-chart',
      message: expect.stringMatching(/^common\/requirements\.yaml: .*leads out of the workspace/),
    });
  });

  test('that need each other end', async () => {
    const workspace = await mkdtemp(join(base, 'workspace-'));
    const back = chartYaml('base', '1.0.0', ["name: common, version: 1.0.0, repository: 'file://../common'"]);
    await write(workspace, { ...files, 'base/Chart.yaml': back });
    const copied = await copyChart(
      workspace,
      await chartIn(workspace, 'app'),
      await mkdtemp(join(base, 'copy-')),
    );
    expect(copied.map(({ chart }) => chart.name)).toEqual(['base', 'common', 'app']);
  });

  test('that are not there: helm’s words', async () => {
    const workspace = await mkdtemp(join(base, 'workspace-'));
    await write(workspace, { 'app/Chart.yaml': files['app/Chart.yaml'] });
    await expect(rendered(workspace)).rejects.toMatchObject({
      code: 'helm/dependency-failed',
      message: expect.stringContaining('common'),
    });
  });

  test.each<[string, string, string]>([
    [
      'out of the repository',
      chartYaml('common', '1.0.0', ["name: x, version: 1.0.0, repository: 'file://../../x'"]),
      'leads out of the workspace',
    ],
    ['by a name that is a path', chartYaml('common', '1.0.0', ["name: '../x', version: 1.0.0"]), 'is a path'],
  ])('lead nowhere %s, however deep they lie', async (_what, common, says) => {
    const workspace = await mkdtemp(join(base, 'workspace-'));
    await write(workspace, { ...files, 'common/Chart.yaml': common });
    await expect(rendered(workspace)).rejects.toMatchObject({
      code: 'bundle/invalid-chart',
      message: expect.stringContaining(says),
    });
  });
});
