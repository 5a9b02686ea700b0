// A load balancer against what its Gateway asks for: settings, listeners, certificates, quotas.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeBalancer, judgeQuotas, judgeWebAcl } from '../../../src/drift/balancer.ts';
import { isProvedByRecords, judgeCertificate, judgeProof } from '../../../src/drift/certificates.ts';
import { judgeListeners } from '../../../src/drift/listeners.ts';
import { judgeSecurityGroups } from '../../../src/drift/security-groups.ts';
import { configurationFor } from '../../../src/gateway/load-balancer-configuration.ts';
import { asked, at, controller, gateway, mended, said, state } from './balancer-setting.ts';

test('the controller mends at its next full look, by its own flag; one that is not there mends nothing', () => {
  const wanted = { ...asked(), configuration: { ipAddressType: 'dualstack' } };
  expect(said(judgeBalancer(wanted, state, undefined))).toEqual([`ipAddressType: ipv4; ${mended}`]);
  const { lbc: _, ...without } = wanted;
  expect(said(judgeBalancer(without, state, undefined))).toEqual(['ipAddressType: ipv4; stays']);
});

test('attributes and groups that are asked for are compared, others are not', () => {
  const configuration = {
    loadBalancerAttributes: [{ key: 'idle_timeout.timeout_seconds', value: '120' }],
    securityGroups: ['sg-2'],
  };
  const attributes = new Map([
    ['idle_timeout.timeout_seconds', '60'],
    ['routing.http2.enabled', 'false'],
  ]);
  expect(said(judgeBalancer(asked(configuration), state, attributes))).toEqual([
    `securityGroups: sg-1; ${mended}`,
    `attributes[idle_timeout.timeout_seconds]: 60; ${mended}`,
  ]);
});

describe('listeners', () => {
  const good = {
    port: 443,
    protocol: 'HTTPS',
    sslPolicy: 'ELBSecurityPolicy-2016-08',
    defaultCertificate: 'arn:a',
    otherCertificates: [],
  };
  const configuration = {
    listenerConfigurations: [{ protocolPort: 'HTTPS:443', defaultCertificate: 'arn:a' }],
  };

  test('as asked for; a port without routes needs none, and a listener there is no drift', () => {
    const http = { port: 80, protocol: 'HTTP', otherCertificates: [] };
    expect(judgeListeners(asked(configuration), state, [good])).toEqual([]);
    expect(judgeListeners(asked(configuration), state, [good, http])).toEqual([]);
  });

  test.each([
    ['gone', [], [`listeners[443]: nothing; ${mended}`]],
    [
      'one more',
      [good, { port: 8443, protocol: 'HTTP', otherCertificates: [] }],
      [`listeners[8443]: HTTP; ${mended}`],
    ],
    ['another policy', [{ ...good, sslPolicy: 'other' }], [`listeners[443].sslPolicy: other; ${mended}`]],
    [
      'another certificate',
      [{ ...good, defaultCertificate: 'arn:b' }],
      [`listeners[443].defaultCertificate: arn:b; ${mended}`],
    ],
    [
      'a certificate more',
      [{ ...good, otherCertificates: ['arn:c'] }],
      [`listeners[443].certificates[arn:c]: arn:c; ${mended}`],
    ],
  ])('%s', (_what, listeners, expected) => {
    expect(said(judgeListeners(asked(configuration), state, listeners))).toEqual(expected);
  });

  test('a certificate less', () => {
    const two = {
      listenerConfigurations: [
        { protocolPort: 'HTTPS:443', defaultCertificate: 'arn:a', certificates: ['arn:b', 'arn:c'] },
      ],
    };
    const one = { ...good, otherCertificates: ['arn:b'] };
    expect(said(judgeListeners(asked(two), state, [one]))).toEqual([
      `listeners[443].certificates[arn:c]: nothing; ${mended}`,
    ]);
  });

  test('certificates that the controller finds by itself are not compared', () => {
    expect(
      judgeListeners(asked(), state, [
        { ...good, defaultCertificate: 'arn:z', otherCertificates: ['arn:y'] },
      ]),
    ).toEqual([]);
  });

  test('a port must be let in by one of the groups', () => {
    const others = { description: '', tags: new Map<string, string>() };
    const closed = [{ ...others, id: 'sg-1', ingress: [{ from: 80, to: 80, sources: ['0.0.0.0/0'] }] }];
    expect(said(judgeSecurityGroups(asked(), state, [good], closed))).toEqual([
      `securityGroups.ingress[443]: nothing; ${mended}`,
    ]);
    const open = [{ ...others, id: 'sg-1', ingress: [{ sources: ['10.0.0.0/8'] }] }];
    expect(judgeSecurityGroups(asked(), state, [good], open)).toEqual([]);
    expect(said(judgeSecurityGroups(asked({ sourceRanges: ['192.0.2.0/24'] }), state, [good], open))).toEqual(
      [`securityGroups.ingress[443]: 10.0.0.0/8; ${mended}`],
    );
  });
});

