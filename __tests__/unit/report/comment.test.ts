// The comment on a pull request: a link only when it is live, the broken link when it is not, and text from outside as text.
import { describe, expect, test } from '@jest/globals';
import { marked } from 'marked';
import { commentMarker, commentOf } from '../../../src/report/comment.ts';
import { Draft } from '../../../src/report/draft.ts';
import type { Mode, Outcome, ReportedHost } from '../../../src/report/report.ts';
import { type Finding, finding } from '../../../src/verdict/finding.ts';

const clock = { monotonic: () => 0, now: () => new Date('2026-11-23T14:05:06Z'), sleep: async () => {} };
const url = 'https://pr-42-app.preview.example.com/';

const live: ReportedHost = {
  host: 'pr-42-app.preview.example.com',
  live: true,
  ref: 'HTTPRoute pr-42-app/web',
  url,
  links: [{ id: 'https', state: 'ok', message: 'm', evidence: [], seconds: 1 }],
};
const dead: ReportedHost = {
  ...live,
  live: false,
  links: [
    { id: 'crds', state: 'ok', message: 'm', evidence: [], seconds: 1 },
    {
      id: 'route',
      state: 'broken',
      code: 'route/backend-not-found',
      message: 'Service `web` is @missing.',
      evidence: [],
      owner: 'app-team',
      hint: 'Add <it>.',
      seconds: 1,
    },
  ],
};

const comment = (
  outcome: Outcome,
  {
    hosts = [],
    findings = [],
    mode = 'preview',
  }: { hosts?: ReportedHost[]; findings?: Finding[]; mode?: Mode } = {},
): string => {
  const draft = new Draft(mode, clock);
  draft.preview({
    name: 'pr-42-app',
    url,
    number: 42,
    commit: 'abcdef0123456789',
    expiresAt: '2026-11-30T14:05:06.000Z',
  });
  draft.hosts(hosts);
  draft.findings(findings);
  return commentOf(draft.finish(outcome), 'https://github.com/o/r/actions/runs/1');
};

const links = (markdown: string): string[] =>
  [...marked.parse(markdown, { async: false }).matchAll(/<a href="([^"]*)"/g)].map(([, href = '']) => href);

const run = 'https://github.com/o/r/actions/runs/1';

test('live: the link, the commit, until when', () => {
  const text = comment('live', { hosts: [live] });
  expect(links(text)).toEqual([url, run]);
  for (const part of [
    '`abcdef0`',
    '2026-11-23 14:05 UTC',
    '2026-11-30 14:05 UTC',
    'when the pull request is closed',
  ])
    expect(text).toContain(part);
});

describe('not live', () => {
  const text = comment('not-live', {
    hosts: [dead, { ...live, host: 'b.preview.example.com', url: 'https://b/' }],
  });

  test('names the broken link, what is so and what to do; links only what is live', () => {
    expect(text).toContain(
      '**Broken link: `route`.** Service `web` is @\u200bmissing. `route/backend-not-found`',
    );
    expect(text).toContain('**Do this:** Add &#60;it&#62;.');
    expect(links(text)).toEqual(['https://b/', run]);
  });
});

test('refused manifests: each with its place, and no more than a reader takes', () => {
  const findings = Array.from({ length: 40 }, (_, index) =>
    finding('error', 'preview/unsafe-pod', `Deployment \`a${index}\`: <b>bad</b>.`, {
      source: { file: 'a.yaml', line: index + 1 },
    }),
  );
  const text = comment('failed', {
    findings: [finding('notice', 'preview/left-out', 'left out'), ...findings],
  });
  expect(text).toContain('– `a.yaml:30` `preview/unsafe-pod`');
  expect(text).not.toContain('a.yaml:31');
  expect(text).toContain('and 10 more');
  expect(text).not.toMatch(/<b>|left out/);
});

test.each([
  ['removed', 'The preview is removed'],
  ['failed', 'The preview is not removed yet'],
] as const)('teardown, %s', (outcome, wanted) => {
  const text = comment(outcome, { mode: 'teardown' });
  expect(text).toContain(wanted);
  expect(links(text)).toEqual([run]);
});

test('the marker is one hidden line', () => {
  expect(commentMarker('pr-42-app')).toMatch(/^<!-- [^\n]* -->$/);
});

test('of many hostnames those that are not live come first', () => {
  const many = Array.from({ length: 200 }, (_, index) => ({ ...live, host: `h${index}.example.com` }));
  const text = comment('not-live', { hosts: [...many, { ...dead, host: 'last.example.com' }] });
  const rows = text.split('\n').filter((line) => /^\| .*example\.com/.test(line));
  expect(rows[0]).toContain('`last.example.com` | ❌ route');
  expect(text).toContain('… and 171 more.');
});
