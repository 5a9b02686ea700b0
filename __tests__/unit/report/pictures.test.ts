// The pictures of chain and time: what stands in them, and what may not.
import { expect, test } from '@jest/globals';
import { chainPicture, timePicture } from '../../../src/report/pictures.ts';
import type { ReportedHost, ReportedLink } from '../../../src/report/report.ts';
import { linkIds, type State } from '../../../src/verdict/verdict.ts';

const host = (name: string, states: Partial<Record<string, State>> = {}): ReportedHost => ({
  host: name,
  live: Object.keys(states).length === 0,
  ref: 'HTTPRoute a/a',
  url: `https://${name}/`,
  links: linkIds.map(
    (id, index): ReportedLink => ({
      id,
      state: states[id] ?? 'ok',
      message: '',
      evidence: [],
      seconds: index,
    }),
  ),
});

test('one host: each link with its state, in the order of the chain', () => {
  const picture = chainPicture([host('a.example.com', { record: 'broken', nameservers: 'skipped' })]);
  expect(picture).toMatch(/^```mermaid\nflowchart TB\n[\s\S]*\n```$/);
  expect(picture).toContain('link-record["❌ record"]:::broken');
  // Mermaid's own colours suit a light page or a dark one.
  expect(picture.match(/(classDef|style) .*/g)?.filter((line) => !line.includes('fill:transparent'))).toEqual(
    [],
  );
  expect(picture).toContain('link-crds --> link-release --> link-class --> link-gateway --> link-route');
  expect(picture).toContain('row0 --> row1 --> row2 --> row3');
  // A word of Mermaid's own cannot be the name of a node.
  expect(picture).not.toMatch(/^\s*class\[/m);
});

test('several hosts: how many are ok, and the worst of their states', () => {
  const hosts = [host('a'), host('b', { https: 'waiting' }), host('c', { https: 'broken' })];
  expect(chainPicture(hosts)).toContain('link-https["❌ https<br/>1 of 3"]:::broken');
});

test('without a chain there is no picture', () => {
  expect(chainPicture([])).toBe('');
  expect(timePicture([], [])).toBe('');
});

test('the time: phases one after the other, and the slowest host beside the phase that waits', () => {
  const phases = [
    { name: 'Assume the roles', seconds: 2 },
    { name: 'Wait until every hostname is live', seconds: 12 },
  ];
  const picture = timePicture(phases, [host('quick.example.com'), host('slow.example.com')]);
  expect(picture).toContain('  Assume the roles 2.0 s :0, 2000\n');
  expect(picture).toContain('  Wait until every hostname is live 12.0 s :2000, 14000\n');
  expect(picture).toContain('  section quick.example.com\n');
  expect(picture).toContain('  https 1.0 s :12000, 13000\n');
});

test('names from outside cannot leave their line, their task or the fence', () => {
  const evil = 'x\n```\n<script>: crit, 0, 9 ;%%{init}%% click a "javascript:b"';
  const picture = timePicture(
    [
      { name: 'Wait until', seconds: 1 },
      { name: evil, seconds: 1 },
    ],
    [host(evil)],
  );
  expect(picture.split('\n').filter((line) => line.startsWith('```'))).toEqual(['```mermaid', '```']);
  expect(picture).not.toMatch(/<script|javascript:|%%\{init\}/);
  for (const line of picture.split('\n').slice(6, -1))
    expect(line).toMatch(/^ {2}(section [^:;"<>{}%`]+|[^:;"<>{}%`]+ :\d+, \d+)$/);
});
