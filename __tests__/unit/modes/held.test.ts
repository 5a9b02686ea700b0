// Who holds what a teardown deleted, and who would remove its records: controllers that are not there are said to be so.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader, Kind } from '../../../src/chain/cluster.ts';
import type { RecordSet, ZoneReader } from '../../../src/chain/zone.ts';
import { complaintsAbout, controllerTrouble } from '../../../src/modes/teardown/held.ts';
import { recordsGone } from '../../../src/modes/teardown/records-gone.ts';
import { stubRun } from './stub-run.ts';

const at = new Date(0);
const never = new AbortController().signal;

const deployment = (image: string, replicas: number, args: readonly string[] = []): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: image, namespace: 'infra', generation: 1 },
  spec: { replicas, template: { spec: { containers: [{ image: `${image}:v3.5.0`, args: [...args] }] } } },
  status: {
    observedGeneration: 1,
    updatedReplicas: replicas,
    conditions: [{ type: 'Available', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' }],
  },
});
const lbc = (replicas: number) => deployment('aws-load-balancer-controller', replicas);
const dns = (replicas: number, ...args: string[]) => deployment('external-dns', replicas, args);

const gateway = (...finalizers: string[]): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'public', namespace: 'infra', uid: 'u', finalizers },
});

const reader = (objects: readonly KubernetesObject[]): ClusterReader =>
  ({
    list: async ({ kind }: Kind) => ({ at, value: objects.filter((each) => each.kind === kind) }),
  }) as Partial<ClusterReader> as ClusterReader;

describe('who holds a Gateway', () => {
  test.each<[string, string, KubernetesObject[], { says: RegExp; forGood: boolean } | undefined]>([
    ['a controller at work', 'gateway.k8s.aws/alb', [lbc(1)], undefined],
    [
      'a controller that is not there',
      'gateway.k8s.aws/alb',
      [],
      { says: /No Deployment .* runs AWS Load Balancer Controller/, forGood: true },
    ],
    ['one scaled to zero', 'gateway.k8s.aws/alb', [lbc(0)], { says: /is scaled to zero/, forGood: true }],
    [
      'one that cannot come up',
      'elbv2.k8s.aws/resources',
      [stuck(lbc(1))],
      { says: /Deadline/, forGood: false },
    ],
    ['somebody else', 'example.com/held', [], undefined],
    ['nobody', '', [], undefined],
  ])('%s', async (_who, finalizer, objects, wanted) => {
    const held = gateway(...(finalizer === '' ? [] : [finalizer]));
    const trouble = await controllerTrouble(reader(objects), [held], never);
    if (wanted === undefined) expect(trouble).toBeUndefined();
    else expect(trouble).toEqual({ says: expect.stringMatching(wanted.says), forGood: wanted.forGood });
  });

  function stuck(object: KubernetesObject): KubernetesObject {
    const condition = {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: 'too late',
      lastTransitionTime: '2020-01-01T00:00:00Z',
    };
    return { ...object, status: { observedGeneration: 1, conditions: [condition] } };
  }

  test('where Deployments may not be read, nothing is known', async () => {
    const denied = {
      list: async () => ({ at, denied: 'list deployments.apps' }),
    } as Partial<ClusterReader> as ClusterReader;
    expect(await controllerTrouble(denied, [gateway('gateway.k8s.aws/alb')], never)).toBeUndefined();
    expect(await complaintsAbout(denied, [gateway()], never)).toEqual({ evidence: [], hint: '' });
  });
});

test('what the controller complained of last is evidence', async () => {
  const event = (reason: string, message: string, minute: number): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `e${minute}`, namespace: 'infra' },
    involvedObject: { kind: 'Gateway', name: 'public', uid: 'u' },
    reason,
    message,
    lastTimestamp: `2026-01-01T00:0${minute}:00Z`,
  });
  const events = [
    event('FailedDeployModel', 'first', 1),
    event('FailedDeployModel', 'second', 2),
    event('FailedDeployModel', 'OperationNotPermitted: deletion protection, RequestID: 1-2', 3),
    event('SuccessfullyReconciled', 'fine', 4),
  ];
  expect(await complaintsAbout(reader(events), [gateway()], never)).toEqual({
    evidence: [
      { from: 'events of Gateway infra/public', saw: 'FailedDeployModel: second' },
      {
        from: 'events of Gateway infra/public',
        saw: 'FailedDeployModel: OperationNotPermitted: deletion protection',
      },
    ],
    hint: expect.any(String),
  });
});

test('what is known to help is said', async () => {
  const protects =
    'Failed build model due to Unable to delete gateway infra/public because deletion protection is enabled.';
  const event: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'infra' },
    involvedObject: { kind: 'Gateway', name: 'public', uid: 'u' },
    reason: 'FailedBuildModel',
    message: protects,
    lastTimestamp: '2026-01-01T00:00:00Z',
  };
  const { hint } = await complaintsAbout(reader([event]), [gateway()], never);
  expect(hint).toMatch(/^Set deletion_protection\.enabled to false/);
});

describe('records that stay', () => {
  const host = 'web.example.com';
  const set = (type: string, ...values: string[]): RecordSet => ({ name: host, type, values }) as RecordSet;
  const left = async (objects: readonly KubernetesObject[], records: readonly RecordSet[]) => {
    const { run, clock } = stubRun();
    const zones = {
      zones: async () => ({ at, value: [{ id: 'Z', name: 'example.com', private: false, nameServers: [] }] }),
      records: async () => ({ at, value: records }),
    } as Partial<ZoneReader> as ZoneReader;
    const found = await clock.run(recordsGone(run, reader(objects), zones, [host], 60_000));
    return { ...found, left: found.left.length, waited: clock.monotonic() };
  };
  const address = set('A', '192.0.2.1');
  const ownedBy = (owner: string) => set('TXT', `"heritage=external-dns,external-dns/owner=${owner}"`);

  test('are waited for while ExternalDNS is at work', async () => {
    const { waited, ...found } = await left([dns(1)], [address]);
    expect(found).toEqual({ left: 1 });
    expect(waited).toBeGreaterThanOrEqual(60_000);
  });

  test.each<[string, KubernetesObject[], object]>([
    [
      'scaled to zero',
      [dns(0)],
      { stopped: 'ExternalDNS (Deployment infra/external-dns) is scaled to zero' },
    ],
    ['not there', [], { never: 'there is no ExternalDNS in the cluster' }],
    [
      'without the right to remove',
      [dns(0, '--policy=upsert-only')],
      { never: 'ExternalDNS runs with --policy=upsert-only and removes no records' },
    ],
  ])('are not waited for where it is %s', async (_how, objects, why) => {
    expect(await left(objects, [address])).toEqual({ left: 1, waited: 0, ...why });
  });

  test('of another owner are none of ours', async () => {
    const args = ['--txt-owner-id=ours'];
    expect(await left([dns(1, ...args)], [address, ownedBy('theirs')])).toMatchObject({ left: 0, waited: 0 });
    expect(await left([dns(0, ...args)], [address, ownedBy('ours')])).toMatchObject({ left: 1 });
  });
});
