// Dependencies from an OCI registry, from the repository itself, and by the lock; the checkout is never written.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Chart } from '../../../src/bundle/object.ts';
import { runChild } from '../../../src/child.ts';
import { copyChart } from '../../../src/helm/chart-copy.ts';
import { buildDependencies } from '../../../src/helm/dependencies.ts';
import { helmEnvironment } from '../../../src/helm/environment.ts';
import { findHelm, type Helm } from '../../../src/helm/version.ts';
import { tlsFile, toolFolder } from './tools.ts';

const never = new AbortController().signal;
let base: string;
let workspace: string;
let helm: Helm;
let registry: Server;
let host: string;
const asked: string[] = [];

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(workspace, path)), { recursive: true });
  await writeFile(join(workspace, path), text);
};

/** What an OCI registry answers (distribution-spec 1.1) for the versions of one chart. */
type Answers = Map<string, [string, Buffer]>;
const root = '/v2/charts/sub';
let answers: Answers;

/** The versions that the registry has so far. */
const publish = (...tags: string[]): void => {
  answers.set(`${root}/tags/list`, [
    'application/json',
    Buffer.from(JSON.stringify({ name: 'charts/sub', tags })),
  ]);
};

const answersFor = (versions: ReadonlyMap<string, Buffer>): Answers => {
  const found: Answers = new Map();
  const digestOf = (content: Buffer): string =>
    `sha256:${createHash('sha256').update(content).digest('hex')}`;
  for (const [version, archive] of versions) {
    const config = Buffer.from(JSON.stringify({ name: 'sub', version, apiVersion: 'v2' }));
    const describe = (mediaType: string, content: Buffer) => ({
      mediaType,
      digest: digestOf(content),
      size: content.length,
    });
    const manifestType = 'application/vnd.oci.image.manifest.v1+json';
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        config: describe('application/vnd.cncf.helm.config.v1+json', config),
        layers: [describe('application/vnd.cncf.helm.chart.content.v1.tar+gzip', archive)],
      }),
    );
    for (const reference of [version, digestOf(manifest)])
      found.set(`${root}/manifests/${reference}`, [manifestType, manifest]);
    for (const blob of [config, archive])
      found.set(`${root}/blobs/${digestOf(blob)}`, ['application/octet-stream', blob]);
  }
  found.set('/v2/', ['application/json', Buffer.from('{}')]);
  return found;
};

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'helm-registries-'));
  workspace = join(base, 'workspace');
  const tools = await toolFolder(base);
  const home = await mkdtemp(join(base, 'home-'));
  const environment = helmEnvironment(
    { PATH: `${tools}:${process.env['PATH']}`, SSL_CERT_FILE: fileURLToPath(tlsFile('server.cert.pem')) },
    home,
  );
  helm = await findHelm(environment, never);
  const versions = new Map<string, Buffer>();
  for (const version of ['1.2.3', '1.3.0']) {
    await write('packed/sub/Chart.yaml', `apiVersion: v2\nname: sub\nversion: ${version}\n`);
    await runChild('helm', ['package', 'packed/sub'], { cwd: workspace, environment }, never);
    versions.set(version, await readFile(join(workspace, `sub-${version}.tgz`)));
  }
  answers = answersFor(versions);
  publish(...versions.keys());
  const [cert, key] = await Promise.all(
    ['server.cert.pem', 'server.key.pem'].map((name) => readFile(tlsFile(name))),
  );
  registry = createServer({ cert, key }, (request, response) => {
    const path = (request.url ?? '').split('?')[0]?.replace('/v2/private/', '/v2/charts/') ?? '';
    asked.push(path);
    const login = `Basic ${Buffer.from('team:hunter2').toString('base64')}`;
    if (request.url?.startsWith('/v2/private/') && request.headers.authorization !== login) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="private"' }).end();
      return;
    }
    const [type, content] = answers.get(path) ?? ['', undefined];
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    response.writeHead(200, {
      'content-type': type,
      'content-length': content.length,
      'docker-content-digest': digest,
    });
    response.end(request.method === 'HEAD' ? undefined : content);
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  host = `localhost:${(registry.address() as AddressInfo).port}`;
});

afterAll(async () => {
  registry.closeAllConnections();
  await new Promise((resolve) => registry.close(resolve));
  await rm(base, { recursive: true, force: true });
});

