// The link `record` where the zone has none: what ExternalDNS's log and settings say of it.
import { expect, test } from '@jest/globals';
import type { Seen } from '../../../src/verdict/seen.ts';
import { alias, at, judge, loadBalancer, owner, wantOf, zone } from './record-setting.ts';

const line = (msg: string): Seen<string> => ({
  at,
  value: `time="2026-11-22T23:00:30Z" level=error msg="${msg}"`,
});

const identity = 'arn:aws:sts::111111111111:assumed-role/external-dns/eks-lab';

test('denied: its identity, the action, the zone and its account', async () => {
  const log = line(
    `Failed to do run once: AccessDenied: User: ${identity} is not authorized to perform: route53:ListHostedZones`,
  );
  const { verdict, said } = await judge(wantOf([]), { ...zone(), log });
  expect(said).toBe('broken record/external-dns-denied');
  expect(verdict.message).toBe(
    `ExternalDNS (${identity}) may not call route53:ListHostedZones; the hosted zone example.com (Z1, account 222222222222) has no record of app.example.com from it.`,
  );
  expect(verdict.evidence[0]).toEqual({
    from: 'log of Deployment external-dns/external-dns',
    saw: 'value' in log ? log.value : '',
  });
});

test('sees no zone', async () => {
  const { verdict, said } = await judge(wantOf([]), {
    ...zone(),
    log: line('Applying provider record filter for domains: []'),
  });
  expect(said).toBe('broken record/external-dns-no-zone');
  expect(verdict.message).toBe(
    'ExternalDNS sees no hosted zone; app.example.com belongs into the hosted zone example.com (Z1, account 222222222222).',
  );
});

test('an old line of the log counts for nothing', async () => {
  const want = wantOf([], { since: new Date('2026-11-22T23:00:31Z') });
  expect((await judge(want, { ...zone(), log: line('Failed to do run once: AccessDenied') })).said).toBe(
    'waiting record/missing',
  );
});

test('a failure of another kind is waited for, with the line as evidence', async () => {
  const { verdict, said } = await judge(wantOf([]), {
    ...zone(),
    log: line('Failed to do run once: Throttling'),
  });
  expect(said).toBe('waiting record/missing');
  expect(verdict.evidence[0]?.saw).toMatch(/Throttling/);
});

test('its settings exclude the host', async () => {
  const { verdict, said } = await judge(wantOf(['--domain-filter=example.org']), zone());
  expect(said).toBe('broken record/external-dns-excludes');
  expect(verdict.message).toMatch(/--domain-filter=example\.org does not admit app\.example\.com/);
});

test('its log may not be read: said, and no more', async () => {
  const { verdict, said } = await judge(wantOf([]), { ...zone(), log: { at, denied: 'get pods/log' } });
  expect(said).toBe('waiting record/missing');
  expect(verdict.state !== 'ok' && verdict.hint).toMatch(/the permission get pods\/log is missing/);
});

test('its log is not read while all is well', async () => {
  const { seen } = await judge(wantOf([]), zone(alias(loadBalancer), owner('lab')));
  expect('value' in seen && seen.value.log).toBeUndefined();
});
