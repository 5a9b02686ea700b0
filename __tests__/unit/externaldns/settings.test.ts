// ExternalDNS's settings out of its Deployment, and what they exclude.
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import { excludedBy } from '../../../src/externaldns/excludes.ts';
import { fitsSelector } from '../../../src/externaldns/selector.ts';
import { settingsOf } from '../../../src/externaldns/settings.ts';

const deployment = (args: readonly string[], rest: JsonObject = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'external-dns', namespace: 'external-dns' },
  spec: {
    template: {
      spec: {
        containers: [
          { name: 'x', image: 'registry.k8s.io/external-dns/external-dns:v0.19.0', args, ...rest },
        ],
      },
    },
  },
});

/** What the chart 1.19.0 writes. */
const chartArgs = [
  '--log-level=info',
  '--interval=1m',
  '--source=gateway-httproute',
  '--policy=sync',
  '--registry=txt',
  '--txt-owner-id=lab',
  '--domain-filter=example.com',
  '--provider=aws',
];

describe('settingsOf', () => {
  test("the chart's arguments", () => {
    expect(settingsOf(deployment(chartArgs), '0.19.0')).toMatchObject({
      sources: ['gateway-httproute'],
      policy: 'sync',
      registry: 'txt',
      txtOwnerId: 'lab',
      domainFilters: ['example.com'],
      provider: 'aws',
      annotationPrefix: 'external-dns.alpha.kubernetes.io/',
      dryRun: false,
    });
  });

  test.each<[string, string[], JsonObject, JsonObject]>([
    [
      'two words',
      ['--txt-owner-id', 'a', '--source', 'service'],
      {},
      { txtOwnerId: 'a', sources: ['service'] },
    ],
    [
      'repeated and with commas',
      ['--zone-id-filter=Z1', '--zone-id-filter=Z2,Z3'],
      {},
      { zoneIdFilters: ['Z1', 'Z2', 'Z3'] },
    ],
    [
      'switches',
      ['--dry-run', '--aws-zone-match-parent', '--source=x'],
      {},
      { dryRun: true, zoneMatchParent: true, sources: ['x'] },
    ],
    ['a switch turned off', ['--no-dry-run'], {}, { dryRun: false }],
    [
      'the last of a single one wins',
      ['--policy=sync', '--policy=upsert-only'],
      {},
      { policy: 'upsert-only' },
    ],
    [
      'the environment',
      [],
      {
        env: [
          { name: 'EXTERNAL_DNS_DOMAIN_FILTER', value: 'a.com\nb.com' },
          { name: 'AWS_REGION', value: 'x' },
        ],
      },
      { domainFilters: ['a.com', 'b.com'] },
    ],
    [
      'a flag before the environment',
      ['--txt-owner-id=flag'],
      { env: [{ name: 'EXTERNAL_DNS_TXT_OWNER_ID', value: 'env' }] },
      { txtOwnerId: 'flag' },
    ],
    ['in command', [], { command: ['external-dns', '--txt-prefix=p-'] }, { txtPrefix: 'p-' }],
    ['defaults', [], {}, { txtOwnerId: 'default', registry: 'txt', sources: [], policy: 'sync' }],
  ])('%s', (_what, args, rest, expected) => {
    expect(settingsOf(deployment(args, rest), '0.19.0')).toMatchObject(expected);
  });

  test('0.22 has no default policy and another annotation prefix', () => {
    const settings = settingsOf(deployment([]), '0.22.0');
    expect(settings.policy).toBeUndefined();
    expect(settings.annotationPrefix).toBe('external-dns.kubernetes.io/');
  });
});

