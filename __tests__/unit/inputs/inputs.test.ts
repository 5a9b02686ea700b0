// Inputs: read once, all problems named at once, with the accepted values.
import { describe, expect, test } from '@jest/globals';
import { unreadFinding, unreadInputs } from '../../../src/input-use.ts';
import { type InputName, type RunMode, readInputs } from '../../../src/inputs.ts';
import { Problem } from '../../../src/verdict/problem.ts';

const good: Partial<Record<InputName, string>> = {
  'cluster-name': 'sample',
  'aws-region': 'eu-west-1',
  'role-to-assume': 'arn:aws:iam::111111111111:role/gateway-deploy',
};

const read = (changed: Partial<Record<InputName, string>> = {}) => {
  const given = { ...good, ...changed };
  return readInputs((name) => given[name] ?? '');
};

const problemOf = (changed: Partial<Record<InputName, string>>): Problem => {
  try {
    read(changed);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('readInputs accepted it');
};

test('the three required inputs suffice, and the rest has the defaults of the table', () => {
  const inputs = read();
  expect(inputs).toMatchObject({
    audience: 'sts.amazonaws.com',
    dnsRoleChaining: false,
    namespace: 'default',
    helmTimeout: 600,
    waitTimeout: 900,
    https: { status: [{ from: 200, to: 399 }], successes: 3 },
    globs: { crds: [], charts: [], manifests: [], routes: [] },
  });
  expect(inputs).not.toHaveProperty('dnsRole');
});

test('every wrong input is listed at once, each with what would be accepted', () => {
  const problem = problemOf({
    'cluster-name': '',
    'aws-region': 'Ireland',
    'role-to-assume': 'gateway-deploy',
    'create-namespace': 'yes',
    'allowed-account-ids': '111111111111, 42',
    'wait-timeout': 'soon',
    'https-status': '200, 399-200',
    'https-path': 'health',
    'https-successes': '0',
  });
  expect(problem.code).toBe('input/invalid');
  const lines = problem.message.split('\n').slice(1);
  expect(lines.map((line) => /`([a-z-]+)`/.exec(line)?.[1])).toEqual([
    'cluster-name',
    'aws-region',
    'role-to-assume',
    'allowed-account-ids',
    'create-namespace',
    'wait-timeout',
    'https-path',
    'https-status',
    'https-successes',
  ]);
  expect(lines.every((line) => line.includes('accepted:') || line.includes('is required'))).toBe(true);
});

describe('durations', () => {
  test.each([
    ['90s', 90],
    ['15m', 900],
    ['1h', 3600],
    ['1h30m', 5400],
    ['45', 45],
  ])('%s is %d seconds', (text, seconds) => {
    expect(read({ 'wait-timeout': text }).waitTimeout).toBe(seconds);
  });
  test.each(['0s', '-5m', '7h', 'm', '1d', '5m5m'])('%s is refused', (text) => {
    expect(problemOf({ 'wait-timeout': text }).message).toContain('`wait-timeout`');
  });
});

test('an external id without chaining would be ignored, so it is refused', () => {
  expect(problemOf({ 'dns-role-external-id': 'abc' }).message).toContain('dns-role-chaining: true');
});

test('chaining without a DNS role is refused', () => {
  expect(problemOf({ 'dns-role-chaining': 'true' }).message).toContain('`dns-role-to-assume` is empty');
});

test('name-servers: addresses and names, with and without a port; the wrong ones are named', () => {
  expect(read({ 'name-servers': '192.0.2.1:5353, ns.example.com' }).nameServers).toEqual([
    { text: '192.0.2.1:5353', host: '192.0.2.1', port: 5353 },
    { text: 'ns.example.com', host: 'ns.example.com', port: 53 },
  ]);
  const { message } = problemOf({ 'name-servers': '192.0.2.1, a_b, 192.0.2.1:99999' });
  expect(message.match(/`name-servers` holds `[^`]*`/g)).toEqual([
    '`name-servers` holds `a_b`',
    '`name-servers` holds `192.0.2.1:99999`',
  ]);
});

test.each([
  ['X-Version: abc', { name: 'x-version', value: 'abc' }],
  ['X-Url: https://a', { name: 'x-url', value: 'https://a' }],
])('https-header %s', (text, header) => {
  expect(read({ 'https-header': text }).https.header).toEqual(header);
});

test('the zone id is taken with and without its prefix', () => {
  expect(read({ 'hosted-zone-id': '/hostedzone/Z1' }).hostedZoneId).toBe('Z1');
  expect(read({ 'hosted-zone-id': 'Z1' }).hostedZoneId).toBe('Z1');
});

test('a wrong value is quoted only in part', () => {
  expect(problemOf({ 'aws-region': 'x'.repeat(10_000) }).message.length).toBeLessThan(500);
});

describe('lists', () => {
  test.each<[InputName, string]>([
    ['allowed-account-ids', ','],
    ['allowed-account-ids', ' , , '],
    ['drift-layers', ','],
    ['allowed-kinds', ','],
    ['take-over', ',,'],
  ])('%s: what is left of empty variables (%s) is no list that was not given', (name, text) => {
    expect(problemOf({ [name]: text }).message).toContain(
      `\`${name}\` is \`${text.trim()}\`, a list that holds nothing`,
    );
  });
  test('a comma at the end does no harm', () => {
    expect(read({ 'allowed-account-ids': '111111111111,\n222222222222,\n' }).allowedAccountIds).toEqual([
      '111111111111',
      '222222222222',
    ]);
  });
  test.each<[InputName, string, string]>([
    [
      'images',
      'web=registry/web:1,api=registry/api:1',
      '`images` holds `web=registry/web:1,api=registry/api:1`',
    ],
    ['preview-networks', '300.0.0.0/8', '`preview-networks` holds `300.0.0.0/8`'],
    ['preview-networks', '10.0.0.0/33', '`preview-networks` holds `10.0.0.0/33`'],
    ['preview-networks', 'fd00::/129', '`preview-networks` holds `fd00::/129`'],
    ['name-servers', '1.1.1.256', '`name-servers` holds `1.1.1.256`'],
  ])('%s: %s', (name, text, said) => {
    expect(problemOf({ [name]: text }).message).toContain(said);
  });
  test('networks of both families', () => {
    const networks = '0.0.0.0/0, 10.255.0.0/32, fd00:1::/64, ::/0, 2001:db8::/128';
    expect(read({ 'preview-networks': networks }).preview.fences.networks).toHaveLength(5);
  });
});

