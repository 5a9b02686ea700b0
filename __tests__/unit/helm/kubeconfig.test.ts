// The real kubectl and helm with a kubeconfig whose token is renewed; releases in every state that a dead helm leaves.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { privateFiles } from '../../../src/files/temp.ts';
import { helmEnvironment } from '../../../src/helm/environment.ts';
import { type Kubeconfig, writeKubeconfig } from '../../../src/helm/kubeconfig.ts';
import { type Freeing, freeRelease } from '../../../src/helm/pending.ts';
import { releaseState, upgradeInstall } from '../../../src/helm/release.ts';
import { revisionOf } from '../../../src/helm/stored.ts';
import { findHelm, type Helm } from '../../../src/helm/version.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { Problem } from '../../../src/verdict/problem.ts';
import { type ApiServer, startApiServer, status } from '../kube/api-server.ts';
import { toolFolder } from './tools.ts';

const never = new AbortController().signal;
const life = 3_000;
let base: string;
let tools: string;
let server: ApiServer;
let config: Kubeconfig;
let made: number;

const write = (every: number): Promise<Kubeconfig> =>
  writeKubeconfig(
    {
      endpoint: server.endpoint,
      caData: server.caData,
      token: async () => {
        made += 1;
        return `token-${Date.now()}`;
      },
      now: () => new Date(),
      every,
    },
    privateFiles(base),
  );

/** A token is good for `life` from when it was made, as at EKS. */
const valid = (authorization: string): boolean =>
  Date.now() - Number(authorization.replace('Bearer token-', '')) < life;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  tools = await toolFolder(base);
  server = await startApiServer();
  made = 0;
});
afterEach(async () => {
  await server.close();
  await rm(base, { recursive: true, force: true });
});

test('the files are private, and hold the token of the moment', async () => {
  config = await write(5_000);
  const names = (await readdir(config.folder)).toSorted();
  expect(names).toEqual(['credential.json', 'kubeconfig']);
  const modes = await Promise.all(
    [config.folder, ...names.map((name) => join(config.folder, name))].map(async (path) =>
      ((await stat(path)).mode & 0o777).toString(8),
    ),
  );
  expect(modes).toEqual(['700', '600', '600']);
  expect(await readFile(config.path, 'utf8')).not.toContain('token-');
  // Read by a client that is not helm's.
  const other = new KubeConfig();
  other.loadFromFile(config.path);
  expect(other.getCurrentCluster()).toMatchObject({ server: server.endpoint, skipTLSVerify: false });
  const { command = '', args = [] } = (other.getCurrentUser()?.exec ?? {}) as {
    command?: string;
    args?: string[];
  };
  const [flag = '', script = '', ours = '', credential = ''] = args;
  expect(spawnSync(command, args, { encoding: 'utf8' }).stdout).toContain('"kind":"ExecCredential"');
  // Once we are dead it says nothing: a helm that lives on has no credentials.
  const dead = String(spawnSync('true').pid);
  expect(ours).toBe(String(process.pid));
  expect(spawnSync(command, [flag, script, dead, credential], { encoding: 'utf8' })).toMatchObject({
    status: 1,
    stdout: '',
  });
  await config.remove();
  expect((await readdir(base)).filter((name) => name.startsWith('eks-gateway-'))).toEqual([]);
});

test('nothing is left when no token can be made', async () => {
  const access = {
    endpoint: server.endpoint,
    caData: server.caData,
    token: () => Promise.reject(new Error('no credentials')),
    now: () => new Date(),
  };
  await expect(writeKubeconfig(access, privateFiles(base))).rejects.toThrow('no credentials');
  expect((await readdir(base)).filter((name) => name.startsWith('eks-gateway-'))).toEqual([]);
});

