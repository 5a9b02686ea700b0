// ExternalDNS's settings: whose records are its own, what becomes of them, and which hosts it leaves out.
import { expect, test } from '@jest/globals';
import { judgeExternalDns } from '../../../src/preflight/external-dns.ts';
import { gateway, hosts } from './published.ts';
import { externalDns, said, setting } from './setting.ts';

const judged = (version: string, args: readonly string[], ...names: readonly string[]) =>
  judgeExternalDns(setting, externalDns(version, ...args), {
    hosts: hosts(...names),
    gateways: [gateway()],
    namespace: 'default',
    zoneOf: () => ({ id: 'Z1', name: 'example.com' }),
  });
test.each([
  ['good ones', '0.19.0', [], []],
  [
    'the default owner, with sync',
    '0.19.0',
    ['--txt-owner-id=default'],
    ['error externaldns/owner-id-default'],
  ],
  [
    'the default owner, without',
    '0.19.0',
    ['--txt-owner-id=default', '--policy=upsert-only'],
    ['warning externaldns/owner-id-default', 'warning externaldns/policy'],
  ],
  ['records that stay', '0.19.0', ['--policy=upsert-only'], ['warning externaldns/policy']],
  ['records that never change', '0.19.0', ['--policy=create-only'], ['warning externaldns/policy']],
  ['no policy where it is demanded', '0.22.0', ['--policy='], ['error externaldns/policy']],
  ['no registry', '0.19.0', ['--registry=noop'], ['warning externaldns/registry']],
  [
    'one more hop',
    '0.19.0',
    ['--aws-assume-role=arn:aws:iam::222222222222:role/x'],
    ['warning externaldns/extra-hop'],
  ],
  ['no source for routes', '0.19.0', ['--source=ingress'], ['error record/external-dns-excludes']],
  ['another domain', '0.19.0', ['--domain-filter=example.org'], ['error record/external-dns-excludes']],
  ['another zone', '0.19.0', ['--zone-id-filter=Z9'], ['error record/external-dns-excludes']],
])('%s', (_name, version, args, expected) => {
  expect(said(judged(version, args, 'a.example.com'))).toEqual(expected);
});
test('a filter that leaves out many hosts is said once, and names them', () => {
  for (const flag of ['--domain-filter=example.org', '--source=service']) {
    const [found, ...more] = judged('0.19.0', [flag], 'a.example.com', 'b.example.com');
    expect(more).toEqual([]);
    expect(found?.message).toContain('`a.example.com`, `b.example.com`');
    expect(found?.message).toContain(flag.split('=')[0]);
  }
  expect(judged('0.19.0', ['--domain-filter=example.org'], 'a.example.com')[0]?.message).toContain(
    'does not admit a.example.com',
  );
});
