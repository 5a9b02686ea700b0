// What is said of a kind that the API server does not serve.
import { expect, test } from '@jest/globals';
import { notServed } from '../../../src/kube/not-served.ts';

const served = [
  'networking.k8s.io/v1 Ingress',
  'networking.istio.io/v1 Gateway',
  'gateway.networking.k8s.io/v1 Gateway',
  'gateway.networking.k8s.io/v1 HTTPRoute',
  'autoscaling/v2 HorizontalPodAutoscaler',
  'serving.knative.dev/v1 Service',
  'v1 Service',
].map((each) => {
  const [apiVersion = '', kind = ''] = each.split(' ');
  return { apiVersion, kind, plural: '', namespaced: true, statusApart: true };
});
const definition =
  'Add the CustomResourceDefinition to the repository, or install the chart that brings it first.';

test.each([
  ['extensions/v1beta1', 'Ingress', 'It serves Ingress in networking.k8s.io/v1:'],
  ['autoscaling/v2beta2', 'HorizontalPodAutoscaler', 'It serves HorizontalPodAutoscaler in autoscaling/v2:'],
  ['gateway.networking.k8s.io/v1alpha2', 'HTTPRoute', 'It serves HTTPRoute in gateway.networking.k8s.io/v1:'],
  ['gateway.networking.k8s.io/v1', 'HttpRoute', 'It serves HTTPRoute in gateway.networking.k8s.io/v1:'],
  ['networking.k8s.io/v1', 'Gateway', 'It serves Gateway in gateway.networking.k8s.io/v1:'],
  ['networking.istio.io/v1beta1', 'Gateway', 'It serves Gateway in networking.istio.io/v1:'],
  // Another project's kind of that name is no substitute.
  ['gateway.solo.io/v1', 'Gateway', definition],
  ['monitoring.coreos.com/v1', 'ServiceMonitor', definition],
])('%s %s', (apiVersion, kind, hint) => {
  expect(notServed({ apiVersion, kind }, served)).toMatchObject({
    message: `The cluster does not serve ${kind} in ${apiVersion}.`,
    hint: expect.stringContaining(hint),
  });
});
