// What may pass counts only when it is seen twice in a row, at the end of its time; what could not be looked at may be seen later.
import { expect, test } from '@jest/globals';
import { type DriftLayer, inOrder, type Sighting } from '../../../src/drift/item.ts';
import { type LayerSeen, notChecked } from '../../../src/modes/drift/layer.ts';
import { settled } from '../../../src/modes/drift/settled.ts';
import { leapingClock } from '../aws/test-clock.ts';

const { signal } = new AbortController();

const sighting = (path: string, rest: Partial<Sighting> = {}): Sighting => ({
  layer: 'aws',
  ref: 'LoadBalancer a',
  path,
  wanted: 'x',
  found: 'y',
  heals: false,
  severity: 'error',
  remedy: 'Mend it.',
  ...rest,
});
const passing = (path: string, rest: Partial<Sighting> = {}): Sighting =>
  sighting(path, { passing: true, ...rest });
const seen = (...sightings: Sighting[]): LayerSeen => ({ sightings, unchecked: [] });

/** Each look gives the next of these, the last one for ever. */
const settle = async (patience: number, ...looks: ReadonlyMap<DriftLayer, LayerSeen>[]) => {
  const asked: (readonly DriftLayer[])[] = [];
  const clock = leapingClock();
  const [first = new Map<DriftLayer, LayerSeen>(), ...rest] = looks;
  const result = await settled(first, {
    look: async (layers) => {
      asked.push(layers);
      const all = rest[Math.min(asked.length, rest.length) - 1] ?? first;
      return new Map([...all].filter(([layer]) => layers.includes(layer)));
    },
    clock,
    patience,
    signal,
    onWait: () => undefined,
  });
  const { sightings, unchecked } = result;
  return { paths: sightings.map(({ path }) => path), asked, unchecked, sightings };
};
const aws = (...sightings: Sighting[]) => new Map<DriftLayer, LayerSeen>([['aws', seen(...sightings)]]);

test('what stays counts at once, and is not looked at again', async () => {
  const { paths, asked } = await settle(90_000, aws(sighting('rule')));
  expect({ paths, asked }).toEqual({ paths: ['rule'], asked: [] });
});

test('what has passed does not count, what is still there does', async () => {
  const both = aws(passing('target'), passing('record'), sighting('rule'));
  expect((await settle(90_000, both, aws(sighting('rule')))).paths).toEqual(['rule']);
  expect((await settle(90_000, both, aws(passing('record'), sighting('rule')))).paths.sort()).toEqual([
    'record',
    'rule',
  ]);
});

test('pods that come and go all the time are none that stay', async () => {
  const targets = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => aws(passing(name)));
  expect((await settle(90_000, ...targets)).paths).toEqual([]);
});

test('who was to mend it within the check and has not is not said to; who has time until later is', async () => {
  const start = leapingClock().now().getTime();
  const heals = (by: string, seconds: number) => ({
    heals: { by, until: new Date(start + seconds * 1000).toISOString() },
  });
  const late = passing('record', heals('ExternalDNS', 75));
  // Each look gives it time anew.
  const again = passing('record', heals('ExternalDNS', 160));
  const target = passing('target', heals('AWS Load Balancer Controller', 36_000));
  const { sightings } = await settle(90_000, aws(late, target), aws(again, target));
  expect(sightings.map(({ path, heals: healing }) => [path, healing])).toEqual([
    ['record', false],
    ['target', target.heals],
  ]);
  expect(sightings[0]?.remedy).toMatch(/^ExternalDNS should have mended it .* Mend it\.$/);
  expect((await settle(30_000, aws(late), aws(again))).sightings[0]?.heals).toEqual(again.heals);
});

test('without patience everything counts as it is seen', async () => {
  const { paths, asked } = await settle(0, aws(passing('target')));
  expect({ paths, asked }).toEqual({ paths: ['target'], asked: [] });
});

test('looks are further and further apart: five in a minute and a half', async () => {
  const { asked } = await settle(90_000, aws(passing('target')));
  expect(asked).toHaveLength(5);
});

test('only layers in which something may pass are looked at again, whatever layer it is told under', async () => {
  const nameServers = passing('nameservers', { layer: 'route53', ref: 'Host a.example.com' });
  const { asked } = await settle(
    1_000,
    new Map([
      ['aws', seen(sighting('rule'))],
      ['https', seen(nameServers)],
    ]),
  );
  expect(asked).toEqual([['https']]);
});

test('what could not be looked at counts as seen once it was', async () => {
  const at = new Date(0);
  const unread = notChecked('The rules', { at, failed: 'a time-out' });
  const blind = new Map<DriftLayer, LayerSeen>([
    ['aws', { sightings: [passing('target')], unchecked: [unread] }],
  ]);
  expect((await settle(90_000, blind, aws())).unchecked).toEqual([]);
  expect((await settle(90_000, blind, blind)).unchecked).toHaveLength(1);
});

test('items stand in one order, however they were found', () => {
  const items = [
    sighting('b'),
    sighting('a'),
    sighting('z', { layer: 'kubernetes', ref: 'ConfigMap a' }),
    sighting('a', { ref: 'LoadBalancer 0' }),
  ];
  const said = (each: readonly Sighting[]) => inOrder(each).map(({ ref, path }) => `${ref} ${path}`);
  expect(said(items)).toEqual(['ConfigMap a z', 'LoadBalancer 0 a', 'LoadBalancer a a', 'LoadBalancer a b']);
  expect(said(items.toReversed())).toEqual(said(items));
});
