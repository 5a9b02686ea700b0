// The inventory's wiring: what is no inventory of ours, and another run that was quicker.
import { expect, test } from '@jest/globals';
import type { Applier, Written } from '../../../src/apply/applier.ts';
import { contentsOf, inventoryOf, parentOf } from '../../../src/apply/inventory.ts';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import type { Cluster } from '../../../src/modes/access/reach-cluster.ts';
import { keepInventory } from '../../../src/modes/apply/inventory.ts';
import type { Writer } from '../../../src/modes/apply/write.ts';
import { stubRun } from './stub-run.ts';

const inventory = inventoryOf('org/shop', '.', 'apps');
const service: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'apps' },
};

const parent = (run: string, resourceVersion: string): KubernetesObject => {
  const written = parentOf(inventory, contentsOf(inventory, []), run);
  return { ...written, metadata: { ...written.metadata, resourceVersion } };
};

/** The parent as each read finds it; what is written gets `version`, or is stale. */
function keeper(reads: readonly (KubernetesObject | undefined)[], answer: Written) {
  const stub = stubRun({ prune: true });
  const left = [...reads];
  const applier = {
    read: async () => ({ at: new Date(0), value: left.shift() }),
    write: async () => answer,
  } as unknown as Applier;
  const writer = {
    inventory,
    applier,
    namespaceOf: async () => 'apps',
    uids: new Set(),
  } as unknown as Writer;
  const objects = [{ object: service, source: { file: 'a.yaml', line: 1 } }];
  return { ...stub, keeping: keepInventory(stub.run, {} as Cluster, writer, objects) };
}

test('a ConfigMap that another tool keeps under its name', async () => {
  const theirs = parent('a run', '1');
  const annotations = { 'applyset.kubernetes.io/tooling': 'kubectl/v1.36' };
  const { keeping } = keeper([{ ...theirs, metadata: { ...theirs.metadata, annotations } }], {
    warnings: [],
    live: theirs,
    created: false,
    ref: '',
  });
  await expect(keeping).rejects.toMatchObject({
    code: 'inventory/not-ours',
    message: `ConfigMap apps/${inventory.name} is not an inventory of this action: kubectl/v1.36 keeps it.`,
  });
});

test.each<[string, readonly KubernetesObject[], Written]>([
  [
    'while this one began',
    [parent('run 1', '1'), parent('run 2', '2')],
    { warnings: [], refusal: { result: 'conflict', message: 'stale', stale: true } },
  ],
  [
    'while this one applied',
    [parent('run 1', '1'), parent('run 2', '3')],
    { warnings: [], live: parent('run 1', '2'), created: false, ref: '' },
  ],
])('another run took the inventory %s: this one removes nothing', async (_when, reads, answer) => {
  const { keeping, findings } = keeper(reads, answer);
  const kept = await keeping;
  expect(await kept.prune()).toBe(true);
  expect(findings()).toMatchObject([
    {
      code: 'inventory/other-run',
      message: 'run 2 keeps the inventory by now, so this run removes nothing.',
    },
  ]);
});
