// One object sent to an API server of the test's own by the real applier, and what was told of it.

import type { AppliedObject } from '../../../src/apply/applied-object.ts';
import { applyStage } from '../../../src/apply/apply.ts';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { type ApplierOptions, serverSideApplier } from '../../../src/kube/apply.ts';
import { discover } from '../../../src/kube/discovery.ts';
import type { Connected } from './connected.ts';

export const never = new AbortController().signal;

export const patience = { milliseconds: 20_000, random: () => 0 };

export type Applied = AppliedObject['reported'] & Pick<AppliedObject, 'live' | 'findings'>;

export const apply = async (
  { kube }: Connected,
  object: KubernetesObject,
  options: Partial<ApplierOptions> = {},
): Promise<Applied> => {
  const applier = serverSideApplier(kube, await discover(kube, never), {
    namespace: 'apps',
    patience,
    ...options,
  });
  const { objects } = await applyStage([{ object, source: { file: 'a.yaml', line: 1 } }], applier, never);
  const [applied] = objects;
  if (!applied) throw new Error('an object for an object');
  return { ...applied.reported, ...applied };
};

export const configMap: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', labels: { x: 'y' } },
  data: { key: 'value' },
};

/** `configMap` as the API server has it. */
export const live = (resourceVersion: string, more: object = {}) => ({
  ...configMap,
  ...more,
  metadata: { ...configMap.metadata, namespace: 'apps', resourceVersion },
});
