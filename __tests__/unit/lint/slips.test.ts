// Lint: slips of spelling, names that lead to nothing, hosts that no certificate will ever serve.
import { describe, expect, test } from '@jest/globals';
import { codesOf, deployment, findingsOf, gateway, route, service } from './small-bundle.ts';

describe('names that lead to nothing', () => {
  const configuration = (name: string, kind = 'LoadBalancerConfiguration', namespace = 'infra') => `
apiVersion: gateway.k8s.aws/v1beta1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace} }
spec: {}
`;
  const configured = gateway(undefined).replace(
    'spec:\n',
    'spec:\n  infrastructure: { parametersRef: { group: gateway.k8s.aws, kind: LoadBalancerConfiguration, name: egde } }\n',
  );
  const extended = route({
    rule: '{ filters: [{ type: ExtensionRef, extensionRef: { group: gateway.k8s.aws, kind: ListenerRuleConfiguration, name: jwt } }], backendRefs: [{ name: shop, port: 8080 }] }',
  });
  const missing = (where: string): readonly string[] => [`warning lint/reference-missing ${where}`];

  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    [
      'a Gateway',
      [route({ parent: '[{ name: pubic, namespace: infra }]' })],
      [gateway(undefined)],
      missing('routes/0.yaml'),
    ],
    [
      'a Gateway of a namespace that others keep',
      [route({ parent: '[{ name: public, namespace: edge }]' })],
      [gateway(undefined)],
      [],
    ],
    [
      'a GatewayClass',
      [route()],
      [
        gateway(undefined),
        'apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: alb }\nspec: { controllerName: gateway.k8s.aws/alb }',
      ],
      missing('app/0.yaml'),
    ],
    ['a configuration', [route()], [configured, configuration('edge')], missing('app/0.yaml')],
    ['a configuration that is there', [route()], [configured, configuration('egde')], []],
    ['a configuration, where there is none at all', [route()], [configured], []],
    [
      'a rule configuration',
      [extended],
      [configuration('jtw', 'ListenerRuleConfiguration', 'shop')],
      missing('routes/0.yaml'),
    ],
    [
      'the Service of a TargetGroupConfiguration',
      [route()],
      [
        service('http'),
        deployment,
        'apiVersion: gateway.k8s.aws/v1\nkind: TargetGroupConfiguration\nmetadata: { name: t, namespace: shop }\nspec: { targetReference: { name: shopp } }',
      ],
      missing('app/2.yaml'),
    ],
  ])('%s', (_, routes, objects, said) => {
    expect(codesOf(routes, objects)).toEqual(said);
    // Where others bring objects too, none is known to be missing.
    expect(codesOf(routes, objects, { unread: true })).toEqual([]);
  });

  test('what is named, where, and what there is instead', () => {
    const [found] = findingsOf(
      [route({ parent: '[{ name: pubic, namespace: infra }]' })],
      [gateway(undefined)],
    );
    expect(found?.message).toBe(
      'HTTPRoute shop/shop names Gateway infra/pubic in spec.parentRefs, which the repository does not have; it has public.',
    );
  });
});

describe('a Service that selects nothing', () => {
  const selecting = (label: string) => service('http').replace('app: shop', label);
  const said = ['warning workload/no-pods app/0.yaml'];
  test.each<[string, string, readonly string[], readonly string[]]>([
    ['another label', 'app: web', [deployment], said],
    ['a label more than the pods have', 'app: shop, tier: web', [deployment], said],
    [
      'the labels of a second workload',
      'app: web',
      [deployment, deployment.replaceAll('shop', 'web').replace('namespace: web', 'namespace: shop')],
      [],
    ],
    [
      'labels of a workload of another kind',
      'app: web',
      [
        deployment,
        deployment
          .replaceAll('app: shop', 'app: web')
          .replace('kind: Deployment', 'kind: Rollout')
          .replace('name: shop', 'name: web')
          .replace('apps/v1', 'example.com/v1'),
      ],
      [],
    ],
    ['labels of pods that others bring into the namespace', 'app: web', [], []],
  ])('%s', (_, label, workloads, expected) => {
    expect(codesOf([route()], [selecting(label), ...workloads])).toEqual(expected);
    expect(codesOf([route()], [selecting(label), ...workloads], { unread: true })).toEqual([]);
  });
});

describe('backends', () => {
  test.each([
    ['{ name: shop }', /sends to no port of Service shop\/shop .*, which has 8080\.$/],
    ['{ name: shop, port: "8080" }', /sends to port "8080", which is no number, of Service shop\/shop/],
    ['{ name: shop, port: http }', /sends to port "http", which is no number, of/],
  ])('%s', (backend, said) => {
    const [found, ...more] = findingsOf(
      [route({ rule: `{ backendRefs: [${backend}] }` })],
      [service('http'), deployment],
    );
    expect(more).toEqual([]);
    expect(found?.code).toBe('lint/service-port-missing');
    expect(found?.message).toMatch(said);
  });
  test('a Service of type ExternalName has no pods', () => {
    const external = `
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: shop }
spec: { type: ExternalName, externalName: shop.example.org }
`;
    expect(codesOf([route()], [external])).toEqual(['error workload/no-pods routes/0.yaml']);
  });
});

