// Who made a difference, out of CloudTrail's events: somebody else's latest call, never a controller's, nobody where it is not certain.
import { describe, expect, test } from '@jest/globals';
import type { Json, KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeBalancer, judgeWebAcl } from '../../../src/drift/balancer.ts';
import { identityOf, isControllers } from '../../../src/drift/controllers.ts';
import type { Sighting } from '../../../src/drift/item.ts';
import { judgeListeners } from '../../../src/drift/listeners.ts';
import { authorsUnknown } from '../../../src/drift/notes.ts';
import { judgeSecurityGroups } from '../../../src/drift/security-groups.ts';
import {
  addedRuleTrace,
  answerTrace,
  goneTrace,
  recordTrace,
  targetTrace,
} from '../../../src/drift/traces.ts';
import { authorOf, type Trace, type TrailEvent } from '../../../src/drift/trail.ts';
import { asked, at, state } from './balancer-setting.ts';

const alice = 'arn:aws:sts::111111111111:assumed-role/Admin/alice';
const bob = 'arn:aws:iam::111111111111:user/bob';
const lbc =
  'arn:aws:sts::111111111111:assumed-role/lbc/eks-sample-aws-load-bala-1ce28834-8c1f-4a38-9f0c-4ac7d3c6b4cf';

const elb = 'arn:aws:elasticloadbalancing:us-east-1:111111111111';
const balancer = `${elb}:loadbalancer/app/k8s-infra-public/0123456789abcdef`;
const listener = `${elb}:listener/app/k8s-infra-public/0123456789abcdef/aaaa`;
const rule = (id: string) => `${elb}:listener-rule/app/k8s-infra-public/0123456789abcdef/aaaa/${id}`;

const call = (
  minute: number,
  by: string,
  name: string,
  request: Json,
  response: Json = null,
): TrailEvent => ({
  id: `${minute}-${name}-${by}`,
  name,
  at: new Date(`2026-11-25T12:${String(minute).padStart(2, '0')}:00Z`),
  by,
  userAgent: 'aws-cli/2',
  request,
  response,
});

const isController = isControllers('sample', [
  { deployment: 'aws-load-balancer-controller', roles: [] },
  { deployment: 'external-dns', roles: ['dns'] },
]);
const by = (trace: Trace | undefined, ...events: readonly TrailEvent[]): string | undefined =>
  trace && authorOf(trace, events, isController)?.by;

describe('of several calls', () => {
  const trace = addedRuleTrace({ balancer, rule: rule('1'), listener });
  const modify = (minute: number, who: string, id = '1') =>
    call(minute, who, 'ModifyRule', { ruleArn: rule(id) });

  test.each<[string, TrailEvent[], string | undefined]>([
    ['the latest', [modify(1, bob), modify(3, alice)], alice],
    ["somebody's after the controller's", [modify(1, lbc), modify(3, alice)], alice],
    ["nobody's when the controller has written over it since", [modify(1, alice), modify(3, lbc)], undefined],
    ["nobody's when only the controller is known to have written", [modify(1, lbc)], undefined],
    ["not another rule's", [modify(1, bob), modify(3, alice, '2')], bob],
    ['not another call', [modify(1, bob), call(3, alice, 'AddTags', { resourceArns: [rule('1')] })], bob],
  ])('%s', (_what, events, expected) => {
    expect(by(trace, ...events)).toBe(expected);
  });

  test('with its time and name', () => {
    expect(authorOf(trace, [modify(3, alice)], isController)).toEqual({
      by: alice,
      since: '2026-11-25T12:03:00.000Z',
      event: 'ModifyRule',
    });
  });
});

