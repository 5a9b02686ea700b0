// The links of a host whose route hangs on no Gateway: nothing is asked about one, and the route says why.
import { describe, expect, test } from '@jest/globals';
import { Nudges } from '../../../src/chain/nudge.ts';
import { hostsOf } from '../../../src/gateway/hosts.ts';
import { linksOf } from '../../../src/modes/chain/links.ts';
import type { HostWant, Ports } from '../../../src/modes/chain/want.ts';
import { type Objects, readerOf, say, signal, since } from '../chain/seen-objects.ts';
import { SimulatedClock } from '../chain/simulated-clock.ts';

const route = (kind: string) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', namespace: 'apps' },
  spec: { hostnames: ['a.example.com'], parentRefs: [{ kind, name: 'extra', namespace: 'infra' }] },
});

const looks = async (kind: string, others: Objects = {}) => {
  const object = route(kind);
  const source = { file: 'route.yaml', line: 1 };
  const clock = new SimulatedClock();
  const cluster = {
    ...readerOf({ 'HTTPRoute apps/web': object, ...others }),
    changes: { since: async () => false },
  };
  const ports = { cluster, nudges: new Nudges({ clock }), clock } as unknown as Ports;
  const published = hostsOf([{ object, source }], []);
  return Promise.all(
    published.map(async (host) => {
      const want: HostWant = {
        published: host,
        others: [],
        crds: { crds: [] },
        freshness: { since },
        generationOf: () => undefined,
        namespace: 'apps',
        zoneAccount: '',
        probe: { path: '/', method: 'GET', headers: {} },
        statuses: [],
        streak: 1,
      };
      const wanted = linksOf(want, ports).filter(({ id }) => ['class', 'gateway', 'route'].includes(id));
      return Promise.all(wanted.map(({ look }) => look({}, signal)));
    }),
  );
};

describe('a route whose parent is no Gateway', () => {
  const set = { ...route('Gateway'), kind: 'ListenerSet', metadata: { name: 'extra', namespace: 'infra' } };

  test.each<[string, Objects, string, string]>([
    [
      'that the controller does not follow',
      { 'ListenerSet infra/extra': set },
      'broken route/parent-not-followed',
      'HTTPRoute apps/web names ListenerSet infra/extra as its parent, which the controller does not follow to a Gateway.',
    ],
    [
      'that is not there',
      {},
      'broken route/parent-missing',
      'HTTPRoute apps/web names ListenerSet infra/extra as its parent, which does not exist.',
    ],
  ])('a ListenerSet %s', async (_what, others, said, message) => {
    const [host = []] = await looks('ListenerSet', others);
    expect(host.map(({ verdict }) => say(verdict))).toEqual([
      'skipped look/not-used',
      'skipped look/not-used',
      said,
    ]);
    expect(host.at(-1)?.verdict.message).toBe(message);
  });

  test('a Service: the mesh publishes nothing', async () => {
    expect(await looks('Service')).toEqual([]);
  });
});
