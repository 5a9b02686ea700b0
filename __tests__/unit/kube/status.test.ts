// Status objects and paths of the Kubernetes API: which permission is missing, as RBAC writes it.
import { describe, expect, test } from '@jest/globals';
import { isPathSegment, pathOf, permissionOf } from '../../../src/kube/path.ts';
import { denialOf } from '../../../src/kube/status.ts';

// Messages of a real API server 1.36.3 (RBAC).
describe('the permission that a 403 names', () => {
  test.each([
    [
      'gateways.gateway.networking.k8s.io "public" is forbidden: User "arn:aws:sts::1:assumed-role/deploy/x" cannot get resource "gateways" in API group "gateway.networking.k8s.io" in the namespace "infra"',
      'get gateways.gateway.networking.k8s.io in namespace infra',
      'arn:aws:sts::1:assumed-role/deploy/x',
    ],
    [
      'pods is forbidden: User "nobody" cannot list resource "pods" in API group "" at the cluster scope',
      'list pods at the cluster scope',
      'nobody',
    ],
    [
      'pods "nope" is forbidden: User "nobody" cannot get resource "pods/log" in API group "" in the namespace "default"',
      'get pods/log in namespace default',
      'nobody',
    ],
    [
      'deployments.apps "a" is forbidden: User "u" cannot patch resource "deployments/scale" in API group "apps" in the namespace "n"',
      'patch deployments.apps/scale in namespace n',
      'u',
    ],
    ['forbidden: User "system:anonymous" cannot get path "/apis"', 'get /apis', 'system:anonymous'],
  ])('%s', (message, permission, user) => {
    expect(denialOf(message)).toEqual({ permission, user });
  });

  test.each([
    'pods "a" is forbidden: exceeded quota: compute',
    'admission webhook "x" denied the request: no',
    'unable to create new content in namespace a because it is being terminated',
  ])('is not to be found in: %s', (message) => {
    expect(denialOf(message)).toBeUndefined();
  });
});

describe('paths', () => {
  const gateway = { apiVersion: 'gateway.networking.k8s.io/v1', plural: 'gateways' };
  const pods = { apiVersion: 'v1', plural: 'pods' };

  test.each([
    [
      pathOf(gateway, 'infra', 'public'),
      '/apis/gateway.networking.k8s.io/v1/namespaces/infra/gateways/public',
    ],
    [pathOf(gateway, undefined), '/apis/gateway.networking.k8s.io/v1/gateways'],
    [pathOf(pods, 'a', 'b', 'log'), '/api/v1/namespaces/a/pods/b/log'],
    [pathOf(pods, 'a', 'system:b?c'), '/api/v1/namespaces/a/pods/system%3Ab%3Fc'],
  ])('%s', (path, expected) => {
    expect(path).toBe(expected);
  });

  test.each(['', '.', '..', 'a/b', '../../secrets', 'a%2f', 'a\ud800'])('refuse the name "%s"', (name) => {
    expect(isPathSegment(name)).toBe(false);
    expect(() => pathOf(pods, 'a', name)).toThrow(RangeError);
    expect(() => pathOf(pods, name, 'a')).toThrow(RangeError);
  });

  test('permissions are written as RBAC writes them', () => {
    expect(permissionOf('list', gateway, undefined)).toBe(
      'list gateways.gateway.networking.k8s.io at the cluster scope',
    );
    expect(permissionOf('get', pods, 'a', 'log')).toBe('get pods/log in namespace a');
  });
});
