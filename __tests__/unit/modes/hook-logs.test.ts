// What is said of the hooks of a release that failed.
import { expect, test } from '@jest/globals';
import type { Json, KubernetesObject } from '../../../src/bundle/object.ts';
import type { StoredHook } from '../../../src/helm/stored.ts';
import type { KubeReader } from '../../../src/kube/reader.ts';
import { hookLogs } from '../../../src/modes/charts/hook-logs.ts';

const at = new Date(0);
const never = new AbortController().signal;

const hook = (phase: string, kind = 'Job', namespace = ''): StoredHook => ({
  kind,
  name: 'migrate',
  manifest: `apiVersion: batch/v1\nkind: ${kind}\nmetadata: { name: migrate${namespace === '' ? '' : `, namespace: ${namespace}`} }\n`,
  events: ['pre-upgrade'],
  phase,
});
const pod = (status: Json): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'migrate-x', namespace: 'shop' },
  status,
});
const homeless = pod({
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no disk' }],
});
const imageless = pod({
  containerStatuses: [{ name: 'm', image: 'm:9', state: { waiting: { reason: 'ImagePullBackOff' } } }],
});

const said = async (hooks: readonly StoredHook[], found: KubernetesObject, log: string) => {
  const asked: string[] = [];
  const reader = {
    select: async (_kind: unknown, namespace: string) => {
      asked.push(namespace);
      return { at, value: [found] };
    },
    log: async () => ({ at, value: log }),
  } as Partial<KubeReader> as KubeReader;
  const evidence = await hookLogs(reader, hooks, 'shop', never);
  return { evidence, asked };
};

test.each<[string, KubernetesObject, string, string | undefined]>([
  ['the last words of one that ran', pod({}), 'no table users\n', 'no table users'],
  ['why one never ran: no node', homeless, '', 'No node takes Pod shop/migrate-x: no disk'],
  ['why one never ran: no image', imageless, '', 'has no image m:9 (ImagePullBackOff)'],
  ['nothing of one that only takes long', pod({ phase: 'Running' }), '', undefined],
])('%s', async (_what, found, log, wanted) => {
  const { evidence } = await said([hook('Failed')], found, log);
  expect(evidence).toEqual(
    wanted === undefined
      ? []
      : [
          {
            from: 'hook pre-upgrade Job migrate, pod migrate-x',
            saw: expect.stringContaining(wanted),
          },
        ],
  );
});

test('hooks that succeeded, did not run or run nothing are not asked about; others where they are', async () => {
  const hooks = [
    hook('Succeeded'),
    hook(''),
    hook('Failed', 'ConfigMap'),
    hook('Running', 'Pod', 'elsewhere'),
  ];
  expect((await said(hooks, pod({}), 'x')).asked).toEqual(['elsewhere']);
});
