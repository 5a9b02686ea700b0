// Who owns a field: the deepest entry of managedFields that holds it, the latest first.
import { expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { ownersOf } from '../../../src/compare/owner.ts';

const entry = (manager: string, time: string, fieldsV1: JsonObject, subresource?: string) => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  time,
  fieldsV1,
  ...(subresource !== undefined && { subresource }),
});

const live: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: {
    name: 'a',
    managedFields: [
      entry('old', '2026-01-01T00:00:00Z', { 'f:spec': { 'f:a': {}, 'f:rules': {} } }),
      entry('new', '2026-01-02T00:00:00Z', {
        'f:spec': { 'f:a': {}, 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {} } } },
      }),
      entry('status', '2026-01-03T00:00:00Z', { 'f:spec': { 'f:a': {} } }, 'status'),
    ],
  },
  spec: { a: 1, rules: [{ path: '/' }], ports: [{ port: 80, protocol: 'TCP', name: 'web' }], gone: {} },
};

test.each<[string, boolean, string[]]>([
  ['.spec.a', false, ['new', 'old']],
  ['.spec.ports[port=80,protocol="TCP"].name', false, ['new']],
  // An atomic list is owned as a whole, also where an item of it is gone.
  ['.spec.rules[0].path', false, ['old']],
  ['.spec.rules[3]', true, ['old']],
  ['.spec.nothing', true, []],
  ['', false, []],
])('%s (gone: %s): %j', (path, gone, managers) => {
  expect(ownersOf(live, path, gone).map(({ manager }) => manager)).toEqual(managers);
});