const chartOf = async (folder: string, dependency: Chart['dependencies'][number]): Promise<Chart> => {
  const { name, version, repository } = dependency;
  await write(
    `${folder}/Chart.yaml`,
    `apiVersion: v2\nname: ${folder}\nversion: 0.1.0\ndependencies:\n  - { name: ${name}, version: '${version}', repository: '${repository}' }\n`,
  );
  const source = { file: `${folder}/Chart.yaml`, line: 1 };
  return { folder, name: folder, version: '0.1.0', dependencies: [dependency], source };
};

/** What a run does: a copy, then its dependencies. */
const fetched = async (
  chart: Chart,
  registries: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> => {
  const copied = await copyChart(workspace, chart, await mkdtemp(join(base, 'copy-')));
  for (const each of copied)
    await buildDependencies(helm, each.chart, { path: each.path, registries }, never);
  return await readdir(join(copied.at(-1)?.path ?? '', 'charts'));
};

test('an OCI registry gives the newest version that fits, and the checkout stays as it was', async () => {
  const chart = await chartOf('newest', { name: 'sub', version: '1.x', repository: `oci://${host}/charts` });
  expect(await fetched(chart)).toEqual(['sub-1.3.0.tgz']);
  expect(asked).toContain('/v2/charts/sub/tags/list');
  expect(await readdir(join(workspace, 'newest'))).toEqual(['Chart.yaml']);
});

describe('a private registry', () => {
  const chart = (folder: string) =>
    chartOf(folder, { name: 'sub', version: '1.2.3', repository: `oci://${host}/private` });

  test('refuses strangers, and is named', async () => {
    await expect(fetched(await chart('stranger'))).rejects.toMatchObject({
      code: 'helm/dependency-failed',
      message: expect.stringMatching(/failed for stranger: .*private\/sub.*(credential not found|401)/s),
      hint: expect.stringContaining('helm registry login'),
    });
  });

  test.each([
    ['helm registry login', 'HELM_REGISTRY_CONFIG', 'registry.json'],
    ['docker login', 'DOCKER_CONFIG', ''],
  ])('opens to what %s has left', async (_how, variable, file) => {
    const folder = await mkdtemp(join(base, 'login-'));
    const auths = { [host]: { auth: Buffer.from('team:hunter2').toString('base64') } };
    await writeFile(join(folder, file || 'config.json'), JSON.stringify({ auths }));
    expect(await fetched(await chart('guest'), { [variable]: join(folder, file) })).toEqual([
      'sub-1.2.3.tgz',
    ]);
  });
});

test('a lock holds the version, though a newer one fits by now', async () => {
  const repository = `oci://${host}/charts`;
  const chart = await chartOf('locked', { name: 'sub', version: '1.x', repository });
  const path = join(workspace, 'locked');
  publish('1.2.3');
  await runChild('helm', ['dependency', 'update', '.'], { cwd: path, environment: helm.environment }, never);
  publish('1.2.3', '1.3.0');
  await rm(join(path, 'charts'), { recursive: true });
  expect(await readFile(join(path, 'Chart.lock'), 'utf8')).toContain('version: 1.2.3');
  expect(await fetched(chart)).toEqual(['sub-1.2.3.tgz']);
});

test('a chart of the repository is taken along', async () => {
  await write('common/Chart.yaml', 'apiVersion: v2\nname: common\nversion: 1.0.0\n');
  const chart = await chartOf('local', { name: 'common', version: '1.0.0', repository: 'file://../common' });
  expect(await fetched(chart)).toEqual(['common-1.0.0.tgz']);
});

test('a chart outside the repository is refused', async () => {
  const chart = await chartOf('thief', { name: 'x', version: '1.0.0', repository: 'file://../../elsewhere' });
  await expect(fetched(chart)).rejects.toMatchObject({ code: 'bundle/outside-workspace' });
});

test('a registry that is not there is named', async () => {
  const chart = await chartOf('far', {
    name: 'sub',
    version: '1.2.3',
    repository: 'oci://localhost:1/charts',
  });
  await expect(fetched(chart)).rejects.toMatchObject({
    code: 'helm/dependency-failed',
    message: expect.stringContaining('localhost:1'),
  });
});
