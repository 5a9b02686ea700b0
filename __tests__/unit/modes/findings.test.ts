// What modes say beside the chain: each finding with its code, its object and what to do.
import { expect, test } from '@jest/globals';
import { kept } from '../../../src/apply/outcome.ts';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import { nudgeRefused } from '../../../src/chain/nudge.ts';
import { admissionMayExplain, releaseUnread } from '../../../src/drift/notes.ts';
import { probeFindings, redirectOnly, withoutHostname } from '../../../src/gateway/route-findings.ts';
import { notDeployed } from '../../../src/modes/charts/not-deployed.ts';
import { notChecked } from '../../../src/modes/drift/layer.ts';
import { findingOf } from '../../../src/verdict/finding.ts';
import { bugOf } from '../../../src/verdict/problem.ts';

const source = { file: 'routes/web.yaml', line: 4 };
const route: KubernetesObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', namespace: 'shop' },
};
const at = new Date(0);

test('a bug is one finding, with the error behind it', () => {
  const error = new TypeError('x is not a function');
  const bug = bugOf(error);
  expect(bug.cause).toBe(error);
  expect(findingOf(bug)).toMatchObject({
    severity: 'error',
    code: 'run/internal',
    message: 'A bug in the action: x is not a function',
  });
});

test('a Gateway that the role may not touch', () => {
  expect(nudgeRefused({ namespace: 'infra', name: 'public' }, 'patch gateways is missing')).toMatchObject({
    code: 'gateway/nudge-refused',
    ref: 'Gateway infra/public',
    message: expect.stringContaining('(patch gateways is missing)'),
    hint: expect.stringContaining('kubectl --namespace infra annotate gateway public'),
  });
});

test('a route without hostnames', () => {
  expect(withoutHostname({ object: route, source })).toMatchObject({
    code: 'route/no-hostname',
    ref: 'HTTPRoute shop/web',
    source,
  });
});

test('a host that is only led from http to https', () => {
  expect(redirectOnly('web.example.com', { object: route, source })).toMatchObject({
    severity: 'warning',
    code: 'route/redirect-only',
    message:
      'HTTPRoute shop/web only leads web.example.com from http to https, and no other route of the repository serves it: it is not followed.',
    source,
  });
});

test('annotations that cannot be used, and a path that may miss the route', () => {
  const probe = {
    problems: ['"gopher" is no method.'],
    unsure: 'it matches by a regular expression',
    path: '/',
  };
  const codes = (chosen?: string) =>
    probeFindings({ object: route, source }, probe, chosen).map(({ code, message }) => `${code}: ${message}`);
  expect(codes()).toEqual(['route/annotation-unusable: "gopher" is no method.']);
  expect(codes('web.example.com')).toEqual([
    'route/annotation-unusable: "gopher" is no method.',
    'route/probe-unsure: web.example.com is probed at /, which may miss the route: it matches by a regular expression.',
  ]);
});

test('a release that another run took meanwhile', () => {
  expect(notDeployed('infra', 'pending-upgrade')).toMatchObject([
    { severity: 'error', code: 'release/not-deployed', message: 'Release infra is pending-upgrade.' },
  ]);
  expect(notDeployed('infra', 'deployed')).toEqual([]);
});

test.each([
  [undefined, 'Take it out of the repository.'],
  ['flux', 'Take it out of the repository, or set the input `take-over: flux`.'],
])('a definition that another owner keeps (field manager %s) stays as it is', (manager, hint) => {
  const live: KubernetesObject = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'httproutes.gateway.networking.k8s.io' },
  };
  const owner = { name: 'Flux', ...(manager !== undefined && { manager }) };
  expect(kept({ object: live, source }, 'CustomResourceDefinition x', live, owner)).toMatchObject({
    reported: { result: 'unchanged' },
    findings: [
      {
        code: 'crds/other-owner',
        message: 'httproutes.gateway.networking.k8s.io belongs to Flux. It was left as it is.',
        hint,
      },
    ],
  });
});

test('what a drift check could not look at, or not tell', () => {
  expect(notChecked('The zone', { at, denied: 'route53:ListHostedZones' })).toMatchObject({
    code: 'drift/not-checked',
    message: 'The zone could not be checked: the role may not route53:ListHostedZones.',
    hint: expect.stringContaining('docs/permissions.md'),
  });
  expect(notChecked('The zone', { at, failed: 'connection reset.' }).message).toBe(
    'The zone could not be checked: connection reset.',
  );
  expect(admissionMayExplain({ source }, route, [{ path: '.spec.a' }, { path: '.spec.b' }])).toMatchObject({
    code: 'drift/admission-may-explain',
    message: expect.stringContaining('at `.spec.a`, `.spec.b`, where nobody has written'),
    source,
  });
  expect(releaseUnread({ namespace: 'infra', name: 'umbrella' }, 'list secrets')).toMatchObject({
    code: 'drift/release-unread',
    message: expect.stringContaining(
      'The release infra/umbrella could not be read: the role may not list secrets',
    ),
  });
});
