// The comment of a plan: what changes, each with its place; never too long for GitHub, whatever is in it.
import { expect, test } from '@jest/globals';
import { marked } from 'marked';
import { Draft } from '../../../src/report/draft.ts';
import type { Plan, PlannedObject } from '../../../src/report/plan.ts';
import { planComment, planMarker } from '../../../src/report/plan-comment.ts';

const clock = { monotonic: () => 0, now: () => new Date('2026-11-25T14:05:06Z'), sleep: async () => {} };
const source = { file: 'app.yaml', line: 3 };

const created: PlannedObject = {
  ref: 'Service shop/web',
  source,
  result: 'created',
  by: 'dry-run',
  changes: [],
};
const configured: PlannedObject = {
  ...created,
  ref: 'Deployment shop/web',
  result: 'configured',
  changes: [{ path: '.spec.replicas', from: '2', to: '3' }],
};

function comment(plan: Partial<Plan>): string {
  const draft = new Draft('plan', clock);
  draft.plan({ objects: [], releases: [], records: [], loadBalancers: [], offline: [], ...plan });
  return planComment(draft.finish('planned'), 'abcdef0123456789', 'https://github.com/o/r/actions/runs/1');
}

test('clusters of one name in two regions have a comment each, and each comment says for which it is', () => {
  const of = (region: string) => ({ region, cluster: 'prod', namespace: 'infra', folder: '.' });
  expect(planMarker(of('eu-west-1'))).not.toBe(planMarker(of('us-east-1')));
  const draft = new Draft('plan', clock);
  draft.target({ cluster: 'prod', region: 'eu-west-1', accounts: {} });
  expect(planComment(draft.finish('planned'), 'abcdef0123456789')).toMatch(
    /^### 📋 Plan for prod in eu-west-1\n/,
  );
});

test('an object has its place, folded or not, and no dash before nothing', () => {
  const text = comment({ objects: [created, configured, { ...configured, source: { file: '', line: 0 } }] });
  expect(text).toContain('➕ <b>Service shop/web</b> created – `app.yaml:3`');
  expect(text).toContain('configured: 1 field</summary>\n\n`app.yaml:3`\n\n| Field |');
  expect(text).toContain('configured: 1 field</summary>\n\n| Field |');
  expect(text).not.toMatch(/^ – /m);
});

test('a load balancer whose rules stay has its numbers and no empty table', () => {
  const budget = { before: 3, after: 3, limit: 100 };
  const text = comment({
    loadBalancers: [{ gateway: 'Gateway infra/public', rules: budget, targetGroups: budget, changes: [] }],
  });
  expect(text).toContain('a load balancer to be made: rules 3 of 100, target groups 3 of 100');
  expect(text).not.toContain('| Listener |');
});

test('thousands of objects with long texts of strangers: below the limit of GitHub, footer and all, nothing of it markup', () => {
  const long = `<img src=x> @everyone ${'`|'.repeat(400)}`;
  const objects = Array.from({ length: 3_000 }, (_, index) => ({
    ...configured,
    ref: `ConfigMap shop/${index}${long}`,
    changes: Array.from({ length: 50 }, (_each, at) => ({ path: `.data.k${at}`, from: long, to: long })),
  }));
  const text = comment({ objects });
  expect(text.length).toBeLessThan(65_536);
  expect(text).toMatch(/Commit `abcdef0` · \[workflow run\]\(\S+\)\. Nothing was written\.$/);
  expect(marked.parse(text, { async: false })).not.toMatch(/<img /);
});
