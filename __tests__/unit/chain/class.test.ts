// The link `class`, where the recordings do not go: missing, another controller's, parameters, generations.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { type ClassWant, judgeClass, observeClass } from '../../../src/chain/class.ts';
import { rulesFor } from '../../../src/gateway/versions.ts';
import {
  after,
  at,
  before,
  condition,
  gateway,
  good,
  type Objects,
  readerOf,
  say,
  signal,
  since,
} from './seen-objects.ts';

describe('class', () => {
  const gatewayClass = (conditions: readonly JsonObject[], spec: JsonObject = {}): KubernetesObject => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'alb', generation: 1 },
    spec: { controllerName: 'gateway.k8s.aws/alb', ...spec },
    status: { conditions },
  });
  const refused = (reason: string, lastTransitionTime = after) => [
    condition('Accepted', 'False', { reason, lastTransitionTime }),
  ];

  const aws = (kind: string, name: string, spec: JsonObject): KubernetesObject => ({
    apiVersion: 'gateway.k8s.aws/v1',
    kind,
    metadata: { name, namespace: 'infra' },
    spec,
  });
  const parameters = {
    parametersRef: {
      group: 'gateway.k8s.aws',
      kind: 'LoadBalancerConfiguration',
      namespace: 'infra',
      name: 'lbc',
    },
  };
  const configured = {
    'LoadBalancerConfiguration infra/lbc': aws('LoadBalancerConfiguration', 'lbc', {
      defaultTargetGroupConfiguration: { name: 'base' },
    }),
  };

  test.each<[string, Objects, string]>([
    ['accepted', { 'GatewayClass alb': gatewayClass([condition('Accepted', 'True')]) }, 'ok'],
    [
      'not seen by a controller',
      { 'GatewayClass alb': gatewayClass([condition('Accepted', 'Unknown')]) },
      'waiting class/pending',
    ],
    [
      'accepted at an earlier generation',
      {
        'GatewayClass alb': {
          ...gatewayClass([condition('Accepted', 'True')]),
          metadata: { name: 'alb', generation: 2 },
        },
      },
      'waiting class/pending',
    ],
    [
      'not seen, and its default target group settings are missing',
      { 'GatewayClass alb': gatewayClass([condition('Accepted', 'Unknown')], parameters), ...configured },
      'broken class/invalid-parameters',
    ],
    [
      'not seen, and its default target group settings are those of a Service',
      {
        'GatewayClass alb': gatewayClass([condition('Accepted', 'Unknown')], parameters),
        ...configured,
        'TargetGroupConfiguration infra/base': aws('TargetGroupConfiguration', 'base', {
          targetReference: { name: 'web' },
        }),
      },
      'broken class/invalid-parameters',
    ],
    [
      'not seen, and its default target group settings are fine',
      {
        'GatewayClass alb': gatewayClass([condition('Accepted', 'Unknown')], parameters),
        ...configured,
        'TargetGroupConfiguration infra/base': aws('TargetGroupConfiguration', 'base', {}),
      },
      'waiting class/pending',
    ],
    [
      'accepted, and its default target group settings went since: the Gateway says it',
      { 'GatewayClass alb': gatewayClass([condition('Accepted', 'True')], parameters), ...configured },
      'ok',
    ],
    [
      'parameters without a namespace',
      { 'GatewayClass alb': gatewayClass(refused('InvalidParametersRef')) },
      'broken class/invalid-parameters',
    ],
    [
      'parameters that are missing',
      { 'GatewayClass alb': gatewayClass(refused('NotFound')) },
      'broken class/invalid-parameters',
    ],
    [
      'the same, before this run',
      { 'GatewayClass alb': gatewayClass(refused('NotFound', before)) },
      'waiting class/invalid-parameters',
    ],
    [
      'the same, before this run, and they are missing still',
      {
        'GatewayClass alb': gatewayClass(refused('NotFound', before), {
          parametersRef: { name: 'tuned', namespace: 'infra' },
        }),
      },
      'broken class/invalid-parameters',
    ],
    [
      'the same, before this run, and they have come',
      {
        'GatewayClass alb': gatewayClass(refused('NotFound', before), {
          parametersRef: { name: 'tuned', namespace: 'infra' },
        }),
        'LoadBalancerConfiguration infra/tuned': gatewayClass([]),
      },
      'waiting class/invalid-parameters',
    ],
    [
      'refused for another reason',
      { 'GatewayClass alb': gatewayClass(refused('Other')) },
      'broken class/not-accepted',
    ],
    [
      'of another controller',
      { 'GatewayClass alb': gatewayClass([], { controllerName: 'istio.io/x' }) },
      'broken class/other-controller',
    ],
    ['missing', {}, 'broken class/missing'],
    ['denied', { 'GatewayClass alb': { denied: 'get gatewayclasses' } }, 'unknown look/denied'],
  ])('%s', async (_what, objects, expected) => {
    const reader = readerOf({ 'Gateway infra/public': gateway(good), ...objects });
    const want: ClassWant = { gateway: { namespace: 'infra', name: 'public' }, since };
    expect(say(judgeClass(want, await observeClass(reader, want, signal), at))).toBe(expected);
  });

  test.each([
    ['2.14.0', 'ok'],
    ['2.14.1', 'waiting class/pending'],
  ])('a class that was changed, and the controller is %s: %s', async (version, expected) => {
    const accepted = gatewayClass([condition('Accepted', 'True')]);
    const changed = { ...accepted, metadata: { ...accepted.metadata, generation: 2 } };
    const reader = readerOf({ 'Gateway infra/public': gateway(good), 'GatewayClass alb': changed });
    const want: ClassWant = { gateway: { namespace: 'infra', name: 'public' }, since };
    const seen = await observeClass(reader, want, signal);
    expect(say(judgeClass(want, seen, at, rulesFor(version)))).toBe(expected);
  });

  test('a class that is known by name needs no Gateway', async () => {
    const reader = readerOf({ 'GatewayClass alb': gatewayClass([condition('Accepted', 'True')]) });
    const want: ClassWant = { gateway: { namespace: 'infra', name: 'public' }, className: 'alb', since };
    expect(say(judgeClass(want, await observeClass(reader, want, signal), at))).toBe('ok');
  });
});
