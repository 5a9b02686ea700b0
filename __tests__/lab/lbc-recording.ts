// Recordings of what a load balancer controller wrote, and what in them must be the same each time it happens.

interface Condition {
  type: string;
  status: string;
  reason: string;
  message?: string;
  observedGeneration?: number;
}

interface Status {
  addresses?: { value: string }[];
  conditions?: Condition[];
  listeners?: {
    name: string;
    attachedRoutes: number;
    supportedKinds: { kind: string }[];
    conditions: Condition[];
  }[];
  parents?: { controllerName: string; parentRef: Record<string, unknown>; conditions: Condition[] }[];
  observedGeneration?: number;
}

/** One change of an object, as in the fixtures. */
export interface Change {
  /** Seconds since the recording began. */
  t?: number;
  event: string;
  kind: string;
  name: string;
  generation: number;
  finalizers: string[];
  deleting: boolean;
  status: Status;
  annotations: Record<string, string>;
  /** In recordings since 2026-11-30. */
  spec?: unknown;
}

export type Row = Change | { t?: number; applied: string[] } | { t?: number; deleted: string[] };

export interface ControllerEvent {
  reason: string;
  type: string;
  object: string;
  message: string;
  count: number;
}

export interface Recording {
  log: Row[];
  events: ControllerEvent[];
  leftAfterDelete: unknown[];
}

/** What happened between two of the test's own acts. */
export interface Phase {
  t?: number;
  act: 'applied' | 'deleted';
  changes: Change[];
}

export function phasesOf({ log }: Recording): Phase[] {
  const phases: Phase[] = [];
  for (const row of log) {
    if ('applied' in row) phases.push({ act: 'applied', changes: [] });
    else if ('deleted' in row) phases.push({ act: 'deleted', changes: [] });
    else phases.at(-1)?.changes.push(row);
  }
  return phases;
}

/** Each object's states in their order, one after the other different, without times and generated names. */
export function statesByObject(changes: Change[]): Record<string, unknown[]> {
  const states: Record<string, unknown[]> = {};
  for (const change of changes) {
    // Generated names differ from run to run; while things are applied at most one binding is made at a time.
    const key = change.kind === 'TargetGroupBinding' ? change.kind : `${change.kind}/${change.name}`;
    const known = states[key] ?? [];
    states[key] = known;
    const state = stateOf(change);
    if (JSON.stringify(known.at(-1)) !== JSON.stringify(state)) known.push(state);
  }
  return states;
}

function stateOf(change: Change): unknown {
  if (change.event === 'DELETED') return 'deleted';
  return {
    generation: change.generation,
    finalizers: [...change.finalizers].sort(),
    deleting: change.deleting,
    annotations: Object.keys(change.annotations).sort(),
    status: statusOf(change.status),
  };
}

function statusOf(status: Status): unknown {
  return {
    conditions: conditionsOf(status.conditions),
    addresses: status.addresses?.map(({ value }) => nameless(value)) ?? [],
    listeners: byName(
      (status.listeners ?? []).map(({ name, attachedRoutes, supportedKinds, conditions }) => [
        name,
        {
          attachedRoutes,
          kinds: supportedKinds.map(({ kind }) => kind).sort(),
          conditions: conditionsOf(conditions),
        },
      ]),
    ),
    parents: (status.parents ?? []).map(({ controllerName, parentRef, conditions }) => ({
      controllerName,
      parentRef: byName(Object.entries(parentRef)),
      conditions: conditionsOf(conditions),
    })),
    observedGeneration: status.observedGeneration ?? null,
  };
}

const conditionsOf = (conditions: Condition[] = []): Record<string, string> =>
  byName(
    conditions.map(({ type, status, reason, message, observedGeneration }) => [
      type,
      `${status} ${reason} @${observedGeneration ?? '-'} ${nameless(message ?? '')}`.trim(),
    ]),
  );

/** Takes accounts, regions, hashes and ids out of a text. */
const nameless = (text: string): string =>
  text
    .replace(
      /arn:aws:elasticloadbalancing:[a-z0-9-]+:\d+:loadbalancer\/app\/(k8s-[a-z0-9]+-[a-z0-9]+)-[0-9a-f]{10}\/[0-9a-f]+/g,
      'arn:$1',
    )
    .replace(/^(k8s-[a-z0-9]+-[a-z0-9]+)-[0-9a-f]{10}\S*\.elb\.amazonaws\.com$/, 'dns:$1')
    .replace(/arn:aws:elasticloadbalancing:[a-z0-9-]+:\d+:(targetgroup\/[\w-]+)\/[0-9a-f]+/g, 'arn:$1')
    .replace(/RequestID: [^,]+,/g, 'RequestID: …,')
    // With its own role where Pod Identity is there before its pods.
    .replace(/User: arn:aws:\S+/g, 'User: …');

const byName = <Value>(entries: [string, Value][]): Record<string, Value> =>
  Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));

/** The different events of a run. How often each came depends on the machine's speed. */
export const eventSet = (events: ControllerEvent[]): string[] =>
  [
    ...new Set(
      events.map(
        ({ type, reason, object, message }) =>
          `${type} ${reason} ${object.split('/')[0]}: ${nameless(message)}`,
      ),
    ),
  ].sort();

/** What each object has become by the end of the phases; objects that are gone are left out. */
export function lastStates(phases: Phase[], kinds: string[]): Record<string, unknown> {
  const last: Record<string, unknown> = {};
  for (const change of phases.flatMap((phase) => phase.changes)) {
    if (!kinds.includes(change.kind)) continue;
    const key = `${change.kind}/${change.name}`;
    const state = stateOf(change);
    if (state === 'deleted') delete last[key];
    else last[key] = state;
  }
  return last;
}
