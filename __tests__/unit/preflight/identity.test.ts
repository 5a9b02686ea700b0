// Associations, pods, the agent, access entries and permissions: what is wrong with each, and the command that mends it.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeAccess } from '../../../src/preflight/access-entry.ts';
import { judgeAgent } from '../../../src/preflight/agent.ts';
import { judgeAssociation } from '../../../src/preflight/associations.ts';
import { judgePermissions, wantedPermissions } from '../../../src/preflight/permissions.ts';
import { judgePods } from '../../../src/preflight/pods.ts';
import { identitiesOf, workloadsOf } from '../../../src/preflight/workloads.ts';
import { association, at, denied, deployment, externalDns, lbc, said, seen, setting } from './setting.ts';

const workload = externalDns('0.19.0');
const summary = { id: 'a-1', namespace: 'infra', serviceAccount: 'external-dns' };

describe('the association', () => {
  const judged = (own: Partial<typeof association> | undefined, of = workload) =>
    judgeAssociation(setting, of, {
      all: seen(own === undefined ? [{ ...summary, namespace: 'kube-system' }] : [summary]),
      ...(own && { own: seen({ ...association, ...own }) }),
    });
  const { targetRoleArn: _, ...untargeted } = association;
  const without = (of = workload) =>
    judgeAssociation(setting, of, { all: seen([summary]), own: seen(untargeted) });

  test('with a target role in the DNS account it is good', () => expect(judged({})).toEqual([]));
  test('none, but one in another namespace, which is named', () => {
    const [found] = judged(undefined);
    expect(found).toMatchObject({ severity: 'error', code: 'identity/association-missing' });
    expect(found?.hint).toContain('`kube-system/external-dns`');
    expect(found?.hint).toContain(
      '\naws eks create-pod-identity-association --cluster-name sample --region us-east-1 --namespace infra --service-account external-dns ',
    );
  });
  test('one that vanished between two calls', () => {
    const vanished = { all: seen([summary]), own: seen(undefined) };
    expect(said(judgeAssociation(setting, workload, vanished))).toEqual([
      'error identity/association-missing',
    ]);
  });
  test('IAM roles for service accounts instead is a notice', () => {
    const irsa = { all: seen([]), irsa: 'arn:aws:iam::111111111111:role/irsa' };
    expect(said(judgeAssociation(setting, workload, irsa))).toEqual(['notice identity/other-credentials']);
  });
  test('ExternalDNS without a target role never sees the zone', () => {
    expect(said(without())).toEqual(['error identity/target-role-missing']);
  });
  test.each([
    [
      'it assumes a role by itself',
      externalDns('0.19.0', '--aws-assume-role=arn:aws:iam::222222222222:role/x'),
    ],
    ['the load balancer controller needs none', lbc('3.5.0')],
  ])('no target role is right where %s', (_name, of) => expect(without(of)).toEqual([]));
  test.each([
    ['ExternalDNS', workload, 'arn:aws:iam::333333333333:role/x'],
    ['the load balancer controller', lbc('3.5.0'), association.targetRoleArn ?? ''],
  ])('a target role in the wrong account: %s', (_name, of, targetRoleArn) => {
    expect(said(judged({ targetRoleArn }, of))).toEqual(['error identity/target-role-elsewhere']);
  });
  test('a denial is named', () => {
    const [found] = judgeAssociation(setting, workload, {
      all: denied(`eks:ListPodIdentityAssociations on ${setting.arn}`),
    });
    expect(found).toMatchObject({ severity: 'notice', code: 'look/denied' });
    expect(found?.message).toContain(`eks:ListPodIdentityAssociations on ${setting.arn}`);
  });
});

