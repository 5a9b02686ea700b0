// EKS' access policies grant in the lab what they grant on EKS: reading is not writing, and Secrets are the administrator's.
import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';

const can = (policy: string, verb: string, resource: string): string =>
  spawnSync('kubectl', ['auth', 'can-i', verb, resource, '-A', '--as=role', `--as-group=eks:${policy}`], {
    encoding: 'utf8',
  }).stdout.trim();

test.each([
  ['view', 'list', 'deployments.apps', 'yes'],
  ['view', 'list', 'secrets', 'no'],
  ['view', 'create', 'deployments.apps', 'no'],
  ['edit', 'create', 'deployments.apps', 'yes'],
  ['admin-view', 'list', 'secrets', 'yes'],
  ['admin-view', 'create', 'deployments.apps', 'no'],
  ['admin', 'create', 'rolebindings.rbac.authorization.k8s.io', 'yes'],
])('%s: %s %s: %s', (policy, verb, resource, answer) => {
  expect(can(policy, verb, resource)).toBe(answer);
});
