// Which of the runner's chart repositories a chart is given.
import { expect, test } from '@jest/globals';
import {
  isKnown,
  neededRepositories,
  passwordsOf,
  repositoriesFile,
} from '../../../src/helm/repositories.ts';

const body = `apiVersion: ""
generated: "2026-01-01T00:00:00Z"
repositories:
- name: team
  url: https://charts.example.com/team
  username: ci
  password: hunter2-hunter2
  caFile: ca.pem
  certFile: /etc/cert.pem
- name: other
  url: https://elsewhere.example.com
  password: other-password
- name: broken
`;
const needed = (...repositories: string[]) =>
  neededRepositories(
    body,
    [{ dependencies: repositories.map((repository) => ({ name: 'a', version: '1', repository })) }],
    '/workspace',
  );

test.each([
  ['https://charts.example.com/team'],
  ['https://charts.example.com/team/'],
  ['https://CHARTS.example.com//team'],
  ['@team'],
  ['alias:team'],
])('%s is the one that was added', (repository) => {
  const known = needed('https://public.example.com', repository);
  expect(known.map(({ name }) => name)).toEqual(['team']);
  expect(isKnown(repository, known)).toBe(true);
  expect(passwordsOf(known)).toEqual(['hunter2-hunter2']);
});

test.each([
  ['https://charts.example.com'],
  ['https://charts.example.com/team/more'],
  ['http://charts.example.com/team'],
  ['@teams'],
  ['oci://charts.example.com/team'],
  [''],
])('%s is another one', (repository) => {
  expect(needed(repository)).toEqual([]);
});

test('helm gets those alone, with names of files that lead there from anywhere', () => {
  expect(JSON.parse(repositoriesFile(needed('@team')))).toEqual({
    apiVersion: '',
    repositories: [
      {
        name: 'team',
        url: 'https://charts.example.com/team',
        username: 'ci',
        password: 'hunter2-hunter2',
        caFile: '/workspace/ca.pem',
        certFile: '/etc/cert.pem',
      },
    ],
  });
});

test('a file that is none brings nothing', () => {
  for (const text of ['', '- a', 'repositories: 1', 'a: "'])
    expect(neededRepositories(text, [], '/')).toEqual([]);
});
