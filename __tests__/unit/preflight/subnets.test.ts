// The subnets that the controller would find or is told to take: the rules of its subnet resolver, case by case.
import { expect, test } from '@jest/globals';
import { type Subnet, subnetRules, subnetsAsked } from '../../../src/gateway/subnets.ts';
import { judgeSubnets, observeSubnets } from '../../../src/preflight/subnets.ts';
import type { Finding } from '../../../src/verdict/finding.ts';
import { denied, lbc, never, seen, setting } from './setting.ts';

const vpc = 'vpc-1';
const elb = { 'kubernetes.io/role/elb': '1' };
const subnet = (
  id: string,
  zone: string,
  tags: Readonly<Record<string, string>> = elb,
  more: Partial<Subnet> = {},
): Subnet => ({
  id,
  zone: `us-east-1${zone}`,
  freeAddresses: 200,
  tags: new Map(Object.entries(tags)),
  ipv6: false,
  outpost: false,
  ...more,
});

interface Case {
  readonly configuration?: Parameters<typeof subnetsAsked>[0];
  readonly args?: readonly string[];
  readonly standing?: boolean;
  /** Ids that lead to the internet; default all. */
  readonly open?: readonly string[] | 'denied';
  readonly version?: string;
}

const asked: string[] = [];
const judge = async (
  subnets: readonly Subnet[],
  {
    configuration = { scheme: 'internet-facing' },
    args = [],
    standing = false,
    open,
    version = '3.5.0',
  }: Case = {},
): Promise<readonly Finding[]> => {
  const { deployment } = lbc(version, ...args);
  const rules = subnetRules(setting.cluster, deployment);
  const wants = [
    { gateway: 'Gateway infra/public', asked: subnetsAsked(configuration, deployment), standing },
  ];
  asked.length = 0;
  const reader = {
    subnets: async () => {
      asked.push('subnets');
      return seen(subnets);
    },
    publicOf: async (_: string, ids: readonly string[]) => {
      asked.push('routes');
      return open === 'denied' ? denied('ec2:DescribeRouteTables on *') : seen(new Set(open ?? ids));
    },
  };
  const looked = await observeSubnets(vpc, wants, rules, reader, never);
  const byReachability = version >= '2.12.1';
  return judgeSubnets({ setting, vpc, rules, byReachability }, wants, looked);
};
const said = async (...of: Parameters<typeof judge>): Promise<readonly string[]> =>
  (await judge(...of)).map(({ severity, code }) => `${severity} ${code}`);

const two = [subnet('subnet-a', 'a'), subnet('subnet-b', 'b')];
const unfit = ['error gateway/subnets-unfit'];

test('two tagged subnets in two zones', async () => {
  expect(await said(two)).toEqual([]);
});

test.each<[string, readonly Subnet[], Case]>([
  ['one zone alone', [subnet('subnet-a', 'a'), subnet('subnet-c', 'a')], {}],
  ['one tagged, another not', [subnet('subnet-a', 'a'), subnet('subnet-b', 'b', {})], {}],
  [
    'a tag with another value',
    two.map((each) => ({ ...each, tags: new Map([['kubernetes.io/role/elb', 'true']]) })),
    { open: [] },
  ],
  [
    'tagged for another cluster',
    two.map(({ id, zone, ...rest }) => ({
      ...rest,
      id,
      zone,
      tags: new Map([...Object.entries(elb), ['kubernetes.io/cluster/other', 'shared']]),
    })),
    {},
  ],
  [
    'hardly an address free',
    [subnet('subnet-a', 'a'), subnet('subnet-b', 'b', elb, { freeAddresses: 7 })],
    {},
  ],
  [
    'dualstack without IPv6',
    two,
    { configuration: { scheme: 'internet-facing', ipAddressType: 'dualstack' } },
  ],
  [
    'a selector that fits nothing',
    two,
    { configuration: { scheme: 'internet-facing', loadBalancerSubnetsSelector: { tier: ['edge'] } } },
  ],
  [
    'no tag, before routes are looked at',
    [subnet('subnet-a', 'a', {}), subnet('subnet-b', 'b', {})],
    { version: '2.12.0' },
  ],
  ['internal, all public', two, { configuration: { scheme: 'internal' } }],
  ['the scheme of the flag is internal by default', two, { configuration: {} }],
])('%s', async (_, subnets, given) => {
  expect(await said(subnets, given)).toEqual(unfit);
});

