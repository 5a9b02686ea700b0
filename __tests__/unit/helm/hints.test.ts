// What to do, by what helm said.
import { expect, test } from '@jest/globals';
import { hintFor } from '../../../src/helm/release.ts';

const release = { name: 'web', namespace: 'shop' };

// The first as the API server words it (kubernetes/apiserver webhook/errors/statuserror.go).
test.each([
  [
    'failed to create resource: Internal error occurred: failed calling webhook "mservice.elbv2.k8s.aws": failed to call webhook: Post "https://aws-load-balancer-webhook-service.infra.svc:443/mutate-v1-service?timeout=10s": context deadline exceeded',
    /--namespace infra get endpointslices -l kubernetes\.io\/service-name=aws-load-balancer-webhook-service /,
  ],
  ['context deadline exceeded', /--namespace shop get pods,events/],
  ['namespaces "shop" not found', /create-namespace: true/],
  ['Unable to continue with install: invalid ownership metadata', /does not belong to the release/],
  ['no matches for kind "Widget" in version "x.example/v1"', /custom resource definition/],
  ['something else', /Correct what helm names/],
])('%s', (words, hint) => {
  expect(hintFor(undefined, words, release)).toMatch(hint);
});
