// Plays a recording of lbc-transcripts: what a reader of the cluster would have seen at each moment of it.
import { readFileSync } from 'node:fs';
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { ClusterReader, Kind } from '../../../src/chain/cluster.ts';

interface Row {
  readonly t: number;
  readonly applied?: readonly string[];
  readonly deleted?: readonly string[];
  readonly event?: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly kind?: string;
  readonly name?: string;
  readonly generation?: number;
  readonly finalizers?: readonly string[];
  readonly deleting?: boolean;
  readonly status?: JsonObject;
  readonly annotations?: JsonObject;
  /** In recordings since 2026-11-30. */
  readonly spec?: JsonObject;
}

interface RecordedEvent {
  readonly reason: string;
  readonly object: string;
  readonly message: string;
  readonly count: number;
}

interface File {
  readonly log: readonly Row[];
  readonly events: readonly RecordedEvent[];
  /** Every time that something was told, in recordings since 2026-11-30. */
  readonly told?: readonly (RecordedEvent & { readonly t: number })[];
}

type Conditions = readonly {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime: string;
}[];

const folder = new URL('../../fixtures/lbc-transcripts/', import.meta.url);
const namespace = 'app';
const https = { name: 'https', port: 443, protocol: 'HTTPS', hostname: '*.example.com' };
const http = { name: 'http', port: 80, protocol: 'HTTP', hostname: '*.example.com' };

const classOf: Readonly<Record<string, string>> = {
  'class-missing': 'nobody',
  'class-of-other-controller': 'foreign',
  'class-and-gateway-together': 'aws-alb-2',
};

/** What the scenario's name says of a route; the recordings hold status only. */
const routeSpec = (scenario: string, name: string): JsonObject => ({
  hostnames: [scenario === 'hostname-outside-listener' ? 'app.elsewhere.org' : 'app.example.com'],
  parentRefs: [
    {
      name: 'public',
      sectionName: scenario === 'section-name-unknown' ? 'nope' : name === 'redirect' ? 'http' : 'https',
    },
  ],
  rules: [
    {
      backendRefs: [
        {
          name: 'sample-app',
          port: 8080,
          ...((scenario === 'weight-over-999' || name === 'bad') && { weight: 1000 }),
        },
      ],
    },
  ],
});

export class Recording {
  readonly scenario: string;
  readonly log: readonly Row[];
  readonly #events: readonly RecordedEvent[];
  readonly #told: File['told'];
  /** Milliseconds of the recording's `t` 0, so that `t` and the conditions' whole seconds agree. */
  readonly #base: number;

  constructor(version: string, scenario: string) {
    const file: File = JSON.parse(readFileSync(new URL(`${version}/${scenario}.json`, folder), 'utf8'));
    this.scenario = scenario;
    this.log = file.log;
    this.#events = file.events;
    this.#told = file.told;
    this.#base = this.#findBase();
  }

