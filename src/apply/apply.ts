// Writes the objects of one stage and reports on each of them.

import type { KubernetesObject } from '../bundle/object.ts';
import { refOf, type Sourced } from '../bundle/object.ts';
import type { ReportedObject } from '../report/report.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { Problem } from '../verdict/problem.ts';
import type { Applied, Applier } from './applier.ts';
import { refuseLowering } from './crd-safety.ts';
import { ranked, stageOf } from './stages.ts';

/** What became of one object of the bundle. */
export interface AppliedObject {
  readonly reported: ReportedObject;
  /** As the API server holds it now: generation and all. May hold secrets; never goes into a report. */
  readonly live?: KubernetesObject;
  readonly findings: readonly Finding[];
}

export interface StageOptions {
  /** Told of each object as soon as it is written, so that a cancelled run can report what it wrote. */
  readonly onApplied?: (applied: AppliedObject) => void;
}

export interface StageResult {
  /** In the order given. */
  readonly objects: readonly AppliedObject[];
  /** What ended the stage before every object was tried: access lost, endpoint gone. */
  readonly problem?: Problem;
}

const codeOf = (applied: Applied): 'apply/conflict' | 'cluster/forbidden' | 'apply/rejected' => {
  if (applied.result === 'conflict') return 'apply/conflict';
  return applied.denied === undefined ? 'apply/rejected' : 'cluster/forbidden';
};

const appliedObject = ({ source }: Sourced, applied: Applied): AppliedObject => {
  const { ref, result, message, live } = applied;
  const bad = result === 'failed' || result === 'conflict';
  const warned = applied.warnings.map((text) => finding('warning', 'apply/warning', text, { source, ref }));
  const refused = finding('error', codeOf(applied), `${ref}: ${message ?? result}`, {
    source,
    ref,
    ...(applied.hint !== undefined && { hint: applied.hint }),
  });
  return {
    reported: { ref, source, result, ...(message !== undefined && { message }) },
    ...(live && { live }),
    findings: bad ? [refused, ...warned] : warned,
  };
};

const notTried = ({ object, source }: Sourced, why: Problem): AppliedObject => ({
  reported: { ref: refOf(object), source, result: 'failed', message: why.message },
  findings: [],
});

/** A CRD that would lower the cluster's Gateway API counts as unchanged, and is a finding. */
const kept = async (
  { object, source }: Sourced,
  applier: Applier,
  signal: AbortSignal,
): Promise<AppliedObject | undefined> => {
  if (stageOf(object) !== 'crds') return undefined;
  const seen = await applier.read(object, signal);
  const live = 'value' in seen ? seen.value : undefined;
  const refusal = refuseLowering(object, live);
  if (!refusal || !live) return undefined;
  const ref = refOf(object);
  const { code, message, hint } = refusal;
  return {
    reported: { ref, source, result: 'unchanged', message },
    live,
    findings: [finding('warning', code, message, { source, ref, hint })],
  };
};

/**
 * Writes rank after rank, the objects of a rank at the same time (the applier bounds how many).
 * One object's refusal never stops the others; it is reported.
 * @throws only the signal's reason on abort, and bugs.
 */
export const applyStage = async (
  objects: readonly Sourced[],
  applier: Applier,
  signal: AbortSignal,
  { onApplied }: StageOptions = {},
): Promise<StageResult> => {
  const done = new Map<Sourced, AppliedObject>();
  let problem: Problem | undefined;

  const one = async (each: Sourced): Promise<AppliedObject> => {
    if (problem) return notTried(each, problem);
    try {
      return (
        (await kept(each, applier, signal)) ?? appliedObject(each, await applier.apply(each.object, signal))
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Problem)) throw error;
      problem ??= error;
      return notTried(each, error);
    }
  };

  for (const rank of ranked(objects)) {
    signal.throwIfAborted();
    await Promise.all(
      rank.map(async (each) => {
        const applied = await one(each);
        done.set(each, applied);
        onApplied?.(applied);
      }),
    );
  }
  return { objects: objects.flatMap((each) => done.get(each) ?? []), ...(problem && { problem }) };
};
