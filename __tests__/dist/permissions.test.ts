// What docs/permissions.md tells people to grant is what the action needs: each mode runs with exactly that, and uses all of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { documented } from '../../lab/documented.ts';
import { type Account, clusterAdminPolicy, eks, iam, setTrustPolicy, trustPolicy } from './admin.ts';
import { app, edgeGateway, edgeRoute } from './edge.ts';
import { callsOf, granted } from './granted.ts';
import {
  appFiles,
  ensureInfra,
  type Finished,
  kubectl,
  lab,
  layout,
  resetKnobs,
  run,
  setKnobs,
  workspaceOf,
} from './harness.ts';

const { zoneId } = JSON.parse(readFileSync(join(process.env['LAB_DIR'] ?? '', 'seeded.json'), 'utf8')) as {
  readonly zoneId: string;
};

/** A policy exactly as the page has it; the zone alone is the lab's. */
const policyOf = (mark: string): string =>
  documented('permissions.md', mark).replaceAll('Z0123456789ABC', zoneId);

const own = { eks: 'exact-deploy', dns: 'exact-reader' } as const;
const arn = (account: Account, role: string): string =>
  `arn:aws:iam::${layout.accounts[account]}:role/${role}`;
const entry = `access-entries/${encodeURIComponent(arn('eks', own.eks))}`;

const grant = (account: Account, policy: string, mark: string): Promise<string> =>
  iam(account, 'PutRolePolicy', {
    RoleName: own[account],
    PolicyName: policy,
    PolicyDocument: policyOf(mark),
  });

async function makeRole(account: Account): Promise<void> {
  const trust = policyOf('deploy-trust').replaceAll(layout.accounts.eks, layout.accounts[account]);
  await iam(account, 'CreateRole', { RoleName: own[account], AssumeRolePolicyDocument: trust });
  await grant(account, 'run', `run-${account}`);
}

async function removeRole(account: Account): Promise<void> {
  for (const policy of ['run', 'doctor', ...(account === 'eks' ? ['teardown'] : [])]) {
    await iam(account, 'DeleteRolePolicy', { RoleName: own[account], PolicyName: policy });
  }
  await iam(account, 'DeleteRole', { RoleName: own[account] });
}

const workspace = workspaceOf({
  ...appFiles('exact'),
  // No route is at it: of its certificates the controller tells nothing.
  'app/alone.yaml': edgeGateway('exact-alone'),
  // A listener that leaves it to the controller to find its certificate: doctor looks for it too.
  'edge/gateway.yaml': `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: discovers, namespace: exact }
spec:
  gatewayClassName: aws-alb
  listeners:
    - { name: https, protocol: HTTPS, port: 443 }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: discovered, namespace: exact }
spec:
  hostnames: [discovered.example.com]
  parentRefs: [{ name: discovers }]
  rules:
    - backendRefs: [{ name: exact, port: 8080 }]
`,
});

/** The load balancer's health check is read only where a target fails it: no container listens on this port. */
const unfit = workspaceOf(appFiles('unfit', (yaml) => yaml.replace('targetPort: http', 'targetPort: 8081')));

const held = workspaceOf({
  'app/app.yaml': `${edgeGateway('held')}---\n${app('held', 'web')}`,
  'routes/route.yaml': edgeRoute('held', { name: 'web', hostnames: ['held.example.com'] }),
});

const attempt = (
  action: string,
  inputs: Readonly<Record<string, string>> = {},
  { path } = workspace,
): Promise<Finished> =>
  run({
    workspace: path,
    action,
    inputs: {
      'role-to-assume': arn('eks', own.eks),
      'dns-role-to-assume': arn('dns', own.dns),
      'wait-timeout': '90s',
      // The second Gateway would come up with a load balancer of its own.
      ...(action === 'doctor' ? {} : { manifests: 'app/*.yaml', routes: 'routes/*.yaml' }),
      ...inputs,
    },
  });

const used = async (account: Account): Promise<readonly string[]> =>
  (await callsOf(account, own[account])).used;

/** Nothing that could not be looked at, in no link and no finding. */
function expectNothingUnseen({ report }: Finished): void {
  const { hosts, gateways = [] } = report;
  const unseen = [...hosts, ...gateways].flatMap(({ links }) =>
    links.filter(({ state }) => state === 'unknown'),
  );
  expect(unseen).toEqual([]);
  expect(report.findings.filter(({ code }) => code === 'look/denied')).toEqual([]);
}

beforeAll(async () => {
  await ensureInfra();
  await makeRole('eks');
  await makeRole('dns');
  await eks('POST', 'access-entries', { principalArn: arn('eks', own.eks) });
  await eks('POST', `${entry}/access-policies`, {
    policyArn: clusterAdminPolicy,
    accessScope: { type: 'cluster' },
  });
  await lab('DELETE', '/calls');
});

afterAll(async () => {
  await resetKnobs();
  await eks('DELETE', entry);
  await removeRole('eks');
  await removeRole('dns');
  for (const each of [workspace, unfit, held]) each.remove();
});

