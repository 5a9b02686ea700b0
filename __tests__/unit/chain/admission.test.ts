// A runner that is not admitted: unknown, naming the rule; and a fault that no rule explains stays one.
import { expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeShutOut, mayBeShutOut, observeBarriers } from '../../../src/chain/admission.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import type { Code } from '../../../src/verdict/codes.ts';
import { ok, waiting } from '../../../src/verdict/verdict.ts';

const { signal } = new AbortController();
const at = new Date('2026-11-22T23:01:00Z');

const object = (kind: string, name: string, spec: JsonObject, namespace?: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
  spec,
});
const gateway = object(
  'Gateway',
  'public',
  { gatewayClassName: 'alb', infrastructure: { parametersRef: { name: 'own' } } },
  'infra',
);
const gatewayClass = object('GatewayClass', 'alb', {
  parametersRef: { name: 'shared', namespace: 'platform' },
});
const lbc = object(
  'Deployment',
  'lbc',
  {
    replicas: 1,
    template: { spec: { containers: [{ image: 'aws-load-balancer-controller:v3.5.0', args: [] }] } },
  },
  'infra',
);

const judged = async (code: Code, own: JsonObject | undefined, shared?: JsonObject) => {
  const objects: Readonly<Record<string, KubernetesObject | undefined>> = {
    'Gateway/public': gateway,
    'GatewayClass/alb': gatewayClass,
    'LoadBalancerConfiguration/own': own && object('LoadBalancerConfiguration', 'own', own, 'infra'),
    'LoadBalancerConfiguration/shared':
      shared && object('LoadBalancerConfiguration', 'shared', shared, 'platform'),
  };
  const reader: ClusterReader = {
    get: async ({ kind }, _namespace, name) => ({ at, value: objects[`${kind}/${name}`] }),
    list: async () => ({ at, value: [lbc] }),
    log: async () => ({ at, value: '' }),
  };
  const verdict = waiting(code, { message: 'It does not answer.' });
  expect(mayBeShutOut(verdict)).toBe(true);
  const barriers = await observeBarriers(reader, [{ namespace: 'infra', name: 'public' }], signal);
  return judgeShutOut(verdict, barriers);
};
const open = { scheme: 'internet-facing' };

test.each<[string, Code, JsonObject | undefined, JsonObject | undefined, Code, string]>([
  [
    'an internal scheme',
    'https/unreachable',
    { scheme: 'internal' },
    undefined,
    'https/shut-out',
    'internal',
  ],
  [
    "the class's scheme",
    'certificate/unreachable',
    {},
    { scheme: 'internal' },
    'certificate/shut-out',
    'platform/shared',
  ],
  [
    'no scheme at all: the default is internal',
    'https/unreachable',
    {},
    undefined,
    'https/shut-out',
    "the controller's default is internal",
  ],
  [
    'source ranges',
    'certificate/unreachable',
    { ...open, sourceRanges: ['203.0.113.0/24'] },
    undefined,
    'certificate/shut-out',
    '203.0.113.0/24',
  ],
  [
    'a web ACL',
    'https/forbidden-by-load-balancer',
    { ...open, wafV2: { webACL: 'arn:aws:wafv2:acl' } },
    undefined,
    'https/shut-out',
    'arn:aws:wafv2:acl',
  ],
])('%s', async (_what, code, own, shared, expected, names) => {
  const verdict = await judged(code, own, shared);
  expect(verdict).toMatchObject({ state: 'unknown', code: expected });
  expect(verdict.message).toContain(names);
  expect(verdict.evidence.length).toBeGreaterThan(0);
});

test.each<[string, Code, JsonObject]>([
  ['open to everyone', 'https/unreachable', { ...open, sourceRanges: ['0.0.0.0/0'] }],
  ['a web ACL does not refuse connections', 'https/unreachable', { ...open, wafV2: { webACL: 'arn' } }],
  ['a scheme does not answer 403', 'https/forbidden-by-load-balancer', { scheme: 'internal' }],
])('nothing is excused: %s', async (_what, code, own) => {
  expect(await judged(code, own)).toMatchObject({ state: 'waiting', code });
});

test('what has other causes is not asked about', () => {
  expect(mayBeShutOut(ok('fine'))).toBe(false);
  expect(mayBeShutOut(waiting('https/status', { message: '503' }))).toBe(false);
});
