// Writes the objects of one stage: what is as it should be is left alone, the rest is tried first and only then written.

import { texts } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';
import { refOf, type Sourced } from '../bundle/object.ts';
import { differenceFromApplied } from '../compare/applied.ts';
import { sameContent, sameValues } from '../compare/content.ts';
import { Problem } from '../verdict/problem.ts';
import type { AppliedObject } from './applied-object.ts';
import { type Applier, fieldManager, type Look, type Placed, type Refusal, type Written } from './applier.ts';
import { followsItsRelease, refuseAlone, refuseLowering, type Staying } from './crd-safety.ts';
import { kept, type Locate, leftBehind, notWritten, refused, unchanged, warned } from './outcome.ts';
import { dated, explainConflicts, managedFieldsAfter, otherOwner } from './ownership.ts';
import { ranked, stageOf } from './stages.ts';
import { standTwice } from './twice.ts';
import { endsOfUnserved } from './unserved.ts';

export interface StageOptions {
  /** Told of each object as soon as its end is known, so that a cancelled run can report what it wrote. */
  readonly onApplied?: (applied: AppliedObject) => void;
  /** Field managers from which fields may be taken over (default none). */
  readonly takeOver?: readonly string[];
  /** Id of the repository's own inventory: objects of any other are refused. */
  readonly inventory?: string;
  /** Finds the line of a field, for complaints of the API server. */
  readonly locate?: Locate;
  /** Nothing is going to be written: an object that may not even be tried is told from what the cluster has of it. */
  readonly planning?: true;
}

export interface StageResult {
  /** In the order given. */
  readonly objects: readonly AppliedObject[];
  /** What ended the stage before every object was tried: access lost, endpoint gone. */
  readonly problem?: Problem;
}

/** An object that has to be written, for all that is known before. */
export interface Write {
  readonly each: Sourced;
  readonly placed: Placed;
  /** Conflicts are settled in our favour: the user allows it for all managers that the dry run named. */
  readonly force: boolean;
  readonly warnings: readonly string[];
  /** Its dry run has passed; that of an object that needs others of its stage may not have. */
  readonly proven: boolean;
  /**
   * The dry run's answer, in a plan, or where nothing else tells what the cluster has of the object; absent where it could
   * not be had before other objects are written, or not at all.
   */
  readonly tried?: Extract<Written, { live: KubernetesObject }>;
  /** The permission that the dry run lacked; only in a plan. */
  readonly denied?: string;
}

export type Decision = { readonly end: AppliedObject } | { readonly write: Write };

const hasUnseen = ({ held }: Placed): boolean => !('value' in held);

const heldBy = ({ held }: Placed): KubernetesObject | undefined => ('value' in held ? held.value : undefined);

/** What the cluster has of an object that stays as it is, beside what it should have been. */
const stayingOf = (decision: Decision | undefined, look: Look | undefined): readonly Staying[] => {
  if (decision === undefined || !('end' in decision) || look === undefined || !('object' in look)) return [];
  const live = heldBy(look);
  return live === undefined ? [] : [{ wanted: look.object, live }];
};

class Stage {
  readonly #objects: readonly Sourced[];
  readonly #applier: Applier;
  readonly #signal: AbortSignal;
  readonly #options: StageOptions;
  readonly #done = new Map<Sourced, AppliedObject>();
  #problem: Problem | undefined;

  constructor(objects: readonly Sourced[], applier: Applier, signal: AbortSignal, options: StageOptions) {
    this.#objects = objects;
    this.#applier = applier;
    this.#signal = signal;
    this.#options = options;
  }

  async run(): Promise<StageResult> {
    if (this.#objects.length === 0) return { objects: [] };
    try {
      const writes = (await this.decide()).flatMap((decision) => ('write' in decision ? decision.write : []));
      const bad = this.#firstBad();
      if (bad === undefined) await this.#write(writes);
      else for (const { each, placed } of writes) this.#end(each, notWritten(each, placed.ref, bad));
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof Problem)) throw error;
      this.#problem = error;
    }
    const { message = '' } = this.#problem ?? {};
    const objects = this.#objects.map((each) => this.#done.get(each) ?? this.#notTried(each, message));
    return { objects, ...(this.#problem && { problem: this.#problem }) };
  }

  #end(each: Sourced, { reported, findings, live }: AppliedObject): AppliedObject {
    const left = live ? leftBehind(each, reported.ref, live, this.#takeOver) : [];
    const applied = { reported, findings: [...findings, ...left], ...(live && { live }) };
    this.#done.set(each, applied);
    this.#options.onApplied?.(applied);
    return applied;
  }

  #notTried(each: Sourced, message: string): AppliedObject {
    const applied = notWritten(each, refOf(each.object), message);
    this.#options.onApplied?.(applied);
    return applied;
  }

