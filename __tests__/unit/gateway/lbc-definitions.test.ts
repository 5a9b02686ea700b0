// Which definitions the load balancer controller needs, version by version, and what a wait wants of the cluster then.
import { expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { judgeCrds, wantedByBoth } from '../../../src/chain/crds.ts';
import { definitionsDetectedBy, definitionsNeededBy } from '../../../src/gateway/lbc-definitions.ts';

const said = (version: string | undefined): readonly string[] =>
  definitionsNeededBy(version).map(({ name, version: served }) => `${name.split('.')[0]} ${served}`);

const standard = [
  'gateways v1',
  'gatewayclasses v1',
  'httproutes v1',
  'grpcroutes v1',
  'referencegrants v1beta1',
];
const own = (version: string): readonly string[] =>
  ['targetgroupconfigurations', 'loadbalancerconfigurations', 'listenerruleconfigurations'].map(
    (plural) => `${plural} ${version}`,
  );

test.each<[string | undefined, readonly string[]]>([
  ['2.14.0', [...standard, ...own('v1beta1')]],
  ['3.1.0', [...standard, ...own('v1beta1')]],
  ['3.2.0', [...standard, 'listenersets v1', ...own('v1beta1')]],
  ['3.2.2', [...standard, ...own('v1beta1')]],
  ['3.4.3', [...standard, ...own('v1beta1')]],
  ['3.5.0', [...standard, ...own('v1')]],
  [undefined, []],
])('%s needs these', (version, wanted) => {
  expect(said(version)).toEqual(wanted);
});

test.each<[string | undefined, number]>([
  ['3.2.0', 4],
  ['3.3.0', 7],
  ['3.5.0', 7],
  [undefined, 4],
])('%s looks for %i of them when it starts', (version, count) => {
  expect(definitionsDetectedBy(version)).toHaveLength(count);
});

const crd = (name: string, ...served: readonly string[]): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name },
  spec: { versions: served.map((version) => ({ name: version, served: true })) },
  status: { conditions: [{ type: 'Established', status: 'True' }] },
});

const routes = 'httproutes.gateway.networking.k8s.io';
const configurations = 'loadbalancerconfigurations.gateway.k8s.aws';
const wanted = wantedByBoth(
  [{ name: routes, versions: ['v1'] }],
  [
    { name: routes, version: 'v1' },
    { name: configurations, version: 'v1' },
  ],
  'AWS Load Balancer Controller 3.5.0',
);
const judged = (...crds: readonly KubernetesObject[]) =>
  judgeCrds({ crds: wanted }, { at: new Date(0), value: crds });

test('what the bundle and the controller read is one want, and who reads it is said', () => {
  expect(wanted).toEqual([
    { name: routes, versions: ['v1'] },
    { name: configurations, versions: ['v1'], by: 'AWS Load Balancer Controller 3.5.0' },
  ]);
  expect(judged(crd(routes, 'v1'), crd(configurations, 'v1beta1', 'v1')).state).toBe('ok');
  expect(judged(crd(routes, 'v1'))).toMatchObject({
    state: 'broken',
    code: 'crds/missing',
    message: `CustomResourceDefinition ${configurations} does not exist; AWS Load Balancer Controller 3.5.0 needs it.`,
  });
  expect(judged(crd(routes, 'v1'), crd(configurations, 'v1beta1'))).toMatchObject({
    code: 'crds/version-not-served',
    message: `CustomResourceDefinition ${configurations} does not serve v1, which AWS Load Balancer Controller 3.5.0 reads.`,
  });
  expect(judged(crd(routes, 'v1beta1'), crd(configurations, 'v1'))).toMatchObject({
    message: `CustomResourceDefinition ${routes} does not serve v1, which the bundle uses.`,
  });
});
