// fold: 200 reports of a fleet through the built action, without a token, a call or a cluster.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Draft } from '../../src/report/draft.ts';
import type { Outcome } from '../../src/report/report.ts';
import { lab, run, workspaceOf } from './harness.ts';
import { callsOfAction } from './reading.ts';

const clock = { monotonic: () => 0, now: () => new Date(0), sleep: async () => {} };
const fleet = Array.from({ length: 200 }, (_, index) => ({
  name: `cluster-${index}`,
  wave: index < 2 ? 0 : index < 100 ? 1 : 2,
}));
const waves = JSON.stringify([0, 1, 2].map((wave) => fleet.filter((each) => each.wave === wave)));

function write(folder: string, name: string, outcome: Outcome): void {
  const draft = new Draft('deploy', clock);
  draft.target({ cluster: name, region: 'eu-west-1', accounts: {} });
  draft.hosts([
    {
      host: `${name}.example.com`,
      live: outcome === 'live',
      ref: 'HTTPRoute a/a',
      url: `https://${name}.example.com/`,
      links: [{ id: 'https', state: 'ok', message: 'x'.repeat(2_000), evidence: [], seconds: 0 }],
    },
  ]);
  // Every other one as fleet.yml's artifact of it is unpacked.
  const own = Number(name.split('-')[1]) % 2 === 0 ? name : `eks-gateway-report-${name}`;
  mkdirSync(join(folder, 'reports', own), { recursive: true });
  writeFileSync(join(folder, 'reports', own, 'report.json'), JSON.stringify(draft.finish(outcome)));
}

const withoutAws = { 'cluster-name': '', 'aws-region': '', 'role-to-assume': '', 'dns-role-to-assume': '' };

const foldAll = async (outcomeOf: (name: string) => Outcome | undefined) => {
  const workspace = workspaceOf({});
  for (const { name } of fleet) {
    const outcome = outcomeOf(name);
    if (outcome !== undefined) write(workspace.path, name, outcome);
  }
  try {
    return await run({
      workspace: workspace.path,
      action: 'fold',
      inputs: { ...withoutAws, reports: 'reports', waves },
      env: { ACTIONS_ID_TOKEN_REQUEST_URL: undefined, ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined },
    });
  } finally {
    workspace.remove();
  }
};

test('200 live targets: one summary, within the limit', async () => {
  await lab('DELETE', '/calls');
  const { code, report, summary, outputs } = await foldAll(() => 'live');
  expect({ code, verdict: report.verdict, live: outputs['live'] }).toEqual({
    code: 0,
    verdict: 'All 200 targets of the fleet are live.',
    live: 'true',
  });
  expect(report.fleet).toHaveLength(200);
  expect(summary.match(/✅ cluster/g)).toHaveLength(200);
  expect(Buffer.byteLength(summary)).toBeLessThan(1024 * 1024);
  expect(await callsOfAction()).toEqual([]);
});

test('a broken wave: named, with what was not started', async () => {
  const { code, report, summary } = await foldAll((name) => {
    const number = Number(name.split('-')[1]);
    if (number >= 100) return undefined;
    return number === 42 ? 'not-live' : 'live';
  });
  expect({ code, verdict: report.verdict }).toEqual({
    code: 1,
    verdict: '99 of 200 targets of the fleet are live: wave 2 is broken; 100 were not started.',
  });
  expect(report.findings.map(({ code: each }) => each)).toEqual(['fleet/target-broken']);
  expect(summary.indexOf('❌ cluster')).toBeLessThan(summary.indexOf('✅ cluster'));
});

test('waves that are no waves: said so', async () => {
  const workspace = workspaceOf({});
  const { code, report } = await run({
    workspace: workspace.path,
    action: 'fold',
    inputs: { ...withoutAws, reports: 'reports', waves: '{' },
  });
  workspace.remove();
  expect(code).toBe(1);
  expect(report.findings[0]?.message).toContain('`waves` is not JSON');
});