test('subnets are compared where they are named by their ids', () => {
  const named = (...identifiers: string[]) =>
    asked({ loadBalancerSubnets: identifiers.map((identifier) => ({ identifier })) });
  const in2 = { ...state, subnets: ['subnet-2', 'subnet-1'] };
  expect(judgeBalancer(named('subnet-1', 'subnet-2'), in2, undefined)).toEqual([]);
  expect(said(judgeBalancer(named('subnet-1', 'subnet-2', 'subnet-3'), in2, undefined))).toEqual([
    `subnets: subnet-1, subnet-2; ${mended}`,
  ]);
  expect(judgeBalancer(named('public-a', 'subnet-2'), in2, undefined)).toEqual([]);
  expect(judgeBalancer(asked(), in2, undefined)).toEqual([]);
});

test('a web ACL counts only where one is asked for', () => {
  expect(judgeWebAcl(asked(), state, 'arn:acl')).toEqual([]);
  expect(said(judgeWebAcl(asked({ wafV2: { webACL: 'arn:acl' } }), state, undefined))).toEqual([
    `webACL: nothing; ${mended}`,
  ]);
});

test("a web ACL is nobody's wish where the controller has WAF switched off", () => {
  const args = ['--enable-wafv2=false'];
  const deployment: KubernetesObject = {
    ...controller,
    spec: { template: { spec: { containers: [{ name: 'lbc', args }] } } },
  };
  const wanted = asked({ wafV2: { webACL: 'arn:acl' } });
  const off = { ...wanted, lbc: { namespace: 'infra', name: 'lbc', deployment } };
  expect(judgeWebAcl(off, state, undefined)).toEqual([]);
});

test("the controller's own security group, for the way to the targets, is no stranger; another is", () => {
  const configuration = { securityGroups: ['sg-1'], manageBackendSecurityGroupRules: true };
  const with2 = { ...state, securityGroups: ['sg-1', 'sg-backend'] };
  expect(judgeBalancer(asked(configuration), with2, undefined)).toEqual([]);
  expect(judgeBalancer(asked({ securityGroups: ['sg-1'] }), with2, undefined)).toHaveLength(1);
  const with3 = { ...state, securityGroups: ['sg-1', 'sg-2', 'sg-backend'] };
  expect(judgeBalancer(asked(configuration), with3, undefined)).toHaveLength(1);
});

test('a truth value is compared without its capitals', () => {
  const configuration = { loadBalancerAttributes: [{ key: 'a.enabled', value: 'True' }] };
  expect(judgeBalancer(asked(configuration), state, new Map([['a.enabled', 'true']]))).toEqual([]);
  expect(judgeBalancer(asked(configuration), state, new Map([['a.enabled', 'false']]))).toHaveLength(1);
});

