// Charts out of registries that ask who comes: what real logins of earlier steps have left opens them, and is never shown.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type Finished, layout, run, workspaceOf } from './harness.ts';
import { errorIn, errorsOf } from './reading.ts';

const { tokens, basic, classic, login, password } = layout.registries;
const classicAddress = `https://${classic}/artifactory/helm-local`;
const base = mkdtempSync(join(tmpdir(), 'eks-gateway-registries-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const helm3 = join(process.env['LAB_DIR'] ?? '', 'bin/helm3');
/** `HELM=full`: with Helm 3 also the classic repository. */
const full = process.env['HELM'] === 'full';
const versions = [
  ['4', process.env['PATH'] ?? ''],
  ['3', `${helm3}:${process.env['PATH'] ?? ''}`],
] as const;

describe.each(versions)('with Helm %s', (major, path) => {
  const files = {
    HELM_REGISTRY_CONFIG: join(base, `registry-${major}.json`),
    HELM_REPOSITORY_CONFIG: join(base, `repositories-${major}.yaml`),
    HELM_REPOSITORY_CACHE: join(base, `cache-${major}`),
  };
  const strangers = {
    HELM_REGISTRY_CONFIG: join(base, 'none.json'),
    HELM_REPOSITORY_CONFIG: join(base, 'none'),
  };
  const helm = (args: readonly string[], input?: string, cwd = base): string =>
    execFileSync('helm', args, {
      cwd,
      env: { ...process.env, PATH: path, HOME: base, ...files },
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input !== undefined && { input }),
    });

  const chartYaml = (repository: string): string =>
    `apiVersion: v2\nname: guest\nversion: 0.1.0\ndependencies:\n  - { name: external-dns, version: 1.x, repository: '${repository}', condition: dns.enabled }\n`;

  /** As a person's own helm writes it. */
  const lockOf = (repository: string): string => {
    const folder = workspaceOf({ 'Chart.yaml': chartYaml(repository) });
    helm(['dependency', 'update', folder.path]);
    const lock = readFileSync(join(folder.path, 'Chart.lock'), 'utf8');
    folder.remove();
    return lock;
  };

  const planned = async (
    repository: string,
    env: Readonly<Record<string, string>>,
    lock?: string,
  ): Promise<Finished> => {
    const workspace = workspaceOf({
      'chart/Chart.yaml': chartYaml(repository),
      'chart/values.yaml': 'dns: { enabled: false }\n',
      'chart/templates/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
      ...(lock !== undefined && { 'chart/Chart.lock': lock }),
    });
    const finished = await run({
      action: 'plan',
      workspace: workspace.path,
      inputs: { namespace: 'guest', 'create-namespace': 'true' },
      env: { PATH: path, ...env },
    });
    workspace.remove();
    const { log, summary, report, outputs } = finished;
    const unmasked = log.split('\n').filter((line) => !line.startsWith('::add-mask::'));
    for (const shown of [unmasked.join('\n'), summary, JSON.stringify([report, outputs])])
      expect(shown).not.toContain(password);
    return finished;
  };
  const expectPlanned = ({ code, report }: Finished): void =>
    expect({ code, errors: errorsOf(report), verdict: report.verdict }).toMatchObject({
      code: 0,
      errors: [],
    });
  const expectRefused = ({ code, report }: Finished, says: RegExp): void => {
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['helm/dependency-failed'] });
    expect(errorIn(report)?.message).toMatch(says);
  };

  const guards = [
    ['by tokens, as GHCR', tokens, login.tokens],
    ['by password, as ECR', basic, login.basic],
  ] as const;

  test.each(major === '4' ? guards : guards.slice(1))(
    'a registry that guards %s: refused, then opened by `helm registry login`',
    async (_how, host, user) => {
      const repository = `oci://${host}/example-org/private`;
      const refused = await planned(repository, strangers);
      expectRefused(refused, new RegExp(`${host}/v2/example-org/private/external-dns`));
      expect(errorIn(refused.report)?.hint).toContain('helm registry login');
      helm(['registry', 'login', host, '--username', user, '--password-stdin'], password);
      expectPlanned(await planned(repository, files));
    },
  );

  const inFull = full || major === '4' ? test : undefined;
  inFull?.(
    'a classic repository: refused, then opened by `helm repo add`, with a lock and without',
    async () => {
      const refused = await planned(classicAddress, strangers);
      expectRefused(refused, /401 Unauthorized/);
      expect(errorIn(refused.report)?.hint).toContain('helm repo add');

      const add = ['repo', 'add', 'team', classicAddress, '--username', login.classic, '--password-stdin'];
      helm(add, password);
      // Added without the slash that Chart.yaml has.
      const address = `${classicAddress}/`;
      const lock = lockOf(address);
      // One that this chart does not need, and that is not there: it must not even be asked.
      const entries = readFileSync(files.HELM_REPOSITORY_CONFIG, 'utf8');
      const more = `${entries}- name: gone\n  url: https://gone.example.invalid\n`;
      writeFileSync(files.HELM_REPOSITORY_CONFIG, more);

      for (const given of [undefined, lock]) {
        const finished = await planned(address, files, given);
        expectPlanned(finished);
        const { log } = finished;
        expect(log).not.toContain('gone.example.invalid');
        expect(log).toContain(`::add-mask::${password}`);
      }
      expectRefused(await planned(address, strangers, lock), /401 Unauthorized/);
      expect(readFileSync(files.HELM_REPOSITORY_CONFIG, 'utf8')).toBe(more);
    },
  );

  if (major === '4') {
    test('a public OCI registry gives anybody a token', async () => {
      expectPlanned(await planned(`oci://${tokens}/example-org/public`, strangers));
    });

    test('a repository by the name that it was added under', async () => {
      expectPlanned(await planned('@team', files));
      const strange = await planned('@team', strangers);
      expectRefused(strange, /@team|no repository/);
      expect(errorIn(strange.report)?.hint).toContain('helm repo add');
    });

    test('a password in an address of Chart.yaml opens it as well, and is not shown where that fails', async () => {
      const address = (host: string): string =>
        `https://${login.classic}:${password}@${host}/artifactory/helm-local`;
      expectPlanned(await planned(address(classic), strangers));
      expectRefused(await planned(address('gone.example.invalid'), strangers), /gone\.example\.invalid/);
    });
  }
});
