// A record by which ACM renews a certificate, tidied away.
import {
  ACMClient,
  DescribeCertificateCommand,
  RequestCertificateCommand,
  type ResourceRecord,
} from '@aws-sdk/client-acm';
import {
  AddListenerCertificatesCommand,
  RemoveListenerCertificatesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { elb, listener } from './load-balancer.ts';
import { adminOf, asAdmin, changeRecord, type Family } from './mutation.ts';

const acm = new ACMClient(asAdmin('eks'));
const domain = 'proved.example.com';

/** Kept between make and mend. */
let arn = '';
let proof: ResourceRecord | undefined;

const describe = async () =>
  (await acm.send(new DescribeCertificateCommand({ CertificateArn: arn }))).Certificate;

const write = async (action: 'UPSERT' | 'DELETE'): Promise<void> => {
  if (proof === undefined) throw new Error('the certificate has no record that proves its domain');
  const { Name, Type, Value } = proof;
  await changeRecord(action, { Name, Type, TTL: 300, ResourceRecords: [{ Value }] });
};

const reserved: ResourceRecordSet = {
  Name: domain,
  Type: 'CAA',
  TTL: 300,
  ResourceRecords: [{ Value: '0 issue "letsencrypt.org"' }],
};

/** Asked for, proved, and in use; only then somebody removes what proved it. */
async function removeProof(): Promise<void> {
  const asked = new RequestCertificateCommand({ DomainName: domain, ValidationMethod: 'DNS' });
  arn = (await acm.send(asked)).CertificateArn ?? '';
  proof = (await describe())?.DomainValidationOptions?.[0]?.ResourceRecord;
  await write('UPSERT');
  const status = (await describe())?.Status;
  if (status !== 'ISSUED') throw new Error(`the certificate is ${status}, although its record stands`);
  const { ListenerArn } = await listener();
  await elb.send(
    new AddListenerCertificatesCommand({ ListenerArn, Certificates: [{ CertificateArn: arn }] }),
  );
  await write('DELETE');
}

export const certificates = (): readonly Family[] => [
  {
    name: 'proof of a certificate',
    mutations: [
      {
        name: 'the record by which ACM renews a certificate is removed',
        layer: 'route53',
        ref: new RegExp(`^Record _[0-9a-f]+\\.${domain.replaceAll('.', '\\.')}$`),
        path: 'CNAME',
        by: adminOf('dns'),
        make: removeProof,
        mend: () => write('UPSERT'),
      },
      {
        name: 'another authority alone may issue for its domain',
        layer: 'route53',
        ref: `Record ${domain}`,
        path: 'CAA',
        by: adminOf('dns'),
        make: () => changeRecord('UPSERT', reserved),
        mend: () => changeRecord('DELETE', reserved),
      },
    ],
  },
  {
    // Nobody asked for the certificate: the listener gives it back only now, so that the record is looked at after mending.
    name: 'proved certificate',
    mutations: [
      {
        name: 'a certificate that ACM has issued is added by hand',
        layer: 'aws',
        ref: /^LoadBalancer k8s-/,
        path: /^listeners\[443\]\.certificates\[arn:/,
        by: adminOf('eks'),
        heals: 'AWS Load Balancer Controller',
        make: () => undefined,
        mend: async () => {
          const { ListenerArn } = await listener();
          const Certificates = [{ CertificateArn: arn }];
          await elb.send(new RemoveListenerCertificatesCommand({ ListenerArn, Certificates }));
        },
      },
    ],
  },
];