/** Policies and trust of ExternalDNS's two roles and the controller's trust, as the page has them; gives what puts the old ones back. */
async function documentControllers(): Promise<() => Promise<void>> {
  const { externalDns, externalDnsTarget, loadBalancerController } = layout.roles;
  const trusts = [
    ['eks', externalDns, 'pods-trust'],
    ['eks', loadBalancerController, 'pods-trust'],
    ['dns', externalDnsTarget, 'external-dns-target-trust'],
  ] as const;
  const policies = [
    ['eks', externalDns, 'external-dns'],
    ['dns', externalDnsTarget, 'external-dns-target'],
  ] as const;
  const before: (() => Promise<unknown>)[] = [];
  for (const [account, role, mark] of trusts) {
    const old = await trustPolicy(account, role);
    before.push(() => setTrustPolicy(account, role, old));
    await setTrustPolicy(account, role, policyOf(mark));
  }
  for (const [account, role, mark] of policies) {
    const which = { RoleName: role, PolicyName: `${role}-policy` };
    const xml = await iam(account, 'GetRolePolicy', which);
    const old = decodeURIComponent(/<PolicyDocument>([^<]*)</.exec(xml)?.[1] ?? '');
    before.push(() => iam(account, 'PutRolePolicy', { ...which, PolicyDocument: old }));
    await iam(account, 'PutRolePolicy', { ...which, PolicyDocument: policyOf(mark) });
  }
  return async () => {
    for (const restore of before) await restore();
  };
}

test('deploy, with both forms of the subject; the controllers have no more than the page gives them', async () => {
  const restore = await documentControllers();
  try {
    // New pods assume their roles anew.
    kubectl('rollout', 'restart', 'deployment', '-n', 'infra');
    kubectl('rollout', 'status', 'deployment/infra-external-dns', '-n', 'infra', '--timeout=60s');
    const both = async (): Promise<readonly Finished[]> => {
      const deployed = await attempt('deploy');
      // The other one has signed in long ago.
      await setKnobs({ oidc: { sub: 'ids' } });
      return [deployed, await attempt('verify')];
    };
    const [live, failing] = await Promise.all([both(), attempt('deploy', { 'wait-timeout': '25s' }, unfit)]);
    expect(live.map(({ report }) => report.verdict)).toEqual(
      live.map(() => 'exact.example.com is live. Gateway exact-alone/edge is ready.'),
    );
    expect(failing.report.outcome).toBe('not-live');
    for (const each of [...live, failing]) expectNothingUnseen(each);
  } finally {
    await restore();
    await resetKnobs();
  }
});

test('what these modes were granted, they used: all of it', async () => {
  expect(await used('eks')).toEqual(granted('run-eks'));
  expect(await used('dns')).toEqual(granted('run-dns'));
});

test('plan, and the teardown of what was deployed, need nothing more', async () => {
  const planned = await attempt('plan', {}, unfit);
  expect(planned.report.outcome).toBe('planned');
  expectNothingUnseen(planned);
  const down = await attempt('teardown', { prune: 'true' }, unfit);
  expect({ outcome: down.report.outcome, findings: down.report.findings }).toEqual({
    outcome: 'removed',
    findings: [],
  });
  const { eks: ours, dns } = own;
  expect(await callsOf('eks', ours)).toMatchObject({ denied: [] });
  expect(await callsOf('dns', dns)).toMatchObject({ denied: [] });
});

test('doctor, with what it needs besides: nothing is left unseen, and nothing granted is left over', async () => {
  await grant('eks', 'doctor', 'doctor-eks');
  await grant('dns', 'doctor', 'doctor-dns');
  expectNothingUnseen(await attempt('doctor'));
  expect(await used('eks')).toEqual(granted('run-eks', 'doctor-eks'));
  expect(await used('dns')).toEqual(granted('run-dns', 'doctor-dns'));
});

test('teardown of a Gateway that does not go: what it holds is listed, with no action that was not granted for that', async () => {
  const deployed = await attempt('deploy', { namespace: 'held' }, held);
  expect(deployed.report.outcome).toBe('live');
  await grant('eks', 'teardown', 'teardown-eks');
  await lab('DELETE', '/calls');
  const controller = 'aws-load-balancer-controller';
  const deployment = kubectl('get', 'deployment', '-n', 'infra', '-o', 'name')
    .split('\n')
    .filter((each) => each.includes('load-balancer-controller'));
  const scale = (replicas: number): string =>
    kubectl('scale', ...deployment, '-n', 'infra', `--replicas=${replicas}`);
  const pods = ['pod', '-n', 'infra', '-l', `app.kubernetes.io/name=${controller}`, '--timeout=60s'];
  scale(0);
  try {
    kubectl('wait', '--for=delete', ...pods);
    const down = await attempt('teardown', { namespace: 'held', prune: 'true', 'wait-timeout': '14s' }, held);
    expect(down.report.findings.map(({ code }) => code)).toEqual([
      'teardown/objects-left',
      'teardown/resources-left',
    ]);
    const { used: asked, denied } = await callsOf('eks', own.eks);
    expect(denied).toEqual([]);
    expect(asked).toEqual(expect.arrayContaining([...granted('teardown-eks')]));
  } finally {
    scale(1);
  }
  kubectl('wait', '--for=delete', 'gateway/edge', '-n', 'held', '--timeout=60s');
});

test('without the permission on load balancers: the link that needs it is unknown, and says which it is', async () => {
  const policy = JSON.parse(policyOf('run-eks')) as { Statement: unknown[] };
  const less = JSON.stringify({ ...policy, Statement: policy.Statement.slice(0, 1) });
  await iam('eks', 'PutRolePolicy', { RoleName: own.eks, PolicyName: 'run', PolicyDocument: less });
  const { code, report } = await attempt('verify');
  expect({ code, outcome: report.outcome }).toEqual({ code: 0, outcome: 'live' });
  const unseen = report.hosts.flatMap(({ links }) => links.filter(({ state }) => state === 'unknown'));
  expect(unseen.map(({ id }) => id)).toEqual(['rule']);
  expect(unseen[0]?.message).toContain('elasticloadbalancing:DescribeListeners');
  expect(report.hosts[0]?.links.find(({ id }) => id === 'targets')?.state).toBe('skipped');
});
