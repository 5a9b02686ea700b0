// The issue of a target: found again by its marker, the same while the same has drifted, never too long for GitHub.
import { expect, test } from '@jest/globals';
import { fingerprintOf } from '../../../src/drift/fingerprint.ts';
import type { DriftItem } from '../../../src/drift/item.ts';
import { Draft } from '../../../src/report/draft.ts';
import {
  changedComment,
  fingerprintIn,
  issueBody,
  issueMarker,
  issueTitle,
} from '../../../src/report/issue.ts';
import { outputsOf } from '../../../src/report/outputs.ts';
import { summaryOf } from '../../../src/report/summary.ts';
import { finding } from '../../../src/verdict/finding.ts';

const clock = { monotonic: () => 0, now: () => new Date('2026-11-25T12:00:00Z'), sleep: async () => {} };
const target = { cluster: 'sample', region: 'us-east-1', folder: '.' };
const item: DriftItem = {
  layer: 'kubernetes',
  ref: 'HTTPRoute apps/shop',
  path: '.spec.hostnames',
  wanted: '["shop.example.com"]',
  found: '["@everyone <b>`|"]',
  by: 'kubectl-edit',
  since: '2026-11-25T11:00:00.000Z',
  heals: { by: 'Flux', until: '2026-11-25T13:00:00.000Z' },
  severity: 'error',
  remedy: 'Deploy again.',
  source: { file: 'route.yaml', line: 7 },
};

const reportOf = (items: readonly DriftItem[], unchecked = false) => {
  const draft = new Draft('drift', clock);
  draft.drift(items, 0);
  if (unchecked) draft.findings([finding('warning', 'drift/not-checked', 'The zone could not be checked.')]);
  return draft.finish(items.length > 0 ? 'drifted' : unchecked ? 'failed' : 'clean');
};

test('its body begins with the marker and carries the fingerprint', () => {
  const body = issueBody(target, reportOf([item]), 'https://github.com/o/r/actions/runs/1');
  expect(body.startsWith(issueMarker(target))).toBe(true);
  expect(fingerprintIn(body)).toBe(fingerprintOf([item]));
  for (const part of [
    'kubectl-edit',
    'route.yaml:7',
    'mended by Flux, until 2026-11-25 13:00 UTC',
    'actions/runs/1',
  ])
    expect(body).toContain(part);
  // What came from outside stands in code spans that it cannot leave.
  expect(body).toContain('``["@everyone <b>`|"]``');
});

test('what could not be checked stands in it', () => {
  expect(issueBody(target, reportOf([item], true))).toContain('The zone could not be checked.');
});

test('a thousand items are cut by whole rows, with a link to the rest', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => ({
    ...item,
    ref: `HTTPRoute apps/${'x'.repeat(200)}${index}`,
    remedy: 'y'.repeat(400),
  }));
  const body = issueBody(target, reportOf(many));
  expect(body.length).toBeLessThan(60_000);
  expect(body).toMatch(/… and \d+ more in `drift\.json`\./);
  expect(body).toContain('closed when all is as the repository says.');
});

test('title and marker tell targets apart; the comment says how many', () => {
  expect(issueTitle(target)).toBe('Drift: sample in us-east-1');
  expect(issueTitle({ ...target, folder: 'apps/a' })).toBe('Drift: sample in us-east-1 (apps/a)');
  expect(issueMarker(target)).not.toBe(issueMarker({ ...target, folder: 'apps/a' }));
  expect(changedComment(reportOf([item]))).toContain('1 thing has drifted');
});

test.each([
  ['drift', [item], false, 'true', '1 thing has drifted (1 in Kubernetes).'],
  [
    'drift and something unseen',
    [item],
    true,
    'true',
    '1 thing has drifted (1 in Kubernetes); 1 thing could not be checked.',
  ],
  ['something unseen', [], true, 'error', 'No drift was found; 1 thing could not be checked.'],
  ['nothing', [], false, 'false', 'Nothing has drifted.'],
])('outputs and verdict of %s', (_what, items, unchecked, drift, verdict) => {
  const report = reportOf(items, unchecked);
  expect(outputsOf(report, '/r.json', '/d.json')).toMatchObject({
    drift,
    'drift-total': String(items.length),
    'drift-heals': String(items.length),
    'drift-unchecked': unchecked ? '1' : '0',
    'drift-report': '/d.json',
  });
  expect(report.verdict).toBe(verdict);
  expect(summaryOf(report).includes('will be mended by')).toBe(items.length > 0);
});

test('what an input says of the exit code holds, but not for a run that was cancelled', () => {
  const draft = new Draft('drift', clock);
  draft.exitCode(0);
  expect(draft.finish('failed').exitCode).toBe(0);
  expect(draft.finish('cancelled').exitCode).toBe(1);
});

test('each item says what to do; of many the first are read at once, the rest is folded', () => {
  const items = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...item, ref: `HTTPRoute apps/r${index}` }));
  const body = (count: number): string => issueBody(target, reportOf(items(count)));
  expect(body(10)).not.toContain('<details>');
  expect(body(10).match(/<br>\*\*Do this:\*\* Deploy again\./g)).toHaveLength(10);
  const [read = '', more = ''] = body(12).split('<summary>2 more</summary>');
  expect(read.match(/^- ❌ /gm)).toHaveLength(10);
  expect(more.match(/^- ❌ /gm)).toHaveLength(2);
});
