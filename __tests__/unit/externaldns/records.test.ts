// The names at which ownership stands, what it says, and what the log says.
import { describe, expect, test } from '@jest/globals';
import { complaintIn } from '../../../src/externaldns/log.ts';
import { parseOwnership, recordNames } from '../../../src/externaldns/records.ts';
import { externalDnsRows, externalDnsRules } from '../../../src/externaldns/versions.ts';

const plain = { txtPrefix: '', txtSuffix: '', txtWildcardReplacement: '' };

describe('recordNames', () => {
  test.each<[string, string, Partial<typeof plain>, string, string[]]>([
    [
      '0.19',
      'app.example.com',
      {},
      '0.19.0',
      ['cname-app.example.com', 'a-app.example.com', 'aaaa-app.example.com', 'app.example.com'],
    ],
    [
      '0.22',
      'app.example.com',
      {},
      '0.22.0',
      ['a-app.example.com', 'cname-app.example.com', 'aaaa-app.example.com', 'app.example.com'],
    ],
    [
      'prefix',
      'app.example.com',
      { txtPrefix: 'x.' },
      '0.19.0',
      ['x.cname-app.example.com', 'x.a-app.example.com', 'x.aaaa-app.example.com', 'x.app.example.com'],
    ],
    [
      'suffix',
      'app.example.com',
      { txtSuffix: '-x' },
      '0.19.0',
      ['cname-app-x.example.com', 'a-app-x.example.com', 'aaaa-app-x.example.com', 'app-x.example.com'],
    ],
    [
      'template',
      'app.example.com',
      { txtPrefix: '%{record_type}-own-' },
      '0.19.0',
      [
        'cname-own-app.example.com',
        'a-own-app.example.com',
        'aaaa-own-app.example.com',
        '-own-app.example.com',
      ],
    ],
    [
      'wildcard',
      '*.example.com',
      {},
      '0.19.0',
      ['cname-*.example.com', 'a-*.example.com', 'aaaa-*.example.com', '*.example.com'],
    ],
    [
      'wildcard replaced',
      '*.example.com',
      { txtWildcardReplacement: 'any' },
      '0.19.0',
      ['cname-any.example.com', 'a-any.example.com', 'aaaa-any.example.com', 'any.example.com'],
    ],
  ])('%s', (_what, host, naming, version, ownership) => {
    expect(recordNames(host, { ...plain, ...naming }, version)).toEqual({ host, ownership });
  });
});

describe('parseOwnership', () => {
  test.each<[string, string[], ReturnType<typeof parseOwnership>]>([
    [
      'as written',
      ['"heritage=external-dns,external-dns/owner=lab,external-dns/resource=httproute/apps/web"'],
      { owner: 'lab', resource: 'httproute/apps/web' },
    ],
    ['without a resource', ['"heritage=external-dns,external-dns/owner=lab"'], { owner: 'lab' }],
    ['among others', ['"v=spf1 -all"', '"heritage=external-dns,external-dns/owner=b"'], { owner: 'b' }],
    ['in two strings', ['"heritage=external-dns,external-" "dns/owner=lab"'], { owner: 'lab' }],
    ['another heritage', ['"heritage=other,external-dns/owner=lab"'], undefined],
    ['encrypted', ['"c2VjcmV0c2VjcmV0"'], undefined],
    ['none', [], undefined],
  ])('%s', (_what, values, expected) => {
    expect(parseOwnership(values)).toEqual(expected);
  });
});