describe('the real kubectl', () => {
  let proxy: ChildProcess | undefined;
  afterEach(() => {
    proxy?.kill('SIGKILL');
  });

  const startProxy = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const environment = helmEnvironment({ PATH: `${tools}:${process.env['PATH']}` }, base, config.path);
      proxy = spawn(join(tools, 'kubectl'), ['proxy', '--port=0'], { env: environment });
      proxy.stdout?.on('data', (text) => {
        const port = /Starting to serve on (\S+)/.exec(String(text))?.[1];
        if (port) resolve(`http://${port}`);
      });
      proxy.stderr?.on('data', (text) => reject(new Error(String(text))));
    });

  test('goes on past the end of its first token', async () => {
    const used = new Set<string>();
    server.answer(({ authorization }) => {
      used.add(authorization);
      return valid(authorization) ? { body: {} } : status(401, 'Unauthorized', 'Unauthorized');
    });
    config = await write(500);
    const statuses = await config.keepFresh(async () => {
      const address = await startProxy();
      const seen: number[] = [];
      const end = Date.now() + 2 * life;
      while (Date.now() < end) {
        seen.push((await fetch(`${address}/version`)).status);
        await systemClock.sleep(200, never);
      }
      return seen;
    });
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(used.size).toBeGreaterThan(2);
    const after = made;
    await systemClock.sleep(1_200, never);
    expect(made).toBe(after);
  });
});

