// Tags by which the controller finds its own, and those that configurations ask for.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeSecurityGroups } from '../../../src/drift/security-groups.ts';
import { judgeTags } from '../../../src/drift/tags.ts';
import { asked, controller, mended, said, state } from './balancer-setting.ts';

const withArgs = (...args: string[]) => {
  const deployment: KubernetesObject = {
    ...controller,
    spec: { template: { spec: { containers: [{ name: 'lbc', args: ['--sync-period=2h', ...args] }] } } },
  };
  return { ...asked(), lbc: { namespace: 'infra', name: 'lbc', deployment } };
};
const wanted = withArgs('--cluster-name=sample');
const good: readonly (readonly [string, string])[] = [
  ['elbv2.k8s.aws/cluster', 'sample'],
  ['gateway.k8s.aws.alb/stack', 'infra/public'],
  ['gateway.k8s.aws.alb/resource', 'infra/public:apps-web:HTTPRoute-apps-web:80'],
  ['team', 'shop'],
];

describe('of target groups', () => {
  const judge = (
    found: typeof good,
    tags: Readonly<Record<string, string>> = {},
    of: Parameters<typeof judgeTags>[0] = wanted,
  ) =>
    said(
      judgeTags(
        of,
        state,
        [
          { arn: 'arn:lb', path: '', asked: {} },
          { arn: 'arn:tg', path: 'targetGroups[apps/web].', asked: tags },
        ],
        new Map([['arn:tg', new Map(found)]]),
      ),
    );

  test('as the controller made them, beside those of others', () => {
    expect(judge(good)).toEqual([]);
  });

  test('gone, or changed; nobody mends them', () => {
    expect(judge([['elbv2.k8s.aws/cluster', 'other']])).toEqual([
      'targetGroups[apps/web].tags[elbv2.k8s.aws/cluster]: other; stays',
      'targetGroups[apps/web].tags[gateway.k8s.aws.alb/stack]: nothing; stays',
      'targetGroups[apps/web].tags[gateway.k8s.aws.alb/resource]: nothing; stays',
    ]);
  });

  test("the cluster's name is not looked for where the controller does not say it", () => {
    expect(judge(good.slice(1), {}, withArgs())).toEqual([]);
  });

  test('asked for, and put back by the controller', () => {
    expect(judge(good, { team: 'shop' })).toEqual([]);
    expect(judge(good, { team: 'other', cost: '7' })).toEqual([
      `targetGroups[apps/web].tags[team]: shop; ${mended}`,
      `targetGroups[apps/web].tags[cost]: nothing; ${mended}`,
    ]);
  });

  test("the controller's own defaults win over what is asked for", () => {
    const defaults = withArgs('--cluster-name=sample', '--default-tags=env=live,team=shop');
    expect(judge(good, { team: 'other' }, defaults)).toEqual([]);
  });
});

test('of the load balancer, whose name among the resources is known', () => {
  const found = new Map([...good, ['gateway.k8s.aws.alb/resource', 'another'] as const]);
  const lb = { arn: 'arn:lb', path: '', resource: 'LoadBalancer', asked: {} };
  expect(said(judgeTags(wanted, state, [lb], new Map([['arn:lb', found]])))).toEqual([
    'tags[gateway.k8s.aws.alb/resource]: another; stays',
  ]);
});

describe('of the security group that the controller has made', () => {
  const judge = (tags: readonly (readonly [string, string])[], description: string) =>
    said(
      judgeSecurityGroups(
        wanted,
        state,
        [{ port: 443, protocol: 'HTTPS', otherCertificates: [] }],
        [
          {
            id: 'sg-1',
            description,
            tags: new Map(tags),
            ingress: [{ from: 443, to: 443, sources: ['10.0.0.0/8'] }],
          },
        ],
      ),
    );
  const made = '[k8s] Managed SecurityGroup for LoadBalancer';

  test('without them it is known by its description, and compared all the same', () => {
    expect(judge([], made)).toEqual([
      'securityGroups[sg-1].tags[elbv2.k8s.aws/cluster]: nothing; stays',
      'securityGroups[sg-1].tags[gateway.k8s.aws.alb/stack]: nothing; stays',
      'securityGroups[sg-1].tags[gateway.k8s.aws.alb/resource]: nothing; stays',
      `securityGroups.ingress[443]: 10.0.0.0/8; ${mended}`,
    ]);
  });

  test.each<[string, readonly (readonly [string, string])[], string]>([
    ['of an Ingress', [['ingress.k8s.aws/stack', 'apps/web']], made],
    ['of somebody', [], 'ours'],
  ])('one %s is not its own', (_whose, tags, description) => {
    expect(judge(tags, description)).toEqual([]);
  });
});
