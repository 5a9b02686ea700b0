// Faults of what the load balancer serves as its certificate.
import { makeCertificate } from './bad-certificate.ts';
import { type Fault, replaced } from './fault.ts';
import { seeded, setEntry } from './world.ts';

const served =
  (kind: Parameters<typeof makeCertificate>[1]): NonNullable<Fault['change']> =>
  (files, { host }) =>
    replaced([
      `defaultCertificate: ${seeded().certificateArn}`,
      `defaultCertificate: ${makeCertificate(host, kind)}`,
    ])(files);

export const certificateFaults: readonly Fault[] = [
  {
    name: 'certificate-one-address',
    family: 'certificate',
    what: 'One of the addresses serves another certificate',
    link: 'certificate',
    code: 'certificate/wrong-name',
    names: ({ host }) => [host, 'default.invalid'],
    timeout: 150,
    inject: ({ host }) => setEntry('defaultCertificateFor', host, [1]),
    mend: ({ host }) => setEntry('defaultCertificateFor', host, undefined),
  },
  {
    name: 'certificate-depth',
    family: 'certificate',
    what: 'A wildcard covers one label, and the hostname has two',
    link: 'certificate',
    code: 'certificate/wrong-name',
    names: () => ['deep.certificate-depth.example.com', '*.example.com'],
    timeout: 150,
    change: (files, { host }) => replaced([`hostnames: [${host}]`, `hostnames: [deep.${host}]`])(files),
  },
  {
    name: 'certificate-expired',
    family: 'certificate',
    what: 'The certificate has expired',
    link: 'certificate',
    code: 'certificate/expired',
    names: ({ host }) => [host],
    ownGateway: true,
    change: served('expired'),
  },
  {
    name: 'certificate-self-made',
    family: 'certificate',
    what: 'No authority that is trusted has signed the certificate',
    link: 'certificate',
    code: 'certificate/untrusted',
    names: ({ host }) => [host],
    ownGateway: true,
    change: served('self-signed'),
  },
];
