// The records of a hosted zone against what the hosts want: each host by itself, then the zone as a whole.
import { list, text, textMap } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import { judgeHost } from './host-records.ts';
import type { Sighting } from './item.ts';
import { judgeZone } from './zone-records.ts';
import { type RecordsWant, ZoneView } from './zone-view.ts';

export const judgeRecords = (want: RecordsWant): readonly Sighting[] => {
  const zone = new ZoneView(want);
  return [...want.hosts.flatMap((host) => judgeHost(zone, host)), ...judgeZone(zone)];
};

/** `httproute/apps/shop`: a route as ExternalDNS names it in a TXT record. */
export const resourceOf = ({ kind, metadata }: KubernetesObject): string =>
  `${kind.toLowerCase()}/${metadata.namespace ?? ''}/${metadata.name}`;

/** By every Gateway that it names. */
export const isRefused = (route: KubernetesObject): boolean => {
  const parents = list(route, 'status', 'parents');
  return (
    parents.length > 0 &&
    parents.every((parent) =>
      list(parent, 'conditions').some(
        (each) => text(each, 'type') === 'Accepted' && text(each, 'status') === 'False',
      ),
    )
  );
};

/** Hosts that a route names outside its spec. */
export const annotatedHosts = (route: KubernetesObject): readonly string[] =>
  Object.entries(textMap(route, 'metadata', 'annotations')).flatMap(([name, value]) =>
    /^external-dns\.(alpha\.)?kubernetes\.io\/hostname$/.test(name)
      ? value.split(',').map((host) => host.trim().toLowerCase())
      : [],
  );
