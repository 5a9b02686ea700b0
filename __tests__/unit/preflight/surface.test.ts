// Zones, certificates, controllers, ExternalDNS's settings and the cluster: what preflight says of each.
import { describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import type { ServerAnswer } from '../../../src/chain/nameservers.ts';
import type { HostedZone } from '../../../src/chain/zone.ts';
import { hostsOf } from '../../../src/gateway/hosts.ts';
import {
  type AcmCertificate,
  coversName,
  judgeCertificates,
  observeCertificates,
} from '../../../src/preflight/certificates.ts';
import { judgeCluster } from '../../../src/preflight/cluster.ts';
import { judgeControllers } from '../../../src/preflight/controllers.ts';
import { judgeExternalDns } from '../../../src/preflight/external-dns.ts';
import { listenerCertificates, namedCertificates } from '../../../src/preflight/listeners.ts';
import { judgeZones, type ZonesSeen } from '../../../src/preflight/zones.ts';
import type { Seen } from '../../../src/verdict/seen.ts';
import { at, denied, externalDns, gates, lbc, never, said, seen, setting } from './setting.ts';

describe('the hosted zone', () => {
  const names = ['ns-1.awsdns.com', 'ns-2.awsdns.net'];
  const zone = (id: string, nameServers = names): HostedZone => ({
    id,
    name: 'example.com',
    private: false,
    nameServers,
  });
  const answers = (silent = false): readonly ServerAnswer[] =>
    names.map((server, index) =>
      silent
        ? { server, failed: 'no answer' }
        : { server, address: `192.0.2.${index + 1}`, rcode: 'NOERROR', aa: true, addresses: [] },
    );
  const to = (...servers: readonly string[]) => ({
    servers: servers.map((name) => ({ name, addresses: name.startsWith('white') ? ['192.0.2.1'] : [] })),
  });
  const looked = (zones: ZonesSeen['zones']): ZonesSeen => ({
    hosts: [{ host: 'a.example.com', zones: seen(zones.map((each) => each.zone)) }],
    zones,
  });
  const other = zone('Z2', ['ns-3.awsdns.org']);
  test.each<[string, ZonesSeen, readonly string[]]>([
    [
      'delegated to its name servers',
      looked([{ zone: zone('Z1'), delegation: to(...names), answers: answers() }]),
      [],
    ],
    [
      'to some of them',
      looked([{ zone: zone('Z1'), delegation: to('ns-1.awsdns.com'), answers: answers() }]),
      [],
    ],
    [
      'under names of its own',
      looked([{ zone: zone('Z1'), delegation: to('white.example.com'), answers: answers() }]),
      [],
    ],
    [
      'to others',
      looked([{ zone: zone('Z1'), delegation: to('ns1.other.net'), answers: answers() }]),
      ['error nameservers/undelegated'],
    ],
    [
      'to nobody',
      looked([{ zone: zone('Z1'), delegation: to(), answers: answers() }]),
      ['error nameservers/undelegated'],
    ],
    [
      'to servers that do not hold it',
      looked([{ zone: zone('Z1'), delegation: { failed: 'SERVFAIL', lame: true }, answers: answers() }]),
      ['error nameservers/undelegated'],
    ],
    [
      'not known',
      looked([{ zone: zone('Z1'), delegation: { failed: 'no answer in time' }, answers: answers() }]),
      ['notice look/failed'],
    ],
    ['not asked for', looked([{ zone: zone('Z1'), answers: [] }]), []],
    [
      'mute name servers',
      looked([{ zone: zone('Z1'), delegation: to(...names), answers: answers(true) }]),
      ['warning nameservers/unreachable'],
    ],
    [
      'twice, one of them delegated',
      looked([
        { zone: zone('Z1'), delegation: to(...names), answers: answers() },
        { zone: other, delegation: to(...names), answers: [] },
      ]),
      ['warning record/zone-duplicate'],
    ],
    [
      'none',
      { hosts: [{ host: 'a.example.org', zones: seen([]) }], zones: [] },
      ['error record/zone-missing'],
    ],
    [
      'denied',
      { hosts: [{ host: 'a.example.org', zones: denied('route53:ListHostedZonesByName on *') }], zones: [] },
      ['notice look/denied'],
    ],
    [
      'a private zone of the same name',
      {
        hosts: [
          {
            host: 'a.example.com',
            zones: seen([zone('Z1')]),
            hidden: [
              { ...zone('Z9', []), private: true },
              { ...zone('Z8', []), name: 'com', private: true },
            ],
          },
        ],
        zones: [{ zone: zone('Z1'), delegation: to(...names), answers: answers() }],
      },
      ['notice record/zone-private-twin'],
    ],
  ])('%s', (_name, look, expected) => expect(said(judgeZones(setting, look))).toEqual(expected));
});

const gateway = (over: object = {}): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'public', namespace: 'infra' },
  spec: {
    gatewayClassName: 'alb',
    infrastructure: { parametersRef: { name: 'public' } },
    listeners: [
      { name: 'http', protocol: 'HTTP', port: 80, allowedRoutes: { namespaces: { from: 'All' } } },
      { name: 'https', protocol: 'HTTPS', port: 443, allowedRoutes: { namespaces: { from: 'All' } } },
    ],
    ...over,
  },
});
const source = { file: 'routes/a.yaml', line: 3 };
const hosts = (...hostnames: readonly string[]) =>
  hostsOf(
    [
      {
        object: {
          apiVersion: 'gateway.networking.k8s.io/v1',
          kind: 'HTTPRoute',
          metadata: { name: 'a', namespace: 'apps' },
          spec: { hostnames, parentRefs: [{ name: 'public', namespace: 'infra', sectionName: 'https' }] },
        },
        source,
      },
    ],
    [gateway()],
  );

