// Whether ACM will renew: what it says of a renewal under way, and the records that it looks for.
import { expect, test } from '@jest/globals';
import type { HostedZone, RecordSet } from '../../../src/chain/zone.ts';
import type { AcmCertificate } from '../../../src/preflight/certificates.ts';
import { judgeRenewals, observeProofs } from '../../../src/preflight/renewal.ts';
import { denied, never, said, seen, setting } from './setting.ts';

const arn = 'arn:aws:acm:us-east-1:111111111111:certificate/1';
const proof = { name: '_x.app.example.com.', type: 'CNAME', value: '_y.acm-validations.aws.' };
const certificate: AcmCertificate = {
  arn,
  status: 'ISSUED',
  names: ['app.example.com'],
  type: 'AMAZON_ISSUED',
  validation: [],
  proofs: [proof],
};
const zone: HostedZone = { id: 'Z1', name: 'example.com', private: false, nameServers: [] };
const standing: RecordSet = { name: '_x.app.example.com', type: 'CNAME', values: ['_Y.acm-validations.aws'] };
const want = { named: [{ arn, ref: 'LoadBalancerConfiguration infra/public' }], listeners: [] };

const judged = async (
  of: Partial<AcmCertificate>,
  records: readonly RecordSet[] | 'denied' = [standing],
  zones: readonly HostedZone[] = [zone],
) => {
  const looked = { named: new Map([[arn, seen({ ...certificate, ...of })]]) };
  const reader = {
    zones: async () => seen(zones),
    records: async () =>
      records === 'denied'
        ? denied('route53:ListResourceRecordSets on arn:aws:route53:::hostedzone/Z1')
        : seen(records),
  };
  return judgeRenewals(setting, want, looked, await observeProofs(want, looked, reader, never));
};
const blocked = ['warning certificate/renewal-blocked'];

test.each<[string, Parameters<typeof judged>, readonly string[]]>([
  ['its record stands', [{}], []],
  ['its record is gone', [{}, []], blocked],
  ['its record says something else', [{}, [{ ...standing, values: ['_z.acm-validations.aws.'] }]], blocked],
  ['the zone is of another account', [{}, [], []], []],
  ['a zone by input that does not hold the name', [{}, [], [{ ...zone, name: 'example.org' }]], []],
  ['only a private zone holds the name', [{}, [], [{ ...zone, private: true }]], []],
  ['the zone may not be read', [{}, 'denied'], ['notice look/denied']],
  ['imported: nothing is renewed', [{ type: 'IMPORTED' }, []], []],
  ['not issued yet: said elsewhere', [{ status: 'PENDING_VALIDATION' }, []], []],
  [
    'the renewal has failed',
    [{ renewal: { eligible: true, status: 'FAILED', reason: 'CAA_ERROR' } }],
    blocked,
  ],
  [
    'the renewal waits for its proof',
    [{ renewal: { eligible: true, status: 'PENDING_VALIDATION' } }],
    blocked,
  ],
  ['the renewal is under way', [{ renewal: { eligible: true, status: 'PENDING_AUTO_RENEWAL' } }], []],
  ['not used yet, so not eligible', [{ renewal: { eligible: false } }], []],
])('%s', async (_, of, expected) => {
  expect(said(await judged(...of))).toEqual(expected);
});

test('the command puts back the very record', async () => {
  const [found] = await judged({}, []);
  const [, command = ''] = found?.hint.split('\n') ?? [];
  expect(command).toMatch(/^aws route53 change-resource-record-sets --hosted-zone-id Z1 --change-batch '/);
  const [change] = JSON.parse(/'(.*)'$/.exec(command)?.[1] ?? '').Changes;
  expect(change).toEqual({
    Action: 'UPSERT',
    ResourceRecordSet: {
      Name: proof.name,
      Type: 'CNAME',
      TTL: 300,
      ResourceRecords: [{ Value: proof.value }],
    },
  });
});
