// The nudge: once a Gateway, shared by all its hosts, and from then on what it believes.
import { describe, expect, test } from '@jest/globals';
import { type GatewayName, Nudges } from '../../../src/chain/nudge.ts';
import type { Seen } from '../../../src/verdict/seen.ts';

const { signal } = new AbortController();
const base = { since: new Date('2026-11-22T23:00:00Z') };
const touchedAt = new Date('2026-11-22T23:00:07Z');
const gateway = { namespace: 'infra', name: 'public' };

const nudging = (answer: Seen<Date>) => {
  const asked: GatewayName[] = [];
  const told: string[] = [];
  let now = 0;
  const nudges = new Nudges({
    clock: { monotonic: () => now },
    toucher: {
      touch: async (each) => {
        asked.push(each);
        return answer;
      },
    },
    onTouched: ({ name }) => told.push(`touched ${name}`),
    onRefused: ({ name }, why) => told.push(`refused ${name}: ${why}`),
  });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { nudges, asked, told, pass };
};

describe('a Gateway that was touched', () => {
  test('is touched once, whoever asks', async () => {
    const { nudges, asked, told } = nudging({ at: touchedAt, value: touchedAt });
    await Promise.all([nudges.touch(gateway, signal), nudges.touch({ ...gateway }, signal)]);
    await nudges.touch(gateway, signal);
    expect(asked).toHaveLength(1);
    expect(told).toEqual(['touched public']);
    await nudges.touch({ ...gateway, name: 'internal' }, signal);
    expect(asked).toHaveLength(2);
  });

  test('is believed from then on', async () => {
    const { nudges } = nudging({ at: touchedAt, value: touchedAt });
    const untouched = { ...base, began: base.since };
    expect(nudges.freshness(gateway, base)).toEqual(untouched);
    await nudges.touch(gateway, signal);
    expect(nudges.freshness(gateway, base)).toEqual({ ...untouched, since: touchedAt, nudged: true });
    expect(nudges.freshness({ ...gateway, name: 'internal' }, base)).toEqual(untouched);
  });

  test('is touched a second and last time when the controller may have forgotten what it read before', async () => {
    const { nudges, asked, pass } = nudging({ at: touchedAt, value: touchedAt });
    await nudges.touch(gateway, signal);
    pass(54_000);
    await nudges.touch(gateway, signal);
    expect(asked).toHaveLength(1);
    pass(1_000);
    await nudges.touch(gateway, signal);
    expect(asked).toHaveLength(2);
    pass(600_000);
    await nudges.touch(gateway, signal);
    expect(asked).toHaveLength(2);
  });
});

test.each([
  [{ at: touchedAt, denied: 'patch gateways' }, 'patch gateways'],
  [{ at: touchedAt, failed: 'no answer' }, 'no answer'],
])('a refusal is told once and changes nothing', async (answer, why) => {
  const { nudges, asked, told, pass } = nudging(answer);
  await nudges.touch(gateway, signal);
  pass(60_000);
  await nudges.touch(gateway, signal);
  expect(asked).toHaveLength(1);
  expect(told).toEqual([`refused public: ${why}`]);
  expect(nudges.freshness(gateway, base)).toEqual(base);
});

test('a run that may not write touches nothing and waits for nothing', async () => {
  const nudges = new Nudges({ clock: { monotonic: () => 0 } });
  await nudges.touch(gateway, signal);
  expect(nudges.freshness(gateway, base)).toEqual(base);
});
