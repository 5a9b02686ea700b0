// Runs of plan: the pull request behind them, their inputs, and the plan in their report.
import type { Plan } from '../../src/report/plan.ts';
import type { Finished } from './harness.ts';

const own = { id: 424242, full_name: 'example-org/sample-app' };

export const pull = {
  name: 'pull_request',
  payload: {
    pull_request: {
      number: 7,
      head: { sha: 'c'.repeat(40), ref: 'change', repo: own },
      base: { ref: 'main', repo: own },
    },
  },
};

export const inputs = {
  prune: 'true',
  namespace: 'planned',
  inventory: 'planned',
  'wait-timeout': '60s',
  'github-token': 'lab-github-token-0001',
};

export const planIn = ({ report }: Finished): Plan => {
  if (report.plan === undefined) throw new Error('the report has no plan');
  return report.plan;
};
