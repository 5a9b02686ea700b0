// What the runner's variables say, and what of them is not believed.
import { describe, expect, test } from '@jest/globals';
import { readEnvironment } from '../../src/environment.ts';

test('inputs that the action does not have are found, whatever else begins like them', () => {
  const environment = readEnvironment({
    'INPUT_CLUSTER-NAME': 'sample',
    INPUT_CLUSTER_NAME: 'sample',
    INPUTRC: '/etc/inputrc',
  });
  expect(environment.unknownInputs).toEqual(['cluster_name']);
  expect(environment.raw('cluster-name')).toBe('sample');
});

describe('where the documentation of this version is', () => {
  const called = {
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_ACTION_REPOSITORY: 'org/eks-gateway-action',
    GITHUB_ACTION_REF: 'v1',
  };
  test('is known where the action is called by its repository', () => {
    expect(readEnvironment(called).documentation).toBe('https://github.com/org/eks-gateway-action/blob/v1');
  });
  test.each([
    ['called by a path', { GITHUB_ACTION_REPOSITORY: '' }],
    ['without a version', { GITHUB_ACTION_REF: '' }],
    [
      'a repository that would leave the link',
      { GITHUB_ACTION_REPOSITORY: 'org/x) [y](https://evil.example' },
    ],
    ['a version that would leave the link', { GITHUB_ACTION_REF: 'v1) <b>' }],
    ['a server that is none', { GITHUB_SERVER_URL: 'javascript:alert(1)' }],
  ])('and not %s', (_what, change) => {
    expect(readEnvironment({ ...called, ...change }).documentation).toBeUndefined();
  });
});
