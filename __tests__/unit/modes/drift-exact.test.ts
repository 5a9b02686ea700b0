// Drift by the API server's dry run: what it would change, and field by field for each kind that the role may not try.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { connect, type Kube } from '../../../src/kube/connection.ts';
import type { ApiResource, Discovery } from '../../../src/kube/discovery.ts';
import { expectedOf, lookAtObjects } from '../../../src/modes/drift/objects.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { type Answer, type ApiServer, type Asked, startApiServer, status } from '../kube/api-server.ts';

const { signal } = new AbortController();
let server: ApiServer;
let kube: Kube;

beforeEach(async () => {
  server = await startApiServer();
  const { endpoint, caData } = server;
  kube = connect({ endpoint, caData, token: async () => 't', clock: systemClock });
});
afterEach(async () => {
  await kube.close();
  await server.close();
});

const resource = (kind: string): ApiResource => ({
  apiVersion: 'example.com/v1',
  kind,
  plural: `${kind.toLowerCase()}s`,
  namespaced: true,
  statusApart: true,
});
const served = [resource('Thing'), resource('Other')];
const discovery: Discovery = {
  find: async (apiVersion, kind) =>
    served.find((each) => each.apiVersion === apiVersion && each.kind === kind),
  served: async () => served,
  refresh: async () => undefined,
  apiVersions: async () => [],
};

/** As it lives: with a size of 2, which the repository wants to be 1, and a colour that a webhook sets at each write. */
const live = (kind: string, name: string): KubernetesObject => ({
  apiVersion: 'example.com/v1',
  kind,
  metadata: { name, namespace: 'shop', uid: name, resourceVersion: '1' },
  spec: { size: 2, colour: 'red' },
});
const placeOf = ({ path }: Asked): [string, string] => {
  const [plural = '', name = ''] = path.split('/').slice(-2);
  return [plural === 'things' ? 'Thing' : 'Other', name];
};
const read = (asked: Asked): Answer => {
  const [kind, name] = placeOf(asked);
  if (served.some(({ plural }) => asked.path.endsWith(`/${plural}`)))
    return {
      body: {
        items: ['a', 'b'].map((each) => live(asked.path.endsWith('things') ? 'Thing' : 'Other', each)),
      },
    };
  return { body: live(kind, name) };
};
const tried = (asked: Asked): Answer => ({
  body: { ...live(...placeOf(asked)), spec: { size: 1, colour: 'red' } },
});

const look = async (patch: (asked: Asked) => Answer) => {
  server.answer((asked) => {
    if (asked.path.startsWith('/openapi')) return status(404, 'NotFound', 'x');
    return asked.method === 'PATCH' ? patch(asked) : read(asked);
  });
  const expected = ['Thing', 'Other'].flatMap((kind) =>
    ['a', 'b'].map((name) =>
      expectedOf(
        {
          object: {
            apiVersion: 'example.com/v1',
            kind,
            metadata: { name, namespace: 'shop' },
            spec: { size: 1, colour: 'blue' },
          },
          source: { file: 'a.yaml', line: 1 },
        },
        { layer: 'kubernetes', namespace: 'shop', manager: 'eks-gateway-action' },
      ),
    ),
  );
  const seen = await lookAtObjects(
    { signal, environment: { workspace: '/nowhere' } },
    { kube, discovery },
    { exact: true, expected },
  );
  return {
    said: seen.sightings.map(({ ref, path, wanted, found }) => `${ref} ${path}: ${wanted} ${found}`).sort(),
    notes: (seen.notes ?? []).map(({ code, message }) => `${code}: ${message}`),
    unchecked: seen.unchecked,
    patches: server.asked.filter(({ method }) => method === 'PATCH'),
  };
};

const forbidden =
  'things.example.com "a" is forbidden: User "drift" cannot patch resource "things" in API group "example.com" in the namespace "shop"';

const size = (kind: string, name: string): string => `${kind} shop/${name} .spec.size: 1 2`;
const colour = (kind: string, name: string): string => `${kind} shop/${name} .spec.colour: blue red`;
const all = (say: (kind: string, name: string) => string, ...kinds: string[]): string[] =>
  kinds.flatMap((kind) => ['a', 'b'].map((name) => say(kind, name)));

test('what a webhook sets again is no drift, and nothing is written', async () => {
  const { said, notes, patches } = await look(tried);
  expect(said).toEqual(all(size, 'Other', 'Thing'));
  expect(notes).toEqual([]);
  expect(patches.map(({ query }) => query.get('dryRun'))).toEqual(Array(4).fill('All'));
});

test('a kind that may not be tried is compared field by field, said once; the others are tried', async () => {
  const { said, notes, unchecked } = await look((asked) =>
    placeOf(asked)[0] === 'Thing' ? status(403, 'Forbidden', forbidden) : tried(asked),
  );
  expect(said).toEqual([...all(size, 'Other', 'Thing'), ...all(colour, 'Thing')].sort());
  expect(unchecked).toEqual([]);
  expect(notes).toEqual([
    'drift/compared-readonly: Thing (things) was compared field by field, not by a dry run: the role may not patch things.example.com in namespace shop.',
  ]);
});

test('an object that the API server would not take is compared field by field, alone', async () => {
  const { said, notes } = await look((asked) =>
    placeOf(asked).join(' ') === 'Thing a' ? status(422, 'Invalid', 'spec.size: too small') : tried(asked),
  );
  expect(said).toEqual([...all(size, 'Other', 'Thing'), colour('Thing', 'a')].sort());
  expect(notes).toEqual([
    expect.stringMatching(/^drift\/compared-readonly: Thing shop\/a was compared .*too small/),
  ]);
});
