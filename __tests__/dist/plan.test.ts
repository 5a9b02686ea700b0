// plan: says what a deploy would change and break, writes nothing, and deploy then does just that.
import { ListResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { documented } from '../../lab/documented.ts';
import { clusterAdminPolicy, createAccessEntry, deleteAccessEntry } from './admin.ts';
import {
  appFiles,
  ensureInfra,
  type Finished,
  kubectl,
  kubectlApply,
  lab,
  layout,
  run,
  untilQuiet,
  workspaceOf,
} from './harness.ts';
import { inputs, planIn, pull } from './planned.ts';
import { callsOfAction, errorsOf } from './reading.ts';

const secret = (value: string): string => `---
apiVersion: v1
kind: Secret
metadata: { name: planned, namespace: planned }
stringData: { password: ${value} }
`;
const config = `---
apiVersion: v1
kind: ConfigMap
metadata: { name: old, namespace: planned }
`;
const files = appFiles('planned');
const app = files['app/app.yaml'] ?? '';
const route = files['routes/route.yaml'] ?? '';
const first = { ...files, 'app/app.yaml': `${app}${secret('first-secret-value')}${config}` };
/** Another image, another password, one host more, one object less. */
const second = {
  'app/app.yaml': `${app.replace('nginx:1.29', 'nginx:1.30')}${secret('second-secret-value')}`,
  'routes/route.yaml': route.replace('[planned.example.com]', '[planned.example.com, more.example.com]'),
};

const withFiles = async (
  action: 'plan' | 'deploy',
  given: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Promise<Finished> => {
  const workspace = workspaceOf(given);
  try {
    return await run({ workspace: workspace.path, action, event: pull, inputs: { ...inputs, ...more } });
  } finally {
    workspace.remove();
  }
};

/** Whatever a deploy writes, with its resourceVersion. */
const versions = (): string =>
  kubectl(
    'get',
    'namespace,configmap,secret,service,deployment,gateway,httproute',
    '-A',
    '-o',
    'jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
  );

const admin = {
  endpoint: `http://${layout.addresses.aws}:${layout.ports.aws}`,
  region: layout.region,
};

const recordsOf = async (host: string): Promise<readonly string[]> => {
  const client = new Route53Client({ ...admin, credentials: layout.admin.dns });
  const id = process.env['LAB_HOSTED_ZONE_ID'] ?? '';
  const { ResourceRecordSets } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: id }));
  return (ResourceRecordSets ?? [])
    .filter(({ Name = '' }) => Name.replace(/\.$/, '').endsWith(host))
    .map(({ Name = '', Type }) => `${Type} ${Name.replace(/\.$/, '')}`)
    .sort();
};

beforeAll(async () => {
  await ensureInfra();
  await untilQuiet();
});
beforeEach(async () => {
  await lab('DELETE', '/github');
  await lab('DELETE', '/calls');
});
afterAll(() => void kubectl('delete', 'namespace', 'planned', '--ignore-not-found', '--wait=false'));

