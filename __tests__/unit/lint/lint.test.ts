// Lint: each rule with the slip it finds, and without it.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { parseManifests } from '../../../src/bundle/parse.ts';
import { lint } from '../../../src/lint/lint.ts';
import type { Workload } from '../../../src/preflight/workloads.ts';
import { codesOf, deployment, findingsOf, gateway, route, service } from './small-bundle.ts';

test('a bundle without slips has no findings', () => {
  expect(codesOf([route()], [gateway('*.example.com'), service('http'), deployment])).toEqual([]);
});

test('a sentence that names the Gateway ends once', () => {
  const [found] = lint({
    routes: parseManifests(route(), 'r.yaml').objects,
    objects: parseManifests(gateway(undefined, 'Same'), 'g.yaml').objects,
    namespace: 'default',
  });
  expect(found?.message).toMatch(/[^.] \(Gateway infra\/public, g\.yaml:2\)\.$/);
});

describe('routes', () => {
  test.each([
    [
      'a hostname outside the listener',
      route({ host: 'shop.example.org' }),
      gateway('*.example.com'),
      'error route/hostname-outside-listener routes/0.yaml',
    ],
    [
      'a namespace that the listener does not admit',
      route(),
      gateway(undefined, 'Same'),
      'error route/not-allowed routes/0.yaml',
    ],
    [
      'a listener that does not exist',
      route({ parent: '[{ name: public, namespace: infra, sectionName: http }]' }),
      gateway(undefined),
      'error route/no-matching-parent routes/0.yaml',
    ],
    ['no parent', route({ parent: '[]' }), gateway(undefined), 'error lint/no-parent routes/0.yaml'],
    [
      'a weight beyond 999',
      route({ rule: '{ backendRefs: [{ name: shop, port: 8080, weight: 1000 }] }' }),
      gateway(undefined),
      'error lint/weight-too-high routes/0.yaml',
    ],
    [
      'a filter that an ALB does not have',
      route({
        rule: '{ filters: [{ type: RequestHeaderModifier }], backendRefs: [{ name: shop, port: 8080 }] }',
      }),
      gateway(undefined),
      'error lint/stops-gateway routes/0.yaml',
    ],
  ])('%s', (_what, wrong, parent, said) => {
    expect(codesOf([wrong], [parent])).toEqual([said]);
  });

  test('a weight of 999 is fine, and a Gateway of another repository is no business of ours', () => {
    expect(codesOf([route({ rule: '{ backendRefs: [{ name: shop, port: 8080, weight: 999 }] }' })])).toEqual(
      [],
    );
  });

  test('routes without hostnames match the same too', () => {
    const hostless = (name: string) => route({ name }).replace(/ {2}hostnames: .*\n/, '');
    expect(codesOf([hostless('one'), hostless('two')])).toEqual([
      'warning lint/duplicate-match routes/1.yaml',
    ]);
    expect(codesOf([hostless('one'), route({ name: 'two' })])).toEqual([]);
  });

  test('the second of two routes that match the same is named, with the place of the first', () => {
    expect(codesOf([route(), route({ name: 'other' })])).toEqual([
      'warning lint/duplicate-match routes/1.yaml',
    ]);
    const apart =
      '{ matches: [{ path: { type: PathPrefix, value: /other } }], backendRefs: [{ name: shop, port: 8080 }] }';
    expect(codesOf([route(), route({ name: 'other', rule: apart })])).toEqual([]);
  });
});