describe('a release', () => {
  let helm: Helm;
  const release = { name: 'infra', namespace: 'infra' };

  /** A release as Helm keeps it: JSON, gzip, base64, and base64 once more as any Secret's data. */
  const secretOf = (state: string, updated: Date) => {
    const record = {
      name: 'infra',
      namespace: 'infra',
      version: 3,
      info: {
        status: state,
        first_deployed: updated,
        last_deployed: updated,
        description: 'Preparing upgrade',
      },
      chart: { metadata: { name: 'infra', version: '0.1.0', apiVersion: 'v2' } },
      manifest: '',
    };
    const text = gzipSync(JSON.stringify(record)).toString('base64');
    return {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'helm.sh/release.v1',
      metadata: {
        name: 'sh.helm.release.v1.infra.v3',
        namespace: 'infra',
        labels: { name: 'infra', owner: 'helm', status: state, version: '3' },
      },
      data: { release: Buffer.from(text).toString('base64') },
    };
  };
  const serve = (secrets: () => readonly object[]): void =>
    server.answer(({ path }) =>
      path.endsWith('/secrets')
        ? { body: { apiVersion: 'v1', kind: 'SecretList', items: secrets() } }
        : { body: { major: '1', minor: '36', gitVersion: 'v1.36.3' } },
    );
  const state = () => releaseState(helm, release, base, never);

  beforeEach(async () => {
    config = await write(5_000);
    helm = await findHelm(
      helmEnvironment({ PATH: `${tools}:${process.env['PATH']}` }, config.folder, config.path),
      never,
    );
  });

  test('that does not exist has no state', async () => {
    serve(() => []);
    expect(await state()).toBeUndefined();
  });

  test('has a state and a revision', async () => {
    serve(() => [secretOf('failed', new Date(0))]);
    expect(await state()).toMatchObject({ status: 'failed', revision: 3, chart: 'infra-0.1.0' });
  });

  test('that may not be read is a problem', async () => {
    server.answer(({ path }) =>
      path.endsWith('/secrets')
        ? status(403, 'Forbidden', 'secrets is forbidden: User "u" cannot list')
        : { body: {} },
    );
    await expect(state()).rejects.toMatchObject({
      code: 'helm/failed',
      message: expect.stringContaining('secrets is forbidden'),
      hint: expect.stringContaining('Secrets'),
    });
  });

  test('in the middle of an operation is named when an upgrade meets it', async () => {
    serve(() => [secretOf('pending-upgrade', new Date())]);
    await mkdir(join(base, 'infra'));
    await writeFile(join(base, 'infra', 'Chart.yaml'), 'apiVersion: v2\nname: infra\nversion: 0.1.0\n');
    const upgrade = upgradeInstall(
      helm,
      release,
      undefined,
      { workspace: base, chartPath: join(base, 'infra'), values: [], timeout: 5 },
      never,
    );
    await expect(upgrade).rejects.toMatchObject({
      code: 'helm/failed',
      message: expect.stringMatching(/another operation .* is in progress.* pending-upgrade at revision 3/),
      hint: expect.stringContaining('helm rollback infra'),
    });
  });

  const freeingBy = (deleteSecret: Freeing['deleteSecret']): Freeing => ({
    clock: systemClock,
    timeout: 0,
    revision: async () => undefined,
    uninstall: () => Promise.reject(new Error('uninstalled')),
    deleteSecret,
  });

  test('that a dead helm left is freed, once a live one would have been done', async () => {
    const since = Date.now();
    let secrets: object[] = [secretOf('pending-upgrade', new Date(since))];
    serve(() => secrets);
    const deleted: string[] = [];
    const lines: string[] = [];
    await freeRelease(
      helm,
      release,
      base,
      {
        clock: systemClock,
        timeout: 6,
        revision: async () => undefined,
        uninstall: async () => undefined,
        deleteSecret: async (namespace, name) => {
          deleted.push(`${namespace}/${name}`);
          secrets = [];
        },
        onLine: (line) => lines.push(line),
      },
      never,
    );
    expect(Date.now() - since).toBeGreaterThanOrEqual(6_000);
    expect(deleted).toEqual(['infra/sh.helm.release.v1.infra.v3']);
    expect(lines[0]).toContain('waiting: release infra is pending-upgrade');
    expect(lines.at(-1)).toContain('was dropped');
  });

  test('that a run of ours left when it died is freed at once', async () => {
    const began = new Date(Date.now() - 1_000);
    let secrets: object[] = [secretOf('pending-upgrade', began)];
    serve(() => secrets);
    const asked: Date[] = [];
    const deleteSecret = async (): Promise<void> => {
      secrets = [];
    };
    const isAbandoned = (at: Date): boolean => asked.push(at) > 0;
    const freeing = { ...freeingBy(deleteSecret), timeout: 600, isAbandoned };
    await freeRelease(helm, release, base, freeing, never);
    expect(secrets).toEqual([]);
    expect(asked).toEqual([began]);
  });

  test('of which it is known that its run has ended is freed at once, if it is old enough', async () => {
    let secrets: object[] = [secretOf('pending-upgrade', new Date(Date.now() - 31_000))];
    serve(() => secrets);
    const stored = revisionOf({ version: 3, info: { status: 'pending-upgrade' } });
    const asked: unknown[] = [];
    const lines: string[] = [];
    const freed = await freeRelease(
      helm,
      release,
      base,
      {
        ...freeingBy(async () => {
          secrets = [];
        }),
        timeout: 600,
        revision: async () => stored,
        isOurs: (each) => asked.push(each) > 0,
        onLine: (line) => lines.push(line),
      },
      never,
    );
    expect(freed).toBeUndefined();
    expect(asked).toEqual([stored]);
    expect(lines).toEqual([expect.stringContaining('was dropped')]);
  });

  describe('of which a removal began', () => {
    const gone = (deleted: Date) => revisionOf({ version: 3, info: { deleted: deleted.toISOString() } });
    const finish = async (deleted: Date | undefined, timeout: number): Promise<readonly string[]> => {
      // Installed long ago: it is the removal's own age that counts.
      let secrets: object[] = [secretOf('uninstalling', new Date(0))];
      serve(() => secrets);
      const done: string[] = [];
      await freeRelease(
        helm,
        release,
        base,
        {
          ...freeingBy(async () => void done.push('dropped')),
          timeout,
          revision: async () => deleted && gone(deleted),
          uninstall: async () => {
            done.push('uninstalled');
            secrets = [];
          },
          onLine: (line) => done.push(line.slice(0, 8)),
        },
        never,
      );
      return done;
    };

    test('is brought to its end, once a live helm would have been done', async () => {
      const said = await finish(new Date(), 6);
      // It waits in steps, and says so at each.
      expect([...new Set(said)]).toEqual(['waiting:', 'Release ', 'uninstalled']);
    });

    test('is not touched where nobody knows since when', async () => {
      await expect(finish(undefined, 0)).rejects.toMatchObject({
        code: 'helm/failed',
        hint: expect.stringContaining('helm uninstall infra --namespace infra'),
      });
    });
  });

  test('of somebody else is not freed', async () => {
    serve(() => [secretOf('pending-install', new Date(0))]);
    const deleted: string[] = [];
    const freeing = {
      ...freeingBy(async (_namespace: string, name: string) => void deleted.push(name)),
      allow: () => {
        throw new Problem('helm/not-ours', 'theirs');
      },
    };
    await expect(freeRelease(helm, release, base, freeing, never)).rejects.toMatchObject({
      code: 'helm/not-ours',
    });
    expect(deleted).toEqual([]);
  });

  test('that is at rest is left alone', async () => {
    serve(() => [secretOf('deployed', new Date(0))]);
    const deleteSecret = () => Promise.reject(new Error('deleted'));
    expect(await freeRelease(helm, release, base, freeingBy(deleteSecret), never)).toMatchObject({
      state: { status: 'deployed', revision: 3 },
    });
  });
});
