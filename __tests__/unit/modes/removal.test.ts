// The removal of objects: what is left alone, what the API server refuses, and what helm would take along.
import { describe, expect, test } from '@jest/globals';
import type { Applier, Look, Refusal } from '../../../src/apply/applier.ts';
import type { Members } from '../../../src/apply/prune.ts';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { Removal, type RemovalOptions } from '../../../src/modes/teardown/removal.ts';
import { wouldNotStay } from '../../../src/teardown/order.ts';
import { stubRun } from './stub-run.ts';

const service = (manager: string): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      namespace: 'shop',
      managedFields: [{ manager, operation: 'Apply', fieldsV1: {} }],
    },
  }) as KubernetesObject;

function removalOf(live: KubernetesObject, refusal?: Refusal, more: Partial<RemovalOptions> = {}) {
  const stub = stubRun();
  const deleted: string[] = [];
  const look = (object: KubernetesObject): Look => ({
    ref: 'Service shop/web',
    object,
    held: { at: new Date(0), value: live },
  });
  const applier = { look: async (all: readonly KubernetesObject[]) => all.map(look) } as Partial<Applier>;
  const members = {
    remove: async ({ metadata }: KubernetesObject) => {
      deleted.push(metadata.name);
      return refusal;
    },
  } as Partial<Members>;
  const removal = new Removal(stub.run, {
    applier: applier as Applier,
    members: members as Members,
    owners: { inventory: 'applyset-ours', takeOver: [] },
    deadline: 1_000,
    ...more,
  });
  return { ...stub, removal, deleted };
}

const named = { object: service('eks-gateway-action'), source: { file: 'app.yaml', line: 1 } };

test('what somebody else applied stays, and that is said once', async () => {
  const { removal, deleted, findings } = removalOf(service('kubectl'));
  expect(await removal.remove([named])).toEqual([]);
  expect(await removal.remove([named])).toEqual([]);
  expect(deleted).toEqual([]);
  expect(findings()).toMatchObject([
    { code: 'teardown/not-ours', message: 'Service shop/web stays: this action did not apply it.' },
  ]);
});

describe('objects that stay', () => {
  const wait = async (isHopeless: (look: number) => boolean): Promise<number> => {
    let look = 0;
    const { removal, clock } = removalOf(service('eks-gateway-action'), undefined, {
      deadline: 600_000,
      isHopeless: async () => isHopeless(look++),
    });
    expect(await clock.run(removal.remove([named]))).toHaveLength(1);
    return clock.monotonic();
  };

  test('are waited for until the deadline while somebody may let them go', async () => {
    expect(await wait(() => false)).toBeGreaterThanOrEqual(600_000);
    // Away for a moment, twice, is not away.
    expect(await wait((look) => look % 4 !== 3)).toBeGreaterThanOrEqual(600_000);
  });

  test('and not where nobody has been there for a while', async () => {
    const waited = await wait(() => true);
    expect(waited).toBeGreaterThanOrEqual(20_000);
    expect(waited).toBeLessThan(40_000);
  });
});

test('what the API server does not delete', async () => {
  const refusal = {
    result: 'failed',
    message: 'a policy forbids it.',
    hint: 'Ask the platform team.',
  } as const;
  const { removal } = removalOf(service('eks-gateway-action'), refusal);
  await expect(removal.remove([named])).rejects.toMatchObject({
    code: 'teardown/not-removed',
    message: 'Service shop/web could not be deleted: a policy forbids it.',
    hint: 'Ask the platform team.',
  });
});

test('a namespace among the templates would go with the release, unless it is kept', () => {
  const namespace = (annotations = {}) => ({
    object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', annotations } },
    source: { file: 'Chart.yaml', line: 1 },
  });
  expect(wouldNotStay([namespace()], 'infra')).toMatchObject([
    {
      code: 'teardown/would-not-stay',
      message:
        'Namespace shop stands in a template of release infra: helm uninstall would delete it, with all that is in it.',
    },
  ]);
  expect(wouldNotStay([namespace({ 'helm.sh/resource-policy': 'keep' })], 'infra')).toEqual([]);
});
