// From the decisions of the apply engine to the plan: per object what would become of it, per field what would change.

import { type Applier, fieldManager } from '../apply/applier.ts';
import { type Decision, decideStage, type StageOptions, type Write } from '../apply/apply.ts';
import { leftBehind } from '../apply/outcome.ts';
import type { KubernetesObject, Sourced } from '../bundle/object.ts';
import { changesBetween } from '../compare/changes.ts';
import { hide } from '../compare/hidden.ts';
import type { PlannedObject } from '../report/plan.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { predictedChanges } from './predicted.ts';

/** What is planned for one object, with the object itself before and after: may hold secrets, never goes into a report. */
export interface Planned {
  readonly planned: PlannedObject;
  readonly before?: KubernetesObject;
  /** Absent for what is refused or removed. */
  readonly after?: KubernetesObject;
  readonly findings: readonly Finding[];
}

const hiddenChanges = (
  kind: string,
  changes: ReturnType<typeof changesBetween>,
): ReturnType<typeof changesBetween> => changes.map((change) => hide(kind, change));

const ended = ({ reported, live, findings }: Extract<Decision, { end: unknown }>['end']): Planned => {
  const { ref, result, source, message } = reported;
  const kept = result === 'unchanged' ? live : undefined;
  return {
    planned: {
      ref,
      result,
      ...(source && { source }),
      ...(message !== undefined && { message }),
      by: 'dry-run',
      changes: [],
    },
    ...(live && { before: live }),
    ...(kept && { after: kept }),
    findings,
  };
};

/** What was not read may be anything; what shows no change is left alone, for all that can be seen. */
const resultOf = (
  live: KubernetesObject | undefined,
  unread: string | undefined,
  changes: number,
): PlannedObject['result'] => {
  if (live === undefined) return unread === undefined ? 'created' : 'configured';
  return changes === 0 ? 'unchanged' : 'configured';
};

const notTried = async (
  { placed, each, denied }: Write,
  applier: Applier,
  signal: AbortSignal,
): Promise<Pick<Planned, 'planned' | 'after'>> => {
  const { object, ref, held } = placed;
  const live = 'value' in held ? held.value : undefined;
  const unread = 'value' in held ? undefined : 'denied' in held ? held.denied : held.failed;
  const changes = live
    ? predictedChanges(
        live,
        object,
        fieldManager,
        await applier.schema(object.apiVersion, object.kind, signal),
      )
    : [];
  const why =
    denied === undefined
      ? 'what it needs is only planned itself'
      : unread === undefined
        ? `compared with the live object: the role may not ${denied}`
        : `not compared: the role may neither ${denied} nor read it (${unread})`;
  return {
    planned: {
      ref,
      source: each.source,
      result: resultOf(live, unread, changes.length),
      message: why,
      by: denied === undefined ? 'not-yet' : 'live',
      changes: hiddenChanges(object.kind, changes),
    },
    after: object,
  };
};

const triedChanges = (
  before: KubernetesObject | undefined,
  after: KubernetesObject,
): Pick<PlannedObject, 'changes' | 'message'> => {
  if (before === undefined) return { changes: [] };
  const changes = hiddenChanges(after.kind, changesBetween(before, after));
  return changes.length > 0
    ? { changes }
    : { changes, message: "no value changes; its fields become this action's own" };
};

const write = async (
  of: Write,
  applier: Applier,
  signal: AbortSignal,
  takeOver: readonly string[],
): Promise<Planned> => {
  const { each, placed, tried, warnings } = of;
  const live = 'value' in placed.held ? placed.held.value : undefined;
  const before = live && { before: live };
  const findings = warnings.map((text) =>
    finding('warning', 'apply/warning', text, { source: each.source, ref: placed.ref }),
  );
  if (tried === undefined) return { ...(await notTried(of, applier, signal)), ...before, findings };
  return {
    planned: {
      ref: tried.ref,
      source: each.source,
      result: tried.created ? 'created' : 'configured',
      by: 'dry-run',
      ...triedChanges(live, tried.live),
    },
    ...before,
    after: tried.live,
    findings: [...findings, ...leftBehind(each, tried.ref, tried.live, takeOver)],
  };
};

/**
 * What `applyStage` would report of each object, without writing: reads and dry runs, or, where the role may not try,
 * reads alone.
 * @throws as `decideStage`
 */
export const planStage = async (
  objects: readonly Sourced[],
  applier: Applier,
  signal: AbortSignal,
  options: StageOptions = {},
): Promise<readonly Planned[]> => {
  const decisions = await decideStage(objects, applier, signal, options);
  return Promise.all(
    decisions.map((decision) =>
      'end' in decision
        ? ended(decision.end)
        : write(decision.write, applier, signal, options.takeOver ?? []),
    ),
  );
};
