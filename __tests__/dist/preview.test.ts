// A hostname for a pull request: opened, pushed to, closed; and what a pull request may not do with it.
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { appFiles, kubectl, lab } from './harness.ts';
import { attacks } from './preview-attacks.ts';
import {
  deployments,
  freshPreviews,
  github,
  namespaceOf,
  preview,
  records,
  scaleExternalDns,
  shas,
} from './previews.ts';
import { callsOfAction, errorsOf } from './reading.ts';

beforeAll(freshPreviews);
beforeEach(async () => {
  await lab('DELETE', '/github');
  await lab('DELETE', '/calls');
});

test('opened, pushed to, closed: live, updated, gone; one comment all along', async () => {
  const url = 'https://pr-42-sample-app.preview.example.com/';
  const opened = await preview({ number: 42, sha: shas.first });
  expect(opened.log).toContain('pr-42-sample-app.preview.example.com is live.');
  expect({ code: opened.code, ...opened.outputs }).toMatchObject({
    code: 0,
    live: 'true',
    'preview-url': url,
    hostnames: '["pr-42-sample-app.preview.example.com"]',
  });
  expect(opened.report.findings).toEqual([]);
  expect(opened.report.objects.map(({ ref, result }) => `${ref} ${result}`)).toEqual([
    'Namespace pr-42-sample-app created',
    'Service pr-42-sample-app/web created',
    'Deployment pr-42-sample-app/web created',
    'HTTPRoute pr-42-sample-app/web created',
  ]);
  const first = await github();
  expect(first.comments.map(({ body }) => body.split('\n').slice(0, 2))).toEqual([
    [
      '<!-- eks-gateway-action preview pr-42-sample-app -->',
      `### ✅ [pr-42-sample-app.preview.example.com](${url})`,
    ],
  ]);
  expect(deployments(first)).toEqual(['aaaaaaa success']);
  expect((await records()).length).toBeGreaterThan(1);
  expect(first.deployments[0]?.statuses[0]?.environment_url).toBe(url);
  expect(first.statuses.map(({ sha, state, target_url }) => [sha, state, target_url])).toEqual([
    [shas.first, 'success', url],
  ]);
  expect(
    kubectl(
      'get',
      'namespace',
      'pr-42-sample-app',
      '-o',
      'jsonpath={.metadata.labels}{.metadata.annotations}',
    ),
  ).toMatch(/"eks-gateway-action\/preview":"42".*enforce":"baseline".*"eks-gateway-action\/expires-at":"20/);

  const slow = (yaml: string): string =>
    yaml.replace(
      '{ app: web } }\n    spec',
      '{ app: web }, annotations: { lab/ready-after: 3s } }\n    spec',
    );
  const pushed = await preview(
    { number: 42, sha: shas.second, action: 'synchronize' },
    { files: appFiles('web', slow), inputs: { images: 'nginx=registry.example.com/web:bbb' } },
  );
  // The old pods answer all the while.
  expect(
    pushed.report.phases.find(({ name }) => name === 'Wait for the new version')?.seconds,
  ).toBeGreaterThan(2);
  expect(pushed.report.outcome).toBe('live');
  expect(kubectl('get', 'deployment', 'web', '-n', 'pr-42-sample-app', '-o', 'jsonpath={..image}')).toBe(
    'registry.example.com/web:bbb',
  );
  const second = await github();
  expect(second.comments.map(({ id }) => id)).toEqual(first.comments.map(({ id }) => id));
  expect(second.comments[0]?.body).toContain('`bbbbbbb`');
  expect(deployments(second)).toEqual(['aaaaaaa success, inactive', 'bbbbbbb success']);

  // The same number in another repository of the same cluster.
  const other = await preview(
    { number: 42, sha: shas.first },
    { env: { GITHUB_REPOSITORY: 'other-org/sample-app' } },
  );
  expect(other.report.findings.map(({ code, message }) => [code, message])).toEqual([
    [
      'preview/name-taken',
      'Namespace pr-42-sample-app is the preview of example-org/sample-app#42; other-org/sample-app#42 would have the same name.',
    ],
  ]);

  scaleExternalDns(0);
  try {
    const stuck = await preview(
      { number: 42, sha: shas.second, action: 'closed' },
      { mode: 'teardown', files: {}, inputs: { 'wait-timeout': '2s' } },
    );
    expect({ code: stuck.code, outcome: stuck.report.outcome }).toEqual({ code: 1, outcome: 'failed' });
    expect(stuck.report.findings.map(({ code }) => code)).toEqual(['preview/records-left']);
    expect(namespaceOf('pr-42-sample-app')).toBe('namespace/pr-42-sample-app');
    expect((await github()).comments[0]?.body).toContain('not removed yet');
  } finally {
    scaleExternalDns(1);
  }

  const closed = await preview(
    { number: 42, sha: shas.second, action: 'closed' },
    { mode: 'teardown', files: {} },
  );
  expect({ code: closed.code, outcome: closed.report.outcome }).toEqual({ code: 0, outcome: 'removed' });
  expect(closed.report.objects.map(({ ref, result }) => `${ref} ${result}`)).toEqual([
    'Namespace pr-42-sample-app pruned',
  ]);
  expect(namespaceOf('pr-42-sample-app')).toBe('');
  expect(await records()).toEqual([]);
  const third = await github();
  expect(third.comments.filter(({ id }) => id === first.comments[0]?.id)[0]?.body).toContain(
    'The preview is removed',
  );
  expect(deployments(third)).toEqual(['aaaaaaa success, inactive', 'bbbbbbb success, inactive']);

  const again = await preview(
    { number: 42, sha: shas.second, action: 'closed' },
    { mode: 'teardown', files: {} },
  );
  expect(again.report.outcome).toBe('removed');
  expect((await github()).comments).toHaveLength(third.comments.length);
});

