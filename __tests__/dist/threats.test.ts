// Threats that only a whole run shows: variables of the job that lead elsewhere, what earlier steps left, text of a stranger.
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { appFiles, ensureInfra, lab, run, workspaceOf } from './harness.ts';
import { callsOfAction, errorsOf, quick } from './reading.ts';

const workspace = workspaceOf(appFiles('threat'));
const runner = workspaceOf({});

beforeAll(ensureInfra);
afterAll(() => {
  workspace.remove();
  runner.remove();
});

test.each(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_STS'])(
  '%s of the job leads to a stranger: refused, and no token or signature is sent anywhere',
  async (name) => {
    await lab('DELETE', '/calls');
    const { code, report, log } = await run({
      workspace: workspace.path,
      inputs: quick,
      env: { AWS_ENDPOINT_URL: undefined, [name]: 'https://sts.evil.example' },
    });
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['auth/endpoint-refused'] });
    expect(log).toContain('https://sts.evil.example');
    expect(report.objects).toEqual([]);
    expect(await callsOfAction()).toEqual([]);
  },
);

test('a job that turns the check of certificates off: a stranger on the way gets no token', async () => {
  const read = (file: string): string =>
    readFileSync(new URL(`../fixtures/tls/${file}.pem`, import.meta.url), 'utf8');
  const asked: string[] = [];
  const stranger = createServer({ key: read('app.key'), cert: read('app.cert') }, (request, response) => {
    asked.push(request.headers.authorization ?? '');
    response.end(JSON.stringify({ value: 'a.b.c' }));
  });
  stranger.listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const { port } = stranger.address() as AddressInfo;
  const { code, report } = await run({
    workspace: workspace.path,
    inputs: quick,
    env: {
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      ACTIONS_ID_TOKEN_REQUEST_URL: `https://127.0.0.1:${port}/token?api-version=2.0`,
    },
  });
  stranger.close();
  expect({ code, errors: errorsOf(report), asked }).toEqual({
    code: 1,
    errors: ['auth/oidc-failed'],
    asked: [],
  });
  expect(report.findings.map(({ code: each }) => each)).toContain('auth/certificates-unchecked');
});

/** A kubeconfig whose credentials come from a program, as an earlier step or a checkout may leave one. */
const withProgram = (mark: string): string => `apiVersion: v1
kind: Config
current-context: theirs
contexts: [{ name: theirs, context: { cluster: theirs, user: theirs } }]
clusters: [{ name: theirs, cluster: { server: 'https://127.0.0.1:1' } }]
users:
  - name: theirs
    user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: touch, args: [${mark}] } }
`;

test('kubeconfigs with a program and helm plugins that lie about: nothing of them is used', async () => {
  const marks = ['home', 'variable', 'workspace', 'plugin'].map((name) => join(runner.path, `ran-${name}`));
  const [home = '', variable = '', checkedOut = '', plugin = ''] = marks;
  const file = (path: string, text: string): string => {
    const full = join(runner.path, path);
    mkdirSync(join(full, '..'), { recursive: true });
    writeFileSync(full, text, { mode: 0o755 });
    return full;
  };
  file('home/.kube/config', withProgram(home));
  const kubeconfig = file('theirs', withProgram(variable));
  file('plugins/theirs/plugin.yaml', 'name: theirs\nversion: 1.0.0\nhooks: { install: x }\n');
  file('plugins/theirs/post', `#!/bin/sh\ntouch ${plugin}\n`);
  const hostile = workspaceOf({
    ...appFiles('threat'),
    kubeconfig: withProgram(checkedOut),
    'chart/Chart.yaml': 'apiVersion: v2\nname: threat-chart\nversion: 0.1.0\n',
    'chart/templates/config.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: threat-chart }\ndata: { a: b }\n',
  });
  const { code, report } = await run({
    workspace: hostile.path,
    inputs: { ...quick, namespace: 'infra' },
    env: {
      KUBECONFIG: kubeconfig,
      HELM_PLUGINS: join(runner.path, 'plugins'),
      HELM_NAMESPACE: 'kube-system',
    },
  });
  hostile.remove();
  expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: 'threat.example.com is live.' });
  expect(marks.filter((mark) => existsSync(mark))).toEqual([]);
});

test("a stranger's text in names of files, kinds and values is text in log, summary and annotations", async () => {
  const evil =
    '::stop-commands::x ##[set-output name=live]true <img src=x onerror=alert(1)> [x](https://evil.example) | `y`';
  const hostile = workspaceOf({
    ...appFiles('threat'),
    'app/::warning::evil <img src=x>.yaml': `apiVersion: v1\nkind: ${JSON.stringify(evil)}\nmetadata: { name: a }\n`,
    'app/second.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${JSON.stringify(`\n${evil}`)} }\n`,
    'app/third.yaml': `${evil}\nkind: [\napiVersion: v1\n`,
  });
  const { code, log, summary, outputs } = await run({ workspace: hostile.path, inputs: quick });
  hostile.remove();
  expect({ code, live: outputs['live'] }).toEqual({ code: 1, live: 'false' });
  const own = /^::(error|warning|notice|group|endgroup|add-mask|debug)( |::)/;
  const commands = log.split('\n').filter((line) => /^\s*::/.test(line));
  expect(commands.length).toBeGreaterThan(0);
  expect(commands.filter((line) => !own.test(line) || line.startsWith('::warning::evil'))).toEqual([]);
  // The runner takes the older form anywhere in a line.
  expect(log).not.toMatch(/##\[(?!group|endgroup)/);
  expect(summary).not.toMatch(/<img|\]\(https:\/\/evil/);
});

test('a chart with a link to a file of the runner: refused before helm reads it', async () => {
  const hostile = workspaceOf({
    'chart/Chart.yaml': 'apiVersion: v2\nname: curious\nversion: 0.1.0\n',
    'chart/templates/config.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: curious }\ndata: { a: {{ .Files.Get "x" | quote }} }\n',
  });
  symlinkSync('/proc/self/environ', join(hostile.path, 'chart/x'));
  for (const action of ['lint', 'deploy']) {
    const { code, report } = await run({ workspace: hostile.path, action, inputs: quick });
    expect({ action, code, errors: errorsOf(report), objects: report.objects }).toEqual({
      action,
      code: 1,
      errors: ['bundle/outside-workspace'],
      objects: [],
    });
  }
  hostile.remove();
});
