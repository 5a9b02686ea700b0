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
  clusterName: sample
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

interface Shape {
  readonly lbc?: string;
  readonly more?: string;
  readonly inline?: string;
  readonly cluster?: string;
  readonly chart?: (yaml: string) => string;
}

const said = (values: string, shape: Shape = {}): readonly string[] => {
  const { lbc = '3.5.0', more = '', inline, cluster, chart = (yaml) => yaml } = shape;
  const read = readChart(chart(chartYaml(lbc)), 'infra/Chart.yaml');
  if (!('chart' in read)) throw new Error('no chart');
  const files = [
    { path: 'infra/values.yaml', text: values },
    ...(more === '' ? [] : [{ path: 'infra/prod.yaml', text: more }]),
    ...(inline === undefined ? [] : [{ text: inline }]),
  ];
  return lint({
    routes: routes.filter(({ object }) => object.kind === 'HTTPRoute'),
    objects: routes.filter(({ object }) => object.kind === 'Service'),
    namespace: 'infra',
    controllers: workloadsInValues(read.chart, files, 'infra'),
    ...(cluster !== undefined && { cluster }),
  }).map(({ severity, code, source }) => `${severity} ${code} ${source?.file}:${source?.line}`);
};

test('what the example says is fine', () => {
  expect(said(good)).toEqual([]);
});

describe('umbrella charts of other shapes', () => {
  const alias = (yaml: string): string =>
    yaml.replace('  - name: external-dns\n', '  - name: external-dns\n    alias: dns\n');
  const switched = (yaml: string): string =>
    yaml.replace(
      '  - name: external-dns\n',
      '  - name: external-dns\n    condition: dns.wanted, external-dns.enabled\n',
    );
  const tagged = (yaml: string): string =>
    yaml.replace('  - name: external-dns\n', '  - name: external-dns\n    tags: [edge]\n');
  const bad = good.replace('  txtOwnerId: sample\n', '');
  const found = 'error externaldns/owner-id-default';
  const codes = (...of: Parameters<typeof said>) => said(...of).map((each) => each.replace(/ \S+$/, ''));

  test('values under an alias', () => {
    expect(said(good.replace('external-dns:', 'dns:'), { chart: alias })).toEqual([]);
    expect(said(bad.replace('external-dns:', 'dns:'), { chart: alias })).toEqual([
      'error externaldns/owner-id-default infra/values.yaml:11',
    ]);
  });

  test('a condition switches it off, the first that is there; `enabled` alone does not', () => {
    expect(codes(`${bad}  enabled: false\n`, { chart: switched })).toEqual([]);
    expect(codes(`${bad}  enabled: false\ndns: { wanted: true }\n`, { chart: switched })).toEqual([found]);
    expect(codes(`${bad}dns: { wanted: false }\n`, { chart: switched })).toEqual([]);
    expect(codes(`${bad}  enabled: false\n`)).toEqual([found]);
  });

  test('tags switch it off', () => {
    expect(codes(`${bad}tags: { edge: false }\n`, { chart: tagged })).toEqual([]);
    expect(codes(`${bad}tags: { other: false }\n`, { chart: tagged })).toEqual([found]);
  });

  test('an environment completes it, or takes away from it', () => {
    expect(codes(bad, { more: 'external-dns: { txtOwnerId: sample }\n' })).toEqual([]);
    expect(codes(good, { more: 'external-dns: { txtOwnerId: null }\n' })).toEqual([found]);
  });

  test('the input `values` completes it, and has no line', () => {
    expect(codes(bad, { inline: 'external-dns: { txtOwnerId: sample }\n' })).toEqual([]);
    expect(said(good, { inline: 'external-dns: { txtOwnerId: default }\n' })).toEqual([
      `${found} infra/Chart.yaml:1`,
    ]);
  });

  test('a variable of the container stands for a flag', () => {
    const env = '  env: [{ name: EXTERNAL_DNS_TXT_OWNER_ID, value: sample }]\n';
    expect(codes(`${bad}${env}`)).toEqual([]);
  });

  test("the controller's cluster: none, another, one of a template", () => {
    const name = (value: string) => good.replace('clusterName: sample', `clusterName: ${value}`);
    expect(said(good, { cluster: 'sample' })).toEqual([]);
    expect(said(name('other'), { cluster: 'sample' })).toEqual([
      'error controller/cluster-name infra/values.yaml:2',
    ]);
    expect(said(good.replace('  clusterName: sample\n', ''))).toEqual([
      'error controller/cluster-name infra/values.yaml:1',
    ]);
    expect(said(name("'{{ .Values.global.cluster }}'"), { cluster: 'sample' })).toEqual([]);
  });
});

describe.each<[string, string, string]>([
  [
    'no owner id',
    good.replace('  txtOwnerId: sample\n', ''),
    'error externaldns/owner-id-default infra/values.yaml:11',
  ],
  [
    'an owner id called default',
    good.replace('txtOwnerId: sample', 'txtOwnerId: default'),
    'error externaldns/owner-id-default infra/values.yaml:13',
  ],
  [
    "the chart's own policy",
    good.replace('  policy: sync\n', ''),
    'warning externaldns/policy infra/values.yaml:11',
  ],
  [
    'records never changed',
    good.replace('policy: sync', 'policy: create-only'),
    'warning externaldns/policy infra/values.yaml:12',
  ],
  [
    "the chart's own sources",
    good.replace(/ {2}sources:\n.*\n/, ''),
    'error record/external-dns-excludes infra/values.yaml:11',
  ],
  [
    'another source',
    good.replace('gateway-httproute', 'ingress'),
    'error record/external-dns-excludes infra/values.yaml:14',
  ],
  [
    'another domain',
    good.replace('- example.com', '- example.org'),
    'error record/external-dns-excludes infra/values.yaml:16',
  ],
  ['no registry', `${good}  registry: noop\n`, 'warning externaldns/registry infra/values.yaml:18'],
  [
    'the gate off',
    good.replace('ALBGatewayAPI: true', 'ALBGatewayAPI: false'),
    'error controller/gate-off infra/values.yaml:7',
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
    'warning lint/target-type app.yaml:9',
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
  expect(
    said(good.replace('txtOwnerId: sample', 'txtOwnerId: default'), {
      more: 'external-dns: { txtOwnerId: mine }\n',
    }),
  ).toEqual([]);
});

test('a controller that is switched off, and a chart of another home, are not judged', () => {
  const off = good.replace('  policy: sync\n  txtOwnerId: sample\n', '  enabled: false\n');
  const switched = (yaml: string): string => `${yaml}    condition: external-dns.enabled\n`;
  expect(said(off, { chart: switched })).toEqual([]);
  const read = readChart(
    chartYaml('3.5.0').replace('https://kubernetes-sigs.github.io/external-dns/', 'oci://charts.example.com'),
    'Chart.yaml',
  );
  expect(
    'chart' in read && workloadsInValues(read.chart, [], 'infra').map(({ workload }) => workload.controller),
  ).toEqual(['lbc']);
});
