// Lint beside what other projects bring: kinds of the same name, Gateways of other controllers, ListenerSets.
import { describe, expect, test } from '@jest/globals';
import { codesOf, deployment, findingsOf, gateway, route, service } from './small-bundle.ts';

const gatewayClass = (name: string, controller: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ${name} }
spec: { controllerName: ${controller} }
`;

describe('kinds of the same name', () => {
  test("Istio's Gateway is none of Gateway API", () => {
    const istio = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: public, namespace: infra }
spec: { servers: [{ port: { number: 443, name: https, protocol: HTTPS }, hosts: ['*'] }] }
`;
    const parent = '[{ name: public, namespace: infra, sectionName: https }]';
    expect(codesOf([route({ parent })], [istio, service('http'), deployment])).toEqual([]);
  });

  test("Knative's Service has no ports, and is no backend", () => {
    const knative = `
apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: shop, namespace: shop }
spec: { template: { spec: { containers: [{ image: shop }] } } }
`;
    expect(codesOf([route()], [knative])).toEqual([]);
  });
});

describe('a route at a ListenerSet', () => {
  const listenerSet = '[{ kind: ListenerSet, name: public, namespace: infra, sectionName: team }]';
  test('is not held against the Gateway of that name, and is told not to be followed', () => {
    const [found, ...more] = findingsOf([route({ parent: listenerSet })], [gateway(undefined)]);
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      code: 'route/parent-not-followed',
      severity: 'warning',
      message:
        'HTTPRoute shop/shop names ListenerSet infra/public, listener team as its parent: it is served only where the controller follows ListenerSets.',
      hint: expect.stringMatching(/^Name the Gateway itself/),
    });
  });
  test('and at its Gateway as well is followed there', () => {
    const both = listenerSet.replace('[{', '[{ name: public, namespace: infra }, {');
    expect(codesOf([route({ parent: both })], [gateway(undefined), service('http'), deployment])).toEqual([]);
  });
});

describe('a Gateway of another controller', () => {
  const rule =
    '{ filters: [{ type: RequestHeaderModifier }], backendRefs: [{ name: shop, port: 8080, weight: 5000 }] }';
  const envoy = gatewayClass('aws-alb', 'gateway.envoyproxy.io/gatewayclass-controller');

  test('no rule of ALBs holds for its routes, and whose it is is told', () => {
    expect(findingsOf([route({ rule })], [gateway(undefined), envoy])).toEqual([
      expect.objectContaining({
        code: 'class/other-controller',
        severity: 'error',
        message:
          'HTTPRoute shop/shop names Gateway infra/public as its parent. GatewayClass aws-alb belongs to the controller gateway.envoyproxy.io/gatewayclass-controller, not to gateway.k8s.aws/alb.',
      }),
    ]);
  });

  test.each([['istio'], ['gke-l7-global-external-managed'], ['cilium']])(
    'a class that its controller makes by itself: %s',
    (name) => {
      const theirs = gateway(undefined).replace('aws-alb', name);
      expect(codesOf([route({ rule })], [theirs])).toEqual(['error class/other-controller routes/0.yaml']);
    },
  );

  test('is found by its name where Flux says the namespace', () => {
    const flux =
      'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: a, namespace: b }\n';
    const placed = gateway(undefined).replace(', namespace: infra }', ' }');
    expect(codesOf([route({ rule })], [placed, envoy, flux])).toEqual([
      'error class/other-controller routes/0.yaml',
    ]);
    expect(codesOf([route({ rule })], [placed, envoy])).toContain('error lint/stops-gateway routes/0.yaml');
  });

  test('a class of which nothing is known is taken for one of ALBs', () => {
    expect(codesOf([route({ rule })], [gateway(undefined)])).toEqual([
      'error lint/weight-too-high routes/0.yaml',
      'error lint/stops-gateway routes/0.yaml',
    ]);
  });

  test('beside an ALB it leaves the rules of ALBs in force', () => {
    const theirs = gateway(undefined).replace('name: public', 'name: mesh').replace('aws-alb', 'istio');
    const parent = '[{ name: public, namespace: infra }, { name: mesh, namespace: infra }]';
    const ours = gatewayClass('aws-alb', 'gateway.k8s.aws/alb');
    expect(codesOf([route({ rule, parent })], [gateway(undefined), theirs, ours])).toEqual([
      'error class/other-controller routes/0.yaml',
      'error lint/weight-too-high routes/0.yaml',
      'error lint/stops-gateway routes/0.yaml',
    ]);
  });
});
