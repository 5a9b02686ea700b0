// docs/report.schema.json holds for what the draft writes, and refuses what it would not.
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { Draft } from '../../../src/report/draft.ts';
import { finding } from '../../../src/verdict/finding.ts';

const validate = new Ajv({ strict: true, strictRequired: false }).compile(
  JSON.parse(readFileSync('docs/report.schema.json', 'utf8')),
);
const clock = { monotonic: () => 0, now: () => new Date(), sleep: async () => {} };

const full = () => {
  const draft = new Draft('deploy', clock);
  draft.phase('bundle');
  draft.target({ cluster: 'c', region: 'eu-west-1', accounts: { eks: '1', dns: '2' }, zone: 'example.com' });
  draft.version('lbc', '3.5.0');
  draft.objects([{ ref: 'Service a/b', source: { file: 'a.yaml', line: 1 }, result: 'created' }]);
  draft.release({
    name: 'infra',
    namespace: 'a',
    chart: 'infra-0.1.0',
    result: 'upgraded',
    revision: 2,
    changes: [{ object: 'a, b, Service (v1)', change: 'changed', diff: ['-a: 1', '+a: 2'] }],
  });
  draft.findings([finding('error', 'helm/missing', 'No helm.', { source: { file: 'a', line: 2 } })]);
  draft.hosts([
    {
      host: 'a.example.com',
      live: false,
      ref: 'HTTPRoute a/a',
      url: 'https://a.example.com/',
      links: [
        { id: 'crds', state: 'ok', message: '', evidence: [], seconds: 0 },
        {
          id: 'record',
          state: 'broken',
          code: 'record/missing',
          message: 'm',
          evidence: [{ from: 'f', saw: 's' }],
          owner: 'aws',
          hint: '',
          seconds: 1.5,
        },
      ],
    },
  ]);
  draft.gateways([
    {
      ref: 'Gateway infra/public',
      state: 'ok',
      source: { file: 'g.yaml', line: 1 },
      links: [{ id: 'gateway', state: 'ok', message: 'm', evidence: [], seconds: 2 }],
    },
  ]);
  draft.plan({
    objects: [
      {
        ref: 'Service a/b',
        result: 'configured',
        by: 'dry-run',
        changes: [{ path: '.spec.ports[port=80].name', from: { a: [null] }, to: 1 }],
      },
    ],
    releases: [
      {
        name: 'a',
        namespace: 'b',
        action: 'upgrade',
        chart: 'c 1.0.0',
        objects: [],
        hooks: [{ ref: 'Job b/c', event: 'pre-upgrade' }],
      },
    ],
    offline: ['a.example.com'],
    records: [{ name: 'a.example.com', type: 'A', action: 'unchanged', from: 'x', why: 'y' }],
    loadBalancers: [
      {
        gateway: 'Gateway a/b',
        rules: { before: 1, after: 2, limit: 100 },
        targetGroups: { before: 1, after: 1, limit: 100 },
        changes: [{ action: 'created', listener: 'HTTPS:443', host: 'a.example.com', match: 'PathPrefix /' }],
      },
    ],
  });
  return draft.finish('not-live');
};

test('a full report is valid', () => {
  validate(JSON.parse(JSON.stringify(full())));
  expect(validate.errors).toBeNull();
});

test.each([
  ['an unknown outcome', { outcome: 'fine' }],
  ['a host without links', { hosts: [{ host: 'a', live: true, ref: 'r', url: 'u' }] }],
  ['an extra field', { extra: 1 }],
])('%s is not valid', (_what, change) => {
  expect(validate({ ...JSON.parse(JSON.stringify(full())), ...change })).toBe(false);
});
