// Many previews on one load balancer: several at once, and more than it has room for; part of `npm run test:full` alone.
// PREVIEWS=full: ten and sixty.
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import { kubectl, lab } from './harness.ts';
import { freshPreviews, github, namespaceOf, preview, records, rest, shas } from './previews.ts';

const full = process.env['PREVIEWS'] === 'full';
const [atOnce, all] = full ? [10, 60] : [3, 4];

beforeAll(freshPreviews);
beforeEach(async () => {
  await lab('DELETE', '/github');
});

const quick = { 'https-successes': '1', 'wait-timeout': '3m' };
const first = 100;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => first + at);
const make = (number: number, inputs: Readonly<Record<string, string>> = {}) =>
  preview({ number, sha: shas.first }, { inputs: { ...quick, ...inputs } });

/** Rules of the load balancer, counted as the quota counts them. */
const rulesNow = async (): Promise<number> => {
  const told = await make(first, { 'preview-rule-limit': '1' });
  return Number(/has (\d+) of 1 rules/.exec(told.log)?.[1] ?? Number.NaN) + 1;
};

test(`${atOnce} at once: all live, none in the way of another`, async () => {
  const made = await Promise.all(numbers(atOnce).map((number) => make(number)));
  expect(made.map(({ report }) => report.outcome)).toEqual(made.map(() => 'live'));
  expect(new Set(made.map(({ outputs }) => outputs['preview-url'])).size).toBe(atOnce);
  expect((await github()).comments).toHaveLength(atOnce);
});

test(`${all} against the budget: the one too many is refused before anything is applied, and stale ones make room`, async () => {
  const limit = pLimit(10);
  const more = numbers(all).slice(atOnce);
  for (const number of numbers(all))
    await rest('POST', '/pulls', { number, head: 'feature/login', sha: shas.first });
  const made = await Promise.all(more.map((number) => limit(() => make(number))));
  expect(made.map(({ report }) => report.outcome)).toEqual(made.map(() => 'live'));

  const budget = { 'preview-rule-limit': String(await rulesNow()) };
  const last = first + all;
  const refused = await make(last, budget);
  expect({ code: refused.code, codes: refused.report.findings.map(({ code }) => code) }).toEqual({
    code: 1,
    codes: ['preview/no-room'],
  });
  expect(refused.report.findings[0]?.hint).toContain('No preview is stale');
  expect(namespaceOf(`pr-${last}-sample-app`)).toBe('');
  // What stands may be pushed to although nothing else fits.
  expect((await make(first, budget)).report.outcome).toBe('live');

  const [old, closed] = [`pr-${first + 1}-sample-app`, `pr-${first + 2}-sample-app`];
  await rest('PATCH', `/pulls/${first + 2}`, { state: 'closed' });
  kubectl('annotate', 'namespace', old, '--overwrite', 'eks-gateway-action/expires-at=2026-01-01T00:00:00Z');
  const listed = await make(last, budget);
  expect(
    listed.report.findings.find(({ code }) => code === 'preview/no-room')?.evidence?.map(({ from }) => from),
  ).toEqual([
    `${old} (example-org/sample-app#${first + 1})`,
    `${closed} (example-org/sample-app#${first + 2})`,
  ]);

  const evicting = await make(last, { ...budget, evict: 'stale' });
  expect(evicting.report.outcome).toBe('live');
  expect(evicting.report.previews?.map(({ name, state }) => `${state} ${name}`)).toEqual([`removed ${old}`]);
  // One was enough.
  expect([old, closed, `pr-${last}-sample-app`].map((name) => namespaceOf(name) !== '')).toEqual([
    false,
    true,
    true,
  ]);
  expect((await records()).filter((name) => name.includes(old))).toEqual([]);
}, 1_800_000);
