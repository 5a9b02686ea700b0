// When the load balancer controller has missed definitions: it looks for them once, at its start.
import { expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { missedByController } from '../../../src/chain/restart.ts';

const name = 'httproutes.gateway.networking.k8s.io';
const crd = (created: string, of = name): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: of, creationTimestamp: created },
});
const pod = (startedAt: string, more: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'lbc-1-a', ...more },
  status: { containerStatuses: [{ state: { running: { startedAt } } }] },
});
const at = new Date('2026-11-25T12:00:05.700Z');
const none = new Set<string>();

test.each<[string, KubernetesObject[], KubernetesObject[], ReadonlySet<string>, boolean]>([
  [
    'a definition older than the pod',
    [pod('2026-11-25T12:00:01Z')],
    [crd('2026-11-25T12:00:00Z')],
    none,
    false,
  ],
  [
    'a definition younger than the pod',
    [pod('2026-11-25T12:00:01Z')],
    [crd('2026-11-25T12:00:02Z')],
    none,
    true,
  ],
  [
    'one of several pods',
    [pod('2026-11-25T12:00:03Z'), pod('2026-11-25T12:00:01Z')],
    [crd('2026-11-25T12:00:02Z')],
    none,
    true,
  ],
  [
    'an old definition that this run changed',
    [pod('2026-11-25T12:00:01Z')],
    [crd('2026-01-01T00:00:00Z')],
    new Set([name]),
    true,
  ],
  [
    'started in the second of the change',
    [pod('2026-11-25T12:00:05Z')],
    [crd('2026-11-25T12:00:05Z')],
    new Set([name]),
    false,
  ],
  [
    'started after the change',
    [pod('2026-11-25T12:00:07Z')],
    [crd('2026-01-01T00:00:00Z')],
    new Set([name]),
    false,
  ],
  [
    'a definition of somebody else',
    [pod('2026-11-25T12:00:01Z')],
    [crd('2026-11-25T12:00:02Z', 'widgets.x.example')],
    none,
    false,
  ],
  [
    'a pod that is leaving',
    [pod('2026-11-25T12:00:01Z', { deletionTimestamp: '2026-11-25T12:00:04Z' })],
    [crd('2026-11-25T12:00:02Z')],
    none,
    false,
  ],
  ['no pod at all', [], [crd('2026-11-25T12:00:02Z')], none, false],
])('%s', (_what, pods, live, changed, missed) => {
  expect(missedByController(pods, { live, changed, at })).toEqual(missed ? [name] : []);
});