describe('what a pull request may not do', () => {
  test('every attack in one bundle is named with file and line; nobody signs in; the pull request is told', async () => {
    const files = Object.fromEntries(
      attacks.map(({ yaml }, index) => [`attack-${String(index).padStart(2, '0')}.yaml`, `${yaml}\n`]),
    );
    const { code, report } = await preview(
      { number: 66, sha: shas.first },
      {
        files: { ...appFiles('web'), ...files },
        // Allowed by mistake: what is of the cluster, or publishes other names, is refused all the same.
        inputs: {
          'allowed-kinds':
            'Service,ServiceAccount,ConfigMap,Secret,PersistentVolumeClaim,Deployment.apps,CronJob.batch,HTTPRoute.gateway.networking.k8s.io,Gateway.gateway.networking.k8s.io,ListenerSet.gateway.networking.k8s.io,Ingress.networking.k8s.io,ClusterRole.rbac.authorization.k8s.io',
        },
      },
    );
    expect({ code, outcome: report.outcome }).toEqual({ code: 1, outcome: 'failed' });
    // One that is bad in two ways is told both.
    const said = attacks.map(({ code: wanted }, index) => {
      const file = `attack-${String(index).padStart(2, '0')}.yaml`;
      const codes = report.findings.flatMap((found) => (found.source?.file === file ? [found.code] : []));
      return codes.find((found) => found === `preview/${wanted}`) ?? `${file}: ${codes.join()}`;
    });
    expect(said).toEqual(attacks.map(({ code: wanted }) => `preview/${wanted}`));
    expect(report.findings.find(({ code: found }) => found === 'preview/exposed-service')?.source?.line).toBe(
      4,
    );
    expect(await callsOfAction()).toEqual([]);
    expect(report.objects).toEqual([]);
    const { comments, deployments: made, statuses } = await github();
    expect(comments).toHaveLength(1);
    expect(comments[0]?.body).toContain('preview/aws-access');
    expect(comments[0]?.body).not.toContain('](https://pr-66');
    expect({ made, states: statuses.map(({ state }) => state) }).toEqual({ made: [], states: ['failure'] });
  });

  test.each([
    ['a fork', { from: { id: 7, full_name: 'stranger/sample-app' } }, 'event/fork'],
    ['pull_request_target', { event: 'pull_request_target' }, 'preview/wrong-event'],
  ])('%s: a notice, green, not live, nothing applied, nothing posted', async (_what, pushed, wanted) => {
    const { code, outputs, report } = await preview({ number: 67, sha: shas.first, ...pushed });
    expect({ code, live: outputs['live'], outcome: report.outcome }).toEqual({
      code: 0,
      live: 'false',
      outcome: 'refused',
    });
    expect(report.findings.map(({ code: found, severity }) => `${severity} ${found}`)).toEqual([
      `notice ${wanted}`,
    ]);
    expect(await callsOfAction()).toEqual([]);
    const { comments, deployments: made, statuses } = await github();
    expect([...comments, ...made, ...statuses]).toEqual([]);
  });
});

test('a kind that nobody serves: said before the namespace of the preview is made', async () => {
  const { code, report } = await preview(
    { number: 68, sha: shas.first },
    {
      files: {
        ...appFiles('web'),
        'app/door.yaml': 'apiVersion: nobody.example/v1\nkind: Door\nmetadata: { name: front }\n',
      },
      inputs: {
        'allowed-kinds': 'Service,Deployment.apps,HTTPRoute.gateway.networking.k8s.io,Door.nobody.example',
      },
    },
  );
  expect({ code, outcome: report.outcome, errors: errorsOf(report) }).toEqual({
    code: 1,
    outcome: 'failed',
    errors: ['crds/missing'],
  });
  expect(report.objects.map(({ ref, result }) => `${ref} ${result}`)).toEqual([
    'Door pr-68-sample-app/front failed',
  ]);
  expect(namespaceOf('pr-68-sample-app')).toBe('');
}, 60_000);

test('not live: the comment names the broken link, and the run goes on when GitHub refuses to be told', async () => {
  const failed = await preview(
    { number: 43, sha: shas.first },
    { inputs: { 'preview-gateway': 'infra/nowhere', 'wait-timeout': '5s' } },
  );
  expect({ code: failed.code, outcome: failed.report.outcome }).toEqual({ code: 1, outcome: 'not-live' });
  const { comments, deployments: made } = await github();
  expect(comments[0]?.body).toContain(`**Broken link: \`${failed.report.firstBroken?.link}\`.**`);
  expect(comments[0]?.body).toContain(failed.report.firstBroken?.code);
  expect(comments[0]?.body).not.toContain('](https://pr-43');
  expect(made).toEqual([]);

  const untold = await preview(
    { number: 43, sha: shas.second, action: 'synchronize' },
    { inputs: { images: 'ngnix=registry/web:1', 'github-token': 'lab-read-only-0002' } },
  );
  expect(untold.report.findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
    'error preview/image-not-used',
    'warning github/denied',
    'warning github/denied',
  ]);
  expect(untold.summary).toContain('pull-requests: write');
});