describe('pods against their association', () => {
  const pod = (created: string, ...names: readonly string[]): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'external-dns-1', namespace: 'infra', creationTimestamp: created },
    spec: { containers: [{ name: 'external-dns', env: names.map((name) => ({ name, value: 'x' })) }] },
  });
  const given = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
  const [before, after] = ['2026-11-23T11:00:00Z', '2026-11-23T11:40:00Z'];
  const hour = new Date('2026-11-23T10:00:00Z');
  test.each<[string, KubernetesObject, Date, readonly string[]]>([
    ['a pod younger than it', pod(after, given), at, []],
    ['a pod without what the webhook gives', pod(before), at, ['error identity/pod-without-credentials']],
    ['an older pod that has it', pod(before, given), at, ['warning identity/pod-keeps-old-credentials']],
    ['an older pod, the change long ago', pod('2026-11-23T09:00:00Z', given), hour, []],
    ['keys of its own', pod(after, given, 'AWS_ACCESS_KEY_ID'), at, ['warning identity/other-credentials']],
    [
      'a web identity of its own',
      pod(after, 'AWS_WEB_IDENTITY_TOKEN_FILE'),
      at,
      ['warning identity/other-credentials'],
    ],
    ['one that is going', { ...pod(before), metadata: { name: 'x', deletionTimestamp: after } }, at, []],
  ])('%s', (_name, each, now, expected) => {
    const modifiedAt = now === hour ? new Date('2026-11-23T09:00:30Z') : (association.modifiedAt ?? at);
    const findings = judgePods(setting, workload, { ...association, modifiedAt }, { at: now, value: [each] });
    expect(said(findings)).toEqual(expected);
    for (const { hint, code } of findings) {
      if (code === 'identity/other-credentials') continue;
      expect(hint).toContain('\nkubectl rollout restart deployment/external-dns --namespace infra');
    }
  });
  test('a verb that is missing', () => {
    const [found] = judgePods(setting, workload, association, denied('list pods in namespace infra'));
    expect(found?.code).toBe('look/denied');
    expect(found?.hint).toContain(
      '\nkubectl create role eks-gateway-doctor --namespace=infra --verb=list --resource=pods',
    );
  });
});

describe('the agent', () => {
  const addon = (status: string) => ({ status, version: 'v1.3.9', issues: ['Unhealthy: no nodes'] });
  const daemonSet = (ready: number): KubernetesObject => ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'eks-pod-identity-agent' },
    status: { desiredNumberScheduled: 2, numberReady: ready },
  });
  const none = seen(undefined);
  test.each([
    ['the add-on is active', { addon: seen(addon('ACTIVE')) }, []],
    ['it is degraded', { addon: seen(addon('DEGRADED')) }, ['error identity/agent-unhealthy']],
    ['it is coming', { addon: seen(addon('CREATING')) }, ['warning identity/agent-unhealthy']],
    ['there is none', { addon: none, daemonSet: none }, ['error identity/agent-missing']],
    ['there is none, the cluster not reached', { addon: none }, ['error identity/agent-missing']],
    ['a DaemonSet without the add-on', { addon: none, daemonSet: seen(daemonSet(2)) }, []],
    [
      'a DaemonSet that is not ready',
      { addon: none, daemonSet: seen(daemonSet(1)) },
      ['warning identity/agent-unhealthy'],
    ],
    [
      'the add-on may not be seen',
      { addon: denied('eks:DescribeAddon on arn:aws:x') },
      ['notice look/denied'],
    ],
    [
      'but the DaemonSet is there',
      { addon: denied('eks:DescribeAddon on arn:aws:x'), daemonSet: seen(daemonSet(2)) },
      [],
    ],
    [
      'neither may be seen for sure',
      { addon: none, daemonSet: denied('get daemonsets.apps in namespace kube-system') },
      ['notice look/denied'],
    ],
  ])('%s', (_name, look, expected) => expect(said(judgeAgent(setting, false, look))).toEqual(expected));
  test('Auto Mode has it built in', () => {
    expect(judgeAgent(setting, true, { addon: none, daemonSet: none })).toEqual([]);
  });
});

