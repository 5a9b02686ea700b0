// A release over its life: installed, left alone, changed, mended, rolled back; with Helm 4, and the thread with Helm 3.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { ReportedRelease } from '../../src/report/report.ts';
import { type Finished, kubectl, run, workspaceOf } from './harness.ts';
import { errorIn, errorsOf } from './reading.ts';

const secret = 'correct-horse-battery';
const configMap = `apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { colour: "{{ .Values.colour }}", DB_PASSWORD: "{{ .Values.password }}" }
`;
const charts = {
  'one/Chart.yaml': 'apiVersion: v2\nname: one\nversion: 0.1.0\n',
  'one/values.yaml': 'colour: red\npassword: none\n',
  'one/templates/settings.yaml': configMap,
  'one/templates/secret.yaml':
    'apiVersion: v1\nkind: Secret\nmetadata: { name: hidden }\nstringData: { password: "{{ .Values.password }}" }\n',
  'one/templates/NOTES.txt': 'Look at the settings of {{ .Release.Name }}.\n',
  'two/Chart.yaml': 'apiVersion: v2\nname: two\nversion: 0.1.0\n',
  'two/templates/other.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "{{ .Release.Name }}-other" }\ndata: { size: "{{ .Values.size }}" }\n',
  'two.yaml': 'size: large\n',
};

/** `HELM=full`: the whole thread with Helm 3 too, not its install and its upgrade alone. */
const full = process.env['HELM'] === 'full';
const helm3 = join(process.env['LAB_DIR'] ?? '', 'bin/helm3');
const versions: [string, string, string | undefined][] = [
  ['4', 'v4.', undefined],
  ['3', 'v3.21.', `${helm3}:${process.env['PATH'] ?? ''}`],
];

