// The job summary: what a tired person reads, and what text from outside may not do to it.
import { describe, expect, test } from '@jest/globals';
import { marked } from 'marked';
import { Draft } from '../../../src/report/draft.ts';
import { block, code, plain, sentence, table } from '../../../src/report/markdown.ts';
import { outputsOf } from '../../../src/report/outputs.ts';
import type { Outcome, ReportedHost, ReportedLink } from '../../../src/report/report.ts';
import { summaryOf } from '../../../src/report/summary.ts';
import { finding } from '../../../src/verdict/finding.ts';
import { linkIds } from '../../../src/verdict/verdict.ts';

const clock = { monotonic: () => 0, now: () => new Date('2026-11-23T00:00:00Z'), sleep: async () => {} };

const link = (part: Partial<ReportedLink> & Pick<ReportedLink, 'id' | 'state'>): ReportedLink => ({
  message: 'said',
  evidence: [],
  seconds: 1,
  ...part,
});

const host = (part: Partial<ReportedHost>): ReportedHost => ({
  host: 'app.example.com',
  live: true,
  ref: 'HTTPRoute apps/app',
  url: 'https://app.example.com/',
  links: [link({ id: 'record', state: 'ok' }), link({ id: 'https', state: 'ok' })],
  ...part,
});

const stuck = host({
  host: 'stuck.example.com',
  live: false,
  source: { file: 'routes/stuck.yaml', line: 7 },
  links: [
    link({
      id: 'record',
      state: 'broken',
      code: 'record/owned-by-another',
      message: 'The record belongs to `other-cluster`.',
      evidence: [
        { from: 'TXT cname-stuck.example.com', saw: '"heritage=external-dns,external-dns/owner=other"' },
      ],
      owner: 'dns-account',
      hint: 'Delete the TXT record.',
    }),
    link({ id: 'https', state: 'skipped', code: 'look/not-reached' }),
  ],
});

const report = (outcome: Outcome, hosts: readonly ReportedHost[], fill?: (draft: Draft) => void) => {
  const draft = new Draft('deploy', clock);
  draft.hosts(hosts);
  fill?.(draft);
  return draft.finish(outcome);
};

describe('the verdict sentence', () => {
  test('one live host is named', () => {
    expect(report('live', [host({})]).verdict).toBe('app.example.com is live.');
  });
  test('a host that is not live is named with its link, also among live ones', () => {
    expect(report('not-live', [host({}), stuck]).verdict).toBe(
      'stuck.example.com is not live: another owner holds the record (link `record`).',
    );
  });
  test('a failure before the chain is the finding itself', () => {
    const failed = report('failed', [], (draft) =>
      draft.findings([finding('error', 'helm/missing', 'helm is not on the PATH.')]),
    );
    expect(failed.verdict).toBe('helm is not on the PATH.');
  });
});

describe('findings', () => {
  const problems = (...messages: string[]) =>
    report('failed', [], (draft) =>
      draft.findings([
        finding('warning', 'input/unknown', 'Unheard of.'),
        ...messages.map((message) => finding('error', 'helm/failed', message)),
      ]),
    );
  test.each([
    [['No.'], 'No.'],
    [['No: because\nof this.'], 'No: because.'],
    [['3 inputs are wrong:\n- a\n- b\n- c'], '3 inputs are wrong.'],
    [['One.', 'Two.'], 'One (and 1 more problem).'],
    [['One.', 'Two.', 'Three.'], 'One (and 2 more problems).'],
  ])('%j make the verdict %s', (messages, verdict) => {
    expect(problems(...messages).verdict).toBe(verdict);
  });
  test('a notice about two hundred objects is one line, and two hundred in the report', () => {
    const ref = (index: number): string => `ConfigMap shop/m${index}`;
    const left = report('live', [host({})], (draft) =>
      draft.findings(
        Array.from({ length: 200 }, (_, index) =>
          finding('notice', 'apply/fields-left', `${ref(index)} keeps a field.`, { ref: ref(index) }),
        ),
      ),
    );
    expect(summaryOf(left).match(/apply\/fields-left/g)).toHaveLength(1);
    expect(summaryOf(left)).toContain('The same is so of 199 more');
    expect(left.findings).toHaveLength(200);
  });

  test('errors stand before warnings', () => {
    const summary = summaryOf(problems('Refused.'));
    expect(summary.indexOf('❌ Refused')).toBeLessThan(summary.indexOf('⚠️ Unheard'));
  });
  test('evidence and text to copy keep their lines, and stay what they are', async () => {
    const hostile = 'a: 1\n  b: |\n```\n</details><script>x</script>';
    const summary = summaryOf(
      report('failed', [], (draft) =>
        draft.findings([
          finding('error', 'auth/no-id-token', 'No.', {
            hint: 'Add:\npermissions:\n  id-token: write',
            evidence: [
              { from: 'one | line', saw: 'x <b> `y`' },
              { from: 'several', saw: hostile },
            ],
          }),
          finding('error', 'helm/failed', 'After it.'),
        ]),
      ),
    );
    const html = await marked.parse(summary);
    expect(html).toContain('permissions:\n  id-token: write\n</code>');
    expect(html).toContain('a: 1\n  b: |\n```\n&lt;/details&gt;&lt;script&gt;x&lt;/script&gt;\n</code>');
    expect(html).not.toMatch(/<script|<b>/);
    expect(html).toMatch(/<li>\s*(<p>)?❌ After it/);
  });
});