describe('certificates', () => {
  test.each([
    ['app.example.com', 'app.example.com', true],
    ['*.example.com', 'app.example.com', true],
    ['*.example.com', 'a.b.example.com', false],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '*.example.com', true],
    ['*.b.example.com', '*.example.com', false],
    ['*.example.com', 'badexample.com', false],
  ])('%s covers %s: %s', (name, host, covered) => expect(coversName(name, host)).toBe(covered));

  const arn = 'arn:aws:acm:us-east-1:111111111111:certificate/1';
  const configuration = (certificate?: string, port = 443) => ({
    object: {
      apiVersion: 'gateway.k8s.aws/v1',
      kind: 'LoadBalancerConfiguration',
      metadata: { name: 'public', namespace: 'infra' },
      spec: {
        listenerConfigurations:
          certificate === undefined
            ? []
            : [{ protocolPort: `HTTPS:${port}`, defaultCertificate: certificate }],
      },
    },
    source: { file: 'infra/lb.yaml', line: 1 },
  });
  const good: AcmCertificate = {
    arn,
    status: 'ISSUED',
    names: ['example.com', '*.example.com'],
    type: 'AMAZON_ISSUED',
    notAfter: new Date('2027-06-01T00:00:00Z'),
    validation: [],
  };
  const judged = async (
    answer: Seen<AcmCertificate | undefined>,
    {
      named = arn,
      host = 'app.example.com',
      port = 443,
    }: { named?: string | undefined; host?: string; port?: number } = {},
    issued: Seen<readonly AcmCertificate[]> = seen([]),
  ) => {
    const known = {
      gateways: [{ object: gateway() }],
      classes: [],
      configurations: [configuration(named === '' ? undefined : named, port)],
      namespace: 'default',
    };
    const want = {
      named: namedCertificates(known.configurations),
      listeners: listenerCertificates(hosts(host), known),
    };
    const store = { describe: async () => answer, issued: async () => issued };
    return judgeCertificates(setting, want, await observeCertificates(setting, want, store, never));
  };
  const inDays = (days: number) => new Date(at.getTime() + days * 86_400_000);
  test.each<[string, Parameters<typeof judged>, readonly string[]]>([
    ['a good one', [seen(good)], []],
    ['one that does not exist', [seen(undefined)], ['error gateway/certificate-not-found']],
    [
      'one that waits for its proof',
      [seen({ ...good, status: 'PENDING_VALIDATION' })],
      ['error certificate/not-issued'],
    ],
    [
      'one that has expired, by its status',
      [seen({ ...good, status: 'EXPIRED' })],
      ['error certificate/expired'],
    ],
    [
      'one that has expired, by its date',
      [seen({ ...good, notAfter: inDays(-1) })],
      ['error certificate/expired'],
    ],
    ['29 days left', [seen({ ...good, notAfter: inDays(29.5) })], ['warning certificate/expires-soon']],
    ['30 days left', [seen({ ...good, notAfter: inDays(30.5) })], []],
    ['one of CloudFront', [seen({ ...good, managedBy: 'CLOUDFRONT' })], ['error certificate/elsewhere']],
    ['a host too deep', [seen(good), { host: 'a.b.example.com' }], ['error certificate/wrong-name']],
    [
      'another region',
      [seen(good), { named: arn.replace('us-east-1', 'eu-west-1') }],
      ['error certificate/elsewhere'],
    ],
    [
      'another account',
      [seen(good), { named: arn.replace('111111111111', '222222222222') }],
      ['error certificate/elsewhere'],
    ],
    [
      'a server certificate of IAM',
      [seen(good), { named: 'arn:aws:iam::111111111111:server-certificate/x' }],
      [],
    ],
    [
      'denied, so nothing is said of names',
      [denied(`acm:DescribeCertificate on ${arn}`), { host: 'a.b.example.com' }],
      ['notice look/denied'],
    ],
    ['none named, one found', [seen(good), { named: '' }, seen([good])], []],
    [
      'none named, none found',
      [seen(good), { named: '', host: 'a.b.example.com' }, seen([good])],
      ['error gateway/certificate-not-found'],
    ],
    [
      'none named, the search denied',
      [seen(good), { named: '' }, denied('acm:ListCertificates on *')],
      ['notice look/denied'],
    ],
    ['one for another port', [seen(good), { port: 8443 }, seen([])], ['error gateway/certificate-not-found']],
  ])('%s', async (_name, look, expected) => expect(said(await judged(...look))).toEqual(expected));

  test('a host that is not covered stands at its route; the request for a new one has the names of the old', async () => {
    const [found] = await judged(seen(good), { host: 'a.b.example.com' });
    expect(found).toMatchObject({ source, ref: 'HTTPRoute apps/a' });
    expect(found?.hint.split('\n')[1]).toBe(
      "aws acm request-certificate --region us-east-1 --validation-method DNS --domain-name 'a.b.example.com' --subject-alternative-names 'example.com' '*.example.com'",
    );
  });

  test('a proof that is waited for comes as the record to make', async () => {
    const validation = [{ name: '_x.example.com.', type: 'CNAME', value: '_y.acm-validations.aws.' }];
    const [found] = await judged(seen({ ...good, status: 'PENDING_VALIDATION', validation }));
    expect(found).toMatchObject({ source: { file: 'infra/lb.yaml', line: 1 } });
    expect(found?.hint.split('\n')[1]).toBe('_x.example.com. CNAME _y.acm-validations.aws.');
  });
});

