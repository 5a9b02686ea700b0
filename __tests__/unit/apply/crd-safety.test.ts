// The cluster's Gateway API is not lowered: versions, channels, and the guard of a release.
import { describe, expect, test } from '@jest/globals';
import { followsItsRelease, refuseAlone, refuseLowering } from '../../../src/apply/crd-safety.ts';
import type { KubernetesObject } from '../../../src/bundle/object.ts';

const crd = (
  version?: string,
  channel?: string,
  name = 'gateways.gateway.networking.k8s.io',
): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name,
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

describe('what belongs to a release of which the cluster keeps another', () => {
  const guard = (version: string, channel: string, kind = 'ValidatingAdmissionPolicy'): KubernetesObject => ({
    ...crd(version, channel),
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
  });
  const other = (version?: string, channel?: string): KubernetesObject =>
    crd(version, channel, 'tcproutes.gateway.networking.k8s.io');
  const wanted = crd('v1.6.1', 'experimental');
  const staying = [{ wanted, live: crd('v1.6.1', 'standard') }];

  test.each(['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'])(
    'its guard stays away: %s',
    (kind) => {
      expect(refuseAlone(guard('v1.6.1', 'experimental', kind), staying)).toMatchObject({
        code: 'crds/other-channel',
        message: expect.stringContaining('guards the definitions of its own release'),
      });
    },
  );

  test.each([
    ['of another channel', crd('v1.6.1', 'experimental'), crd('v1.6.1', 'standard'), 'crds/other-channel'],
    ['of a higher version', crd('v1.4.1', 'standard'), crd('v1.6.1', 'standard'), 'crds/lower-version'],
    // It would be raised, but it belongs to somebody else.
    ['of a lower version', crd('v1.6.1', 'standard'), crd('v1.4.1', 'standard'), 'crds/other-owner'],
  ])('a definition that the cluster lacks is not created beside one %s', (_what, ours, live, code) => {
    const [version, channel] = Object.values(ours.metadata['annotations'] ?? {}).map(String);
    const refusal = refuseAlone(other(version, channel), [{ wanted: ours, live }]);
    expect(refusal?.code).toBe(code);
    expect(refusal?.message).toMatch(
      /^tcproutes\.gateway\.networking\.k8s\.io is not in the cluster, and was not created: .*keeps gateways\.gateway/,
    );
  });

  test.each([
    ['where all of it is written', other('v1.6.1', 'experimental'), []],
    ['of a release of its own', other('v1.6.1', 'standard'), staying],
    ['where those that stay are of the same', other('v1.6.1', 'experimental'), [{ wanted, live: wanted }]],
    ['that is no part of a release', other(), staying],
    ['where what stays is no part of one', other('v1.6.1', 'experimental'), [{ wanted, live: crd() }]],
    ['and is another policy', { ...guard('', ''), metadata: { name: 'x' } }, staying],
  ])('it is written %s', (_where, object, left) => {
    expect(refuseAlone(object, left)).toBeUndefined();
  });

  test('only what the cluster lacks, and the guard, wait for the others', () => {
    expect(followsItsRelease(wanted, undefined)).toBe(true);
    expect(followsItsRelease(wanted, wanted)).toBe(false);
    expect(followsItsRelease(guard('v1.6.1', 'standard'), wanted)).toBe(true);
    expect(followsItsRelease(other(), undefined)).toBe(false);
  });
});