describe('backends', () => {
  test('the seed setting: the Service sends to 8080, nginx listens on 80', () => {
    expect(codesOf([route()], [service('8080'), deployment])).toEqual([
      'warning lint/target-port-unknown app/0.yaml',
    ]);
  });
  test('a port name that no container has is an error', () => {
    expect(codesOf([route()], [service('web'), deployment])).toEqual([
      'error lint/target-port-unknown app/0.yaml',
    ]);
  });
  test('a sidecar among the init containers listens too', () => {
    const sidecar = deployment.replace(
      'spec: { containers:',
      'spec: { initContainers: [{ name: proxy, restartPolicy: Always, ports: [{ name: web, containerPort: 8080 }] }], containers:',
    );
    expect(sidecar).not.toBe(deployment);
    expect(codesOf([route()], [service('web'), sidecar])).toEqual([]);
  });
  test('a route of a mesh sends through no load balancer', () => {
    const mesh = route({
      parent: "[{ group: '', kind: Service, name: shop }]",
      rule: '{ backendRefs: [{ name: shop, port: 1 }] }',
    });
    expect(codesOf([mesh], [service('http'), deployment])).toEqual([]);
  });
  test('a port that the Service does not have', () => {
    const wrong = route({ rule: '{ backendRefs: [{ name: shop, port: 80 }] }' });
    expect(codesOf([wrong], [service('http'), deployment])).toEqual([
      'error lint/service-port-missing routes/0.yaml',
    ]);
  });
  test.each([
    ['two names', 'http', 'admin', ['warning lint/named-ports-collide routes/0.yaml']],
    ['one name twice', 'http', 'http', []],
    ['a name and a number', 'http', '9090', []],
    ['two numbers', '8080', '9090', []],
  ])('two ports of a Service in one route: %s', (_what, one, other, said) => {
    const both = `
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: shop }
spec: { ports: [{ name: a, port: 8080, targetPort: ${one} }, { name: b, port: 8081, targetPort: ${other} }] }
`;
    const rule = '{ backendRefs: [{ name: shop, port: 8080 }, { name: shop, port: 8081 }] }';
    expect(codesOf([route({ rule })], [both])).toEqual(said);
    expect(codesOf([route()], [both])).toEqual([]);
  });
  test('a Service that the repository lacks, where it brings others', () => {
    const wrong = route({ rule: '{ backendRefs: [{ name: shopp, port: 8080 }] }' });
    expect(codesOf([wrong], [service('http')])).toEqual(['warning lint/backend-missing routes/0.yaml']);
    // Where others bring objects too, none is known to be missing.
    expect(codesOf([wrong], [service('http')], { unread: true })).toEqual([]);
    for (const kind of [
      'helm.toolkit.fluxcd.io/v2 HelmRelease',
      'kustomize.toolkit.fluxcd.io/v1 Kustomization',
      'argoproj.io/v1alpha1 ApplicationSet',
    ]) {
      const [apiVersion, name] = kind.split(' ');
      const maker = `apiVersion: ${apiVersion}\nkind: ${name}\nmetadata: { name: shop, namespace: shop }\n`;
      expect(codesOf([wrong], [service('http'), maker])).toEqual([]);
    }
  });
});

test.each([
  [57, []],
  [58, ['error lint/label-too-long routes/0.yaml']],
])('a first label of %d characters', (length, said) => {
  expect(codesOf([route({ host: `${'a'.repeat(length)}.example.com` })])).toEqual(said);
});

/** Listeners of both protocols, as a redirect from http to https needs them. */
const both = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: infra }
spec:
  gatewayClassName: aws-alb
  listeners:
    - { name: http, protocol: HTTP, port: 80, allowedRoutes: { namespaces: { from: All } } }
    - { name: https, protocol: HTTPS, port: 443, allowedRoutes: { namespaces: { from: All } } }
