// Links that lead out of the workspace are found wherever they stand, and those that stay are followed once.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { linkOutside } from '../../../src/files/links.ts';

const base = realpathSync(mkdtempSync(join(tmpdir(), 'eks-gateway-links-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const { signal } = new AbortController();

const workspaceWith = (links: Readonly<Record<string, string>>): string => {
  const workspace = mkdtempSync(join(base, 'w-'));
  for (const folder of ['chart/files', 'shared']) mkdirSync(join(workspace, folder), { recursive: true });
  writeFileSync(join(workspace, 'shared/a.txt'), 'a');
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(workspace, path));
  return workspace;
};

test.each<[string, Record<string, string>, object | undefined]>([
  ['none', {}, undefined],
  [
    'a file of the machine',
    { 'chart/files/x': '/etc/passwd' },
    { path: 'chart/files/x', target: '/etc/passwd' },
  ],
  ['the folder above the workspace', { 'chart/up': '../..' }, { path: 'chart/up', target: base }],
  [
    'one behind a folder of the workspace',
    { 'chart/shared': '../shared', 'shared/x': '/etc' },
    { path: 'shared/x', target: '/etc' },
  ],
  ['a file of the workspace', { 'chart/a.txt': '../shared/a.txt' }, undefined],
  ['nowhere', { 'chart/gone': '../nowhere' }, undefined],
  ['in a circle', { 'chart/self': '.', 'shared/back': '../chart', 'chart/there': '../shared' }, undefined],
])('%s', async (_what, links, expected) => {
  const workspace = workspaceWith(links);
  expect(await linkOutside(workspace, join(workspace, 'chart'), signal)).toEqual(expected);
});

test('a folder whose name only begins like the workspace is outside', async () => {
  const workspace = workspaceWith({});
  mkdirSync(`${workspace}-beside`);
  symlinkSync(`${workspace}-beside`, join(workspace, 'chart/x'));
  expect(await linkOutside(workspace, join(workspace, 'chart'), signal)).toMatchObject({ path: 'chart/x' });
});
