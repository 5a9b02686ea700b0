// The files of the working directory: which are read, in which encoding, and which links are followed.
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
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

const bytes = async (path: string, content: Buffer): Promise<void> => {
  await writeFile(join(workspace, path), content);
};

describe('encodings', () => {
  const text = 'apiVersion: v1\ndata: { a: é }\n';
  const big = Buffer.from(`\uFEFF${text}`, 'utf16le').swap16();

  test.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${text}`)],
    ['UTF-16, little-endian', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16, big-endian', big],
  ])('%s', async (_name, content) => {
    await bytes('a.yaml', content);
    const { files, findings } = await findFiles(workspace, '.', never);
    expect(findings).toEqual([]);
    expect(files.map((found) => found.text.replace('\uFEFF', ''))).toEqual([text]);
  });

  test('another is refused in a manifest, with its line, and passed over in anything else', async () => {
    await bytes('a.yaml', Buffer.from(text, 'latin1'));
    await bytes('names.json', Buffer.from('{ "x": "é" }', 'latin1'));
    const { files, ignored, findings } = await findFiles(workspace, '.', never);
    expect(files).toEqual([]);
    expect(ignored).toEqual([{ file: 'names.json', why: 'not encoded in UTF-8' }]);
    expect(findings).toMatchObject([
      { code: 'bundle/invalid-yaml', message: 'a.yaml is not encoded in UTF-8.', source: { line: 2 } },
    ]);
  });
});

test('what the user of the runner may not read is refused: it may have been meant', async () => {
  await file('a.yaml');
  await file('left/by/container.yaml');
  await file('closed.yaml');
  await chmod(join(workspace, 'left/by'), 0o000);
  await chmod(join(workspace, 'closed.yaml'), 0o000);
  await chmod(base, 0o755);
  await chmod(workspace, 0o755);
  // Root may read everything, so that it asks as nobody.
  const script = `const { findFiles } = await import(${JSON.stringify(new URL('../../../src/files/find.ts', import.meta.url).href)});
    const { files, findings } = await findFiles(process.argv[1], '.', new AbortController().signal);
    console.log(JSON.stringify({ files: files.map(({ path }) => path), findings }));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--no-warnings', '-e', script, workspace],
    process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {},
  );
  await chmod(join(workspace, 'left/by'), 0o700);
  expect(JSON.parse(stdout)).toMatchObject({
    files: ['a.yaml'],
    findings: [
      { code: 'bundle/unreadable', message: 'left/by cannot be read: EACCES.' },
      { code: 'bundle/unreadable', message: 'closed.yaml cannot be read: EACCES.' },
    ],
  });
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

test('a workspace that is not there is no bug', async () => {
  await expect(findFiles(join(workspace, 'gone'), '.', never)).rejects.toMatchObject({
    code: 'bundle/unreadable',
    message: `The workspace ${join(workspace, 'gone')} (GITHUB_WORKSPACE) cannot be read: it does not exist (ENOENT).`,
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