describe('a rule that is gone', () => {
  const trace = answerTrace({ balancer, listener }, 'shop.example.com');
  const remove = (minute: number, who: string, id = '1') =>
    call(minute, who, 'DeleteRule', { ruleArn: rule(id) });
  const narrow = (minute: number, who: string, host = 'shop.example.com') =>
    call(minute, who, 'ModifyRule', {
      ruleArn: rule('1'),
      conditions: [{ field: 'host-header', hostHeaderConfig: { values: [host] } }],
    });

  test.each<[string, TrailEvent[], string | undefined]>([
    ['the one who deleted a rule of this load balancer', [remove(1, alice)], alice],
    [
      'whoever it was of those who deleted several, if it was one',
      [remove(1, alice), remove(2, alice, '2')],
      alice,
    ],
    ['nobody, if two have deleted rules', [remove(1, alice), remove(2, bob, '2')], undefined],
    ["the controller's deletions are its own", [remove(1, alice), remove(2, lbc, '2')], alice],
    ['one who gave it other conditions', [narrow(2, bob), remove(1, alice)], bob],
    ['not one who changed another host', [narrow(2, bob, 'other.example.com')], undefined],
    [
      'not one who deleted rules of another load balancer',
      [call(1, bob, 'DeleteRule', { ruleArn: `${elb}:listener-rule/app/other/1/2/3` })],
      undefined,
    ],
  ])('%s', (_what, events, expected) => {
    expect(by(trace, ...events)).toBe(expected);
  });
});

describe('each kind of difference has its calls', () => {
  const lb = { ...state, arn: balancer };
  const one = (sightings: readonly Sighting[]): Trace | undefined => sightings[0]?.trace;
  const good = {
    arn: listener,
    port: 443,
    protocol: 'HTTPS',
    sslPolicy: 'ELBSecurityPolicy-2016-08',
    otherCertificates: [],
  };
  const extra = { arn: `${listener}2`, port: 8443, protocol: 'HTTP', otherCertificates: [] };
  const acl = asked({ wafV2: { webACL: 'arn:acl' } });
  const configured = asked({
    listenerConfigurations: [{ protocolPort: 'HTTPS:443', defaultCertificate: 'arn:a' }],
  });

  test.each<[string, Trace | undefined, TrailEvent, TrailEvent]>([
    [
      'address type',
      one(judgeBalancer(asked({ ipAddressType: 'dualstack' }), lb, undefined)),
      call(1, alice, 'SetIpAddressType', { loadBalancerArn: balancer, ipAddressType: 'ipv4' }),
      call(1, alice, 'SetIpAddressType', { loadBalancerArn: `${balancer}0` }),
    ],
    [
      'attribute',
      one(judgeBalancer(asked({ loadBalancerAttributes: [{ key: 'a.b', value: '1' }] }), lb, new Map())),
      call(1, alice, 'ModifyLoadBalancerAttributes', {
        loadBalancerArn: balancer,
        attributes: [{ key: 'a.b' }],
      }),
      call(1, alice, 'ModifyLoadBalancerAttributes', {
        loadBalancerArn: balancer,
        attributes: [{ key: 'c' }],
      }),
    ],
    [
      'listener that is gone',
      one(judgeListeners(asked(), lb, [])),
      call(1, alice, 'DeleteListener', { listenerArn: listener }),
      call(1, alice, 'DeleteListener', { listenerArn: `${elb}:listener/app/other/1/2` }),
    ],
    [
      'listener too many',
      one(judgeListeners(asked(), lb, [good, extra])),
      call(1, alice, 'CreateListener', { loadBalancerArn: balancer, port: 8443 }),
      call(1, alice, 'CreateListener', { loadBalancerArn: balancer, port: 443 }),
    ],
    [
      'policy',
      one(judgeListeners(asked(), lb, [{ ...good, sslPolicy: 'other' }])),
      call(1, alice, 'ModifyListener', { listenerArn: listener, sslPolicy: 'other' }),
      call(1, alice, 'ModifyListener', { listenerArn: listener, certificates: [] }),
    ],
    [
      'certificate',
      one(judgeListeners(configured, lb, [{ ...good, defaultCertificate: 'arn:b' }])),
      call(1, alice, 'ModifyListener', {
        listenerArn: listener,
        certificates: [{ certificateArn: 'arn:b' }],
      }),
      call(1, alice, 'ModifyListener', { listenerArn: listener, sslPolicy: 'x' }),
    ],
    [
      'certificate too many',
      one(
        judgeListeners(configured, lb, [
          { ...good, defaultCertificate: 'arn:a', otherCertificates: ['arn:c'] },
        ]),
      ),
      call(1, alice, 'AddListenerCertificates', {
        listenerArn: listener,
        certificates: [{ certificateArn: 'arn:c' }],
      }),
      call(1, alice, 'AddListenerCertificates', {
        listenerArn: listener,
        certificates: [{ certificateArn: 'arn:d' }],
      }),
    ],
    [
      'web ACL',
      one(judgeWebAcl(acl, lb, undefined)),
      call(1, alice, 'DisassociateWebACL', { resourceArn: balancer }),
      call(1, alice, 'DisassociateWebACL', { resourceArn: `${balancer}0` }),
    ],
    [
      'security group',
      one(judgeSecurityGroups(asked(), lb, [good], [])),
      call(1, alice, 'RevokeSecurityGroupIngress', { groupId: 'sg-1' }),
      call(1, alice, 'RevokeSecurityGroupIngress', { groupId: 'sg-2' }),
    ],
    [
      'load balancer that is gone',
      goneTrace('k8s-infra-public'),
      call(1, alice, 'DeleteLoadBalancer', { loadBalancerArn: balancer }),
      call(1, alice, 'DeleteLoadBalancer', {
        loadBalancerArn: `${elb}:loadbalancer/app/k8s-infra-public-2/1`,
      }),
    ],
    [
      'target',
      targetTrace('arn:tg', '10.0.0.1'),
      call(1, alice, 'DeregisterTargets', {
        targetGroupArn: 'arn:tg',
        targets: [{ id: '10.0.0.1', port: 80 }],
      }),
      call(1, alice, 'DeregisterTargets', { targetGroupArn: 'arn:tg', targets: [{ id: '10.0.0.2' }] }),
    ],
    [
      'record, a wildcard as Route 53 writes it',
      recordTrace('Z1', ['*.example.com'], 'A'),
      call(1, alice, 'ChangeResourceRecordSets', {
        hostedZoneId: '/hostedzone/Z1',
        changeBatch: { changes: [{ resourceRecordSet: { name: '\\052.Example.com.', type: 'A' } }] },
      }),
      call(1, alice, 'ChangeResourceRecordSets', {
        hostedZoneId: 'Z1',
        changeBatch: {
          changes: [
            { resourceRecordSet: { name: '*.example.com', type: 'TXT' } },
            { resourceRecordSet: { name: 'a.example.com', type: 'A' } },
          ],
        },
      }),
    ],
  ])('%s', (_what, trace, right, wrong) => {
    expect([by(trace, right), by(trace, wrong)]).toEqual([alice, undefined]);
  });
});

