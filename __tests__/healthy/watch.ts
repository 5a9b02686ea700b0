// Watches of a simulated cluster: each change is told a little later, some watches are denied or lost for a while.
import type { Kind } from '../../src/chain/cluster.ts';
import { type ClusterWatcher, Watches } from '../../src/chain/watches.ts';
import type { SimulatedClock } from '../unit/chain/simulated-clock.ts';
import { type Course, chance } from './course.ts';

const told: Readonly<Record<string, readonly string[]>> = {
  GatewayClass: ['alb'],
  Gateway: ['public'],
  HTTPRoute: ['shop'],
  Deployment: ['lbc', 'external-dns', 'shop'],
  Pod: ['lbc-1', 'external-dns-1', 'shop-1'],
  Event: ['e-1'],
  EndpointSlice: ['shop-1'],
  TargetGroupBinding: ['k8s-shop'],
};

const momentsOf = (course: Course): readonly number[] =>
  [
    course.controllers,
    course.classAccepted,
    course.gatewayAccepted,
    course.programmed,
    course.routeSeen,
    course.backendsKnown,
    course.rule,
    course.podsReady,
    ...(course.falseAlarm ?? []),
  ].toSorted((one, other) => one - other);

/** What is told late: as if the server's watch lagged behind its reads. */
const mostLag = 300;

const namespaceOf = ({ plural }: Kind, namespace: string | undefined, name: string): string | undefined => {
  if (plural === 'gatewayclasses') return undefined;
  return namespace ?? (name.startsWith('shop') || name === 'k8s-shop' ? 'shop' : 'infra');
};

export function watchesOf(seed: number, course: Course, clock: SimulatedClock, signal: AbortSignal): Watches {
  const random = chance(seed ^ 0x5bd1e995);
  const watcher: ClusterWatcher = {
    watch: async ({ kind, namespace }, { standing, changed, lost }, aborted) => {
      await clock.sleep(1 + random() * 100, aborted);
      if (random() < 0.2) return { denied: `watch ${kind.plural}` };
      standing();
      for (const moment of momentsOf(course)) {
        await clock.sleep(Math.max(1, moment - clock.monotonic() + random() * mostLag), aborted);
        if (random() < 0.1) {
          lost();
          await clock.sleep(random() * 5_000, aborted);
          standing();
        }
        for (const name of told[kind.kind] ?? []) changed(namespaceOf(kind, namespace, name), name);
      }
      await clock.sleep(3_600_000, aborted);
      return { denied: 'the run is over long since' };
    },
  };
  const kinds = new Set(
    'gatewayclasses gateways httproutes deployments pods events endpointslices targetgroupbindings'.split(
      ' ',
    ),
  );
  return new Watches({ watcher, most: 30, kinds, onDenied: () => {}, signal });
}