test.each<[string, readonly Subnet[], Case]>([
  ['no tag at all: taken by their routes', [subnet('subnet-a', 'a', {}), subnet('subnet-b', 'b', {})], {}],
  ['an empty tag', two.map((each) => ({ ...each, tags: new Map([['kubernetes.io/role/elb', '']]) })), {}],
  [
    'one is enough by the gate',
    [subnet('subnet-a', 'a')],
    { args: ['--feature-gates=ALBSingleSubnet=true'] },
  ],
  ['one is enough in a local zone', [subnet('subnet-l', 'x', elb, { zone: 'us-west-2-lax-1a' })], {}],
  [
    'the check of cluster tags is off',
    two.map((each) => ({
      ...each,
      tags: new Map([...each.tags, ['kubernetes.io/cluster/other', 'shared']]),
    })),
    { args: ['--feature-gates=SubnetsClusterTagCheck=false'] },
  ],
  ['it has its load balancer, which keeps its subnets', [subnet('subnet-a', 'a')], { standing: true }],
  ['internal, by their routes', two, { configuration: { scheme: 'internal' }, open: [] }],
  [
    'named by id and by name',
    [subnet('subnet-a', 'a', {}), subnet('subnet-b', 'b', { Name: 'edge-b' })],
    {
      configuration: {
        scheme: 'internet-facing',
        loadBalancerSubnets: [{ identifier: 'subnet-a' }, { identifier: 'edge-b' }],
      },
    },
  ],
  [
    'the scheme of the flag',
    two,
    { configuration: {}, args: ['--default-load-balancer-scheme=internet-facing'] },
  ],
])('%s', async (_, subnets, given) => {
  expect(await said(subnets, given)).toEqual([]);
});

const naming = (...identifiers: readonly string[]): Case => ({
  configuration: {
    scheme: 'internet-facing',
    loadBalancerSubnets: identifiers.map((identifier) => ({ identifier })),
  },
  standing: true,
});

test.each<[string, readonly string[], string]>([
  ['one that is not there', ['subnet-a', 'subnet-z'], 'has no `subnet-z`'],
  [
    'the same zone twice',
    ['subnet-a', 'subnet-c'],
    '`subnet-a` and `subnet-c` are both in the zone us-east-1a',
  ],
  ['one zone', ['subnet-a'], 'they are in 1 zone, and an ALB wants 2'],
])('named, also where the load balancer stands: %s', async (_, names, words) => {
  const [found] = await judge([...two, subnet('subnet-c', 'a')], naming(...names));
  expect(found?.code).toBe('gateway/subnets-unfit');
  expect(found?.message).toContain(words);
});

test('an internet-facing load balancer in private subnets', async () => {
  const [found] = await judge(two, { open: ['subnet-a'] });
  expect([found?.severity, found?.code]).toEqual(['warning', 'gateway/subnets-private']);
  expect(found?.message).toContain('`subnet-b`');
});

test('the command tags one subnet in each of two zones, and only such as would do', async () => {
  const other = subnet('subnet-o', 'b', { 'kubernetes.io/cluster/other': 'owned' });
  const [found] = await judge(
    [subnet('subnet-a', 'a'), other, subnet('subnet-p', 'b', {}), subnet('subnet-q', 'c', {})],
    { open: ['subnet-a', 'subnet-o', 'subnet-p'] },
  );
  expect(found?.hint.split('\n')[1]).toBe(
    'aws ec2 create-tags --region us-east-1 --resources subnet-a subnet-p --tags Key=kubernetes.io/role/elb,Value=1',
  );
});

test('routes are read only where something depends on them, and a denial names the action', async () => {
  await judge(two, { configuration: { scheme: 'internal' }, standing: true });
  expect(asked).toEqual([]);
  const internal = two.map((each) => ({
    ...each,
    tags: new Map([['kubernetes.io/role/internal-elb', '1']]),
  }));
  expect(await said(internal, { configuration: { scheme: 'internal' } })).toEqual([]);
  expect(asked).toEqual(['subnets']);
  const [found] = await judge(two, { open: 'denied' });
  expect(found?.code).toBe('look/denied');
  expect(found?.message).toContain('`ec2:DescribeRouteTables on *`');
});
