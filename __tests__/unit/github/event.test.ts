// What an event says of its pull request, told from recorded payloads; and whether it is a fork's.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { isForkPullRequest, isPullRequestTarget, pullRequestOf } from '../../../src/github/event.ts';

const own = { id: 1, full_name: 'acme/shop' };
const fork = { id: 2, full_name: 'mallory/shop' };
const pull = (head: unknown, base: unknown = own) => ({
  pull_request: {
    number: 7,
    head: { ref: 'feature', sha: 'abc', repo: head },
    base: { ref: 'main', sha: 'def', repo: base },
  },
});
const afterPull = (head: unknown, event = 'pull_request') => ({
  repository: own,
  workflow_run: { event, head_repository: head, repository: own },
});

describe('does the run work for a fork?', () => {
  test.each<[string, string, unknown, boolean]>([
    ['own branch', 'pull_request', pull(own), false],
    ['fork', 'pull_request', pull(fork), true],
    ['rights of the base, and nothing that says whose text it is', 'pull_request_target', {}, true],
    ['fork with the rights of the base', 'pull_request_target', pull(fork), true],
    ['review on a fork', 'pull_request_review', pull(fork), true],
    ['fork that was deleted', 'pull_request', pull(null), true],
    ['renamed in between: same id', 'pull_request', pull({ ...own, full_name: 'acme/store' }), false],
    ['same name, other id', 'pull_request', pull({ ...own, id: 9 }), true],
    [
      'no ids, other case',
      'pull_request',
      pull({ full_name: 'Acme/Shop' }, { full_name: 'acme/shop' }),
      false,
    ],
    ['no ids, other name', 'pull_request', pull({ full_name: 'x/shop' }, { full_name: 'acme/shop' }), true],
    ['push', 'push', { ...pull(fork) }, false],
    ['after a pull request of a fork', 'workflow_run', afterPull(fork), true],
    ['after a pull request of its own', 'workflow_run', afterPull(own), false],
    ['after a push', 'workflow_run', afterPull(fork, 'push'), false],
    ['no payload', 'pull_request', {}, false],
    ['broken payload', 'pull_request', 'text', false],
    ['null', 'pull_request', null, false],
  ])('%s', (_name, event, payload, expected) => {
    expect(isForkPullRequest(event, payload)).toBe(expected);
  });
});

test('the pull request of the event', () => {
  expect(pullRequestOf('pull_request', pull(fork))).toEqual({
    number: 7,
    headSha: 'abc',
    headBranch: 'feature',
    headRepository: 'mallory/shop',
    baseRepository: 'acme/shop',
    fromFork: true,
  });
  const told = pull(own);
  const closed = {
    action: 'closed',
    pull_request: { ...told.pull_request, updated_at: '2026-11-25T12:00:00Z' },
  };
  expect(pullRequestOf('pull_request', closed)).toMatchObject({
    action: 'closed',
    updatedAt: new Date('2026-11-25T12:00:00Z'),
  });
  expect(pullRequestOf('push', pull(fork))).toBeUndefined();
  expect(pullRequestOf('pull_request', pull(null))).not.toHaveProperty('headRepository');
});

test.each([
  ['pull_request_target', true],
  ['pull_request', false],
])('%s has the rights of the base: %p', (event, expected) => {
  expect(isPullRequestTarget(event)).toBe(expected);
});

describe('recorded payloads of GitHub', () => {
  interface Recorded {
    readonly action: string;
    readonly pull_request: {
      readonly number: number;
      readonly head: { readonly sha: string; readonly ref: string };
    };
  }
  const recorded = JSON.parse(
    readFileSync('__tests__/fixtures/github/pull-request-events.json', 'utf8'),
  ) as readonly Recorded[];

  test('of each action that starts a run', () => {
    expect(recorded.map(({ action }) => action).toSorted()).toEqual([
      'closed',
      'opened',
      'reopened',
      'synchronize',
    ]);
  });

  test.each(recorded.map((payload) => [payload.action, payload] as const))('%s', (action, payload) => {
    const { head, number } = payload.pull_request;
    const pull = pullRequestOf('pull_request', payload);
    expect(pull).toMatchObject({ action, number, headSha: head.sha, headBranch: head.ref, fromFork: false });
    expect(pull?.headSha).toMatch(/^[0-9a-f]{40}$/);
    expect(pull?.updatedAt?.getTime()).toBeGreaterThan(0);
    expect(pull?.baseRepository).toMatch(/^[^/]+\/[^/]+$/);
  });
});
