// How a run ends: the verdict's sentence, and in the log each reason once, with its hosts, whose job it is, what to do.
import { expect, test } from '@jest/globals';
import { Draft } from '../../../src/report/draft.ts';
import { endingOf } from '../../../src/report/ending.ts';
import type { Outcome, ReportedHost } from '../../../src/report/report.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { finding } from '../../../src/verdict/finding.ts';

const host = (name: string, message: string): ReportedHost => ({
  host: name,
  live: false,
  ref: `HTTPRoute shop/${name}`,
  source: { file: `routes/${name}.yaml`, line: 3 },
  url: `https://${name}/`,
  links: [
    { id: 'route', state: 'ok', message: '', evidence: [], seconds: 0 },
    {
      id: 'workload',
      state: 'broken',
      code: 'workload/port-mismatch',
      message,
      evidence: [{ from: 'Service shop/a', saw: '8081' }],
      owner: 'app-team',
      hint: 'Set the targetPort.',
      seconds: 1,
    },
  ],
});
const told = (outcome: Outcome, ...hosts: readonly ReportedHost[]) => {
  const draft = new Draft('deploy', systemClock);
  draft.hosts(hosts);
  return endingOf(draft.finish(outcome));
};

test('one reason of one host, at its line', () => {
  expect(told('not-live', host('a', 'Nobody listens.'))).toEqual([
    {
      severity: 'error',
      code: 'workload/port-mismatch',
      message: 'a is not live, link workload: Nobody listens.',
      ref: 'HTTPRoute shop/a',
      source: { file: 'routes/a.yaml', line: 3 },
      owner: 'app-team',
      hint: 'For the app team: Set the targetPort.',
      evidence: [{ from: 'Service shop/a', saw: '8081' }],
    },
  ]);
});

test('a reason that many share is told once, and no more than ten reasons', () => {
  const same = ['a', 'b', 'c'].map((name) => host(name, 'The Gateway is not there.'));
  expect(told('not-live', ...same).map(({ message }) => message)).toEqual([
    'a, b and 1 more are not live, link workload: The Gateway is not there.',
  ]);
  const many = Array.from({ length: 30 }, (_, index) => host(`h${index}`, `Reason ${index}.`));
  expect(told('not-live', ...many)).toHaveLength(10);
});

test('nothing where all are live, or the run ended otherwise', () => {
  expect(told('live', { ...host('a', ''), live: true })).toEqual([]);
  expect(told('cancelled', host('a', 'Nobody listens.'))).toEqual([]);
});

const denied = finding('notice', 'look/denied', 'Not checked.');
const remark = finding('warning', 'gateway/quota', 'Nearly full.');
test.each([
  [[], 'Nothing wrong was found.'],
  [[remark], 'No error was found; 1 remark.'],
  [[denied, denied], 'No error was found; 2 checks lacked a permission.'],
  [[remark, denied, remark], 'No error was found; 2 remarks, and 1 check lacked a permission.'],
])('the verdict of a look around tells remarks from what could not be seen: %#', (findings, verdict) => {
  const draft = new Draft('doctor', systemClock);
  draft.findings(findings);
  expect(draft.finish('clean').verdict).toBe(verdict);
});

test.each([
  [[], 'Nothing would change.'],
  [['a.example.com'], 'a.example.com goes offline. Nothing would change.'],
  [['a', 'b', 'c', 'd'], 'a, b and 2 more go offline. Nothing would change.'],
])('a plan says first what goes offline: %#', (offline, verdict) => {
  const draft = new Draft('plan', systemClock);
  draft.plan({ objects: [], releases: [], records: [], loadBalancers: [], offline });
  expect(draft.finish('planned').verdict).toBe(verdict);
});

test('also where something else is wrong; and a verify without hosts proves nothing', () => {
  const draft = new Draft('plan', systemClock);
  draft.plan({ objects: [], releases: [], records: [], loadBalancers: [], offline: ['a'] });
  draft.findings([finding('error', 'apply/rejected', 'The API server refuses it.')]);
  expect(draft.finish('failed').verdict).toBe('a goes offline. The API server refuses it.');
  expect(new Draft('verify', systemClock).finish('live').verdict).toBe(
    'The repository publishes no hostname: nothing was verified.',
  );
});