const expectNothingWritten = async (before: string): Promise<void> => {
  expect(versions()).toBe(before);
  const calls = (await lab('GET', '/calls')) as readonly { principal: string; action: string }[];
  const ours = calls.filter(({ principal }) => /gateway-(deploy|dns-reader)\//.test(principal ?? ''));
  expect(ours.length).toBeGreaterThan(3);
  expect(ours.filter(({ action }) => !/^(Describe|List|Get|TokenReview$)/.test(action))).toEqual([]);
};

const comments = async (): Promise<readonly string[]> =>
  ((await lab('GET', '/github')) as { comments: { body: string }[] }).comments.map(({ body }) => body);

test('a new app: all of it is created, its record and its rule too; then deploy does that', async () => {
  const before = versions();
  const planned = await withFiles('plan', first);
  expect({ errors: errorsOf(planned.report), code: planned.code, outcome: planned.report.outcome }).toEqual({
    errors: [],
    code: 0,
    outcome: 'planned',
  });
  const { objects, records, loadBalancers } = planIn(planned);
  expect(objects.map(({ ref, result }) => `${ref} ${result}`).sort()).toEqual([
    'ConfigMap planned/old created',
    'Deployment planned/planned created',
    'HTTPRoute planned/planned created',
    'Namespace planned created',
    'Secret planned/planned created',
    'Service planned/planned created',
  ]);
  expect(loadBalancers).toMatchObject([
    {
      gateway: 'Gateway infra/public',
      changes: [
        {
          action: 'created',
          listener: 'HTTPS:443',
          host: 'planned.example.com',
          match: 'PathPrefix /',
          to: 'Service planned/planned:8080',
        },
      ],
    },
  ]);
  await expectNothingWritten(before);

  const deployed = await withFiles('deploy', first);
  expect(deployed.report.verdict).toBe('planned.example.com is live.');
  expect(deployed.report.objects.map(({ ref, result }) => `${ref} ${result}`).sort()).toEqual(
    objects.map(({ ref, result }) => `${ref} ${result}`).sort(),
  );
  expect(await recordsOf('planned.example.com')).toEqual(
    records
      .filter(({ action }) => action === 'created')
      .map(({ type, name }) => `${type} ${name}`)
      .sort(),
  );
});

test('a change: each field, secrets hidden, what is pruned; one comment; deploy agrees', async () => {
  const before = versions();
  const planned = await withFiles('plan', second);
  expect({ errors: errorsOf(planned.report), code: planned.code }).toEqual({ errors: [], code: 0 });
  const { objects, records } = planIn(planned);
  const changed = objects.filter(({ result }) => result !== 'unchanged');
  expect(changed.map(({ ref, result, changes }) => [ref, result, changes])).toEqual(
    expect.arrayContaining([
      [
        'Deployment planned/planned',
        'configured',
        [
          {
            path: '.spec.template.spec.containers[name="web"].image',
            from: 'nginx:1.29',
            to: 'nginx:1.30',
          },
        ],
      ],
      [
        'Secret planned/planned',
        'configured',
        [{ path: '.data.password', from: '(hidden)', to: '(hidden)' }],
      ],
      [
        'HTTPRoute planned/planned',
        'configured',
        [
          {
            path: '.spec.hostnames',
            from: ['planned.example.com'],
            to: ['planned.example.com', 'more.example.com'],
          },
        ],
      ],
      ['ConfigMap planned/old', 'pruned', []],
    ]),
  );
  expect(changed).toHaveLength(4);
  for (const shown of [planned.log, planned.summary, JSON.stringify(planned.report), ...(await comments())])
    for (const value of ['first-secret-value', 'second-secret-value'])
      for (const form of [value, Buffer.from(value).toString('base64')]) expect(shown).not.toContain(form);
  expect(records.filter(({ action }) => action === 'created').map(({ name }) => name)).toContain(
    'more.example.com',
  );
  await withFiles('plan', second);
  const posted = await comments();
  expect(posted).toHaveLength(1);
  expect(posted[0]).toContain('ConfigMap planned/old');
  await expectNothingWritten(before);

  const deployed = await withFiles('deploy', second);
  expect(deployed.code).toBe(0);
  expect(deployed.report.objects.map(({ ref, result }) => `${ref} ${result}`).sort()).toEqual(
    objects.map(({ ref, result }) => `${ref} ${result}`).sort(),
  );
  const again = await withFiles('plan', second);
  expect(again.report.verdict).toBe('Nothing would change.');
  expect(again.outputs['changed']).toBe('false');
});

test('a role that may only read: compared with the live objects, and said so', async () => {
  kubectlApply(documented('permissions.md', 'plan-reader'));
  await deleteAccessEntry();
  await createAccessEntry(undefined, ['gateway-plan']);
  try {
    const third = { ...second, 'app/app.yaml': second['app/app.yaml'].replace('nginx:1.30', 'nginx:1.31') };
    const { code, report } = await withFiles('plan', third);
    expect({ errors: errorsOf(report), code }).toEqual({ errors: [], code: 0 });
    expect(report.findings.map(({ message }) => message)).toEqual([]);
    const changed = (report.plan?.objects ?? []).filter(({ result }) => result !== 'unchanged');
    expect(changed).toEqual([
      expect.objectContaining({
        ref: 'Deployment planned/planned',
        by: 'live',
        message: expect.stringContaining('the role may not patch deployments.apps in namespace planned'),
        changes: [
          {
            path: '.spec.template.spec.containers[name="web"].image',
            from: 'nginx:1.30',
            to: 'nginx:1.31',
          },
        ],
      }),
    ]);
  } finally {
    await deleteAccessEntry();
    await createAccessEntry(clusterAdminPolicy);
  }
});

test('what breaks: a host goes offline, another is outside every listener', async () => {
  const gone = await withFiles('plan', {
    ...second,
    'routes/route.yaml': route.replace('planned.example.com]', 'renamed.example.com]'),
  });
  expect(gone.report.verdict).toMatch(
    /^(planned|more)\.example\.com and (planned|more)\.example\.com go offline\. \d+ object/,
  );
  expect({ code: gone.code, outcome: gone.report.outcome }).toEqual({ code: 0, outcome: 'planned' });
  expect(planIn(gone).records.filter(({ action }) => action === 'deleted').length).toBeGreaterThan(3);

  const nowhere = await withFiles('plan', {
    ...second,
    'routes/route.yaml': route.replace('sectionName: https', 'sectionName: nowhere'),
  });
  expect({ code: nowhere.code, errors: errorsOf(nowhere.report) }).toEqual({
    code: 1,
    errors: ['route/no-matching-parent'],
  });
});

test("a fork's pull request: the files are checked, and nothing else", async () => {
  const fork = { id: 1, full_name: 'stranger/sample-app' };
  const event = {
    ...pull,
    payload: {
      pull_request: { ...pull.payload.pull_request, head: { sha: 'd'.repeat(40), ref: 'x', repo: fork } },
    },
  };
  const heavy = route.replace('port: 8080', 'port: 8080, weight: 1000');
  const workspace = workspaceOf({ ...files, 'routes/route.yaml': heavy });
  try {
    const { code, report } = await run({ workspace: workspace.path, action: 'plan', event, inputs });
    expect({ code, outcome: report.outcome }).toEqual({ code: 1, outcome: 'failed' });
    expect(report.findings.map(({ code: each }) => each)).toEqual(['event/fork', 'lint/weight-too-high']);
    expect(report.plan).toBeUndefined();
    expect(await callsOfAction()).toEqual([]);
  } finally {
    workspace.remove();
  }
});