test('a listener that no Gateway declares may be of a ListenerSet, where there is one', () => {
  const extra = { port: 8443, protocol: 'HTTP', otherCertificates: [] };
  const plain = { ...asked(), gateway: { ...gateway, status: {} } };
  expect(judgeListeners(plain, state, [extra])).toHaveLength(1);
  expect(judgeListeners({ ...plain, shared: true }, state, [extra])).toEqual([]);
});

test.each([
  [80, []],
  [81, ['quota[rules-per-application-load-balancer]: 81; stays']],
  [100, ['quota[rules-per-application-load-balancer]: 100; stays']],
])('%i of 100 rules', (count, expected) => {
  const limits = new Map([['rules-per-application-load-balancer', 100]]);
  const used = { 'rules-per-application-load-balancer': count, 'unknown-quota': 5 };
  expect(said(judgeQuotas(asked(), state, used, limits))).toEqual(expected);
});

test('targets come and go with a rollout, rules do not', () => {
  const names = ['targets-per-application-load-balancer', 'rules-per-application-load-balancer'];
  const used = Object.fromEntries(names.map((name) => [name, 90]));
  const limits = new Map(names.map((name) => [name, 100]));
  expect(judgeQuotas(asked(), state, used, limits).map(({ passing }) => passing)).toEqual([true, undefined]);
});

describe('certificates', () => {
  const days = (count: number): Date => new Date(at.getTime() + count * 86_400_000);
  const judge = (change: object) =>
    said(
      judgeCertificate(
        asked(),
        state,
        'listeners[443]',
        { arn: 'arn:a', status: 'ISSUED', names: [], type: 'AMAZON_ISSUED', validation: [], ...change },
        'arn:a',
      ),
    );
  const path = 'listeners[443].certificates[arn:a]';

  test.each<[string, object, string[]]>([
    ['has time', { notAfter: days(200) }, []],
    [
      'is renewed by ACM, which has begun',
      { notAfter: days(40), renewal: { eligible: true, status: 'PENDING_AUTO_RENEWAL' } },
      [],
    ],
    [
      'should have been renewed by now',
      { notAfter: days(10), renewal: { eligible: true } },
      [`${path}.notAfter: 2026-12-05 (in 10 days); 2026-12-05T12:00:00.000Z`],
    ],
    [
      'cannot be renewed',
      { notAfter: days(40), renewal: { eligible: false } },
      [`${path}.notAfter: 2027-01-04 (in 40 days); stays`],
    ],
    [
      'is stuck in its renewal',
      { notAfter: days(40), renewal: { eligible: true, status: 'PENDING_VALIDATION' } },
      [`${path}.notAfter: 2027-01-04 (in 40 days); stays`],
    ],
    [
      'was imported',
      { notAfter: days(40), type: 'IMPORTED' },
      [`${path}.notAfter: 2027-01-04 (in 40 days); stays`],
    ],
    [
      'is short-lived and exchanged in time',
      { notBefore: days(-60), notAfter: days(30), type: 'IMPORTED' },
      [],
    ],
    [
      'is short-lived and late',
      { notBefore: days(-70), notAfter: days(20), type: 'IMPORTED' },
      [`${path}.notAfter: 2026-12-15 (in 20 days); stays`],
    ],
    ['is revoked', { status: 'REVOKED' }, [`${path}.status: REVOKED; stays`]],
  ])('one that %s', (_what, change, expected) => {
    expect(judge(change)).toEqual(expected);
  });
});

