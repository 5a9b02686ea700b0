// Faults of the Gateway, its listeners and its LoadBalancerConfiguration.
import { layout } from '../../lab/cluster/layout.ts';
import { type Fault, replaced } from './fault.ts';
import { theirRoute, withdrawTheirRoute } from './others.ts';
import { allowAgain, deny, openSubnets, seeded } from './world.ts';

const unknownCertificate = `arn:aws:acm:${layout.region}:${layout.accounts.eks}:certificate/deadbeef-0000-4000-8000-000000000000`;

export const gatewayFaults: readonly Fault[] = [
  {
    name: 'gateway-elsewhere',
    family: 'gateway',
    what: "The route's parent Gateway does not exist",
    link: 'gateway',
    code: 'gateway/missing',
    names: () => ['infra/pubic'],
    change: replaced(['name: public, namespace: infra', 'name: pubic, namespace: infra']),
  },
  {
    name: 'gateway-configuration',
    family: 'gateway',
    what: "The Gateway's LoadBalancerConfiguration does not exist",
    link: 'gateway',
    code: 'gateway/configuration-missing',
    names: (at) => [`Gateway ${at.gateway.namespace}/edge`, 'egde'],
    ownGateway: true,
    change: replaced([
      'kind: LoadBalancerConfiguration, name: edge',
      'kind: LoadBalancerConfiguration, name: egde',
    ]),
  },
  {
    name: 'gateway-certificate-arn',
    family: 'gateway',
    what: "The listener's certificate does not exist in ACM",
    link: 'gateway',
    code: 'gateway/certificate-not-found',
    names: (at) => [`Gateway ${at.gateway.namespace}/edge`, unknownCertificate],
    ownGateway: true,
    change: (files) =>
      replaced([
        `defaultCertificate: ${seeded().certificateArn}`,
        `defaultCertificate: ${unknownCertificate}`,
      ])(files),
  },
  {
    name: 'gateway-plan-only',
    family: 'gateway',
    what: 'The Gateway is marked as a dry run',
    link: 'gateway',
    code: 'gateway/not-accepted',
    names: (at) => [`Gateway ${at.gateway.namespace}/edge`, 'gateway.k8s.aws/dry-run'],
    ownGateway: true,
    fresh: true,
    change: replaced([
      'kind: Gateway\nmetadata: { name: edge,',
      'kind: Gateway\nmetadata: { name: edge, annotations: { gateway.k8s.aws/dry-run: "true" },',
    ]),
  },
  {
    name: 'gateway-denied',
    family: 'gateway',
    what: "The controller's role may not create listeners",
    link: 'gateway',
    code: 'gateway/deploy-failed',
    names: (at) => [
      `Gateway ${at.gateway.namespace}/edge`,
      'elasticloadbalancing:CreateListener',
      layout.roles.loadBalancerController,
    ],
    ownGateway: true,
    fresh: true,
    alone: true,
    inject: () => deny('eks', layout.roles.loadBalancerController, 'elasticloadbalancing:CreateListener'),
    mend: () => allowAgain('eks', layout.roles.loadBalancerController),
  },
  {
    name: 'gateway-subnets',
    family: 'gateway',
    what: 'No subnet carries the tag by which the controller finds those for load balancers, and none reaches the internet',
    link: 'gateway',
    code: 'gateway/build-failed',
    names: (at) => [
      `Gateway ${at.gateway.namespace}/edge`,
      'unable to resolve at least one subnet',
      'kubernetes.io/role/elb',
    ],
    ownGateway: true,
    fresh: true,
    alone: true,
    inject: () => openSubnets(false),
    mend: () => openSubnets(true),
  },
  {
    name: 'gateway-instance-targets',
    family: 'gateway',
    what: 'Instance targets for a Service of type ClusterIP',
    link: 'gateway',
    code: 'gateway/build-failed',
    names: (at) => [`Gateway ${at.gateway.namespace}/edge`, 'TargetGroup port is empty'],
    ownGateway: true,
    extra: (at) => ({
      'targets.yaml': `apiVersion: gateway.k8s.aws/v1
kind: TargetGroupConfiguration
metadata: { name: ${at.name}, namespace: ${at.name} }
spec:
  targetReference: { name: ${at.name} }
  defaultConfiguration: { targetType: ip }
`,
    }),
    change: replaced(['targetType: ip', 'targetType: instance']),
  },
  {
    name: 'gateway-blocked',
    family: 'gateway',
    what: "Another team's route has a weight that ELB does not take, and the Gateway is new",
    link: 'gateway',
    code: 'gateway/blocked-by-route',
    names: (at) => [`HTTPRoute ${at.gateway.namespace}/theirs`, 'weight of backend web is 1000'],
    ownGateway: true,
    fresh: true,
    inject: (at) => theirRoute(at, 'theirs.example.com', 1000),
    mend: withdrawTheirRoute,
  },
  {
    name: 'gateway-filter',
    family: 'gateway',
    what: "Another team's route has a filter that an ALB has not",
    link: 'gateway',
    code: 'gateway/blocked-by-route',
    names: (at) => [
      `HTTPRoute ${at.gateway.namespace}/theirs`,
      'filter ResponseHeaderModifier',
      `Gateway ${at.gateway.namespace}/edge`,
    ],
    ownGateway: true,
    // The Gateway is up, and so is our route: what comes of its next change?
    inject: (at) =>
      theirRoute(
        at,
        'theirs.example.com',
        1,
        ', filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { remove: [server] } }]',
      ),
    change: replaced(['value: / }', 'value: /shop }']),
    mend: withdrawTheirRoute,
  },
  {
    name: 'gateway-wildcard',
    family: 'gateway',
    what: 'A path prefix holds a wildcard',
    link: 'gateway',
    code: 'gateway/blocked-by-route',
    names: (at) => [`HTTPRoute ${at.name}/${at.name}`, '/shop*', `Gateway ${at.gateway.namespace}/edge`],
    ownGateway: true,
    change: replaced(['value: / }', 'value: /shop* }']),
  },
  {
    name: 'gateway-named-ports',
    family: 'gateway',
    what: 'The route sends to two ports of a Service whose targetPorts are names',
    link: 'gateway',
    code: 'gateway/deploy-failed',
    names: (at) => [`Gateway ${at.gateway.namespace}/edge`, 'DuplicateTargetGroupName', 'targetPort'],
    ownGateway: true,
    change: (files, { name }) =>
      replaced(
        [
          'ports: [{ name: http, containerPort: 80 }]',
          'ports: [{ name: http, containerPort: 80 }, { name: admin, containerPort: 81 }]',
        ],
        [
          'ports: [{ name: http, port: 8080, targetPort: http }]',
          'ports: [{ name: http, port: 8080, targetPort: http }, { name: admin, port: 8081, targetPort: admin }]',
        ],
        [`[{ name: ${name}, port: 8080 }]`, `[{ name: ${name}, port: 8080 }, { name: ${name}, port: 8081 }]`],
      )(files),
  },
];
