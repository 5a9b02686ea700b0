// One healthy deploy on simulated time, through the real links, judges and wait; what was said of it, and when.
import type { Certificate } from '../../src/chain/certificate.ts';
import type { ServerAnswer } from '../../src/chain/nameservers.ts';
import { Nudges } from '../../src/chain/nudge.ts';
import { sharedReader } from '../../src/chain/shared-reader.ts';
import { waitForHosts } from '../../src/chain/wait.ts';
import type { HostedZone, RecordSet } from '../../src/chain/zone.ts';
import { byHost, hostsOf } from '../../src/gateway/hosts.ts';
import { linksOf } from '../../src/modes/chain/links.ts';
import type { Ports } from '../../src/modes/chain/want.ts';
import { SimulatedClock } from '../unit/chain/simulated-clock.ts';
import {
  gatewayAsWritten,
  host,
  loadBalancer,
  loadBalancerArn,
  route,
  SimulatedCluster,
  targetGroupArn,
} from './cluster.ts';
import { type Course, completeAt, courseOf } from './course.ts';
import { watchesOf } from './watch.ts';

export interface Healthy {
  readonly seed: number;
  readonly live: boolean;
  /** Codes that were shown as broken at any moment, with the second. */
  readonly broken: readonly string[];
  /** Milliseconds: when the last link came to be true, and when it was said. */
  readonly trueAt: number;
  readonly saidAt: number;
}

const zone: HostedZone = {
  id: 'Z1',
  name: 'example.com',
  private: false,
  nameServers: ['ns-1.test', 'ns-2.test', 'ns-3.test', 'ns-4.test'],
};
const addresses = ['192.0.2.1', '192.0.2.2'];
/** Route 53 is read once in so many milliseconds a zone. */
const pace = 5_000;

const records: readonly RecordSet[] = [
  ...['A', 'AAAA'].map((type) => ({
    name: host,
    type,
    alias: { target: loadBalancer, zoneId: 'Z32O12XQLNTSW2' },
    values: [],
  })),
  {
    name: `cname-${host}`,
    type: 'TXT',
    values: ['"heritage=external-dns,external-dns/owner=lab,external-dns/resource=httproute/shop/shop"'],
  },
];

const certificate = (covers: boolean, at: Date): Certificate => ({
  names: [covers ? '*.example.com' : 'default.invalid'],
  issuer: 'Test',
  subject: 'Test',
  validFrom: new Date(at.getTime() - 86_400_000),
  validTo: new Date(at.getTime() + 86_400_000),
  fingerprint256: 'AB',
  covers,
  authorized: covers,
});