describe('excludedBy', () => {
  const route: KubernetesObject = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      name: 'web',
      namespace: 'apps',
      labels: { tier: 'front' },
      annotations: { 'external-dns.alpha.kubernetes.io/controller': 'other' },
    },
  };
  const plain = { ...route, metadata: { name: 'web', namespace: 'apps', labels: { tier: 'front' } } };
  const gateway: KubernetesObject = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'public', namespace: 'infra', labels: { env: 'prod' } },
  };
  const zone = { id: 'Z123', name: 'example.com' };
  const by = (args: readonly string[], of: KubernetesObject = plain) =>
    excludedBy(settingsOf(deployment(['--source=gateway-httproute', ...args]), '0.19.0'), {
      host: 'app.example.com',
      route: of,
      gateways: [gateway],
      zone,
    });

  test.each<[string]>([
    ['--domain-filter=example.com'],
    ['--domain-filter=.example.com --domain-filter=example.com'],
    ['--zone-id-filter=Z123'],
    ['--zone-id-filter=/hostedzone/Z123'],
    ['--domain-filter=app.example.com --aws-zone-match-parent'],
    ['--exclude-domains=other.com'],
    ['--regex-domain-filter=example'],
    ['--gateway-name=public --gateway-namespace=infra --gateway-label-filter=env=prod'],
    ['--namespace=apps --label-filter=tier'],
    ['--aws-zone-type=public'],
  ])('%s excludes nothing', (args) => {
    expect(by(args.split(' '))).toBeUndefined();
  });

  test.each<[string, string]>([
    [
      '--domain-filter=example.org',
      "ExternalDNS's --domain-filter=example.org does not admit app.example.com",
    ],
    // Equal numbers of labels must be equal names (matchFilter).
    [
      '--domain-filter=p.example.com',
      "ExternalDNS's --domain-filter=p.example.com does not admit app.example.com",
    ],
    [
      '--exclude-domains=app.example.com',
      "ExternalDNS's --exclude-domains=app.example.com excludes app.example.com",
    ],
    ['--regex-domain-filter=^dev', "ExternalDNS's --regex-domain-filter=^dev does not admit app.example.com"],
    [
      '--domain-filter=app.example.com',
      "ExternalDNS's --domain-filter=app.example.com leaves out the hosted zone example.com (Z123): without --aws-zone-match-parent the filter must admit the zone's own name",
    ],
    [
      '--zone-id-filter=Z9',
      "ExternalDNS's --zone-id-filter=Z9 leaves out the hosted zone example.com (Z123)",
    ],
    [
      '--aws-zone-type=private',
      "ExternalDNS's --aws-zone-type=private leaves out the hosted zone example.com (Z123), which is public",
    ],
    ['--gateway-name=other', "ExternalDNS's --gateway-name=other leaves out Gateway infra/public"],
    ['--gateway-namespace=apps', "ExternalDNS's --gateway-namespace=apps leaves out Gateway infra/public"],
    [
      '--gateway-label-filter=env!=prod',
      "ExternalDNS's --gateway-label-filter=env!=prod leaves out Gateway infra/public",
    ],
    ['--namespace=other', "ExternalDNS's --namespace=other leaves out HTTPRoute apps/web"],
    ['--label-filter=tier=back', "ExternalDNS's --label-filter=tier=back leaves out HTTPRoute apps/web"],
    [
      '--annotation-filter=dns=yes',
      "ExternalDNS's --annotation-filter=dns=yes leaves out HTTPRoute apps/web",
    ],
    ['--dry-run', 'ExternalDNS runs with --dry-run and writes nothing'],
    ['--provider=google', 'ExternalDNS runs with --provider=google and writes nothing to Route 53'],
  ])('%s', (args, reason) => {
    expect(by(args.split(' '))).toBe(reason);
  });

  test('the source, and the annotation that takes the route away', () => {
    const without = settingsOf(deployment(['--source=service', '--source=ingress']), '0.19.0');
    expect(excludedBy(without, { host: 'a', route: plain, gateways: [] })).toBe(
      'ExternalDNS runs without --source=gateway-httproute; its sources are service, ingress',
    );
    expect(by([], route)).toBe(
      'the annotation external-dns.alpha.kubernetes.io/controller: other on HTTPRoute apps/web takes it away from ExternalDNS',
    );
  });
});

test.each<[string, Record<string, string>, boolean | undefined]>([
  ['', {}, true],
  ['a=1,b!=2', { a: '1' }, true],
  ['a=1,b!=2', { a: '1', b: '2' }, false],
  ['a==1', { a: '1' }, true],
  ['a', { a: '' }, true],
  ['!a', { a: '' }, false],
  ['a in (1, 2),b', { a: '2', b: '' }, true],
  ['a notin (1,2)', { a: '2' }, false],
  ['a notin (1,2)', {}, true],
  ['a ~ b', {}, undefined],
])('selector %j on %j: %s', (selector, labels, fits) => {
  expect(fitsSelector(selector, labels)).toBe(fits);
});