describe.each(versions)('with Helm %s', (major, version, path) => {
  const namespace = `release-${major}`;
  const workspace = workspaceOf(charts);
  const inputs = {
    namespace,
    'create-namespace': 'true',
    'values-files': 'two=two.yaml',
    'helm-timeout': '30s',
  };
  const values = (colour: string): string => `colour: ${colour}\npassword: ${secret}\n`;
  const go = (more: Record<string, string> = {}): Promise<Finished> =>
    run({
      workspace: workspace.path,
      inputs: { ...inputs, values: values('red'), ...more },
      ...(path !== undefined && { env: { PATH: path } }),
    });
  const releaseIn = ({ report }: Finished, name = 'one'): ReportedRelease | undefined =>
    report.releases?.find((each) => each.name === name);
  const inChart = (file: string): string => join(workspace.path, 'one/templates', file);
  const colour = (): string =>
    kubectl('get', 'configmap', 'settings', '-n', namespace, '-o', 'jsonpath={.data.colour}');
  const expectHidden = ({ log, summary, report }: Finished): void => {
    // A mask is how the runner is told what to hide.
    const lines = log.split('\n').filter((line) => !line.startsWith('::add-mask::'));
    for (const shown of [lines.join('\n'), summary, JSON.stringify(report)])
      expect(shown).not.toContain(secret);
  };
  afterAll(() => {
    kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');
    workspace.remove();
  });

  test('two charts are installed, each with its own values, inline ones over all', async () => {
    const finished = await go();
    expect({ code: finished.code, errors: errorsOf(finished.report) }).toEqual({ code: 0, errors: [] });
    expect(finished.report.versions['helm']).toMatch(new RegExp(`^${version.replaceAll('.', '\\.')}`));
    expect(releaseIn(finished)).toMatchObject({
      chart: 'one-0.1.0',
      result: 'installed',
      revision: 1,
      changes: [
        { object: `${namespace}, hidden, Secret (v1)`, change: 'added' },
        { object: `${namespace}, settings, ConfigMap (v1)`, change: 'added' },
      ],
    });
    expect(releaseIn(finished, 'two')).toMatchObject({ result: 'installed' });
    expect(kubectl('get', 'configmap', 'two-other', '-n', namespace, '-o', 'jsonpath={.data.size}')).toBe(
      'large',
    );
    expect(colour()).toBe('red');
    expectHidden(finished);
  });

  const inFull = full || major === '4' ? test : undefined;
  inFull?.('again: no new revision, nothing changed', async () => {
    const finished = await go();
    expect(finished.report.releases?.map(({ name, result, revision }) => [name, result, revision])).toEqual([
      ['one', 'unchanged', 1],
      ['two', 'unchanged', 1],
    ]);
    expect(finished.outputs['changed']).toBe('false');
    const kept = kubectl('get', 'secret', '-n', namespace, '-l', 'owner=helm,name=one', '-o', 'name');
    expect(kept.trim().split('\n')).toHaveLength(1);
  });

  test('other values: the change is listed as helm-diff does, secrets masked', async () => {
    const finished = await go({ values: `colour: blue\npassword: ${secret}-2\n` });
    const release = releaseIn(finished);
    expect(release).toMatchObject({ result: 'upgraded', revision: 2 });
    const settings = release?.changes.find(({ object }) => object.includes('settings'));
    expect(settings?.diff).toEqual(expect.arrayContaining(['-  colour: red', '+  colour: blue']));
    const masked = release?.changes.find(({ object }) => object.includes('Secret'))?.diff ?? [];
    expect(masked).toContainEqual(
      expect.stringMatching(/^- {2}password: "?REDACTED \w{6} # \(21 bytes\)"?$/),
    );
    expect(masked).toContainEqual(
      expect.stringMatching(/^\+ {2}password: "?REDACTED \w{6} # \(23 bytes\)"?$/),
    );
    expect(finished.log).toContain(`${namespace}, settings, ConfigMap (v1) has changed:`);
    expect(finished.summary).toContain('0 to add, 2 to change, 0 to destroy');
    expectHidden(finished);
  });

  inFull?.('a chart that repeats a password when it fails: the rest of its words, without it', async () => {
    writeFileSync(
      inChart('boom.yaml'),
      '{{ fail (printf "%s does not do for a password" .Values.password) }}',
    );
    const finished = await go();
    rmSync(inChart('boom.yaml'));
    expect(errorsOf(finished.report)).toEqual(['helm/render-failed']);
    expect(errorIn(finished.report)?.message).toContain('*** does not do for a password');
    expect(finished.log).toContain('*** does not do for a password');
    expect(finished.summary).toContain('does not do for a password');
    expectHidden(finished);
  });

  if (major === '4') {
    const undone = { 'helm-rollback': 'true' };

    test('an object that somebody deleted is made again, although the chart is the same', async () => {
      kubectl('delete', 'configmap', 'settings', '-n', namespace);
      const finished = await go({ values: `colour: blue\npassword: ${secret}-2\n` });
      expect(releaseIn(finished)).toMatchObject({ result: 'upgraded', revision: 3, changes: [] });
      expect(colour()).toBe('blue');
    });

    test('a failed upgrade is rolled back, and said to be one', async () => {
      writeFileSync(
        inChart('bad.yaml'),
        'apiVersion: v1\nkind: Service\nmetadata: { name: bad }\nspec: { ports: [{ port: 80800 }] }\n',
      );
      const finished = await go(undone);
      rmSync(inChart('bad.yaml'));
      expect({ code: finished.code, errors: errorsOf(finished.report) }).toEqual({
        code: 1,
        errors: ['helm/failed'],
      });
      expect(finished.report.verdict).toMatch(/^The upgrade of release one from revision 3 failed: .*80800/);
      expect(finished.report.verdict).toMatch(/It was rolled back to revision 3 \(`helm-rollback`\)\.$/);
      expect(errorIn(finished.report)?.evidence).toContainEqual({
        from: 'NOTES.txt',
        saw: 'Look at the settings of one.',
      });
      expect(releaseIn(finished)).toMatchObject({ result: 'rolled-back' });
      expect(colour()).toBe('blue');
    });

    test('a failed first install is removed; its hook’s last words are shown', async () => {
      // The lab really runs ExternalDNS, which ends at once with a flag that it does not know.
      writeFileSync(
        join(workspace.path, 'two/templates/hook.yaml'),
        `apiVersion: batch/v1
kind: Job
metadata: { name: migrate, annotations: { "helm.sh/hook": pre-install } }
spec:
  backoffLimit: 0
  template:
    spec: { restartPolicy: Never, containers: [{ name: m, image: 'external-dns:v0.19.0', args: [--migrate-nothing] }] }
`,
      );
      const finished = await go({ ...undone, charts: 'two', 'release-name': 'fresh' });
      rmSync(join(workspace.path, 'two/templates/hook.yaml'));
      expect({ code: finished.code, errors: errorsOf(finished.report) }).toEqual({
        code: 1,
        errors: ['helm/failed'],
      });
      expect(finished.report.verdict).toMatch(/^The first install of release fresh failed: /);
      expect(finished.report.verdict).toMatch(/The release, which never was good, was removed/);
      expect(errorIn(finished.report)?.evidence).toContainEqual({
        from: expect.stringMatching(/^hook pre-install Job migrate, pod migrate-/),
        saw: expect.stringContaining('unknown long flag'),
      });
      expect(kubectl('get', 'secret', '-n', namespace, '-l', 'owner=helm,name=fresh', '-o', 'name')).toBe('');
    });
  }
});

test.each([
  ['no map', '- a\n', /`values` cannot be read; accepted: a YAML map/],
  ['no YAML', `a: "${secret}\n`, /`values` cannot be read; accepted: YAML; line \d/],
])('inline values that are %s are refused, and not shown', async (_what, values, says) => {
  const workspace = workspaceOf(charts);
  const { code, log, report } = await run({ workspace: workspace.path, inputs: { values } });
  workspace.remove();
  expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['input/invalid'] });
  expect(errorIn(report)?.message).toMatch(says);
  expect(log).not.toContain(secret);
});
