// A platform's repository without hostnames: its Gateways and its class are looked at all the same, and green says so.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { edgeGateway } from './edge.ts';
import { ensureInfra, type Finished, kubectl, kubectlApply, run, workspaceOf } from './harness.ts';

beforeAll(ensureInfra);
// Whoever looks at every Gateway of the cluster would see these.
afterAll(() => {
  const namespaces = ['healthy', 'certificate', 'routed', 'subnet'].map((name) => `alone-${name}`);
  kubectl('delete', 'namespace', ...namespaces, '--ignore-not-found', '--wait=false');
});

const deploy = async (
  files: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, string>> = {},
): Promise<Finished> => {
  const workspace = workspaceOf(files);
  try {
    return await run({ workspace: workspace.path, inputs: { 'wait-timeout': '90s', ...inputs } });
  } finally {
    workspace.remove();
  }
};

const gatewayOf = ({ report }: Finished) => report.gateways?.[0];
const linksOf = (finished: Finished): readonly string[] =>
  (gatewayOf(finished)?.links ?? []).map(({ id, state }) => `${id} ${state}`);

/** An ARN of the right account and region that no certificate has. */
const withUnknownCertificate = (yaml: string): string =>
  yaml.replace(/(defaultCertificate: \S+\/)\S+/, '$100000000-0000-4000-8000-000000000000');

test('a healthy Gateway without a route is ready, and looked at', async () => {
  const finished = await deploy({ 'gateway.yaml': edgeGateway('alone-healthy') });
  const { report, summary, outputs } = finished;
  expect(report).toMatchObject({
    outcome: 'live',
    verdict:
      'Everything is applied; Gateway alone-healthy/edge is ready; the repository publishes no hostname.',
    hosts: [],
    gateways: [{ ref: 'Gateway alone-healthy/edge', state: 'ok', source: { file: 'gateway.yaml' } }],
  });
  expect(linksOf(finished)).toEqual(['crds ok', 'release ok', 'class ok', 'gateway ok', 'certificate ok']);
  expect(gatewayOf(finished)?.links[3]?.message).toMatch(
    /^Gateway alone-healthy\/edge is programmed: \S+\.elb\.amazonaws\.com\. No route is at its listeners yet,/,
  );
  expect(summary).toContain('**✅ Gateway alone-healthy/edge** · ✅&nbsp;crds');
  expect(outputs).toMatchObject({ live: 'true', 'hosts-total': '0' });
  expect(outputs['load-balancer']).toMatch(/\.elb\.amazonaws\.com$/);
}, 120_000);

test('a certificate that is not there: the controller looks only when a route comes, and the run before', async () => {
  const files = { 'gateway.yaml': withUnknownCertificate(edgeGateway('alone-certificate')) };
  const finished = await deploy(files);
  const { report, summary, outputs, log } = finished;
  expect(report).toMatchObject({
    outcome: 'not-live',
    exitCode: 1,
    firstBroken: {
      host: 'Gateway alone-certificate/edge',
      link: 'certificate',
      code: 'gateway/certificate-not-found',
    },
  });
  expect(report.verdict).toMatch(/^Gateway alone-certificate\/edge is not ready: /);
  expect(linksOf(finished).slice(0, 4)).toEqual(['crds ok', 'release ok', 'class ok', 'gateway ok']);
  const certificate = gatewayOf(finished)?.links.at(-1);
  expect(certificate?.message).toContain(
    'LoadBalancerConfiguration alone-certificate/edge names the certificate',
  );
  expect(summary).toContain('### Gateway alone-certificate/edge: ❌ certificate');
  expect(log).toContain('Gateway alone-certificate/edge is not ready, link certificate');
  expect(outputs['live']).toBe('false');
}, 120_000);

test('with the route of another repository the controller itself says so', async () => {
  const namespace = 'alone-routed';
  const yaml = withUnknownCertificate(edgeGateway(namespace));
  kubectlApply(`apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: theirs, namespace: ${namespace} }
spec:
  hostnames: [theirs.example.com]
  parentRefs: [{ name: edge, sectionName: https }]
  rules: [{ backendRefs: [{ name: web, port: 80 }] }]
`);
  const { report } = await deploy({ 'gateway.yaml': yaml });
  expect(report.firstBroken).toEqual({
    host: `Gateway ${namespace}/edge`,
    link: 'gateway',
    code: 'gateway/certificate-not-found',
  });
  kubectl('delete', 'httproute', 'theirs', '-n', namespace);
}, 120_000);

test('subnets that the VPC has not', async () => {
  const { report } = await deploy({
    'gateway.yaml': edgeGateway('alone-subnet').replace(
      '  scheme: internet-facing\n',
      '  scheme: internet-facing\n  loadBalancerSubnets: [{ identifier: subnet-00000000000000001 }]\n',
    ),
  });
  expect(report.firstBroken).toMatchObject({ link: 'gateway', code: 'gateway/build-failed' });
  const link = report.gateways?.[0]?.links.find(({ id }) => id === 'gateway');
  expect(link?.message).toContain('InvalidSubnetID.NotFound');
  expect(link?.hint).toContain('loadBalancerSubnets of the LoadBalancerConfiguration must name subnets');
}, 120_000);

test('a class alone is to be accepted; Gateways of another controller are nobody’s here', async () => {
  const classes = (parameters: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: alone }
spec:
  controllerName: gateway.k8s.aws/alb
  parametersRef: { group: gateway.k8s.aws, kind: LoadBalancerConfiguration, name: ${parameters}, namespace: infra }
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: mesh }
spec: { controllerName: example.com/mesh }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: mesh, namespace: infra }
spec: { gatewayClassName: mesh, listeners: [{ name: http, protocol: HTTP, port: 80 }] }
`;
  const wrong = await deploy({ 'classes.yaml': classes('nowhere') });
  expect(wrong.report.firstBroken).toEqual({
    host: 'GatewayClass alone',
    link: 'class',
    code: 'class/invalid-parameters',
  });
  const right = await deploy({ 'classes.yaml': classes('public') });
  expect(right.report).toMatchObject({
    outcome: 'live',
    gateways: [{ ref: 'GatewayClass alone', state: 'ok' }],
  });
  expect(right.log).toContain(
    'Gateway infra/mesh belongs to the controller example.com/mesh: it is not judged.',
  );
  kubectl('delete', 'gateway', 'mesh', '-n', 'infra');
  kubectl('delete', 'gatewayclass', 'alone', 'mesh');
}, 180_000);
