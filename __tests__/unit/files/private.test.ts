// Private folders and files: who can read them, and what is removed with them.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createPrivateFolder, removePrivateFolder } from '../../../src/files/temp.ts';
import { writePrivateFile } from '../../../src/files/write.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'private-'));
});
afterEach(() => rm(parent, { recursive: true }));

const mode = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

test('a private folder can be entered by its owner alone, and goes with what is in it', async () => {
  const folder = await createPrivateFolder(parent);
  expect(await mode(folder)).toBe('700');
  await mkdir(join(folder, 'helm'));
  await writePrivateFile(join(folder, 'helm', 'a'), 'x');
  await removePrivateFolder(folder, parent);
  expect(await readdir(parent)).toEqual([]);
  await removePrivateFolder(folder, parent);
});

describe('nothing else is removed', () => {
  test('a folder of another name, of another parent, a file, a link', async () => {
    const other = join(parent, 'other');
    const elsewhere = join(other, 'eks-gateway-1');
    const plain = join(parent, 'eks-gateway-file');
    const link = join(parent, 'eks-gateway-link');
    await mkdir(elsewhere, { recursive: true });
    await writeFile(plain, 'x');
    await symlink(other, link);
    for (const path of [other, elsewhere, plain, link, `${parent}/eks-gateway-x/../other`, parent]) {
      await removePrivateFolder(path, parent);
    }
    expect(await Promise.all([elsewhere, plain, link].map(exists))).toEqual([true, true, true]);
  });
});

describe('a private file', () => {
  test('is 0600 and replaces what is there, leaving nothing beside it', async () => {
    const path = join(parent, 'report.json');
    await writeFile(path, 'old', { mode: 0o644 });
    await writePrivateFile(path, 'new');
    expect(await mode(path)).toBe('600');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(parent)).toEqual(['report.json']);
  });

  test('is never seen half-written', async () => {
    const path = join(parent, 'credential.json');
    const texts = ['a'.repeat(100_000), 'b'.repeat(100_000)];
    await writePrivateFile(path, texts[0] ?? '');
    let writing = true;
    const writer = (async () => {
      for (let count = 0; count < 50; count += 1) await writePrivateFile(path, texts[count % 2] ?? '');
      writing = false;
    })();
    while (writing) expect(texts).toContain(await readFile(path, 'utf8'));
    await writer;
  });

  test('does not follow a link that lies in its place', async () => {
    const target = join(parent, 'target');
    await writeFile(target, 'theirs');
    await symlink(target, join(parent, 'report.json'));
    await writePrivateFile(join(parent, 'report.json'), 'ours');
    expect(await readFile(target, 'utf8')).toBe('theirs');
  });
});
