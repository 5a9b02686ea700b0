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

test.each([
  ['0', true],
  ['1', false],
  [undefined, false],
])('NODE_TLS_REJECT_UNAUTHORIZED=%s is taken away, and told where it counts: %s', (value, unchecked) => {
  const env = { ...(value !== undefined && { NODE_TLS_REJECT_UNAUTHORIZED: value }) };
  expect(readEnvironment(env).uncheckedTls).toBe(unchecked);
  expect(env).toEqual({});
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

describe('where earlier steps have left what opens registries', () => {
  const of = (variables: Record<string, string>) => {
    const { registries, repositories } = readEnvironment(variables);
    return { ...registries, repositories };
  };
  test.each<[string, Record<string, string>, Record<string, string>]>([
    [
      'the home folder',
      { HOME: '/home/runner' },
      {
        HELM_REGISTRY_CONFIG: '/home/runner/.config/helm/registry/config.json',
        DOCKER_CONFIG: '/home/runner/.docker',
        repositories: '/home/runner/.config/helm/repositories.yaml',
      },
    ],
    [
      'a folder of settings',
      { HOME: '/h', XDG_CONFIG_HOME: '/x' },
      {
        HELM_REGISTRY_CONFIG: '/x/helm/registry/config.json',
        DOCKER_CONFIG: '/h/.docker',
        repositories: '/x/helm/repositories.yaml',
      },
    ],
    [
      "helm's own variables",
      {
        HOME: '/h',
        HELM_CONFIG_HOME: '/c',
        HELM_REGISTRY_CONFIG: '/r.json',
        HELM_REPOSITORY_CONFIG: '/r.yaml',
        DOCKER_CONFIG: '/d',
      },
      { HELM_REGISTRY_CONFIG: '/r.json', DOCKER_CONFIG: '/d', repositories: '/r.yaml' },
    ],
  ])('%s', (_where, variables, wanted) => {
    expect(of(variables)).toEqual(wanted);
  });

  test('a path from the folder of the job is made whole: helm runs elsewhere', () => {
    expect(of({ HELM_REPOSITORY_CONFIG: 'r.yaml' })).toEqual({ repositories: `${process.cwd()}/r.yaml` });
  });
});
