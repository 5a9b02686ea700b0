// docs/permissions.md and terraform/policies say the same: the page's policies are the module's, as last rendered.
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { policySources, renderedPolicies } from '../../scripts/policies.ts';

const page = readFileSync('docs/permissions.md', 'utf8');
const { sources, documents } = renderedPolicies('.');

/** Marks of the page, and the module's outputs. */
const shown: Readonly<Record<string, string>> = {
  'deploy-trust': 'github_trust.deploy',
  'run-eks': 'run',
  'run-dns': 'run_dns',
  'doctor-eks': 'doctor',
  'doctor-dns': 'doctor_dns',
  'teardown-eks': 'teardown',
  'pods-trust': 'pods_trust',
  'external-dns': 'external_dns',
  'external-dns-target-trust': 'external_dns_target_trust',
  'external-dns-target': 'external_dns_target',
};

const blocksOf = (text: string) =>
  new Map(
    [...text.matchAll(/<!-- ([\w-]+) -->\n```json\n([\s\S]*?)```/g)].map(
      ([, mark = '', json = '']) => [mark, JSON.parse(json) as unknown] as const,
    ),
  );

const blocks = blocksOf(page);

test('the rendered policies are those of the module as it is now (npm run terraform)', () => {
  expect(sources).toBe(policySources('.'));
});

test('every policy of the page has its mark', () => {
  expect([...blocks.keys()].sort()).toEqual(Object.keys(shown).sort());
  expect(page.match(/^```json$/gm)).toHaveLength(blocks.size);
});

test.each(Object.entries(shown))('%s', (mark, output) => {
  expect(blocks.get(mark)).toEqual(documents[output]);
});

test('what drift needs besides stands with the drift check', () => {
  const drift = blocksOf(readFileSync('docs/drift.md', 'utf8'));
  expect(drift.get('drift-eks')).toEqual(documents['drift']);
  expect(drift.get('drift-authors')).toEqual(documents['drift_authors']);
});

test('what is not shown are the trust policies that differ in their jobs alone', () => {
  const others = Object.keys(documents).filter(
    (name) => !name.startsWith('drift') && !Object.values(shown).includes(name),
  );
  expect(others.sort()).toEqual([
    'github_trust.dns_reader',
    'github_trust.drift',
    'github_trust.plan',
    'github_trust.preview',
  ]);
});
