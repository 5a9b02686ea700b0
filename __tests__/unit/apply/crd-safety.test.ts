// The cluster's Gateway API is not lowered: versions, channels, and the guard of a release.
import { describe, expect, test } from '@jest/globals';
import { refuseGuard, refuseLowering } from '../../../src/apply/crd-safety.ts';
import type { KubernetesObject } from '../../../src/bundle/object.ts';

const crd = (version?: string, channel?: string): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'gateways.gateway.networking.k8s.io',
    annotations: {
      ...(version !== undefined && { 'gateway.networking.k8s.io/bundle-version': version }),
      ...(channel !== undefined && { 'gateway.networking.k8s.io/channel': channel }),
    },
  },
});

describe('the version', () => {
  test.each([
    ['v1.6.1', 'v1.6.1', undefined],
    ['v1.6.1', 'v1.5.0', undefined],
    ['v1.5.0', 'v1.6.1', 'crds/lower-version'],
    ['v1.9.0', 'v1.10.0', 'crds/lower-version'],
    ['v1.10.0', 'v1.9.0', undefined],
    ['v2.0.0', 'v1.99.99', undefined],
    ['v1.6.0-rc.1', 'v1.6.0', 'crds/lower-version'],
    ['v1.6.0', 'v1.6.0-rc.1', undefined],
    ['v1.6.0-rc.2', 'v1.6.0-rc.10', 'crds/lower-version'],
    ['v1.6.0-rc.1', 'v1.6.0-dev', undefined],
    // semver.org section 11.4: a larger set of pre-release fields is higher.
    ['v1.6.0-rc', 'v1.6.0-rc.1', 'crds/lower-version'],
    [undefined, 'v1.6.0', 'crds/lower-version'],
    ['nonsense', 'v1.6.0', 'crds/lower-version'],
  ])('%s over %s: %s', (wanted, live, code) => {
    expect(refuseLowering(crd(wanted, 'standard'), crd(live, 'standard'))?.code).toBe(code);
  });

  test('says both, and what to do', () => {
    const refusal = refuseLowering(crd('v1.2.0', 'standard'), crd('v1.6.1', 'standard'));
    expect(refusal?.message).toContain('v1.2.0');
    expect(refusal?.message).toContain('v1.6.1');
    expect(refusal?.hint).toContain('v1.6.1');
  });
});

describe('the channel', () => {
  test.each([
    ['experimental', 'standard', 'crds/other-channel'],
    ['standard', 'experimental', 'crds/other-channel'],
    ['standard', 'standard', undefined],
    ['experimental', undefined, undefined],
  ])('%s over %s: %s', (wanted, live, code) => {
    expect(refuseLowering(crd('v1.7.0', wanted), crd('v1.6.0', live))?.code).toBe(code);
  });
});

test.each([
  ['nothing is there', undefined],
  ['what is there has no version', crd()],
])('says nothing when %s', (_name, live) => {
  expect(refuseLowering(crd('v1.0.0', 'standard'), live)).toBeUndefined();
});

describe('the guard of a release', () => {
  const guard = (version: string, channel: string, kind = 'ValidatingAdmissionPolicy'): KubernetesObject => ({
    ...crd(version, channel),
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
  });
  const wanted = crd('v1.6.1', 'experimental');
  const refusal = refuseLowering(wanted, crd('v1.6.1', 'standard'));
  const kept = refusal ? [{ object: wanted, refusal }] : [];

  test.each(['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'])(
    'stays away where its definitions do: %s',
    (kind) => {
      expect(refuseGuard(guard('v1.6.1', 'experimental', kind), kept)).toMatchObject({
        code: 'crds/other-channel',
        message: expect.stringContaining('guards the definitions of its own release'),
      });
    },
  );

  test.each([
    ['where they are written', guard('v1.6.1', 'experimental'), []],
    ['of another release', guard('v1.6.1', 'standard'), kept],
    ['and no definition', crd('v1.6.1', 'experimental'), kept],
    ['and any other policy', { ...guard('', ''), metadata: { name: 'x' } }, kept],
  ])('is written %s', (_where, object, refusals) => {
    expect(refuseGuard(object, refusals)).toBeUndefined();
  });
});