describe("a controller's call is told", () => {
  const deployment: KubernetesObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'external-dns', namespace: 'infra' },
  };
  const account: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: 'external-dns',
      annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111111111111:role/path/dns' },
    },
  };
  const uuid = '1ce28834-8c1f-4a38-9f0c-4ac7d3c6b4cf';
  const session = (role: string, name: string) => `arn:aws:sts::222222222222:assumed-role/${role}/${name}`;
  const told = isControllers('production-eu', [
    identityOf(deployment, account, 'arn:aws:iam::222222222222:role/zone-writer'),
  ]);

  test.each<[string, string, boolean]>([
    ['by the role of its service account', session('dns', '1700000000'), true],
    ['by the role that it assumes', session('zone-writer', '1700000000'), true],
    ['by its pod', session('any', `eks-production-eu-external-dns-7f9c-${uuid}`), true],
    ['by names that are cut', session('any', `eks-product-external-d-${uuid}`), true],
    ["not another cluster's", session('any', `eks-staging-eu-external-dns-7f9c-${uuid}`), false],
    ["not another pod's", session('any', `eks-production-eu-terraform-0-${uuid}`), false],
    ['not a person', session('Admin', 'alice'), false],
  ])('%s', (_what, who, expected) => {
    expect(told(call(1, who, 'ChangeResourceRecordSets', null))).toBe(expected);
  });

  test.each<[string, string, KubernetesObject, boolean]>([
    [
      'in the environment',
      'own',
      {
        ...deployment,
        spec: {
          template: {
            spec: {
              containers: [
                { name: 'a', env: [{ name: 'AWS_ROLE_ARN', value: 'arn:aws:iam::111111111111:role/own' }] },
              ],
            },
          },
        },
      },
      true,
    ],
    [
      'in the annotation of kube2iam',
      'own',
      {
        ...deployment,
        spec: { template: { metadata: { annotations: { 'iam.amazonaws.com/role': 'own' } } } },
      },
      true,
    ],
    ['nowhere', 'own', deployment, false],
  ])('by the role that stands %s', (_what, role, of, expected) => {
    const event = call(1, session(role, '1700000000'), 'ChangeResourceRecordSets', null);
    expect(isControllers('production-eu', [identityOf(of, undefined)])(event)).toBe(expected);
  });

  test.each([
    ['of the load balancer controller', 'elbv2.k8s.aws/v3.5.0'],
    ['of ExternalDNS until 0.14', 'aws-sdk-go/1.55.5 (go1.22; linux; amd64) ExternalDNS/v0.14.2'],
  ])('by the user agent %s', (_what, userAgent) => {
    const event = { ...call(1, session('nodes', 'i-0123'), 'ModifyRule', null), userAgent };
    expect(told(event)).toBe(true);
  });

  // Since 0.15 ExternalDNS says no name: with its node's role, or a user's keys, nothing but Go tells its calls.
  const nameless = 'aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24.4 api/route53#1.52.2';
  const [node, keys] = [
    session('nodes', 'i-0123456789abcdef0'),
    'arn:aws:iam::222222222222:user/external-dns',
  ];
  const withoutRole = isControllers('production-eu', [identityOf(deployment, undefined)]);
  const speaking = isControllers('production-eu', [
    { ...identityOf(deployment, undefined), saysItsName: true },
  ]);

  test.each<[string, ReturnType<typeof isControllers>, string, string, boolean]>([
    ["may be ExternalDNS's with its node's role", withoutRole, node, nameless, true],
    ["may be ExternalDNS's with a user's keys", withoutRole, keys, nameless, true],
    ['is none of a controller that says its name', speaking, node, nameless, false],
    ['is none of an ExternalDNS that has a role of its own', told, node, nameless, false],
    ["is a person's from the command line of a node", withoutRole, node, 'aws-cli/2.31.0', false],
    [
      "is Terraform's, which says so",
      withoutRole,
      keys,
      `APN/1.0 HashiCorp/1.0 Terraform/1.9 ${nameless}`,
      false,
    ],
    [
      "is another cluster's ExternalDNS",
      withoutRole,
      session('any', `eks-staging-eu-external-dns-7f9c-${uuid}`),
      nameless,
      false,
    ],
  ])('a call %s', (_what, is, who, userAgent, expected) => {
    expect(is({ ...call(1, who, 'ChangeResourceRecordSets', null), userAgent })).toBe(expected);
  });

  test("nobody is named where the latest call may be ExternalDNS's own with its node's role", () => {
    const trace = recordTrace('Z1', ['a.example.com'], 'A');
    const change = (minute: number, who: string, userAgent: string): TrailEvent => ({
      ...call(minute, who, 'ChangeResourceRecordSets', {
        hostedZoneId: 'Z1',
        changeBatch: { changes: [{ resourceRecordSet: { name: 'a.example.com', type: 'A' } }] },
      }),
      userAgent,
    });
    const [hers, its] = [change(1, alice, 'aws-cli/2'), change(2, node, nameless)];
    expect(authorOf(trace, [hers, its], withoutRole)).toBeUndefined();
    expect(authorOf(trace, [its, change(3, alice, 'aws-cli/2')], withoutRole)?.by).toBe(alice);
  });
});

test('a denial is said once, with the action, whichever account it was', () => {
  const { code, severity, message, hint } = authorsUnknown([
    { account: 'eks', why: { at, denied: 'cloudtrail:LookupEvents on *' } },
    { account: 'dns', why: { at, failed: 'CloudTrail did not answer as it should: HTTP 500.' } },
  ]);
  expect([code, severity]).toEqual(['drift/author-unknown', 'notice']);
  expect(message).toBe(
    'CloudTrail could not be asked who changed what has drifted (in the EKS account: its role may not cloudtrail:LookupEvents on *; in the DNS account: CloudTrail did not answer as it should: HTTP 500).',
  );
  expect(hint).toContain('cloudtrail:LookupEvents');
});
