// The listeners' certificates in ACM: what is wrong with each, and which hosts none of them covers.
import { expect, test } from '@jest/globals';
import {
  type AcmCertificate,
  coversName,
  judgeCertificates,
  observeCertificates,
} from '../../../src/preflight/certificates.ts';
import { listenerCertificates, namedCertificates } from '../../../src/preflight/listeners.ts';
import type { Seen } from '../../../src/verdict/seen.ts';
import { gateway, hosts, source } from './published.ts';
import { at, denied, never, said, seen, setting } from './setting.ts';

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
        certificate === undefined ? [] : [{ protocolPort: `HTTPS:${port}`, defaultCertificate: certificate }],
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
