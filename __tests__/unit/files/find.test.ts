import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findFiles } from '../../../src/files/find.ts';

const never = new AbortController().signal;
let base: string;
let workspace: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'find-'));
  workspace = join(base, 'workspace');
  await mkdir(workspace);
});
afterEach(() => rm(base, { recursive: true }));

const file = async (path: string, text = path): Promise<void> => {
  const whole = join(workspace, path);
  await mkdir(dirname(whole), { recursive: true });
  await writeFile(whole, text);
};
const link = async (path: string, target: string): Promise<void> => {
  await mkdir(dirname(join(workspace, path)), { recursive: true });
  await symlink(target, join(workspace, path));
};
const find = async (folder = '.'): Promise<string[]> =>
  (await findFiles(workspace, folder, never)).files.map(({ path }) => path);

test('YAML and JSON files, sorted, with their text', async () => {
  for (const path of ['b.yml', 'a/c.yaml', 'a/d.JSON', 'infra/Chart.yaml', 'infra/charts/x.tgz', 'README.md'])
    await file(path);
  const { files, ignored } = await findFiles(workspace, '.', never);
  expect(files).toEqual(
    ['a/c.yaml', 'a/d.JSON', 'b.yml', 'infra/Chart.yaml'].map((path) => ({ path, text: path })),
  );
  expect(ignored).toEqual([]);
});

test('dot folders and node_modules are passed over', async () => {
  for (const path of [
    '.github/workflows/x.yaml',
    '.git/x.yaml',
    'a/node_modules/x.yaml',
    'a/.x.yaml',
    'y.yaml',
  ])
    await file(path);
  expect(await find()).toEqual(['y.yaml']);
});

test('paths are relative to the workspace, whatever the working directory', async () => {
  await file('apps/one/a.yaml');
  await file('b.yaml');
  expect(await find('apps/one')).toEqual(['apps/one/a.yaml']);
  expect(await find(join(workspace, 'apps'))).toEqual(['apps/one/a.yaml']);
});

describe('links', () => {
  test('inside the workspace bring nothing twice, and the file keeps its own name', async () => {
    await file('z/a.yaml');
    await link('a-link', join(workspace, 'z'));
    await link('a-link.yaml', join(workspace, 'z', 'a.yaml'));
    await link('z/loop', workspace);
    expect(await find()).toEqual(['z/a.yaml']);
  });

  test('to what lies outside the working directory, but inside the workspace, are followed', async () => {
    await file('shared/a.yaml');
    await link('app/shared', '../shared');
    expect(await find('app')).toEqual(['app/shared/a.yaml']);
  });

  test('that lead nowhere, or to files of no interest, are passed over', async () => {
    await link('gone.yaml', join(base, 'gone'));
    await writeFile(join(base, 'tool'), 'x');
    await link('bin/tool', join(base, 'tool'));
    expect(await find()).toEqual([]);
  });

  test.each([
    ['a file', 'secret.yaml', 'x.yaml'],
    ['a folder', 'folder', 'x'],
  ])('that lead out of the workspace to %s are refused', async (_name, target, path) => {
    await mkdir(join(base, 'folder'));
    await writeFile(join(base, 'secret.yaml'), 'secret');
    await file('fine.yaml');
    await link(path, join(base, target));
    expect(await findFiles(workspace, '.', never)).toMatchObject({
      files: [{ path: 'fine.yaml' }],
      findings: [{ code: 'bundle/outside-workspace', source: { file: path, line: 1 } }],
    });
  });

  test('a folder whose name merely begins like the workspace is outside', async () => {
    await mkdir(`${workspace}-other`);
    await link('x', `${workspace}-other`);
    const { findings } = await findFiles(workspace, '.', never);
    expect(findings).toMatchObject([{ code: 'bundle/outside-workspace' }]);
  });
});

describe('the working directory', () => {
  test.each(['..', '/', '../workspace-2'])('%s is refused', async (folder) => {
    await mkdir(`${workspace}-2`);
    await expect(find(folder)).rejects.toMatchObject({ code: 'bundle/outside-workspace' });
  });

  test('that does not exist is named', async () => {
    await expect(find('nope')).rejects.toMatchObject({
      code: 'input/invalid',
      message: expect.stringContaining('nope'),
    });
  });

  test('that is a file is refused', async () => {
    await file('a.yaml');
    await expect(find('a.yaml')).rejects.toMatchObject({ code: 'input/invalid' });
  });
});

describe('a file that is too large', () => {
  const eleven = 11 * 1024 * 1024;

  test('is refused when it is YAML', async () => {
    await file('a.yaml');
    await truncate(join(workspace, 'a.yaml'), eleven);
    const { files, findings } = await findFiles(workspace, '.', never);
    expect(files).toEqual([]);
    expect(findings).toMatchObject([
      { code: 'bundle/too-large', message: expect.stringContaining('a.yaml') },
    ]);
  });

  test('is ignored, and said to be, when it is JSON', async () => {
    await file('a.json');
    await truncate(join(workspace, 'a.json'), eleven);
    const { files, ignored } = await findFiles(workspace, '.', never);
    expect(files).toEqual([]);
    expect(ignored).toEqual([{ file: 'a.json', why: expect.stringContaining('11.0 MiB') }]);
  });
});

test('abort ends the walk', async () => {
  await expect(findFiles(workspace, '.', AbortSignal.abort(new Error('cancelled')))).rejects.toThrow(
    'cancelled',
  );
});