`;
const redirect = (to: string) => `{ filters: [{ type: RequestRedirect, requestRedirect: ${to} }] }`;
const at = (section: string) => `[{ name: public, namespace: infra, sectionName: ${section} }]`;
const anywhere = '[{ name: public, namespace: infra }]';
const loop = ['error lint/redirect-loop routes/0.yaml'];

test.each([
  ['to https, from both listeners', '{ scheme: https }', anywhere, loop],
  ['to https, from that of port 80', '{ scheme: https, statusCode: 301 }', at('http'), []],
  [
    'to nowhere in particular',
    '{ statusCode: 302 }',
    at('http'),
    [...loop, 'error rule/plain-http routes/0.yaml'],
  ],
  ['to its own host', '{ hostname: shop.example.com }', at('https'), loop],
  ['to another host', '{ hostname: www.example.com }', at('https'), []],
  ['to another path', '{ path: { type: ReplaceFullPath, replaceFullPath: /new } }', at('https'), []],
  ['to another port', '{ port: 8443 }', at('https'), []],
])('a redirect %s', (_, to, parent, said) => {
  expect(codesOf([route({ rule: redirect(to), parent })], [both])).toEqual(said);
});

test.each([
  ['shop.example.com', '*.example.com', []],
  ['a.shop.example.com', '*.example.com', ['warning lint/wildcard-depth routes/0.yaml']],
  ['*.shop.example.com', '*.example.com', ['warning lint/wildcard-depth routes/0.yaml']],
  ['*.example.com', '*.example.com', []],
  ['a.shop.example.com', 'a.shop.example.com', []],
])('%s at a listener for %s', (host, listener, said) => {
  expect(codesOf([route({ host })], [gateway(listener)])).toEqual(said);
});

test.each([
  [80, []],
  [81, ['warning lint/budget app/0.yaml', 'warning lint/budget app/0.yaml']],
  [101, ['error lint/budget app/0.yaml', 'error lint/budget app/0.yaml']],
])('%d routes at one Gateway', (count, said) => {
  const many = Array.from({ length: count }, (_, index) =>
    route({ name: `r${index}`, host: `r${index}.example.com` }),
  );
  expect(codesOf(many, [gateway('*.example.com')])).toEqual(said);
});

describe('instance targets', () => {
  const configuration = (type: string) => `
apiVersion: gateway.k8s.aws/v1beta1
kind: TargetGroupConfiguration
metadata: { name: shop, namespace: shop }
spec: { targetReference: { name: shop }, defaultConfiguration: { targetType: ${type} } }
`;
  test('a Service without node ports cannot be one', () => {
    expect(codesOf([route()], [service('http'), configuration('instance')])).toEqual([
      'error lint/target-type app/0.yaml',
    ]);
  });
  test('pods, and Services with node ports, can', () => {
    const nodePort = service('http').replace('spec: {', 'spec: { type: NodePort,');
    expect(codesOf([route()], [service('http'), configuration('ip')])).toEqual([]);
    expect(codesOf([route()], [nodePort, configuration('instance')])).toEqual([]);
    expect(codesOf([route()], [service('http')])).toEqual([]);
  });

  describe('by the default of the controller', () => {
    const deployment: KubernetesObject = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'aws-load-balancer-controller', namespace: 'kube-system' },
      spec: { template: { spec: { containers: [{ name: 'aws-load-balancer-controller', args: [] }] } } },
    };
    const workload: Workload = {
      controller: 'lbc',
      deployment,
      namespace: 'kube-system',
      serviceAccount: 'aws-load-balancer-controller',
      installed: false,
    };
    const targetTypes = (...objects: readonly string[]): readonly string[] =>
      lint({
        routes: parseManifests(route(), 'route.yaml').objects,
        objects: objects.flatMap((text, index) => parseManifests(text, `${index}.yaml`).objects),
        namespace: 'default',
        controllers: [{ workload }],
      }).flatMap(({ code, severity }) => (code === 'lint/target-type' ? [severity] : []));
    const parameters =
      'infrastructure: { parametersRef: { group: gateway.k8s.aws, kind: LoadBalancerConfiguration, name: public } }';
    const ours = gateway('*.example.com').replace('spec:\n', `spec:\n  ${parameters}\n`);
    const shared = (type: string): string => `
