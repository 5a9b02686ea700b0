// Other ways to make a preview: only its names, one DNS record for all, this very commit.
import { ChangeResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { appFiles, kubectl, lab, layout } from './harness.ts';
import { freshPreviews, github, namespaceOf, preview, records, shas } from './previews.ts';
import { callsOfAction } from './reading.ts';

beforeAll(freshPreviews, 300_000);
beforeEach(async () => {
  await lab('DELETE', '/github');
  await lab('DELETE', '/calls');
});

const quick = { 'https-successes': '1' };
const star = '*.preview.example.com';
const route53 = new Route53Client({
  region: layout.region,
  endpoint: `http://${layout.addresses.aws}:${layout.ports.aws}`,
  credentials: layout.admin.dns,
});

/** The standing record, as the zone's owner makes it, pointing to `target`. */
const wildcard = (Action: 'UPSERT' | 'DELETE', target: string) =>
  route53.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: process.env['LAB_HOSTED_ZONE_ID'] ?? '',
      ChangeBatch: {
        Changes: [
          {
            Action,
            ResourceRecordSet: { Name: star, Type: 'CNAME', TTL: 60, ResourceRecords: [{ Value: target }] },
          },
        ],
      },
    }),
  );

const codesOf = ({
  report,
}: {
  readonly report: { readonly findings: readonly { readonly code: string }[] };
}) => report.findings.map(({ code }) => code);

test('a dry run gives the names, asks nobody and tells nobody', async () => {
  const files = appFiles('web', (yaml) => yaml.replace('hostnames: [', 'hostnames: [admin.example.com, '));
  const named = await preview({ number: 90, sha: shas.first }, { files, inputs: { 'dry-run': 'true' } });
  expect({ code: named.code, outcome: named.report.outcome, ...named.outputs }).toMatchObject({
    code: 0,
    outcome: 'planned',
    live: 'false',
    'preview-name': 'pr-90-sample-app',
    'preview-url': 'https://pr-90-sample-app.preview.example.com/',
    hostnames: '["pr-90-sample-app.preview.example.com","pr-90-sample-app-web.preview.example.com"]',
  });
  expect(await callsOfAction()).toEqual([]);
  expect((await github()).requests).toEqual([]);
}, 30_000);

test('one standing record: checked before anything is applied; no preview writes one of its own', async () => {
  const inputs = { ...quick, 'preview-dns': 'wildcard' };
  const address = kubectl(
    'get',
    'gateway',
    'public',
    '-n',
    'infra',
    '-o',
    'jsonpath={.status.addresses[0].value}',
  );
  const without = await preview({ number: 91, sha: shas.first }, { inputs });
  expect({ code: without.code, codes: codesOf(without) }).toEqual({
    code: 1,
    codes: ['record/wildcard-missing'],
  });
  expect(without.report.findings[0]?.hint).toContain(address);
  expect(namespaceOf('pr-91-sample-app')).toBe('');

  await wildcard('UPSERT', 'elsewhere.example.com');
  const elsewhere = await preview({ number: 91, sha: shas.first }, { inputs });
  expect(codesOf(elsewhere)).toEqual(['record/wildcard-elsewhere']);

  await wildcard('UPSERT', address);
  try {
    const live = await preview({ number: 91, sha: shas.first }, { inputs });
    expect({ outcome: live.report.outcome, codes: codesOf(live) }).toEqual({ outcome: 'live', codes: [] });
    const chain = live.report.hosts[0]?.links.find(({ id }) => id === 'record');
    expect(chain?.message).toContain(star);
    const gone = await preview(
      { number: 91, sha: shas.first, action: 'closed' },
      { mode: 'teardown', files: {}, inputs },
    );
    expect(gone.report.outcome).toBe('removed');
    expect(await records()).toEqual([expect.stringContaining('CNAME')]);
  } finally {
    await wildcard('DELETE', address);
  }
}, 120_000);

test('with expect-header only this commit counts: another one answers, and the preview is not live', async () => {
  const failed = await preview(
    { number: 92, sha: shas.first },
    { inputs: { ...quick, 'expect-header': 'X-Commit: {sha}', 'wait-timeout': '12s' } },
  );
  expect(failed.report.firstBroken).toMatchObject({ link: 'https', code: 'https/header-missing' });
  expect(JSON.stringify(failed.report.hosts[0]?.links)).toContain(shas.first);
}, 60_000);
