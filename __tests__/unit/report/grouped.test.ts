// Notices that say the same of many objects are one line of summary and log.
import { expect, test } from '@jest/globals';
import { grouped } from '../../../src/report/grouped.ts';
import { finding } from '../../../src/verdict/finding.ts';

const left = (index: number) =>
  finding('notice', 'apply/fields-left', `ConfigMap shop/m${index} keeps .data.a.`, {
    ref: `ConfigMap shop/m${index}`,
    hint: 'take over',
    source: { file: 'a.yaml', line: index + 1 },
  });
const some = (count: number) => Array.from({ length: count }, (_, index) => left(index));

test('two hundred are one, at the place of the first', () => {
  expect(grouped(some(200))).toEqual([
    {
      ...left(0),
      message:
        'ConfigMap shop/m0 keeps .data.a. The same is so of 199 more: ConfigMap shop/m1, ConfigMap shop/m2, ConfigMap shop/m3, ConfigMap shop/m4, ConfigMap shop/m5 and 194 more.',
    },
  ]);
});

test('three are one, two are two', () => {
  expect(grouped(some(3)).map(({ message }) => message)).toEqual([
    'ConfigMap shop/m0 keeps .data.a. The same is so of 2 more: ConfigMap shop/m1, ConfigMap shop/m2.',
  ]);
  expect(grouped(some(2))).toEqual(some(2));
});

test('errors and warnings, what is about no object, and what has another remedy stay by themselves', () => {
  const errors = some(5).map((each) => ({ ...each, severity: 'error' as const }));
  const warnings = some(5).map((each) => ({ ...each, severity: 'warning' as const }));
  const unnamed = Array.from({ length: 5 }, () => finding('notice', 'look/denied', 'A look was denied.'));
  const others = some(2).map((each) => ({ ...each, hint: 'something else' }));
  const all = [...errors, ...warnings, ...unnamed, ...others];
  expect(grouped(all)).toEqual(all);
});
