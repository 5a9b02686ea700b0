// Pruning on the real API server: what was written since it was listed is looked at again before it goes.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { discover } from '../../src/kube/discovery.ts';
import { inventoryMembers } from '../../src/kube/members.ts';
import {
  type Counted,
  connectAs,
  createAdministrator,
  kubectl,
  never,
  removeAdministrator,
} from './engine.ts';

const namespace = 'members-test';
let kube: Counted;

beforeAll(() => {
  createAdministrator(namespace);
  kube = connectAs(namespace, 'admin');
});
afterAll(async () => {
  await kube.close();
  removeAdministrator(namespace);
});

/** Listed, then changed by somebody, then removed. */
const removed = async (name: string, between: () => void) => {
  kubectl(['create', 'configmap', name, '-n', namespace]);
  kubectl(['label', 'configmap', name, '-n', namespace, 'part-of=us']);
  const members = inventoryMembers(kube, await discover(kube, never), { milliseconds: 5_000 });
  const seen = await members.list('ConfigMap', new Set([namespace]), 'part-of=us', never);
  const listed = ('value' in seen ? seen.value : []).find(({ metadata }) => metadata.name === name);
  if (listed === undefined) throw new Error('not listed');
  between();
  const stillOurs = ({ metadata }: typeof listed): boolean =>
    JSON.stringify(metadata['labels'] ?? {}) === '{"part-of":"us"}';
  const refusal = await members.remove(listed, never, stillOurs);
  const there = kubectl(['get', 'configmap', name, '-n', namespace, '--ignore-not-found', '-o', 'name']);
  return { refusal, there: there.trim() };
};

test('it goes where nothing happened, and where a controller wrote it', async () => {
  expect(await removed('a', () => undefined)).toEqual({ refusal: undefined, there: '' });
  const written = await removed('b', () =>
    kubectl(['annotate', 'configmap', 'b', '-n', namespace, 'looked-at=now']),
  );
  expect(written).toEqual({ refusal: undefined, there: '' });
  const gone = await removed('c', () => kubectl(['delete', 'configmap', 'c', '-n', namespace]));
  expect(gone).toEqual({ refusal: undefined, there: '' });
});

test('it stays where somebody took it over, or another has its name', async () => {
  const taken = await removed('d', () =>
    kubectl(['label', 'configmap', 'd', '-n', namespace, '--overwrite', 'part-of=them']),
  );
  expect(taken).toMatchObject({
    refusal: { result: 'conflict', message: 'it was taken over by somebody else since it was listed.' },
    there: 'configmap/d',
  });
  const another = await removed('e', () => {
    kubectl(['delete', 'configmap', 'e', '-n', namespace]);
    kubectl(['create', 'configmap', 'e', '-n', namespace]);
  });
  expect(another).toMatchObject({
    refusal: { result: 'conflict', message: 'another object has its name by now.' },
    there: 'configmap/e',
  });
});
