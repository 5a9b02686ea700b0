// What the values of an umbrella chart say of the controllers, with the line that says it.
import { describe, expect, test } from '@jest/globals';
import { readChart } from '../../../src/bundle/chart.ts';
import { parseManifests } from '../../../src/bundle/parse.ts';
import { lint } from '../../../src/lint/lint.ts';
import { workloadsInValues } from '../../../src/lint/values.ts';

const chartYaml = (lbc: string) => `apiVersion: v2
name: infra
version: 0.1.0
dependencies:
  - name: aws-load-balancer-controller
    version: ${lbc}
    repository: https://aws.github.io/eks-charts
  - name: external-dns
    version: 1.19.0
    repository: https://kubernetes-sigs.github.io/external-dns/
`;
const good = `aws-load-balancer-controller:
  region: eu-west-1
  vpcId: vpc-1
  defaultTargetType: ip
  controllerConfig:
    featureGates:
      ALBGatewayAPI: true
      NLBGatewayAPI: false
      GatewayListenerSet: false
external-dns:
  policy: sync
  txtOwnerId: sample
  sources:
    - gateway-httproute
  domainFilters:
    - example.com
`;
const routes = parseManifests(
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop, namespace: shop }
spec:
  hostnames: [shop.example.com]
  parentRefs: [{ name: public, namespace: infra }]
  rules: [{ backendRefs: [{ name: shop, port: 80 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: shop }
spec: { ports: [{ port: 80 }] }
`,
  'app.yaml',
).objects;

const said = (values: string, { lbc = '3.5.0', more = '' } = {}): readonly string[] => {
  const read = readChart(chartYaml(lbc), 'infra/Chart.yaml');
  if (!('chart' in read)) throw new Error('no chart');
  const files = [
    { path: 'infra/values.yaml', text: values },
    ...(more === '' ? [] : [{ path: 'infra/prod.yaml', text: more }]),
  ];
  return lint({
    routes: routes.filter(({ object }) => object.kind === 'HTTPRoute'),
    objects: routes.filter(({ object }) => object.kind === 'Service'),
    namespace: 'infra',
    controllers: workloadsInValues(read.chart, files, 'infra'),
  }).map(({ severity, code, source }) => `${severity} ${code} ${source?.file}:${source?.line}`);
};

test('what the example says is fine', () => {
  expect(said(good)).toEqual([]);
});

describe.each<[string, string, string]>([
  [
    'no owner id',
    good.replace('  txtOwnerId: sample\n', ''),
    'error externaldns/owner-id-default infra/values.yaml:10',
  ],
  [
    'an owner id called default',
    good.replace('sample', 'default'),
    'error externaldns/owner-id-default infra/values.yaml:12',
  ],
  [
    "the chart's own policy",
    good.replace('  policy: sync\n', ''),
    'warning externaldns/policy infra/values.yaml:10',
  ],
  [
    'records never changed',
    good.replace('policy: sync', 'policy: create-only'),
    'warning externaldns/policy infra/values.yaml:11',
  ],
  [
    "the chart's own sources",
    good.replace(/ {2}sources:\n.*\n/, ''),
    'error record/external-dns-excludes infra/values.yaml:10',
  ],
  [
    'another source',
    good.replace('gateway-httproute', 'ingress'),
    'error record/external-dns-excludes infra/values.yaml:13',
  ],
  [
    'another domain',
    good.replace('- example.com', '- example.org'),
    'error record/external-dns-excludes infra/values.yaml:15',
  ],
  ['no registry', `${good}  registry: noop\n`, 'warning externaldns/registry infra/values.yaml:17'],
  [
    'the gate off',
    good.replace('ALBGatewayAPI: true', 'ALBGatewayAPI: false'),
    'error controller/gate-off infra/values.yaml:6',
  ],
  [
    'the gates left out',
    good.replace(/ {2}controllerConfig:\n(.*\n){4}/, ''),
    'notice controller/gate-off infra/values.yaml:1',
  ],
  [
    'no region',
    good.replace('  region: eu-west-1\n', ''),
    'warning controller/no-region infra/values.yaml:1',
  ],
  [
    'instance targets',
    good.replace('defaultTargetType: ip', 'defaultTargetType: instance'),
    'error lint/target-type app.yaml:9',
  ],
])('%s', (_, values, wanted) => {
  test('is said once, at its line', () => {
    expect(said(values)).toEqual([wanted]);
  });
});

test('before 3.2 the gate is off unless it is set', () => {
  const none = good.replace(/ {2}controllerConfig:\n(.*\n){4}/, '');
  expect(said(none, { lbc: '1.14.0' })).toEqual(['error controller/gate-off infra/values.yaml:1']);
});

test('later files win, down to a value that they take away', () => {
  const more = 'external-dns:\n  txtOwnerId: null\n';
  expect(said(good, { more })).toEqual(['error externaldns/owner-id-default infra/prod.yaml:2']);
  expect(said(good.replace('sample', 'default'), { more: 'external-dns: { txtOwnerId: mine }\n' })).toEqual(
    [],
  );
});

test('a controller that is switched off, and a chart of another home, are not judged', () => {
  const off = good.replace('  policy: sync\n  txtOwnerId: sample\n', '  enabled: false\n');
  expect(said(off)).toEqual([]);
  const read = readChart(
    chartYaml('3.5.0').replace('https://kubernetes-sigs.github.io/external-dns/', 'oci://charts.example.com'),
    'Chart.yaml',
  );
  expect(
    'chart' in read && workloadsInValues(read.chart, [], 'infra').map(({ workload }) => workload.controller),
  ).toEqual(['lbc']);
});