apiVersion: gateway.k8s.aws/v1beta1
kind: LoadBalancerConfiguration
metadata: { name: public, namespace: infra }
spec: { defaultTargetGroupConfiguration: { name: defaults } }
---
apiVersion: gateway.k8s.aws/v1beta1
kind: TargetGroupConfiguration
metadata: { name: defaults, namespace: infra }
spec: { defaultConfiguration: { targetType: ${type} } }
`;
    test('it cannot be one either', () => {
      expect(targetTypes(service('http'), ours)).toEqual(['error']);
      expect(targetTypes(service('http'), ours, shared('instance'))).toEqual(['error']);
    });
    test('unless the Gateway has a default of its own, as one elsewhere may have', () => {
      expect(targetTypes(service('http'), ours, shared('ip'))).toEqual([]);
      expect(targetTypes(service('http'))).toEqual(['warning']);
    });
  });
});

describe('annotations of Ingress', () => {
  const annotated = (text: string, annotations: string): string =>
    text.replace(/metadata: \{/, `metadata: { annotations: { ${annotations} },`);

  test('are told at the objects of Gateway API, with the place for each', () => {
    const given = [
      annotated(
        gateway('*.example.com'),
        "alb.ingress.kubernetes.io/scheme: internet-facing, alb.ingress.kubernetes.io/certificate-arn: 'arn:aws:acm:a'",
      ),
    ];
    const [found, ...others] = findingsOf(
      [annotated(route(), 'alb.ingress.kubernetes.io/healthcheck-path: /up')],
      given,
    );
    expect([found, ...others].map((each) => `${each?.severity} ${each?.code} ${each?.source?.file}`)).toEqual(
      ['warning lint/ingress-annotation app/0.yaml', 'warning lint/ingress-annotation routes/0.yaml'],
    );
    expect(found?.hint).toBe(
      'Use a LoadBalancerConfiguration; `listenerConfigurations[].defaultCertificate` of a LoadBalancerConfiguration.',
    );
    expect(others[0]?.hint).toContain('healthCheckConfig');
  });

  test("are another controller's business at its Gateways", () => {
    const other = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: aws-alb }
spec: { controllerName: example.com/controller }
`;
    const theirs = annotated(
      gateway('*.example.com'),
      'service.beta.kubernetes.io/aws-load-balancer-type: external',
    );
    expect(codesOf([], [theirs])).toEqual(['warning lint/ingress-annotation app/0.yaml']);
    expect(codesOf([], [theirs, other])).toEqual([]);
  });

  test('are in their place at a Service, and others mean other things', () => {
    const others = 'external-dns.alpha.kubernetes.io/ttl: "60", gateway.k8s.aws/dry-run: "true"';
    expect(
      codesOf(
        [annotated(route(), others)],
        [annotated(service('http'), 'alb.ingress.kubernetes.io/healthcheck-path: /up')],
      ),
    ).toEqual([]);
  });
});

describe('a backend in another namespace', () => {
  const away = route({ rule: '{ backendRefs: [{ name: shop, namespace: data, port: 8080 }] }' });
  const grant = (from: string) => `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: routes, namespace: data }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: ${from} }]
  to: [{ group: '', kind: Service }]
`;
  test('needs a grant there', () => {
    expect(codesOf([away])).toEqual(['warning route/reference-not-permitted routes/0.yaml']);
    expect(codesOf([away], [grant('other')])).toEqual([
      'warning route/reference-not-permitted routes/0.yaml',
    ]);
    expect(codesOf([away], [grant('shop')])).toEqual([]);
    const flux =
      'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: a, namespace: b }\n';
    // Flux gives the route a namespace that does not stand here.
    expect(codesOf([away.replace(', namespace: shop }', ' }')], [flux])).toEqual([]);
    expect(codesOf([away], [flux])).toEqual(['warning route/reference-not-permitted routes/0.yaml']);
  });
});

test.each([
  ['shop_1.example.com'],
  ['-shop.example.com'],
  ['shop..example.com'],
  // As the API server has it.
  ['Shop.example.com'],
  ['shop.example.com.'],
])('%s is no DNS name', (host) => {
  expect(codesOf([route({ host })])).toContain('error lint/hostname-invalid routes/0.yaml');
});

test.each([
  [`\${HOST}`, `\${HOST}`],
  [`shop.\${DOMAIN:-example.com}`, `\${DOMAIN:-example.com}`],
  ['shop.$DOMAIN', '$DOMAIN'],
  ['{{ .Values.host }}', '{{ .Values.host }}'],
])('%s, in a route or in a Gateway, is a template that nobody has rendered', (host, left) => {
  for (const findings of [findingsOf([route({ host })]), findingsOf([], [gateway(host)])])
    expect(findings).toMatchObject([
      { code: 'lint/hostname-invalid', hint: expect.stringContaining(`\`${left}\` was never filled in`) },
    ]);
});