  #findBase(): number {
    for (const row of this.log) {
      const written = this.#conditions(row).find(
        ({ lastTransitionTime }) => !lastTransitionTime.startsWith('1970'),
      );
      if (written !== undefined) return Date.parse(written.lastTransitionTime) + 500 - row.t * 1000;
    }
    return Date.parse('2026-11-22T23:00:00Z');
  }

  #conditions(row: Row): Conditions {
    const status = row.status as
      | { conditions?: Conditions; parents?: { conditions: Conditions }[] }
      | undefined;
    return status?.conditions ?? status?.parents?.flatMap(({ conditions }) => conditions) ?? [];
  }

  at(t: number): Date {
    return new Date(this.#base + t * 1000);
  }

  /** When the first deletion was asked for: the scenario itself ends there. */
  get end(): number {
    return this.log.find((row) => row.deleted !== undefined)?.t ?? Number.POSITIVE_INFINITY;
  }

  /** The last apply at or before `t`. */
  since(t: number): number {
    return this.log.findLast((row) => row.applied !== undefined && row.t <= t)?.t ?? 0;
  }

  firstApply(): number {
    return this.log.find((row) => row.applied !== undefined)?.t ?? 0;
  }

  /** The rows of an object up to `t`, in order. */
  rows(kind: string, name: string, t = Number.POSITIVE_INFINITY): readonly Row[] {
    return this.log.filter((row) => row.kind === kind && row.name === name && row.t <= t);
  }

  #object(kind: string, name: string, t: number): KubernetesObject | undefined {
    const row = this.rows(kind, name, t).at(-1);
    if (row === undefined || row.event === 'DELETED') return undefined;
    return {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind,
      metadata: {
        name,
        ...(kind !== 'GatewayClass' && { namespace }),
        generation: row.generation,
        finalizers: row.finalizers ?? [],
        annotations: row.annotations ?? {},
        ...(row.deleting === true && { deletionTimestamp: this.at(row.t).toISOString() }),
      },
      spec: row.spec ?? this.#spec(kind, name, t),
      status: row.status ?? {},
    };
  }

  #spec(kind: string, name: string, t: number): JsonObject {
    if (kind === 'GatewayClass')
      return { controllerName: name === 'foreign' ? 'example.com/other' : 'gateway.k8s.aws/alb' };
    if (kind === 'HTTPRoute') return routeSpec(this.scenario, name);
    const changed =
      this.scenario === 'gateway-spec-change' && (this.rows(kind, name, t).at(-1)?.generation ?? 1) > 1;
    return {
      gatewayClassName: classOf[this.scenario] ?? 'aws-alb',
      listeners: changed || this.scenario === 'http-to-https-redirect' ? [https, http] : [https],
    };
  }

  #class(name: string, t: number): KubernetesObject | undefined {
    if (name !== 'aws-alb') return this.#object('GatewayClass', name, t);
    const accepted = {
      type: 'Accepted',
      status: 'True',
      reason: 'Accepted',
      message: '',
      observedGeneration: 1,
    };
    return {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name, generation: 1 },
      spec: { controllerName: 'gateway.k8s.aws/alb' },
      status: { conditions: [accepted] },
    };
  }

  /**
   * Moments of the Gateway's events, which the recording does not have: a success with each row that has Programmed=True,
   * a failure with the row that turns Accepted to False, or, where none does, with the last row before the deletion.
   */
  #moments(reason: string): readonly number[] {
    const rows = this.rows('Gateway', 'public').filter((row) => row.t < this.end);
    const has = (row: Row, type: string, status: string): boolean =>
      this.#conditions(row).some((each) => each.type === type && each.status === status);
    if (reason === 'SuccessfullyReconciled')
      return rows
        .filter(
          (row) =>
            has(row, 'Programmed', 'True') &&
            !(this.scenario === 'gateway-spec-change' && row === rows.at(-2)),
        )
        .map(({ t }) => t);
    const refused = rows.find((row) => has(row, 'Accepted', 'False')) ?? rows.at(-1);
    return reason === 'FailedUpdateStatus' ? rows.slice(3, 4).map(({ t }) => t) : [refused?.t ?? 0];
  }

  #eventsAt(t: number, now: number): readonly KubernetesObject[] {
    if (this.#told !== undefined) {
      // They go on while nothing else changes.
      const told = this.#told.filter((event) => event.t <= now && event.t < this.end);
      const latest = new Map(
        told.map((event) => [`${event.object} ${event.reason} ${event.message}`, event]),
      );
      return [...latest.values()].map((event) => this.#event(event, event.t));
    }
    return this.#events
      .filter(({ object }) => object === 'Gateway/public')
      .flatMap((event) => {
        const moment = this.#moments(event.reason).findLast((each) => each <= t);
        return moment === undefined ? [] : [this.#event(event, moment)];
      });
  }

  #event({ object, reason, message, count }: RecordedEvent, moment: number): KubernetesObject {
    const [kind = '', name = ''] = object.split('/');
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${reason}`, namespace },
      involvedObject: { kind, name, namespace },
      reason,
      message,
      count,
      lastTimestamp: `${this.at(moment).toISOString().slice(0, 19)}Z`,
    };
  }

  /** A route as it was last seen before the first deletion. */
  route(name: string): KubernetesObject | undefined {
    const before = this.end - 0.001;
    return this.#object('HTTPRoute', name, before) ?? this.#object('GRPCRoute', name, before);
  }

  /** As it was last seen before the first deletion. */
  listenerSet(name: string): KubernetesObject | undefined {
    return this.#object('ListenerSet', name, this.end - 0.001);
  }

  #all(kind: string, t: number): readonly KubernetesObject[] {
    const names = new Set(this.log.filter((row) => row.kind === kind).map((row) => row.name ?? ''));
    return [...names].flatMap((name) => this.#object(kind, name, t) ?? []);
  }

  /** A reader of the cluster as it was at `t`, asked at the moment `now` (default `t`). */
  reader(t: number, now = t): ClusterReader {
    const at = this.at(now);
    const get = (kind: Kind, name: string): KubernetesObject | undefined => {
      if (kind.kind === 'GatewayClass') return this.#class(name, t);
      if (kind.kind === 'Service') {
        const applied = this.log.some((row) => row.t <= t && row.applied?.includes(`Service/${name}`));
        return applied ? { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace } } : undefined;
      }
      return this.#object(kind.kind, name, t);
    };
    return {
      get: async (kind, _namespace, name) => ({ at, value: get(kind, name) }),
      list: async (kind) => ({
        at,
        value: kind.kind === 'Event' ? this.#eventsAt(t, now) : this.#all(kind.kind, t),
      }),
      log: async () => ({ at, value: '' }),
    };
  }
}

export const recordingNamespace = namespace;
