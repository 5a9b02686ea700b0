// Reports of a fleet → its rows, its verdict, and what is to be said of each target that is not live.
import { describe, expect, test } from '@jest/globals';
import { fleetVerdict, fold, type Target } from '../../../src/fleet/fold.ts';
import { parseWaves } from '../../../src/fleet/input-specs.ts';
import { fleetTable } from '../../../src/fleet/table.ts';
import { Draft } from '../../../src/report/draft.ts';
import type { Outcome, Report } from '../../../src/report/report.ts';

const clock = { monotonic: () => 0, now: () => new Date(0), sleep: async () => {} };

function reportOf(outcome: Outcome): Report {
  const draft = new Draft('deploy', clock);
  draft.target({ cluster: 'c', region: 'eu-west-1', accounts: {} });
  return draft.finish(outcome);
}

const targets: readonly Target[] = [
  { name: 'canary', wave: 1 },
  { name: 'eu', wave: 2 },
  { name: 'us', wave: 2 },
  { name: 'rest', wave: 3 },
];
const folded = (outcomes: Readonly<Record<string, Outcome>>) =>
  fold(
    targets,
    new Map(Object.entries(outcomes).map(([name, outcome]) => [name, reportOf(outcome)] as const)),
  );

test('all live', () => {
  const { rows, findings, outcome } = folded({ canary: 'live', eu: 'live', us: 'live', rest: 'live' });
  expect({ findings, outcome }).toEqual({ findings: [], outcome: 'live' });
  expect(fleetVerdict(rows)).toBe('All 4 targets of the fleet are live.');
});

test('a broken wave: what comes after it was not started, and that is nobody else’s fault', () => {
  const { rows, findings, outcome } = folded({ canary: 'live', eu: 'not-live', us: 'live' });
  expect(outcome).toBe('not-live');
  expect(rows.map(({ name, outcome: each }) => `${name} ${each}`)).toEqual([
    'canary live',
    'eu not-live',
    'us live',
    'rest not-started',
  ]);
  expect(findings.map(({ code }) => code)).toEqual(['fleet/target-broken']);
  expect(fleetVerdict(rows)).toBe(
    '2 of 4 targets of the fleet are live: wave 2 is broken; 1 was not started.',
  );
});

test('a target of a wave that ran, without a report', () => {
  const { findings } = folded({ canary: 'live', us: 'live' });
  expect(findings.map(({ code, message }) => `${code} ${message}`)).toEqual([
    'fleet/no-report eu (wave 2) left no report.',
  ]);
});

test('no report at all: the first wave is to blame', () => {
  expect(folded({}).rows.map(({ outcome }) => outcome)).toEqual([
    'none',
    'not-started',
    'not-started',
    'not-started',
  ]);
});

test('a wave that began and left no report is the broken one', () => {
  expect(folded({ canary: 'live' }).rows.map(({ outcome }) => outcome)).toEqual([
    'live',
    'none',
    'none',
    'not-started',
  ]);
});

test('the table begins with what is broken', () => {
  const table = fleetTable(folded({ canary: 'live', eu: 'failed', us: 'live' }).rows);
  const names = [...table.matchAll(/^\| \d \| \S+ (\w+)/gm)].map(([, name]) => name);
  expect(names).toEqual(['eu', 'rest', 'canary', 'us']);
});

test('of many targets only what is broken is read at once', () => {
  const fleet = Array.from({ length: 200 }, (_, index) => ({ name: `t${index}`, wave: index < 100 ? 1 : 2 }));
  const reports = fleet
    .slice(0, 100)
    .map(({ name }, index) => [name, reportOf(index === 42 ? 'failed' : 'live')] as const);
  const table = fleetTable(fold(fleet, new Map(reports)).rows);
  const [read = '', ...foldedParts] = table.split('<details>');
  expect(read).toContain('❌ t42<br>');
  expect(read.match(/^\| \d /gm)).toHaveLength(1);
  expect(foldedParts.map((part) => /<summary>(.*)<\/summary>/.exec(part)?.[1])).toEqual([
    '100 targets were not started',
    '99 targets are live',
  ]);
});

describe('waves', () => {
  test('count from 1, in order', () => {
    expect(parseWaves('[[{"name":"a"}],[{"name":"b"},{"name":"c"}]]')).toEqual([
      { name: 'a', wave: 1 },
      { name: 'b', wave: 2 },
      { name: 'c', wave: 2 },
    ]);
  });

  test.each([
    ['nonsense', 'is not JSON'],
    ['{}', 'is not an array of one to 5 arrays'],
    ['[]', 'is not an array of one to 5 arrays'],
    ['[[],[]]', 'as wave 1'],
    ['[[{"name":"a"}],[{}]]', 'a target without a usable name in wave 2'],
    ['[[{"name":".."}]]', 'a target without a usable name in wave 1'],
    ['[[{"name":"../a"}]]', 'a target without a usable name in wave 1'],
    ['[[{"name":"a"}],[{"name":"a"}]]', 'names the target a twice'],
    [JSON.stringify(Array.from({ length: 6 }, (_, at) => [{ name: `t${at}` }])), 'one to 5'],
  ])('%s', (text, complaint) => {
    expect(() => parseWaves(text)).toThrow(complaint);
  });
});
