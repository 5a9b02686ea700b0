// Rules for what is not drift: read with file and line, matched by layer, object, path and manager.
import { expect, test } from '@jest/globals';
import { fingerprintOf } from '../../../src/drift/fingerprint.ts';
import { ignoredBy, parseIgnoreRules } from '../../../src/drift/ignore.ts';
import type { DriftItem } from '../../../src/drift/item.ts';

const item: DriftItem = {
  layer: 'kubernetes',
  ref: 'Deployment apps/web',
  path: '.spec.template.spec.containers[name="web"].image',
  wanted: 'a',
  found: 'b',
  by: 'kubectl-edit',
  heals: false,
  severity: 'warning',
  remedy: '',
};

const rulesOf = (rule: string) => {
  const { rules, findings } = parseIgnoreRules(`ignore:\n  - ${rule}\n`, 'ignore.yaml');
  expect(findings).toEqual([]);
  return rules;
};

test.each([
  ['{ object: Deployment apps/web }', true],
  ['{ object: Deployment apps/* }', true],
  ['{ object: "* apps/web" }', true],
  ['{ object: Deployment apps }', false],
  ['{ path: .spec.template }', true],
  ['{ path: .spec.temp }', false],
  ['{ path: ".spec.template.spec.containers[*].image" }', true],
  ['{ path: "**.image" }', true],
  ['{ manager: kubectl-* }', true],
  ['{ manager: helm }', false],
  ['{ layer: kubernetes }', true],
  ['{ layer: aws, object: "**" }', false],
  ['{ object: Deployment apps/web, path: .spec.replicas }', false],
])('%s covers it: %s', (rule, covers) => {
  expect(ignoredBy(item, rulesOf(rule)) !== undefined).toBe(covers);
});

test('a rule by manager covers nothing whose author is not known', () => {
  const { by: _, ...anonymous } = item;
  expect(ignoredBy(anonymous, rulesOf('{ manager: "*" }'))).toBeUndefined();
});

test.each([
  ['ignore:\n  - { objekt: a }\n', 2, 'no field `objekt`'],
  ['ignore:\n  - layer: cloud\n', 2, 'no layer `cloud`'],
  ['ignore:\n  - path: [a]\n', 2, '`path` is not a text'],
  ['ignore:\n  - reason: because\n', 2, 'would ignore everything'],
  ['ignore:\n  - 7\n', 2, 'A rule is a map'],
  ['rules: []\n', 1, 'no list `ignore`'],
  ['ignore: []\nother: 1\n', 2, 'no field `other`'],
  ['ignore:\n  - a: [\n', 2, 'not valid YAML'],
])('%j is refused at line %i', (text, line, message) => {
  const { rules, findings } = parseIgnoreRules(text, 'f.yaml');
  expect(rules).toEqual([]);
  expect(findings[0]?.source).toEqual({ file: 'f.yaml', line });
  expect(findings[0]?.message).toContain(message);
});

test('a fingerprint knows what and where, not values, times or order', () => {
  const other: DriftItem = { ...item, path: '.spec.replicas' };
  const same = fingerprintOf([item, other]);
  expect(fingerprintOf([{ ...other, found: 'c', since: '2026-01-01T00:00:00Z' }, item])).toBe(same);
  expect(fingerprintOf([item])).not.toBe(same);
  expect(fingerprintOf([item, { ...other, found: null }])).not.toBe(same);
});