describe('hostnames', () => {
  test.each([
    [`\${DOMAIN}`, /was never filled in/],
    ['shop.$(DOMAIN)', /^Fill the placeholder in/],
    ['{{ .Values.host }}', /was never filled in/],
    ['<your-domain>', /^Fill the placeholder in/],
    ['https://shop.example.com', /without scheme, port and path/],
    ['shop.example.com:443', /without scheme, port and path/],
    ['*', /every host of the listener/],
    ['*.*.example.com', /whole first label/],
    ['10.0.0.1', /no IP address/],
    ['bücher.example.com', /ASCII form/],
    ['Shop.example.com', /lower case/],
    ['', /letters, digits/],
    [`${'a'.repeat(64)}.example.com`, /at most 63/],
  ])('%s', (host, hint) => {
    const [found] = findingsOf([route({ host })]);
    expect(found).toMatchObject({ code: 'lint/hostname-invalid', hint: expect.stringMatching(hint) });
    expect(found?.message).toBe(`HTTPRoute shop/shop asks for "${host}", which is no DNS name.`);
  });

  test('what Flux fills in is no slip', () => {
    const flux =
      'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: a, namespace: b }\n';
    expect(codesOf([route({ host: `shop.\${DOMAIN}` })], [flux])).toEqual([]);
    expect(codesOf([route({ host: 'shop_.example.com' })], [flux])).toHaveLength(1);
  });
});

describe('listeners for plain HTTP alone', () => {
  const plain = gateway(undefined).replace(
    'name: https, protocol: HTTPS, port: 443',
    'name: http, protocol: HTTP, port: 80',
  );
  test('never give an answer over HTTPS', () => {
    expect(codesOf([route()], [plain, service('http'), deployment])).toEqual([
      'error rule/plain-http routes/0.yaml',
    ]);
  });
  test('do where another route of the host is at HTTPS', () => {
    const both = gateway(undefined).replace(
      'listeners:\n',
      'listeners:\n    - { name: http, protocol: HTTP, port: 80, allowedRoutes: { namespaces: { from: All } } }\n',
    );
    const at = (name: string, sectionName: string) =>
      route({ name, parent: `[{ name: public, namespace: infra, sectionName: ${sectionName} }]` });
    expect(codesOf([at('a', 'http'), at('b', 'https')], [both, service('http'), deployment])).toEqual([]);
  });
  test('are where a redirect to https belongs, whoever serves the host', () => {
    const rule = '{ filters: [{ type: RequestRedirect, requestRedirect: { scheme: https } }] }';
    expect(codesOf([route({ rule })], [plain])).toEqual([]);
  });
});

describe('spelling', () => {
  test.each([
    [
      route().replace('HTTPRoute', 'HttpRoute'),
      'HttpRoute shop/shop is of no kind of Gateway API: it calls the kind HTTPRoute.',
    ],
    [
      route().replace('HTTPRoute', 'HTTPRoutes'),
      'HTTPRoutes shop/shop is of no kind of Gateway API: it calls the kind HTTPRoute.',
    ],
    [
      route().replace('gateway.networking', 'networking'),
      'HTTPRoute shop/shop is of networking.k8s.io/v1, which has no HTTPRoute.',
    ],
    [
      gateway(undefined).replace('listeners:', 'listener:'),
      'Gateway infra/public has spec.listener; Gateway API calls the field listeners, and the API server refuses any other.',
    ],
  ])('of an object that is taken for a manifest', (object, said) => {
    expect(findingsOf([], [object])).toEqual([
      expect.objectContaining({ code: 'lint/misspelt', severity: 'error', message: said }),
    ]);
  });

  test.each([
    ['hostnames', 'hostname', 'spec.hostname'],
    ['backendRefs', 'backendRef', 'spec.rules[0].backendRef'],
    ['backendRefs', 'backend_refs', 'spec.rules[0].backend_refs'],
    ['parentRefs', 'ParentRefs', 'spec.ParentRefs'],
  ])('%s written as %s', (right, wrong, path) => {
    const messages = findingsOf([route().replace(right, wrong)]).map(({ message }) => message);
    expect(messages).toContain(
      `HTTPRoute shop/shop has ${path}; Gateway API calls the field ${right}, and the API server refuses any other.`,
    );
  });

  test('fields that this table does not know are of a later version', () => {
    const later = route()
      .replace('rules:', 'useDefaultGateways: All\n  rules:')
      .replace('backendRefs', 'retry: {}, backendRefs');
    expect(codesOf([later])).toEqual([]);
  });

  test("Linkerd's HTTPRoute is a kind of its own", () => {
    expect(
      codesOf([], [route().replace('gateway.networking.k8s.io/v1', 'policy.linkerd.io/v1beta3')]),
    ).toEqual([]);
  });
});

test.each([
  ['{ matches: [{ path: { value: / } }] }', ['warning route/no-backend routes/0.yaml']],
  ['{ backendRefs: [{ name: shop, port: 8080, weight: 0 }] }', ['warning route/no-backend routes/0.yaml']],
  ['{ backendRefs: [{ name: shop, port: 8080, weight: 0 }, { name: shop, port: 8080 }] }', []],
  [
    '{ filters: [{ type: ExtensionRef, extensionRef: { group: gateway.k8s.aws, kind: ListenerRuleConfiguration, name: fixed } }] }',
    [],
  ],
])('a rule %s', (rule, said) => {
  expect(codesOf([route({ rule })])).toEqual(said);
});

describe('a certificate in a Secret', () => {
  const secret = gateway(undefined).replace(
    'port: 443',
    'port: 443, tls: { certificateRefs: [{ name: tls }] }',
  );
  test('is none for an ALB', () => {
    const [found, ...more] = findingsOf([], [secret]);
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      code: 'lint/certificate-unread',
      message:
        'Listener "https" of Gateway infra/public names Secret tls for its certificate, which the controller does not read: an ALB has certificates of ACM.',
    });
  });
  test('is one for other controllers', () => {
    expect(codesOf([], [secret.replace('aws-alb', 'istio')])).toEqual([]);
  });
});