describe('the access entry', () => {
  const want = { authenticationMode: 'API', admitted: true, clusterWide: true };
  const entry = (groups: readonly string[] = []) => seen({ groups });
  const policy = (...namespaces: readonly string[]) =>
    seen([{ arn: 'arn:aws:eks::aws:cluster-access-policy/A', namespaces }]);
  test.each([
    ['a policy for the cluster', want, { entry: entry(), policies: policy() }, []],
    [
      'a policy for a namespace',
      want,
      { entry: entry(), policies: policy('apps') },
      ['warning cluster/access-too-narrow'],
    ],
    [
      'the same, with routes alone',
      { ...want, clusterWide: false },
      { entry: entry(), policies: policy('apps') },
      [],
    ],
    ['groups, bound to who knows what', want, { entry: entry(['deployers']), policies: seen([]) }, []],
    ['neither', want, { entry: entry(), policies: seen([]) }, ['error cluster/access-too-narrow']],
    ['none', { ...want, admitted: false }, { entry: seen(undefined) }, ['error cluster/no-access-entry']],
    [
      'none, but aws-auth lets it in',
      { ...want, authenticationMode: 'API_AND_CONFIG_MAP' },
      { entry: seen(undefined) },
      [],
    ],
    [
      'a cluster without entries',
      { ...want, authenticationMode: 'CONFIG_MAP' },
      { entry: seen(undefined) },
      [],
    ],
    [
      'both denied',
      want,
      {
        entry: denied('eks:DescribeAccessEntry on a'),
        policies: denied('eks:ListAssociatedAccessPolicies on a'),
      },
      ['notice look/denied', 'notice look/denied'],
    ],
  ])('%s', (_name, wanted, look, expected) =>
    expect(said(judgeAccess(setting, wanted, look))).toEqual(expected),
  );
});

describe('what the roles may do', () => {
  const [hop, list, zone] = wantedPermissions(setting, association, ['Z1']);
  test('is asked of the association role for the hop, of the target for the zone', () => {
    expect(
      [hop, list, zone].map(
        (want) => `${want?.roleArn.split('/')[1]} ${want?.actions.join(' ')} ${want?.resource}`,
      ),
    ).toEqual([
      `external-dns sts:AssumeRole sts:TagSession ${association.targetRoleArn}`,
      'external-dns-target route53:ListHostedZones *',
      'external-dns-target route53:ChangeResourceRecordSets route53:ListResourceRecordSets arn:aws:route53:::hostedzone/Z1',
    ]);
  });
  const judged = (decision: 'allowed' | 'denied' | 'explicitly-denied' | 'unsure') =>
    zone === undefined
      ? []
      : judgePermissions(setting, workload, [
          { want: zone, seen: seen(zone.actions.map((action) => ({ action, decision }))) },
        ]);
  test('what is allowed or conditional says nothing', () => {
    expect([judged('allowed'), judged('unsure')]).toEqual([[], []]);
  });
  test('what is lacking comes as one policy, for the account that has the role', () => {
    const [found, ...more] = judged('denied');
    expect(more).toEqual([]);
    expect(found).toMatchObject({ code: 'identity/permission-missing', owner: 'dns-account' });
    const [, document = ''] = /--policy-document '(.*)'$/.exec(found?.hint ?? '') ?? [];
    expect(JSON.parse(document)).toMatchObject({
      Statement: [{ Effect: 'Allow', Action: zone?.actions, Resource: zone?.resource }],
    });
  });
  test('what a policy denies is not mended by another', () => {
    expect(judged('explicitly-denied').map(({ hint }) => hint)).toEqual(
      Array.from({ length: 2 }, () => expect.not.stringContaining('put-role-policy')),
    );
  });
  test('a simulation that is denied is said once a role', () => {
    const look = denied(`iam:SimulatePrincipalPolicy on ${association.targetRoleArn}`);
    const all = [list, zone].flatMap((want) => (want ? [{ want, seen: look }] : []));
    expect(said(judgePermissions(setting, workload, all))).toEqual(['notice look/denied']);
  });
});

test('workloads: what runs, what the charts bring, and each service account once', () => {
  const image = 'registry.k8s.io/external-dns/external-dns:v0.19.0';
  const source = { file: 'infra/Chart.yaml', line: 1 };
  const running = deployment('external-dns', image);
  const renamed = deployment('gw-external-dns', image);
  const same = workloadsOf([running], [{ object: running, source }]);
  expect(identitiesOf(same).map(({ installed, serviceAccount }) => [installed, serviceAccount])).toEqual([
    [true, 'external-dns'],
  ]);
  const moved = workloadsOf([running], [{ object: renamed, source }]);
  expect(identitiesOf(moved).map(({ installed, serviceAccount }) => [installed, serviceAccount])).toEqual([
    [true, 'external-dns'],
    [false, 'gw-external-dns'],
  ]);
  expect(moved.coming.map(({ serviceAccount }) => serviceAccount)).toEqual(['gw-external-dns']);
});