describe('complaintIn', () => {
  const since = new Date('2026-11-22T23:00:00Z');
  const line = (time: string, msg: string, level = 'error'): string =>
    `time="2026-11-22T${time}Z" level=${level} msg="${msg}"`;
  const denied = (time: string): string =>
    line(
      time,
      'Failed to do run once: soft error\\nrecords retrieval failed: failed to list hosted zones: operation error Route 53: ListHostedZones, https response error StatusCode: 403, RequestID: 1, api error AccessDenied: User: arn:aws:sts::111111111111:assumed-role/external-dns/eks-lab is not authorized to perform: route53:ListHostedZones (consecutive soft errors: 1)',
    );
  const zones = (time: string, list: string): string =>
    line(time, `Applying provider record filter for domains: [${list}]`, 'info');
  const fine = (time: string): string => line(time, 'All records are already up to date', 'info');
  const kind = (...lines: readonly string[]) => complaintIn(lines.join('\n'), 'app.example.com', since)?.kind;

  test('why a run failed stands in the lines before its last; a later run may fail for another reason', () => {
    const run = (at: string, ...lines: readonly string[]): readonly string[] => [
      `time="2026-11-22T${at}Z" level=info msg="Applying provider record filter for domains: [example.com. .example.com.]"`,
      ...lines.map((message) => `time="2026-11-22T${at}Z" level=error msg="${message}"`),
    ];
    const change = 'Failure in zone example.com. when submitting change batch: AccessDenied';
    const last =
      'Failed to do run once: soft error\\nfailed to submit all changes for the following zones: [Z1]';
    const first = run('23:00:05', change, last);
    expect(kind(...first)).toBe('denied');
    expect(kind(...first, ...run('23:01:05', last))).toBe('failed');
    expect(kind(...first, ...run('23:01:05', change, last))).toBe('denied');
  });

  test('the identity and the action that AWS named', () => {
    expect(complaintIn(denied('23:00:05'), 'app.example.com', since)).toEqual({
      kind: 'denied',
      line: denied('23:00:05'),
      identity: 'arn:aws:sts::111111111111:assumed-role/external-dns/eks-lab',
      action: 'route53:ListHostedZones',
    });
  });

  test('lines in JSON', () => {
    const json = JSON.stringify({
      level: 'error',
      msg: 'Failed to do run once: AccessDenied',
      time: '2026-11-22T23:00:05Z',
    });
    expect(kind(json)).toBe('denied');
    expect(kind(json.replace('23:00', '22:00'))).toBeUndefined();
  });

  test.each<[string, string[], string | undefined]>([
    ['an old line', [denied('22:59:59')], undefined],
    ['a line without a time', ['level=error msg="Failed to do run once: AccessDenied"'], 'denied'],
    ['a later success', [denied('23:00:05'), fine('23:01:05')], undefined],
    ['a later failure', [fine('23:00:05'), denied('23:01:05')], 'denied'],
    ['another failure', [line('23:00:05', 'Failed to do run once: Throttling: Rate exceeded')], 'failed'],
    [
      'an association that does not work',
      [
        line(
          '23:00:05',
          'Failed to do run once: get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found',
        ),
      ],
      'denied',
    ],
    ['no zone at all, though it says that all is well', [zones('23:00:05', ''), fine('23:00:05')], 'no-zone'],
    ['another zone', [zones('23:00:05', 'example.org. .example.org.')], 'no-zone'],
    ['the zone', [zones('23:00:05', 'example.org .example.org example.com .example.com')], undefined],
    [
      'the zone, later',
      [zones('23:00:05', ''), fine('23:00:05'), zones('23:01:05', 'example.com. .example.com.')],
      undefined,
    ],
    ['a zone whose name only ends alike', [zones('23:00:05', 'ample.com .ample.com')], 'no-zone'],
    [
      'debug: no zone for the host',
      [
        line(
          '23:00:05',
          'Skipping record app.example.com because no hosted zone matching record DNS Name was detected',
          'debug',
        ),
      ],
      'no-zone',
    ],
    [
      'debug: no zone for another host',
      [
        line(
          '23:00:05',
          'Skipping record x.org because no hosted zone matching record DNS Name was detected',
          'debug',
        ),
      ],
      undefined,
    ],
    ['an empty log', [''], undefined],
  ])('%s', (_what, lines, expected) => {
    expect(kind(...lines)).toBe(expected);
  });
});

test.each<[string | undefined, string, string, string | undefined, string]>([
  ['0.18.0', 'cname', 'external-dns.alpha.kubernetes.io/', 'sync', 'v1beta1'],
  ['0.19.0', 'cname', 'external-dns.alpha.kubernetes.io/', 'sync', 'v1beta1'],
  ['0.20.0', 'cname', 'external-dns.alpha.kubernetes.io/', 'sync', 'v1beta1'],
  ['0.21.0', 'cname', 'external-dns.alpha.kubernetes.io/', 'sync', 'v1'],
  ['0.22.0', 'a', 'external-dns.kubernetes.io/', undefined, 'v1'],
  [undefined, 'a', 'external-dns.kubernetes.io/', undefined, 'v1'],
])('version %s: %s-, %s, policy %s, watches %s', (version, first, prefix, policy, watches) => {
  const rules = externalDnsRules(version);
  expect([rules.aliasTypes[0], rules.annotationPrefix, rules.policy, rules.watches]).toEqual([
    first,
    prefix,
    policy,
    watches,
  ]);
});

test('each difference names its source, and says whether it ran here', () => {
  expect(externalDnsRows.every(({ source, does }) => source !== '' && does !== '')).toBe(true);
  expect(new Set(externalDnsRows.map(({ evidence }) => evidence))).toEqual(
    new Set(['ran here', 'from source']),
  );
});
