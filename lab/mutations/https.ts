// Hosts that do not answer although every setting is as it should be.
import { layout } from '../cluster/layout.ts';
import { type Family, kubectl } from './mutation.ts';

const control = `http://${layout.addresses.aws}:${layout.ports.aws}/lab/knobs`;

const knobs = async (change: unknown): Promise<void> => {
  const answer = await fetch(control, {
    method: 'PATCH',
    body: JSON.stringify(change),
    headers: { 'content-type': 'application/json' },
  });
  if (!answer.ok) throw new Error(`knobs: ${answer.status} ${await answer.text()}`);
};

export const https = (): readonly Family[] => [
  {
    name: 'answers',
    mutations: [
      {
        name: 'an app answers with an error',
        layer: 'https',
        ref: 'Host shop.example.com',
        path: 'https',
        make: () => {
          kubectl('-n', 'shop', 'annotate', 'pods', '-l', 'app=shop', 'lab/answers=500', '--overwrite');
        },
        mend: () => {
          kubectl('-n', 'shop', 'annotate', 'pods', '-l', 'app=shop', 'lab/answers-');
        },
      },
    ],
  },
  {
    name: 'certificate',
    mutations: [
      {
        name: 'one address serves another certificate',
        layer: 'https',
        ref: 'Host sample-app.example.com',
        path: 'certificate',
        make: () => knobs({ defaultCertificateAt: [0] }),
        mend: () => knobs({ defaultCertificateAt: [] }),
      },
    ],
  },
  {
    name: 'delegation',
    mutations: [
      {
        name: 'the parent delegates the zone to other name servers',
        layer: 'route53',
        ref: 'Host sample-app.example.com',
        path: 'nameservers',
        make: () => knobs({ delegation: { [layout.zone]: ['ns.elsewhere.example'] } }),
        mend: () => knobs({ delegation: {} }),
      },
    ],
  },
];
