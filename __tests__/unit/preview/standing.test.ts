// Which previews nobody needs any more: by what the cluster says of them, and GitHub of their pull requests.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import {
  type PullState,
  type Standing,
  staleOf,
  standingIn,
  standingOf,
} from '../../../src/preview/standing.ts';

const now = new Date('2026-11-25T12:00:00Z');

const namespace = (annotations: Record<string, string> = {}, label = '42'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: 'pr-42-app',
    labels: { 'eks-gateway-action/preview': label },
    annotations: {
      'eks-gateway-action/repository': 'example-org/app',
      'eks-gateway-action/branch': 'login',
      'eks-gateway-action/commit': 'aaa',
      'eks-gateway-action/name-template': 'pr-{number}-app',
      'eks-gateway-action/hosts': 'pr-42-app.preview.example.com,pr-42-app-admin.preview.example.com',
      'eks-gateway-action/expires-at': '2026-11-26T12:00:00.000Z',
      ...annotations,
    },
  },
});

const standing = (change: Partial<Standing> = {}): Standing => ({
  name: 'pr-42-app',
  namespace: 'pr-42-app',
  own: true,
  identity: { repository: 'example-org/app', number: 42 },
  hosts: ['pr-42-app.preview.example.com', 'pr-42-app-admin.preview.example.com'],
  branch: 'login',
  commit: 'aaa',
  template: 'pr-{number}-app',
  expiresAt: new Date('2026-11-26T12:00:00Z'),
  ...change,
});

test('a namespace says whose preview it is, for what, and until when', () => {
  expect(standingOf(namespace())).toEqual(standing());
});

test.each([
  ['another label', namespace({}, 'yes')],
  [
    'no repository',
    { ...namespace(), metadata: { name: 'x', labels: { 'eks-gateway-action/preview': '42' } } },
  ],
])('%s: not made by the action', (_what, object) => expect(standingOf(object)).toBeUndefined());

test('a date that cannot be read is none: such a preview never expires', () => {
  expect(standingOf(namespace({ 'eks-gateway-action/expires-at': 'soon' }))).not.toHaveProperty('expiresAt');
});

test('routes in a namespace that previews share make one preview each name', () => {
  const route = (name: string, preview: string | undefined, host: string): KubernetesObject => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      name,
      namespace: 'shop',
      labels: { 'eks-gateway-action/preview': '42' },
      annotations: {
        'eks-gateway-action/repository': 'example-org/app',
        ...(preview !== undefined && { 'eks-gateway-action/preview-name': preview }),
      },
    },
    spec: { hostnames: [host] },
  });
  const found = standingIn([
    route('a', 'pr-42-app', 'a.preview.example.com'),
    route('b', 'pr-42-app', 'b.preview.example.com'),
    route('c', 'pr-42-other', 'c.preview.example.com'),
    route('d', undefined, 'd.preview.example.com'),
  ]);
  expect(found.map(({ name, namespace: at, own, hosts }) => ({ name, at, own, hosts }))).toEqual([
    { name: 'pr-42-app', at: 'shop', own: false, hosts: ['a.preview.example.com', 'b.preview.example.com'] },
    { name: 'pr-42-other', at: 'shop', own: false, hosts: ['c.preview.example.com'] },
  ]);
});

const open: PullState = { closed: false, branch: 'login', sha: 'aaa' };
const why = (preview: Standing, pull: PullState | undefined, ...others: Standing[]) =>
  staleOf(preview, pull, now, [preview, ...others])?.why;

describe('stale', () => {
  const expired = standing({ expiresAt: new Date('2026-11-25T11:59:59Z') });
  const byBranch = (branch: string, commit: string, change: Partial<Standing> = {}): Standing =>
    standing({ name: branch, namespace: branch, template: '{branch}', branch, commit, ...change });

  test.each<[string, Standing, PullState | undefined, Standing[], string | undefined]>([
    ['open', standing(), open, [], undefined],
    ['closed', standing(), { ...open, closed: true }, [], 'closed'],
    ['expired although open', expired, open, [], 'expired'],
    ['GitHub does not say', standing(), undefined, [], undefined],
    ['expired, and GitHub does not say', expired, undefined, [], 'expired'],
    [
      'no time at all',
      standingOf(namespace({ 'eks-gateway-action/expires-at': '' })) ?? expired,
      open,
      [],
      undefined,
    ],
    ['behind its branch, not yet deployed anew', standing({ commit: '999' }), open, [], undefined],
    [
      'its branch was renamed, and the new name stands',
      byBranch('old', '999'),
      open,
      [byBranch('login', 'aaa')],
      'superseded',
    ],
    ['its branch was renamed, and nothing stands yet', byBranch('old', '999'), open, [], undefined],
    ['the other one is behind as well', byBranch('old', '999'), open, [byBranch('login', '998')], undefined],
    [
      'another app of the same pull request',
      standing({ commit: '999' }),
      open,
      [standing({ name: 'pr-42-admin', template: 'pr-{number}-admin' })],
      undefined,
    ],
    [
      'the same name in another repository',
      byBranch('old', '999'),
      open,
      [byBranch('login', 'aaa', { identity: { repository: 'other-org/app', number: 42 } })],
      undefined,
    ],
    ['the current one of two', byBranch('login', 'aaa'), open, [byBranch('old', '999')], undefined],
  ])('%s', (_what, preview, pull, others, wanted) => {
    expect(why(preview, pull, ...others)).toBe(wanted);
  });
});
