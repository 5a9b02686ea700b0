// The record does not come because ExternalDNS may not see the zone: named at `record`, by whom and where, long before the deadline.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { iam } from './admin.ts';
import { ensureInfra, kubectl, layout, runApp } from './harness.ts';

const role = layout.roles.externalDnsTarget;
const policy = { RoleName: role, PolicyName: `${role}-policy` };

const put = (document: string): Promise<string> =>
  iam('dns', 'PutRolePolicy', { ...policy, PolicyDocument: document });

let own: string;

beforeAll(async () => {
  await ensureInfra();
  const xml = await iam('dns', 'GetRolePolicy', policy);
  own = decodeURIComponent(/<PolicyDocument>([^<]*)</.exec(xml)?.[1] ?? '').replaceAll('&quot;', '"');
});

afterAll(async () => {
  await put(own);
  kubectl('delete', 'namespace', 'ledger', '--wait=false');
});

test("ExternalDNS's target role cannot see the zone, and then it can", async () => {
  const { Statement: statements } = JSON.parse(own) as { readonly Statement: readonly { Action: unknown }[] };
  const blind = statements.filter(({ Action }) => !JSON.stringify(Action).includes('route53:List'));
  expect(blind.length).toBeLessThan(statements.length);
  await put(JSON.stringify({ Version: '2012-10-17', Statement: blind }));

  const denied = await runApp('ledger', { inputs: { 'wait-timeout': '3m' } });
  expect({ code: denied.code, outcome: denied.report.outcome }).toEqual({ code: 1, outcome: 'not-live' });
  expect(denied.report.firstBroken).toEqual({
    host: 'ledger.example.com',
    link: 'record',
    code: 'record/external-dns-denied',
  });
  const link = denied.report.hosts[0]?.links.find(({ id }) => id === 'record');
  expect(link?.state).toBe('broken');
  const identity = `arn:aws:sts::${layout.accounts.dns}:assumed-role/${role}/`;
  for (const text of [link?.message ?? '', denied.summary]) {
    expect(text).toContain(identity);
    expect(text).toContain('route53:ListHostedZones');
    expect(text).toContain(`account ${layout.accounts.dns}`);
  }
  expect(`${denied.log}${denied.summary}`).not.toMatch(/timed? ?out/i);
  // Its settle time is 20 s, the deadline 3 minutes.
  expect(denied.seconds).toBeLessThan(90);

  await put(own);
  // ExternalDNS looks once a minute, and whenever a route changes: anybody's.
  kubectl('annotate', 'httproute', 'sample-app', '-n', 'sample-app', '--overwrite', `touched=${Date.now()}`);
  const mended = await runApp('ledger', { inputs: { 'wait-timeout': '90s' } });
  expect({ code: mended.code, outcome: mended.report.outcome }).toEqual({ code: 0, outcome: 'live' });
});