describe('the controllers', () => {
  const net = ['--aws-region=us-east-1', '--aws-vpc-id=vpc-1', '--cluster-name=sample'];
  const dns = externalDns('0.19.0');
  test.each([
    ['both, as the example has them', [lbc('3.5.0', gates, ...net), dns], []],
    ['none', [], ['error release/controller-missing', 'error release/controller-missing']],
    ['LBC before Pod Identity', [lbc('2.6.2', gates, ...net), dns], ['error controller/too-old']],
    ['LBC before Gateway API', [lbc('2.13.4', gates, ...net), dns], ['error controller/too-old']],
    [
      'ExternalDNS before Pod Identity',
      [lbc('3.5.0', gates, ...net), externalDns('0.14.2')],
      ['error controller/too-old'],
    ],
    [
      'ExternalDNS that nobody has tried',
      [lbc('3.5.0', gates, ...net), externalDns('0.15.0')],
      ['warning controller/too-old'],
    ],
    [
      'newer than what is known',
      [lbc('3.6.0', gates, ...net), externalDns('0.23.1')],
      ['notice controller/newer-than-known', 'notice controller/newer-than-known'],
    ],
    ['the newest that are known', [lbc('3.5.7', gates, ...net), externalDns('0.22.4')], []],
    ['LBC that says little', [lbc('2.14.0', gates, ...net), dns], ['notice controller/says-little']],
    [
      '2.14 without the gate',
      [lbc('2.14.0', ...net), dns],
      ['notice controller/says-little', 'error controller/gate-off'],
    ],
    [
      'the gate off',
      [lbc('3.5.0', gates.replace('true', 'false'), ...net), dns],
      ['error controller/gate-off'],
    ],
    ['gates left to the controller', [lbc('3.5.0', ...net), dns], ['notice controller/gate-off']],
    [
      'no region, no VPC',
      [lbc('3.5.0', gates, '--cluster-name=$(CLUSTER)'), dns],
      ['warning controller/no-region'],
    ],
    ['no cluster', [lbc('3.5.0', gates, ...net.slice(0, 2)), dns], ['error controller/cluster-name']],
    [
      'another cluster',
      [lbc('3.5.0', gates, ...net.slice(0, 2), '--cluster-name=other'), dns],
      ['error controller/cluster-name'],
    ],
    [
      'the VPC by its tags',
      [
        lbc('3.5.0', gates, '--aws-region', 'us-east-1', '--aws-vpc-tags=Name=a', '--cluster-name=sample'),
        dns,
      ],
      [],
    ],
  ])('%s', (_name, coming, expected) => expect(said(judgeControllers(coming, 'sample'))).toEqual(expected));
  test('Deployments that could not be read say nothing', () =>
    expect(judgeControllers(undefined)).toEqual([]));
});

