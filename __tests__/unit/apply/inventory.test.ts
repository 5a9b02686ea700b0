// The inventory: how it is named and written, and what of it is removed or stays.
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { fieldManager } from '../../../src/apply/applier.ts';
import {
  asMember,
  contentsOf,
  inventoryOf,
  parentOf,
  readParent,
  same,
  union,
} from '../../../src/apply/inventory.ts';
import { type Members, type PruneOptions, prune } from '../../../src/apply/prune.ts';
import { type KubernetesObject, refOf } from '../../../src/bundle/object.ts';

const inventory = inventoryOf('org/Shop', 'deploy/prod', 'apps');
const never = new AbortController().signal;
const sourced = (object: KubernetesObject) => ({ object, source: { file: 'a.yaml', line: 1 } });
const object = (kind: string, name: string, metadata: object = {}, apiVersion = 'v1'): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'apps', ...metadata },
});

describe('an inventory', () => {
  test('is named after repository and folder, and found by the id of the ApplySet specification', () => {
    expect(inventory.name).toMatch(/^inventory-org-shop-deploy-prod-[0-9a-f]{8}$/);
    expect(inventoryOf('org/shop', 'deploy-prod', 'apps').name).not.toBe(inventory.name);
    const hash = createHash('sha256').update(`${inventory.name}.apps.ConfigMap.`).digest('base64url');
    expect(inventory.id).toBe(`applyset-${hash}-v1`);
    expect(inventoryOf('org/Shop', 'x', 'apps', 'mine').name).toBe('mine');
  });

  test('is written and read back; definitions and namespaces are no members', () => {
    const contents = contentsOf(inventory, [
      { object: object('HTTPRoute', 'a', {}, 'gateway.networking.k8s.io/v1'), namespace: 'other' },
      { object: object('Service', 'a'), namespace: 'apps' },
      { object: object('GatewayClass', 'c', {}, 'gateway.networking.k8s.io/v1'), namespace: undefined },
    ]);
    const parent = parentOf(inventory, contents, 'https://run');
    expect(parent.metadata).toMatchObject({
      labels: { 'applyset.kubernetes.io/id': inventory.id },
      annotations: {
        'applyset.kubernetes.io/tooling': 'eks-gateway-action/v1',
        'applyset.kubernetes.io/contains-group-kinds':
          'GatewayClass.gateway.networking.k8s.io,HTTPRoute.gateway.networking.k8s.io,Service',
        'applyset.kubernetes.io/additional-namespaces': 'other',
      },
    });
    expect(same(readParent(inventory, parent), contents)).toBe(true);
    expect(same(union(contents, contentsOf(inventory, [])), contents)).toBe(true);
    expect(
      asMember(sourced(object('Service', 'a', { labels: { x: 'y' } })), inventory).object.metadata['labels'],
    ).toEqual({
      x: 'y',
      'applyset.kubernetes.io/part-of': inventory.id,
    });
    for (const kind of ['Namespace', 'CustomResourceDefinition'])
      expect(asMember(sourced(object(kind, 'a')), inventory).object.metadata['labels']).toBeUndefined();
  });

  test.each([
    [{}, 'is not an inventory of this action.'],
    [{ annotations: { 'applyset.kubernetes.io/tooling': 'kubectl/v1.36' } }, 'kubectl/v1.36 keeps it'],
  ])('of another tool is refused', (metadata, words) => {
    expect(() => readParent(inventory, object('ConfigMap', inventory.name, metadata))).toThrow(words);
  });
});

describe('what left the repository', () => {
  const managedFields = [{ manager: fieldManager, operation: 'Apply', fieldsV1: {} }];
  const labels = { 'applyset.kubernetes.io/part-of': inventory.id };
  const member = (kind: string, name: string, more: object = {}): KubernetesObject =>
    object(kind, name, { uid: `uid-${name}`, labels, managedFields, ...more });

  const run = async (found: readonly KubernetesObject[], options: Partial<PruneOptions> = {}) => {
    const removed: string[] = [];
    const members: Members = {
      list: async (kind) => ({ at: new Date(0), value: found.filter((each) => each.kind === kind) }),
      remove: async (each) => {
        removed.push(refOf(each));
        return each.metadata.name === 'stuck' ? { result: 'failed', message: 'no.' } : undefined;
      },
    };
    const contents = { kinds: new Set(found.map(({ kind }) => kind)), namespaces: new Set(['apps']) };
    const all = { contents, applied: new Set(['uid-here', 'uid-too']), limit: 0.5, ...options };
    return { removed, ...(await prune(inventory, all, members, never)) };
  };

  test('goes, routes first; what was applied stays', async () => {
    const { removed, objects, complete } = await run([
      member('Service', 'old'),
      member('HTTPRoute', 'old'),
      member('Service', 'here'),
    ]);
    expect(removed).toEqual(['HTTPRoute apps/old', 'Service apps/old']);
    expect(objects.map(({ result }) => result)).toEqual(['pruned', 'pruned']);
    expect(complete).toBe(true);
  });

  test.each<[string, KubernetesObject]>([
    ['is a namespace', member('Namespace', 'old')],
    ['is a definition', member('CustomResourceDefinition', 'old')],
    ['was never applied by us: a copied label', member('Service', 'old', { managedFields: [] })],
    ['has lost the label since', member('Service', 'old', { labels: {} })],
    ['is on its way out', member('Service', 'old', { deletionTimestamp: '2026-11-22T10:00:00Z' })],
  ])('stays where it %s', async (_name, each) => {
    expect((await run([each])).removed).toEqual([]);
  });

  test.each<[string, number, Partial<PruneOptions>, string[] | string]>([
    ['more than half', 3, {}, '3 of 5 objects of the inventory left the repository, more than 50 %'],
    ['half', 2, {}, ['Service apps/old-0', 'Service apps/old-1']],
    [
      'more than half, allowed',
      3,
      { limit: 1 },
      ['Service apps/old-0', 'Service apps/old-1', 'Service apps/old-2'],
    ],
    ['everything', 1, { applied: new Set(), limit: 1 }, 'nothing left of its inventory'],
  ])('%s of it', async (_name, count, options, expected) => {
    const found = Array.from({ length: count }, (_, index) => member('Service', `old-${index}`));
    const { removed, findings, complete } = await run(found, options);
    if (typeof expected !== 'string') expect(removed).toEqual(expected);
    else {
      expect(findings).toMatchObject([
        { code: 'inventory/prune-refused', message: expect.stringContaining(expected) },
      ]);
      expect({ removed, complete }).toEqual({ removed: [], complete: false });
    }
  });

  test('that cannot be removed keeps the inventory wide', async () => {
    const { findings, complete, objects } = await run([member('Service', 'stuck')]);
    expect(complete).toBe(false);
    expect(objects).toMatchObject([{ result: 'failed' }]);
    expect(findings).toMatchObject([{ code: 'inventory/prune-failed', ref: 'Service apps/stuck' }]);
  });

  test('that cannot be listed is a finding that names the permission', async () => {
    const members: Members = {
      list: async () => ({ at: new Date(0), denied: 'list services in namespace apps' }),
      remove: async () => undefined,
    };
    const contents = { kinds: new Set(['Service']), namespaces: new Set(['apps']) };
    const pruned = await prune(inventory, { contents, applied: new Set(['a']), limit: 1 }, members, never);
    expect(pruned.findings[0]?.message).toContain('may not list services in namespace apps');
    expect(pruned.complete).toBe(false);
  });
});