  #firstBad(): string | undefined {
    const bad = [...this.#done.values()].find(
      ({ reported: { result } }) => result === 'failed' || result === 'conflict',
    );
    return (
      bad && `${bad.reported.ref} was refused, and the objects of a stage are written together or not at all.`
    );
  }

  /** What has to be written; everything else has come to its end. In the order given. */
  async decide(): Promise<readonly Decision[]> {
    const looks = await this.#applier.look(
      this.#objects.map(({ object }) => object),
      this.#signal,
    );
    const twice = standTwice(this.#objects, looks);
    const unserved = endsOfUnserved(this.#objects, looks);
    const decisions = new Map<Sourced, Decision>();
    const follows = (look: Look): look is Placed =>
      'object' in look && followsItsRelease(look.object, heldBy(look));
    const staying: Staying[] = [];
    for (const following of [false, true]) {
      await Promise.all(
        this.#objects.map(async (each, index) => {
          const look = looks[index];
          if (look === undefined) throw new RangeError('a look for each object');
          if (follows(look) !== following) return;
          const end = unserved.get(each) ?? (follows(look) ? this.#leaveOut(each, look, staying) : undefined);
          const refusal = twice.get(each);
          const decision = end
            ? { end }
            : await this.#judge(each, refusal ? { ref: look.ref, refusal } : look);
          decisions.set(each, 'end' in decision ? { end: this.#end(each, decision.end) } : decision);
        }),
      );
      staying.push(...this.#objects.flatMap((each, index) => stayingOf(decisions.get(each), looks[index])));
    }
    return this.#objects.flatMap((each) => decisions.get(each) ?? []);
  }

  /** What belongs to a release of the Gateway API of which the cluster keeps another. */
  #leaveOut(each: Sourced, look: Placed, staying: readonly Staying[]): AppliedObject | undefined {
    const refusal = refuseAlone(each.object, staying);
    if (refusal === undefined) return undefined;
    const live = heldBy(look);
    if (live === undefined) this.#applier.forgo(each.object);
    return kept(each, look.ref, live, refusal);
  }

  async #judge(each: Sourced, look: Look): Promise<Decision> {
    if ('refusal' in look) return { end: await this.#refuse(each, look.ref, look.refusal) };
    const live = heldBy(look);
    if (live === undefined) return this.#try(each, look);
    if (live.metadata['deletionTimestamp'] !== undefined) return this.#tryAgain(each, look, live);
    const untouched = this.#leaveAlone(each, look, live) ?? (await this.#refuseOthers(each, look, live));
    if (untouched) return { end: untouched };
    if (await this.#isApplied(look, live)) return { end: unchanged(each, look.ref, live) };
    return this.#try(each, look);
  }

  /** What is on its way out would take the writing and go all the same. */
  async #tryAgain(each: Sourced, placed: Placed, live: KubernetesObject): Promise<Decision> {
    if (await this.#applier.awaitGone(placed.object, this.#signal))
      return this.#try(each, { ...placed, held: { at: placed.held.at, value: undefined } });
    const finalizers = texts(live, 'metadata', 'finalizers');
    const holds = finalizers.length === 0 ? '' : `; ${finalizers.join(', ')} holds it up`;
    const refusal: Refusal = {
      result: 'failed',
      message: `It is being deleted since ${String(live.metadata['deletionTimestamp'])}${holds}.`,
      hint: 'Run again when it is gone. A finalizer goes when its controller has cleaned up: look at that controller.',
    };
    return { end: await this.#refuse(each, placed.ref, refusal) };
  }

  async #refuseOthers(
    each: Sourced,
    { ref, object }: Placed,
    live: KubernetesObject,
  ): Promise<AppliedObject | undefined> {
    const owner = otherOwner(live, this.#takeOver, this.#options.inventory);
    if (!owner) return undefined;
    if (stageOf(object) === 'crds') return kept(each, ref, live, owner);
    const { name, manager, remedy } = owner;
    const more =
      manager === undefined ? remedy : `To take it over for good, set the input \`take-over: ${manager}\`.`;
    const hint = ['Keep it in one place: here or there.', more].filter(Boolean).join(' ');
    return this.#refuse(each, ref, { result: 'conflict', message: `It belongs to ${name}.`, hint });
  }

  get #takeOver(): readonly string[] {
    return this.#options.takeOver ?? [];
  }

  /** A CRD that would lower the cluster's Gateway API counts as unchanged, and is a finding. */
  #leaveAlone(each: Sourced, { ref, object }: Placed, live: KubernetesObject): AppliedObject | undefined {
    const refusal = stageOf(object) === 'crds' ? refuseLowering(object, live) : undefined;
    return refusal && kept(each, ref, live, refusal);
  }

  async #isApplied({ object }: Placed, live: KubernetesObject): Promise<boolean> {
    if (managedFieldsAfter(live, this.#takeOver) !== undefined) return false;
    const difference = differenceFromApplied(object, live, fieldManager);
    if (difference?.by !== 'defaults') return difference === undefined;
    const schema = await this.#applier.schema(object.apiVersion, object.kind, this.#signal);
    return schema !== undefined && differenceFromApplied(object, live, fieldManager, schema) === undefined;
  }

  /** The dry run. */
  async #try(each: Sourced, placed: Placed): Promise<Decision> {
    const { ref, object } = placed;
    const live = heldBy(placed);
    const answer = await this.#applier.write(object, { dryRun: true }, this.#signal);
    const { warnings } = answer;
    const write = { write: { each, placed, force: false, proven: 'live' in answer, warnings } };
    if ('refusal' in answer) {
      const { refusal } = answer;
      if (refusal.open) return write;
      const { denied } = refusal;
      if (denied !== undefined && this.#options.planning) return { write: { ...write.write, denied } };
      if (live && refusal.conflicts) return this.#settle(write, live, refusal);
      return { end: await this.#refuse(each, ref, refusal, live, warnings) };
    }
    if (hasUnseen(placed) && !answer.created) {
      const others = await this.#refuseOthers(each, placed, answer.live);
      if (others) return { end: others };
    }
    const adopts = live !== undefined && managedFieldsAfter(live, this.#takeOver) !== undefined;
    const now = live && !adopts ? await this.#stillLive(object, live, answer.live) : undefined;
    if (now && sameContent(now, answer.live, fieldManager))
      return { end: unchanged(each, ref, now, warnings) };
    return { write: { ...write.write, ...this.#kept(placed, answer) } };
  }

  /** A plan shows what was tried. Who writes has the write's own answer soon, and a thousand of both fill the memory. */
  #kept(placed: Placed, tried: Extract<Written, { live: KubernetesObject }>): Pick<Write, 'tried'> {
    return this.#options.planning || hasUnseen(placed) ? { tried } : {};
  }

  /** A dry run answers with the live resourceVersion: where it moved on since the look, a controller was at work. */
  async #stillLive(
    object: KubernetesObject,
    live: KubernetesObject,
    tried: KubernetesObject,
  ): Promise<KubernetesObject> {
    if (live.metadata['resourceVersion'] === tried.metadata['resourceVersion']) return live;
    const seen = await this.#applier.read(object, this.#signal);
    return ('value' in seen ? seen.value : undefined) ?? live;
  }

  /**
   * Others own fields with other values. Two managers that apply the same manifest conflict too, where it has atomic lists
   * with defaults in them: what was sent is then not what is there. Nothing is taken from them for that.
   */
  async #settle(
    { write }: { readonly write: Write },
    live: KubernetesObject,
    refusal: Refusal,
  ): Promise<Decision> {
    const { each, placed, warnings } = write;
    const { ref, object } = placed;
    const conflicts = refusal.conflicts ?? [];
    const managers = [...new Set(conflicts.map(({ manager }) => manager))];
    const forced = await this.#applier.write(object, { dryRun: true, force: true }, this.#signal);
    if (conflicts.length > 0 && managers.every((manager) => this.#takeOver.includes(manager))) {
      return 'refusal' in forced
        ? { end: await this.#refuse(each, ref, forced.refusal, live, warnings) }
        : { write: { ...write, force: true, proven: true, ...this.#kept(placed, forced) } };
    }
    if ('live' in forced && sameValues(live, forced.live)) {
      const applied = unchanged(each, ref, live, warnings);
      const message = `as the repository says already; owned by ${managers.join(', ')}`;
      return { end: { ...applied, reported: { ...applied.reported, message } } };
    }
    if (object.kind === 'CustomResourceDefinition')
      return { end: kept(each, ref, live, { name: managers.join(', '), manager: managers.join(',') }) };
    return { end: await this.#refuse(each, ref, refusal, live, warnings) };
  }

  async #refuse(
    each: Sourced,
    ref: string,
    refusal: Refusal,
    live?: KubernetesObject,
    warnings: readonly string[] = [],
  ): Promise<AppliedObject> {
    const { conflicts } = refusal;
    const explained = conflicts ? explainConflicts(dated(conflicts, live)) : {};
    return refused(each, ref, { ...refusal, ...explained }, warnings, this.#options.locate);
  }

  /** Rank after rank; after a rank with a failure nothing more is written. */
  async #write(writes: readonly Write[]): Promise<void> {
    const byObject = new Map(writes.map((write) => [write.each, write]));
    for (const rank of ranked(writes.map(({ each }) => each))) {
      this.#signal.throwIfAborted();
      const bad = this.#firstBad();
      await Promise.all(
        rank.map(async (each) => {
          const write = byObject.get(each);
          if (write === undefined || this.#problem) return;
          const end =
            bad === undefined ? await this.#writeOne(write) : notWritten(each, write.placed.ref, bad);
          if (end) this.#end(each, end);
        }),
      );
      if (this.#problem) return;
    }
  }

  async #writeOne({
    each,
    placed,
    force,
    proven,
    warnings,
    tried,
  }: Write): Promise<AppliedObject | undefined> {
    const { ref, object } = placed;
    const live = heldBy(placed);
    try {
      const ours = (held: KubernetesObject) => managedFieldsAfter(held, this.#takeOver);
      const adopts = live !== undefined && ours(live) !== undefined;
      const refusal = adopts ? await this.#applier.disown(live, ours, this.#signal) : undefined;
      if (refusal) return await this.#refuse(each, ref, refusal, live, warnings);
      const answer = await this.#applier.write(object, { force, proven }, this.#signal);
      const all = [...new Set([...warnings, ...answer.warnings])];
      if ('refusal' in answer) return await this.#refuse(each, ref, answer.refusal, live, all);
      const same = live
        ? !adopts && sameContent(live, answer.live, fieldManager)
        : // Nothing was written where the version is still the one that the dry run met.
          tried?.live.metadata['resourceVersion'] === answer.live.metadata['resourceVersion'];
      const result = answer.created ? 'created' : same ? 'unchanged' : 'configured';
      return {
        // Only now is it sure in which namespace an object of a new kind lands.
        reported: { ref: answer.ref, source: each.source, result },
        live: answer.live,
        findings: warned(each, ref, all),
      };
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof Problem)) throw error;
      // The others of the rank are under way: each comes to its own end.
      this.#problem ??= error;
      return undefined;
    }
  }
}

/**
 * Brings one stage about. Objects that already are what applying would make of them get no request beyond the LIST; the
 * others are tried by a dry run, all of them, and only when none is refused are those that would change written, rank
 * after rank, the objects of a rank at the same time (the applier bounds how many).
 * @throws only the signal's reason on abort, and bugs.
 */
export const applyStage = (
  objects: readonly Sourced[],
  applier: Applier,
  signal: AbortSignal,
  options: StageOptions = {},
): Promise<StageResult> => new Stage(objects, applier, signal, options).run();

/**
 * What `applyStage` would do with the objects, and nothing of it: reads and dry runs only.
 * @throws Problem where access is lost or the endpoint gone; the signal's reason on abort.
 */
export const decideStage = (
  objects: readonly Sourced[],
  applier: Applier,
  signal: AbortSignal,
  options: StageOptions = {},
): Promise<readonly Decision[]> =>
  objects.length === 0
    ? Promise.resolve([])
    : new Stage(objects, applier, signal, { ...options, planning: true }).decide();