describe("ExternalDNS's settings", () => {
  const judged = (version: string, args: readonly string[], ...names: readonly string[]) =>
    judgeExternalDns(setting, externalDns(version, ...args), {
      hosts: hosts(...names),
      gateways: [gateway()],
      namespace: 'default',
      zoneOf: () => ({ id: 'Z1', name: 'example.com' }),
    });
  test.each([
    ['good ones', '0.19.0', [], []],
    [
      'the default owner, with sync',
      '0.19.0',
      ['--txt-owner-id=default'],
      ['error externaldns/owner-id-default'],
    ],
    [
      'the default owner, without',
      '0.19.0',
      ['--txt-owner-id=default', '--policy=upsert-only'],
      ['warning externaldns/owner-id-default', 'warning externaldns/policy'],
    ],
    ['records that stay', '0.19.0', ['--policy=upsert-only'], ['warning externaldns/policy']],
    ['records that never change', '0.19.0', ['--policy=create-only'], ['warning externaldns/policy']],
    ['no policy where it is demanded', '0.22.0', ['--policy='], ['error externaldns/policy']],
    ['no registry', '0.19.0', ['--registry=noop'], ['warning externaldns/registry']],
    [
      'one more hop',
      '0.19.0',
      ['--aws-assume-role=arn:aws:iam::222222222222:role/x'],
      ['warning externaldns/extra-hop'],
    ],
    ['no source for routes', '0.19.0', ['--source=ingress'], ['error record/external-dns-excludes']],
    ['another domain', '0.19.0', ['--domain-filter=example.org'], ['error record/external-dns-excludes']],
    ['another zone', '0.19.0', ['--zone-id-filter=Z9'], ['error record/external-dns-excludes']],
  ])('%s', (_name, version, args, expected) => {
    expect(said(judged(version, args, 'a.example.com'))).toEqual(expected);
  });
  test('a filter that leaves out many hosts is said once, and names them', () => {
    for (const flag of ['--domain-filter=example.org', '--source=service']) {
      const [found, ...more] = judged('0.19.0', [flag], 'a.example.com', 'b.example.com');
      expect(more).toEqual([]);
      expect(found?.message).toContain('`a.example.com`, `b.example.com`');
      expect(found?.message).toContain(flag.split('=')[0]);
    }
    expect(judged('0.19.0', ['--domain-filter=example.org'], 'a.example.com')[0]?.message).toContain(
      'does not admit a.example.com',
    );
  });
});

describe('the cluster', () => {
  const fine = {
    status: 'ACTIVE',
    version: '1.36',
    endpointPublicAccess: true,
    publicAccessCidrs: ['0.0.0.0/0'],
    authenticationMode: 'API',
  };
  test.each([
    ['a fine one', {}, []],
    ['one in change', { status: 'UPDATING' }, ['notice cluster/updating']],
    ['an old one', { version: '1.29' }, ['warning cluster/version-old']],
    ['one just new enough', { version: '1.30' }, []],
    ['aws-auth alone', { authenticationMode: 'CONFIG_MAP' }, ['warning cluster/config-map-only']],
    ['a private endpoint', { endpointPublicAccess: false }, ['notice cluster/endpoint-private']],
    ['certain networks', { publicAccessCidrs: ['198.51.100.0/24'] }, ['notice cluster/endpoint-restricted']],
  ])('%s', (_name, over, expected) =>
    expect(said(judgeCluster(setting, { ...fine, ...over }))).toEqual(expected),
  );
});