function portsOf(seed: number, course: Course, clock: SimulatedClock, start: Date): Ports {
  const now = (): number => clock.monotonic();
  const { signal } = new AbortController();
  const pause = (most: number): Promise<void> => clock.sleep(1 + course.random() * most, signal);
  const at = (): Date => clock.now();
  let listed = { at: Number.NEGATIVE_INFINITY, value: [] as readonly RecordSet[] };
  const said = (server: string, index: number): ServerAnswer => {
    const { relapse, served } = course;
    const fallen = relapse?.server === index && now() >= relapse.from && now() < relapse.to;
    const known = now() >= (served[index] ?? 0) && !fallen;
    return {
      server,
      address: `198.51.100.${index}`,
      rcode: known ? 'NOERROR' : 'NXDOMAIN',
      aa: true,
      addresses: known ? addresses : [],
    };
  };
  return {
    cluster: sharedReader(
      new SimulatedCluster(course, start, now).reader(() => pause(15)),
      clock,
      800,
      signal,
      watchesOf(seed, course, clock, signal),
    ),
    zones: {
      zones: async () => ({ at: at(), value: [zone] }),
      records: async (_zoneId, names) => {
        if (now() - listed.at >= pace) {
          const asked = now();
          await pause(40);
          listed = { at: asked, value: now() >= course.record ? records : [] };
        }
        return { at: at(), value: listed.value.filter(({ name }) => names.includes(name)) };
      },
    } as Ports['zones'],
    authority: {
      overridden: false,
      ask: async (_host, servers) => {
        await pause(30);
        return servers.map(said);
      },
      delegation: async () => ({
        servers: zone.nameServers.map((name, index) => ({ name, addresses: [`198.51.100.${index}`] })),
      }),
      zoneOf: async () => zone,
    },
    tls: {
      certificate: async (_host, address) => {
        await pause(40);
        const index = addresses.indexOf(address);
        if (now() < (course.connects[index] ?? 0)) return { unreachable: 'connection refused' };
        return certificate(now() >= (course.certified[index] ?? 0), at());
      },
    },
    https: {
      answer: async (_probe, address) => {
        await pause(60);
        const index = addresses.indexOf(address);
        const good = now() >= (course.answers[index] ?? 0);
        const status = good ? 200 : (course.before[index] ?? 503);
        return { status, headers: {}, bodyStart: '', ...(!good && { server: 'awselb/2.0' }) };
      },
    },
    loadBalancers: {
      rules: async () => {
        await pause(40);
        const listener = { port: 443, protocol: 'HTTPS' };
        const rules = [
          {
            listener,
            priority: Number.POSITIVE_INFINITY,
            conditions: [],
            action: { kind: 'fixed', status: 404 } as const,
          },
          ...(now() < course.rule
            ? []
            : [
                {
                  listener,
                  priority: 1,
                  conditions: [{ field: 'host-header', values: [host] }],
                  action: {
                    kind: 'forward',
                    targetGroups: [{ arn: targetGroupArn, weight: 1 }],
                  } as const,
                },
              ]),
        ];
        return { at: at(), value: rules };
      },
      health: async () => {
        await pause(40);
        if (now() < course.registered) return { at: at(), value: { targets: [] } };
        const state = now() < course.healthy ? 'initial' : 'healthy';
        return { at: at(), value: { targets: [{ id: '10.0.0.1', port: 8080, state }] } };
      },
    },
    nudges: new Nudges({ clock }),
    clock,
  };
}

export async function runHealthy(seed: number): Promise<Healthy> {
  const course = courseOf(seed);
  const clock = new SimulatedClock();
  const start = clock.now();
  const source = { file: 'routes.yaml', line: 1 };
  const [published] = byHost(hostsOf([{ object: route, source }], [gatewayAsWritten], { namespace: 'shop' }));
  if (published === undefined) throw new Error('the route publishes no host');
  const ports = portsOf(seed, course, clock, start);
  const links = linksOf(
    {
      published: published.first,
      others: published.others,
      crds: { crds: [{ name: 'httproutes.gateway.networking.k8s.io', versions: ['v1'] }] },
      freshness: { since: start },
      generationOf: () => 1,
      namespace: 'shop',
      zoneAccount: '222222222222',
      probe: { path: '/', method: 'GET', headers: {} },
      statuses: [{ from: 200, to: 399 }],
      streak: 3,
    },
    ports,
  );
  const broken: string[] = [];
  let saidAt = Number.NaN;
  const waited = clock.run(
    waitForHosts([{ host, ref: 'HTTPRoute shop/shop', links }], {
      clock,
      deadline: 900_000,
      interval: 1_000,
      random: course.random,
      changes: ports.cluster.changes,
      signal: new AbortController().signal,
      onChange: (_host, { links: shown, end }) => {
        if (end === 'broken')
          for (const { id, code, state } of shown)
            if (state === 'broken')
              broken.push(`${id} ${code} at ${Math.round(clock.monotonic() / 1_000)} s`);
        if (end !== undefined) saidAt = clock.monotonic();
      },
    }),
  );
  const [result] = await waited;
  return { seed, live: result?.live ?? false, broken, trueAt: completeAt(course), saidAt };
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
    : (sorted[Math.floor(middle)] ?? 0);
};

export { loadBalancerArn };
