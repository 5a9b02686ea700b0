// What an upgrade changes, as helm-diff says it, and what is never shown of it.
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { isSame } from '../../../src/helm/plan.ts';
import { objectsIn, releaseChanges } from '../../../src/helm/release-changes.ts';
import { revisionOf, storedRevision } from '../../../src/helm/stored.ts';

const changes = (before: string, after: string) =>
  releaseChanges(objectsIn(before), objectsIn(after), 'infra');
const service = (port: number, name = 'web'): string =>
  `---\n# Source: c/templates/s.yaml\napiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { ports: [{ port: ${port} }] }\n`;

test('added, changed, removed; the group in brackets, the release’s namespace where none is named', () => {
  const deployment = '---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: d, namespace: shop }\n';
  expect(changes(service(80) + service(1, 'old'), service(81) + deployment)).toEqual([
    { object: 'infra, old, Service (v1)', change: 'removed', diff: [] },
    {
      object: 'infra, web, Service (v1)',
      change: 'changed',
      diff: expect.arrayContaining(['-    - port: 80', '+    - port: 81']),
    },
    { object: 'shop, d, Deployment (apps)', change: 'added', diff: [] },
  ]);
});

test('the order of objects and comments change nothing', () => {
  expect(changes(service(1, 'a') + service(2, 'b'), service(2, 'b') + service(1, 'a'))).toEqual([]);
});

test.each([
  [
    'a Secret',
    (value: string) => `apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { a: ${value} }\n`,
  ],
  [
    'a variable',
    (value: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata: { name: p }\nspec: { containers: [{ env: [{ name: DB_PASSWORD, value: ${value} }] }] }\n`,
  ],
  [
    'a field with a telling name',
    (value: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { api_key: ${value} }\n`,
  ],
])('the text of %s is never shown, but that it changed is', (_what, yaml) => {
  const found = changes(yaml('hunter2'), yaml('hunter3'));
  expect(found).toHaveLength(1);
  const shown = JSON.stringify(found);
  expect(shown).not.toMatch(/hunter/);
  expect(shown).toContain('REDACTED');
  expect(changes(yaml('hunter2'), yaml('hunter2'))).toEqual([]);
});

const release = {
  version: 3,
  info: { status: 'deployed', notes: 'n' },
  chart: { metadata: { name: 'c', version: '0.1.0', appVersion: '1' } },
  config: { a: 1 },
  manifest: service(80),
  hooks: [{ kind: 'Job', name: 'j', manifest: 'm', events: ['pre-install'], last_run: { phase: 'Failed' } }],
};

test('a revision out of the Secret in which Helm keeps it', () => {
  const text = gzipSync(JSON.stringify(release)).toString('base64');
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'sh.helm.release.v1.c.v3', labels: { owner: 'helm' } },
    data: { release: Buffer.from(text).toString('base64') },
  };
  expect(storedRevision(secret)).toEqual({
    revision: 3,
    status: 'deployed',
    updated: '',
    chart: { name: 'c', version: '0.1.0', appVersion: '1' },
    values: { a: 1 },
    manifest: service(80),
    hooks: [{ kind: 'Job', name: 'j', manifest: 'm', events: ['pre-install'], phase: 'Failed' }],
    notes: 'n',
    labels: { owner: 'helm' },
  });
  expect(storedRevision({ ...secret, data: { release: 'bm90aGluZw==' } })).toBeUndefined();
});

test.each<[string, object, boolean]>([
  ['the same', {}, true],
  ['another dry-run status and revision', { info: { status: 'pending-upgrade' }, version: 4 }, true],
  ['other values that render alike', { config: { a: 2 } }, false],
  ['another chart version', { chart: { metadata: { name: 'c', version: '0.2.0', appVersion: '1' } } }, false],
  ['another object', { manifest: service(81) }, false],
  ['another hook', { hooks: [] }, false],
])('%s is a release that needs no upgrade: %#', (_what, change, same) => {
  expect(isSame(revisionOf(release), revisionOf({ ...release, ...change }), 'infra')).toBe(same);
});

test('a release that failed is never done', () => {
  const failed = revisionOf({ ...release, info: { status: 'failed' } });
  expect(isSame(failed, revisionOf(release), 'infra')).toBe(false);
});
