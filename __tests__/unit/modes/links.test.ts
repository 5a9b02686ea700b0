// The links of a host whose route hangs on no Gateway: nothing is asked about one, and the route says why.
import { describe, expect, test } from '@jest/globals';
import { Nudges } from '../../../src/chain/nudge.ts';
import { hostsOf } from '../../../src/gateway/hosts.ts';
import { linksOf } from '../../../src/modes/chain/links.ts';
import type { HostWant, Ports } from '../../../src/modes/chain/want.ts';
import { readerOf, say, signal, since } from '../chain/seen-objects.ts';
import { SimulatedClock } from '../chain/simulated-clock.ts';

const route = (kind: string) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', namespace: 'apps' },
  spec: { hostnames: ['a.example.com'], parentRefs: [{ kind, name: 'extra', namespace: 'infra' }] },
});

const looks = async (kind: string) => {
  const object = route(kind);
  const source = { file: 'route.yaml', line: 1 };
  const clock = new SimulatedClock();
  const cluster = { ...readerOf({ 'HTTPRoute apps/web': object }), changes: { since: async () => false } };
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
  test('a ListenerSet', async () => {
    const [host = []] = await looks('ListenerSet');
    expect(host.map(({ verdict }) => say(verdict))).toEqual([
      'skipped look/not-used',
      'skipped look/not-used',
      'broken route/parent-not-followed',
    ]);
    expect(host.at(-1)?.verdict.message).toBe(
      'HTTPRoute apps/web names ListenerSet infra/extra as its parent, which the controller does not follow to a Gateway.',
    );
  });

  test('a Service: the mesh publishes nothing', async () => {
    expect(await looks('Service')).toEqual([]);
  });
});