test('the first broken link is in the report', () => {
  expect(report('not-live', [host({}), stuck]).firstBroken).toEqual({
    host: 'stuck.example.com',
    link: 'record',
    code: 'record/owned-by-another',
  });
});

test('the summary says what, evidence, who and what to do, with the place in the repository', () => {
  const summary = summaryOf(report('not-live', [host({}), stuck]));
  expect(summary).toContain('routes/stuck.yaml:7');
  expect(summary).toContain('`"heritage=external-dns,external-dns/owner=other"`');
  expect(summary).toContain('whoever runs the DNS account');
  expect(summary).toContain('Delete the TXT record.');
  expect(summary).toMatch(/\| ❌ stuck\.example\.com \|[\s\S]*\| ✅ \[app/);
});

test('a code is linked to its page where it is known where the pages are', () => {
  const failed = report('not-live', [stuck], (draft) =>
    draft.findings([finding('error', 'helm/missing', 'helm is not on the PATH.')]),
  );
  const linked = summaryOf(failed, 'https://github.com/org/eks-gateway-action/blob/v1');
  const pages = 'https://github.com/org/eks-gateway-action/blob/v1/docs/codes';
  expect(linked).toContain(`[\`record/owned-by-another\`](${pages}/record.md#owned-by-another)`);
  expect(linked).toContain(`[\`helm/missing\`](${pages}/helm.md#missing)`);
  expect(summaryOf(failed)).not.toContain('](http');
});

test('a skipped link does not count as the broken one', () => {
  const waiting = host({
    live: false,
    links: [
      link({ id: 'rule', state: 'skipped', code: 'look/not-used' }),
      link({ id: 'https', state: 'waiting', code: 'https/status' }),
    ],
  });
  expect(report('not-live', [waiting]).firstBroken?.link).toBe('https');
});

test('500 hosts stay under the limit of a summary', () => {
  const many = Array.from({ length: 500 }, (_, index) => ({ ...stuck, host: `h${index}.example.com` }));
  expect(Buffer.byteLength(summaryOf(report('not-live', many)))).toBeLessThan(1024 * 1024);
});

test('of many hosts, what is wrong stands before the table', () => {
  const live = Array.from({ length: 40 }, (_, index) => ({ ...host({}), host: `h${index}.example.com` }));
  const many = summaryOf(report('not-live', [...live, stuck]));
  expect(many).toMatch(/\*\*Do this:\*\*[\s\S]*\| Hostname \|/);
  const few = summaryOf(report('not-live', [host({}), stuck]));
  expect(few).toMatch(/\| Hostname \|[\s\S]*\*\*Do this:\*\*/);
});

test('the table shows how far each chain holds, and names the link at which it stops', () => {
  const links = linkIds.map((id) => link({ id, state: 'ok' }));
  const at = linkIds.indexOf('targets');
  const halted = links.map(({ id }, index) =>
    link({ id, state: index < at ? 'ok' : index === at ? 'broken' : 'skipped' }),
  );
  const summary = summaryOf(
    report('not-live', [host({ links }), host({ host: 'b.example.com', live: false, links: halted })]),
  );
  expect(summary).toContain('| Hostname | Chain |');
  expect(summary).toContain('✅✅✅✅✅ ✅✅✅ ✅✅ ✅✅ |');
  expect(summary).toContain('✅✅✅✅✅ ✅✅ ❌&nbsp;**targets** ➖➖ ➖➖ |');
});

test('what stops many hosts in the same way is explained once', () => {
  const all = Array.from({ length: 60 }, (_, index) => ({ ...stuck, host: `h${index}.example.com` }));
  const summary = summaryOf(report('not-live', all));
  expect(summary.match(/^### h/gm)).toHaveLength(1);
  expect(summary).toContain('### h0.example.com and 59 more: ❌ record');
  expect(summary).toMatch(/\*\*Also:\*\* h1\S+, .*, and 39 more/);
});

test('the title of what is folded is HTML, where Markdown is not read', () => {
  const summary = summaryOf(
    report('live', [host({})], (draft) =>
      draft.release({
        name: 'web',
        namespace: 'infra',
        chart: 'web-1.0.0',
        result: 'installed',
        revision: 1,
        changes: [{ object: 'infra, web, Service (v1)', change: 'added', diff: [] }],
      }),
    ),
  );
  expect(summary).toContain('<summary>Release <code>infra/web</code>');
  expect(
    [...summary.matchAll(/<summary>(.*)<\/summary>/g)].filter(([, title]) => title?.includes('`')),
  ).toEqual([]);
});

describe('text from outside', () => {
  const hostile = '</details><script>x</script> | @everyone ![x](https://evil.example/y) `code` **b**';
  test('is no markup as plain text', () => {
    expect(plain(hostile)).not.toMatch(/[<>|`*[\]()]/);
    expect(plain('@everyone')).not.toContain('@everyone');
  });
  test('does not turn its direction', () => {
    for (const shown of [plain, code, block]) expect(shown('a\u202eb\u200f')).not.toMatch(/[\u200f\u202e]/);
    expect(code('a\u202eb')).toBe('`a\\u202eb`');
  });
  test('cannot leave a code span', () => {
    expect(code('a ` b `` c')).toBe('```a ` b `` c```');
    expect(code('`')).toBe('`` ` ``');
    expect(code('one\ntwo')).toBe('`one two`');
  });
  test('in one of our sentences keeps our code spans and nothing else', () => {
    expect(sentence('The record `a|b` of <b>')).toBe('The record `a|b` of &#60;b&#62;');
  });
  test.each(['a | b', 'a \\| b', '\\', 'a\\'])('%j stays in its cell', async (text) => {
    const html = await marked.parse(table(['One', 'Two'], [[code(text), 'kept']]));
    expect(html.match(/<td>.*<\/td>/g)).toHaveLength(2);
    expect(html).toContain('<td>kept</td>');
  });
  test('in evidence renders as text', async () => {
    const evil = {
      ...stuck,
      links: [{ ...stuck.links[0], evidence: [{ from: hostile, saw: hostile }] } as ReportedLink],
    };
    const [, evidence = ''] = summaryOf(report('not-live', [evil])).split('**Evidence:**');
    expect(evidence.match(/^- /gm)).toHaveLength(1);
    const html = await marked.parse(evidence);
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toMatch(/<(script|img|a|b|strong>b)/);
  });
});

test('outputs say what the report says', () => {
  const draft = report('not-live', [host({}), stuck], (filled) => {
    filled.objects([{ ref: 'Service a/b', result: 'unchanged' }]);
    filled.loadBalancers(['lb.example']);
  });
  expect(outputsOf(draft, '/r.json')).toEqual({
    live: 'false',
    hostnames: '["app.example.com","stuck.example.com"]',
    urls: '["https://app.example.com/","https://app.example.com/"]',
    changed: 'false',
    'load-balancer': 'lb.example',
    'preview-name': '',
    'preview-url': '',
    report: '/r.json',
    'hosts-total': '2',
    'hosts-live': '1',
    drift: '',
    'drift-total': '0',
    'drift-heals': '0',
    'drift-ignored': '0',
    'drift-unchecked': '0',
    'drift-report': '',
  });
});

test('500 hosts, findings and planned objects full of hostile text: under 1 MiB, and nothing of it is markup', async () => {
  const evil = `</details>|<img src=x onerror=alert(1)>\`\`\`\n# 日本語${'語'.repeat(3_000)}@org https://evil.example`;
  const broken = (index: number) =>
    host({
      host: `h${index}.example.com`,
      live: false,
      ref: evil,
      source: { file: evil, line: 1 },
      links: [
        link({
          id: 'record',
          state: 'broken',
          code: 'record/missing',
          message: evil,
          evidence: Array.from({ length: 50 }, () => ({ from: evil, saw: evil })),
          hint: evil,
        }),
      ],
    });
  const full = report(
    'not-live',
    Array.from({ length: 500 }, (_, index) => broken(index)),
    (draft) => {
      const more = { ref: evil, hint: evil, evidence: [{ from: evil, saw: evil }] };
      draft.findings(Array.from({ length: 500 }, () => finding('error', 'apply/rejected', evil, more)));
      draft.objects(Array.from({ length: 500 }, () => ({ ref: evil, result: 'failed', message: evil })));
      const changes = Array.from({ length: 200 }, () => ({ path: evil, from: evil, to: { a: evil } }));
      draft.plan({
        objects: Array.from({ length: 500 }, () => ({
          ref: evil,
          result: 'configured',
          by: 'live',
          message: evil,
          changes,
        })),
        releases: [],
        records: Array.from({ length: 500 }, () => ({ name: evil, type: 'A', action: 'created', to: evil })),
        loadBalancers: [],
        offline: [],
      });
    },
  );
  const summary = summaryOf(full);
  expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
  // What counts comes first, and is there whatever follows.
  expect(summary).toContain('h0.example.com');
  expect(summary).toContain('### Findings');
  const html = await marked(summary);
  expect(html).not.toMatch(/<img|<h1/);
  expect(html.match(/<details>/g)?.length ?? 0).toBe(html.match(/<\/details>/g)?.length ?? 0);
});

test('of many hosts those that are live are folded; of one there is a line', () => {
  const many = [...Array.from({ length: 30 }, (_, index) => host({ host: `h${index}.example.com` })), stuck];
  const summary = summaryOf(report('not-live', many));
  const [before = '', after = ''] = summary.split('<summary>30 hostnames are live</summary>');
  expect(before).toContain('| ❌ stuck.example.com |');
  expect(before).not.toContain('h0.example.com');
  expect(after).toContain('h29.example.com');
  expect(summaryOf(report('live', [host({})]))).toContain(
    '**✅ [app.example.com](https://app.example.com/)** · ✅&nbsp;record · ✅&nbsp;https',
  );
});
