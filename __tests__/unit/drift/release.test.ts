// A release against chart and values: read as Helm stores it, compared, and what a chart makes anew each time left out.
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject, Sourced } from '../../../src/bundle/object.ts';
import {
  judgeManifest,
  judgeRelease,
  mergedValues,
  onItsWay,
  type ReleaseWant,
  type StoredRelease,
  unstableFields,
} from '../../../src/drift/release.ts';
import { readStoredRelease } from '../../../src/helm/stored-release.ts';

const source = { file: 'infra/Chart.yaml', line: 1 };
const want: ReleaseWant = {
  namespace: 'infra',
  name: 'infra',
  chart: { name: 'infra', version: '1.0.0' },
  source,
  values: { level: 'info', db: { password: 'a' } },
};
const stored: StoredRelease = {
  status: 'deployed',
  revision: 3,
  updated: '2026-11-25T13:00:00.5+01:00',
  chart: { name: 'infra', version: '1.0.0' },
  values: { level: 'info', db: { password: 'a' } },
  manifest: '',
};
const said = (change: Partial<StoredRelease>): string[] =>
  judgeRelease(want, { ...stored, ...change }).map(
    ({ path, wanted, found, since }) => `${path}: ${wanted} ${found} ${since}`,
  );
const since = '2026-11-25T12:00:00.500Z';

test('as it should be; gone', () => {
  expect(said({})).toEqual([]);
  expect(judgeRelease(want, undefined)).toMatchObject([
    { ref: 'Release infra/infra', path: '', found: null },
  ]);
});

test.each<[string, Partial<StoredRelease>, string[]]>([
  ['its state', { status: 'pending-upgrade' }, [`status: deployed pending-upgrade ${since}`]],
  ['its chart', { chart: { name: 'infra', version: '0.9.0' } }, [`chart.version: 1.0.0 0.9.0 ${since}`]],
  ['a value', { values: { level: 'debug', db: { password: 'a' } } }, [`values.level: info debug ${since}`]],
  ['a value more', { values: { ...stored.values, extra: true } }, [`values.extra: null true ${since}`]],
  [
    'a secret value, which is not shown',
    { values: { level: 'info', db: { password: 'b' } } },
    [`values.db.password: *** *** ${since}`],
  ],
])('%s', (_what, change, expected) => {
  expect(said(change)).toEqual(expected);
});

test.each([
  ['pending-upgrade', true],
  ['pending-rollback', true],
  ['failed', undefined],
  ['deployed', undefined],
])('what differs of a release that is %s may pass: %s', (status, passing) => {
  const sightings = judgeRelease({ ...want, values: {} }, { ...stored, status });
  expect([...new Set(onItsWay({ status }, sightings).map((each) => each.passing))]).toEqual([passing]);
});

test('values files are merged as Helm merges them', () => {
  expect(
    mergedValues([
      { a: { b: 1, c: 2 }, d: [1] },
      { a: { b: 3 }, d: [2] },
    ]),
  ).toEqual({ a: { b: 3, c: 2 }, d: [2] });
});

const object = (name: string, spec: JsonObject, annotations: JsonObject = {}): Sourced => ({
  object: { apiVersion: 'v1', kind: 'Thing', metadata: { name, annotations }, spec } as KubernetesObject,
  source,
});

test('a chart that has changed under its version is told, hooks aside', () => {
  const hook = object('job', {}, { 'helm.sh/hook': 'pre-install' });
  const items = judgeManifest(
    want,
    [object('a', { x: 2 }), object('new', {}), hook],
    [object('a', { x: 1 }), object('old', {})],
  );
  expect(items.map(({ ref, path, wanted, found }) => [ref, path, wanted, found])).toEqual([
    ['Thing new', '', 'an object', null],
    ['Thing a', '.spec.x', '2', '1'],
    ['Thing old', '', null, 'an object'],
  ]);
});

test('objects that only one of two renderings has depend on the cluster, whichever it is', () => {
  const all = unstableFields(
    [object('a', {}), object('first', {})],
    [object('a', {}), object('later', {})],
    'infra',
  );
  expect([...all]).toEqual(['/Thing/infra/first ', '/Thing/infra/later ']);
});

test.each<[string, string | number, string | number, number]>([
  ['a day', '2026-11-24', '2026-11-25', 0],
  ['a moment', '2026-11-24T10:00:00Z', '2026-11-25T11:00:00Z', 0],
  ['seconds since 1970', '1795600000', '1795686400', 0],
  ['a moment in digits', '20261124103000', '20261125113000', 0],
  ['the revision', 'rev-3', 'rev-1', 0],
  ['the revision as a number', 3, 1, 0],
  ['another number', 4, 1, 1],
  ['a version', '1.2.4', '1.2.3', 1],
  ['a port', '8080', '8081', 1],
])('%s that a template writes: %s was installed, %s is rendered now', (_what, before, after, told) => {
  expect(judgeManifest(want, [object('a', { x: after })], [object('a', { x: before })], 3)).toHaveLength(
    told,
  );
});

test('two renderings show what is made anew each time', () => {
  const fields = unstableFields(
    [object('a', { cert: 'x', port: 1 })],
    [object('a', { cert: 'y', port: 1 })],
    'infra',
  );
  expect([...fields]).toEqual(['/Thing/infra/a .spec.cert']);
});

const secret = (version: string, release: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: `sh.helm.release.v1.infra.v${version}`, labels: { version } },
  data: { release },
});
const packed = (value: unknown): string =>
  Buffer.from(gzipSync(JSON.stringify(value)).toString('base64')).toString('base64');

test('the last revision is read as Helm stores it', async () => {
  const release = {
    version: 10,
    info: { status: 'deployed', last_deployed: '2026-11-25T12:00:00Z' },
    chart: { metadata: { name: 'infra', version: '1.0.0' } },
    config: { a: 1 },
    manifest: 'kind: X',
  };
  const seen = await readStoredRelease(
    async () => ({ at: new Date(0), value: [secret('9', packed({})), secret('10', packed(release))] }),
    { name: 'infra', namespace: 'infra' },
  );
  expect(seen).toMatchObject({
    value: { revision: 10, values: { a: 1 }, chart: { version: '1.0.0' }, manifest: 'kind: X' },
  });
});

test.each([
  ['no such release', [], { value: undefined }],
  [
    'a Secret that is none',
    [secret('1', 'bm90IGEgcmVsZWFzZQ==')],
    { failed: expect.stringContaining('cannot be read as a release') },
  ],
])('%s', async (_what, value, expected) => {
  const seen = await readStoredRelease(async () => ({ at: new Date(0), value }), {
    name: 'infra',
    namespace: 'infra',
  });
  expect(seen).toMatchObject(expected);
});