describe('inputs that show that another mode was meant', () => {
  test.each<[Partial<Record<InputName, string>>, string]>([
    [
      { 'dry-run': 'true' },
      '`dry-run` is read by `preview` and `sweep` alone, and `mode: deploy` would write',
    ],
    [{ mode: 'teardown', 'dry-run': 'TRUE' }, 'and `mode: teardown` would write'],
    [{ 'preview-domain': 'preview.example.com' }, '`preview-domain` is of `mode: preview`'],
    [{ 'preview-gateway': 'infra/public' }, '`preview-gateway` is of `mode: preview`'],
  ])('%j', (given, said) => {
    expect(problemOf(given).message).toContain(said);
  });
  test.each<[Partial<Record<InputName, string>>]>([
    [{ 'dry-run': 'false' }],
    [{ mode: 'sweep', 'dry-run': 'true', 'preview-domain': 'preview.example.com' }],
    [{ mode: 'plan', 'dry-run': 'true' }],
    [{ mode: 'teardown', 'preview-domain': 'preview.example.com' }],
    [{ mode: 'doctor', 'preview-domain': 'preview.example.com', 'preview-gateway': 'infra/public' }],
  ])('none in %j', (given) => {
    expect(() => read(given)).not.toThrow();
  });
});

describe('inputs that the mode does not read', () => {
  const unread = (mode: RunMode, given: Partial<Record<InputName, string>>) =>
    unreadInputs(mode, (name) => given[name] ?? '');
  test('are told, unless they are as the table has them', () => {
    const given = { images: 'web=x:1', 'expires-in': '7d', 'fail-on': 'drift', 'wait-timeout': '3m' };
    expect(unread('deploy', given)).toEqual(['images', 'fail-on']);
    expect(unread('preview', given)).toEqual(['fail-on']);
    expect(unread('drift', given)).toEqual(['images']);
    expect(unreadFinding('deploy', unread('deploy', given))).toMatchObject({
      severity: 'warning',
      code: 'input/unused',
      message: '`images`, `fail-on` have no effect in `mode: deploy`.',
    });
  });
  test('the rules of drift are linted too, and the token is of more than previews', () => {
    expect(unread('lint', { 'drift-ignore': 'rules.yaml' })).toEqual([]);
    expect(unread('drift', { 'github-token': 'x' })).toEqual([]);
  });
});
