// A host's record as a test sets it: the zones, ExternalDNS's Deployment and log; and what the link `record` says of it.
import type { KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader } from '../../../src/chain/cluster.ts';
import { judgeRecord, observeRecord, type RecordWant } from '../../../src/chain/record.ts';
import { controllersOf } from '../../../src/chain/release.ts';
import type { HostedZone, RecordSet, ZoneReader } from '../../../src/chain/zone.ts';
import type { Seen } from '../../../src/verdict/seen.ts';

const { signal } = new AbortController();
export const at = new Date('2026-11-22T23:01:00Z');
export const host = 'app.example.com';
export const loadBalancer = 'k8s-infra-public-1.eu-west-1.elb.amazonaws.com';

const deployment = (args: readonly string[]): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'external-dns', namespace: 'external-dns' },
  spec: {
    selector: { matchLabels: { app: 'external-dns' } },
    template: {
      spec: {
        containers: [
          {
            image: 'registry.k8s.io/external-dns/external-dns:v0.19.0',
            args: ['--source=gateway-httproute', '--txt-owner-id=lab', ...args],
          },
        ],
      },
    },
  },
});

export const wantOf = (args: readonly string[] | undefined, rest: Partial<RecordWant> = {}): RecordWant => {
  const { externalDns } = controllersOf(args === undefined ? [] : [deployment(args)]);
  return {
    host,
    loadBalancer,
    route: {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'web', namespace: 'apps' },
    },
    gateways: [],
    zoneAccount: '222222222222',
    since: new Date('2026-11-22T23:00:00Z'),
    ...(externalDns && { externalDns }),
    ...rest,
  };
};

export const zoneOf = (name: string, id = 'Z1', isPrivate = false): HostedZone => ({
  id,
  name,
  private: isPrivate,
  nameServers: ['ns-1.awsdns-1.com'],
});

export const alias = (target: string, type = 'A', name = host): RecordSet => ({
  name,
  type,
  alias: { target, zoneId: 'Z32O12XQLNTSW2' },
  values: [],
});
export const owner = (id: string, resource = 'httproute/apps/web', name = `cname-${host}`): RecordSet => ({
  name,
  type: 'TXT',
  values: [`"heritage=external-dns,external-dns/owner=${id},external-dns/resource=${resource}"`],
});

export interface Outside {
  readonly zones?: Seen<readonly HostedZone[]>;
  readonly records?: Readonly<Record<string, readonly RecordSet[]>>;
  readonly log?: Seen<string>;
}

export const judge = async (want: RecordWant, outside: Outside) => {
  const zoneReader: ZoneReader = {
    zones: async () => outside.zones ?? { at, value: [zoneOf('example.com')] },
    records: async (zoneId, names) => ({
      at,
      value: (outside.records?.[zoneId] ?? []).filter(({ name }) => names.includes(name)),
    }),
  };
  const pod = (name: string, born: string, app = 'external-dns'): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'external-dns', labels: { app }, creationTimestamp: born },
  });
  const reader: ClusterReader = {
    get: async () => ({ at, value: undefined }),
    list: async () => ({
      at,
      value: [
        pod('old', '2026-01-01T00:00:00Z'),
        pod('new', '2026-11-01T00:00:00Z'),
        pod('other', '2026-12-01T00:00:00Z', 'x'),
      ],
    }),
    log: async (namespace, name) => {
      if (namespace !== 'external-dns' || name !== 'new')
        throw new Error(`the log of ${namespace}/${name} was asked for`);
      return outside.log ?? { at, value: '' };
    },
  };
  const seen = await observeRecord(zoneReader, reader, want, signal);
  const verdict = judgeRecord(want, seen);
  return { verdict, seen, said: verdict.state === 'ok' ? 'ok' : `${verdict.state} ${verdict.code}` };
};

export const zone = (...records: readonly RecordSet[]): Outside => ({ records: { Z1: records } });