describe('the records by which ACM renews', () => {
  const record = { name: '_1.example.com.', type: 'CNAME', value: '_2.acm-validations.aws.' };
  const judge = (values: readonly string[] | undefined) =>
    judgeProof({
      record,
      zone: 'Z1',
      values: values === undefined ? { at, denied: 'route53:ListResourceRecordSets' } : { at, value: values },
    }).map(({ layer, ref, path, wanted, found, heals }) => [layer, ref, path, wanted, found, heals]);

  test.each<[string, readonly string[] | undefined, string | null | undefined]>([
    ['stand', ['_2.ACM-validations.aws'], undefined],
    ['are gone', [], null],
    ['say something else', ['_3.acm-validations.aws'], '_3.acm-validations.aws'],
    ['could not be read: that is told elsewhere', undefined, undefined],
  ])('%s', (_what, values, found) => {
    expect(judge(values)).toEqual(
      found === undefined ? [] : [['route53', 'Record _1.example.com', 'CNAME', record.value, found, false]],
    );
  });

  test.each([
    ['issued by ACM', { type: 'AMAZON_ISSUED' }, true],
    ['imported', { type: 'IMPORTED' }, false],
    ['proved by mail', { type: 'AMAZON_ISSUED', proofs: [] }, false],
    ['not issued yet', { type: 'AMAZON_ISSUED', status: 'PENDING_VALIDATION' }, false],
  ])('of a certificate that is %s', (_what, change, expected) => {
    const certificate = { arn: 'arn:a', status: 'ISSUED', names: [], validation: [], proofs: [record] };
    expect(isProvedByRecords({ ...certificate, ...change })).toBe(expected);
  });
});

test('class and Gateway are merged: the class wins unless it says otherwise, listeners by their port, tags and attributes by their keys', () => {
  const named = (name: string, spec: JsonObject): KubernetesObject => ({
    apiVersion: 'gateway.k8s.aws/v1',
    kind: 'LoadBalancerConfiguration',
    metadata: { name, namespace: 'infra' },
    spec,
  });
  const own = {
    ...gateway,
    spec: { gatewayClassName: 'alb', infrastructure: { parametersRef: { name: 'own' } } },
  };
  const gatewayClass: KubernetesObject = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'alb' },
    spec: { parametersRef: { name: 'shared', namespace: 'infra' } },
  };
  const listeners = [{ protocolPort: 'HTTPS:443', sslPolicy: 'own' }];
  const merged = (mode: JsonObject) =>
    configurationFor(
      own,
      [gatewayClass],
      [
        named('own', {
          scheme: 'internal',
          listenerConfigurations: listeners,
          tags: { team: 'own', cost: '1' },
          loadBalancerAttributes: [
            { key: 'a', value: 'own' },
            { key: 'b', value: 'own' },
          ],
        }),
        named('shared', {
          scheme: 'internet-facing',
          tags: { team: 'shared' },
          loadBalancerAttributes: [{ key: 'a', value: 'shared' }],
          ...mode,
        }),
      ],
    );
  expect(merged({})).toMatchObject({
    scheme: 'internet-facing',
    listenerConfigurations: listeners,
    tags: { team: 'shared', cost: '1' },
    loadBalancerAttributes: [
      { key: 'a', value: 'shared' },
      { key: 'b', value: 'own' },
    ],
  });
  expect(merged({ mergingMode: 'prefer-gateway' })['scheme']).toBe('internal');
});

test.each<[string, object, object, RegExp]>([
  [
    'is scaled to zero',
    { availableReplicas: undefined },
    {},
    /^Start the controller: the Deployment infra\/lbc /,
  ],
  [
    'only plans',
    {},
    { 'gateway.k8s.aws/dry-run': 'true' },
    /^Take the annotation gateway.k8s.aws\/dry-run off/,
  ],
])('a controller that %s mends nothing, although it is Available', (_what, status, annotations, remedy) => {
  const deployment = { ...controller, status: { ...(controller['status'] as JsonObject), ...status } };
  const wanted = {
    ...asked(),
    gateway: { ...gateway, metadata: { ...gateway.metadata, annotations: annotations as JsonObject } },
    lbc: { namespace: 'infra', name: 'lbc', deployment },
  };
  const [item] = judgeWebAcl(
    { ...wanted, configuration: { wafV2: { webACL: 'arn:acl' } } },
    state,
    undefined,
  );
  expect(item).toMatchObject({ heals: false, remedy: expect.stringMatching(remedy) });
});
