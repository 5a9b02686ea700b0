// Who may reach a load balancer: the controller's own group to the letter, those of others by what they let in.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/bundle/object.ts';
import { judgeSecurityGroups } from '../../../src/drift/security-groups.ts';
import { asked, mended, said, state } from './balancer-setting.ts';

describe('the security group that the controller has made for its Gateway', () => {
  const https = { port: 443, protocol: 'HTTPS', otherCertificates: [] };
  const tags = new Map([
    ['gateway.k8s.aws.alb/stack', 'infra/public'],
    ['gateway.k8s.aws.alb/resource', 'ManagedLBSecurityGroup'],
  ]);
  const rule = (port: number, ...sources: string[]) => ({ from: port, to: port, sources });
  const judge = (
    ingress: { from?: number; to?: number; sources: string[] }[],
    configuration: JsonObject = {},
    change: object = {},
  ): string[] =>
    said(
      judgeSecurityGroups(
        asked(configuration),
        { ...state, ...change },
        [https],
        [
          { id: 'sg-1', description: '', tags, ingress },
          { id: 'sg-backend', description: '', tags: new Map(), ingress: [] },
        ],
      ),
    );
  const everybody = rule(443, '0.0.0.0/0');
  const office = { sourceRanges: ['192.0.2.77/24', '2001:DB8:0::/48'] };

  test.each<[string, { from?: number; to?: number; sources: string[] }[], JsonObject, object]>([
    ['everybody', [everybody], {}, {}],
    ['a port without routes besides', [everybody, rule(80, '0.0.0.0/0')], {}, {}],
    ['everybody, by IPv6 as well', [everybody, rule(443, '::/0')], {}, { ipAddressType: 'dualstack' }],
    ['an office, of which the IPv6 range counts for nothing', [rule(443, '192.0.2.0/24')], office, {}],
    [
      'an office by both',
      [rule(443, '192.0.2.0/24', '2001:db8::/48')],
      office,
      { ipAddressType: 'dualstack' },
    ],
    ['a list of prefixes', [rule(443, 'pl-1')], { sourceRanges: [], securityGroupPrefixes: ['pl-1'] }, {}],
  ])('lets in %s', (_what, ingress, configuration, change) => {
    expect(judge(ingress, configuration, change)).toEqual([]);
  });

  test.each<[string, { from?: number; to?: number; sources: string[] }[], JsonObject, string[]]>([
    ['nobody', [], {}, [`securityGroups.ingress[443]: nothing; ${mended}`]],
    ['some alone', [rule(443, '10.0.0.0/8')], {}, [`securityGroups.ingress[443]: 10.0.0.0/8; ${mended}`]],
    [
      'everybody instead of an office',
      [rule(443, '192.0.2.0/24', '0.0.0.0/0')],
      office,
      [`securityGroups.ingress[443]: 0.0.0.0/0, 192.0.2.0/24; ${mended}`],
    ],
    [
      'somebody to a port that is none of the Gateway',
      [everybody, rule(22, '198.51.100.1/32')],
      {},
      [`securityGroups.ingress[22]: 198.51.100.1/32; ${mended}`],
    ],
    [
      'somebody to all ports',
      [everybody, { sources: ['198.51.100.1/32'] }],
      {},
      [`securityGroups.ingress[443]: 0.0.0.0/0, 198.51.100.1/32; ${mended}`],
    ],
  ])('lets in %s: drift', (_what, ingress, configuration, expected) => {
    expect(judge(ingress, configuration).filter((each) => !each.includes('[80]'))).toEqual(expected);
  });
});

test("an IPv6 range counts for nothing where the load balancer has none, in others' groups too", () => {
  const https = { port: 443, protocol: 'HTTPS', otherCertificates: [] };
  const ingress = [{ from: 443, to: 443, sources: ['10.0.0.0/8'] }];
  const groups = [{ id: 'sg-1', description: '', tags: new Map<string, string>(), ingress }];
  const wanted = asked({ sourceRanges: ['10.0.0.0/8', 'fd00::/8'] });
  expect(judgeSecurityGroups(wanted, state, [https], groups)).toEqual([]);
  expect(judgeSecurityGroups(wanted, { ...state, ipAddressType: 'dualstack' }, [https], groups)).toHaveLength(
    1,
  );
});
