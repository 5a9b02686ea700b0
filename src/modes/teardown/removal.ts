// Removes objects of the repository and waits until they are gone; finalizers are left to whoever put them there.
import pLimit from 'p-limit';
import type { Applier } from '../../apply/applier.ts';
import type { Members } from '../../apply/prune.ts';
import { texts } from '../../bundle/field.ts';
import { type KubernetesObject, refOf } from '../../bundle/object.ts';
import type { Run } from '../../run.ts';
import { type Named, type Owners, whyNotOurs } from '../../teardown/ours.ts';
import { finding } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';

/** One of ours as the cluster has it. */
export interface Doomed {
  readonly named: Named;
  readonly live: KubernetesObject;
}

export interface RemovalOptions {
  readonly applier: Applier;
  readonly members: Members;
  readonly owners: Owners;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  /** Whether waiting for these helps nobody; asked now and then. */
  readonly isHopeless?: (left: readonly KubernetesObject[], signal: AbortSignal) => Promise<boolean>;
}

const pause = 500;
/** Milliseconds between two looks at who holds the objects, and for how long nobody may be there to let them go. */
const looks = 5_000;
const settle = 20_000;
const between = 15_000;
const atOnce = 16;

export class Removal {
  readonly #run: Run;
  readonly #options: RemovalOptions;
  readonly #left = new Set<string>();

  constructor(run: Run, options: RemovalOptions) {
    this.#run = run;
    this.#options = options;
  }

  /**
   * Those of the objects that the cluster has and that are ours; the others are told of, once.
   * @throws Problem `cluster/forbidden`, `look/failed`.
   */
  async find(all: readonly Named[]): Promise<readonly Doomed[]> {
    const { applier, owners } = this.#options;
    const looks = await applier.look(
      all.map(({ object }) => object),
      this.#run.signal,
    );
    return looks.flatMap((look, index): Doomed[] => {
      const named = all[index];
      // A kind that is not served has no objects.
      if (named === undefined || !('held' in look)) return [];
      if ('denied' in look.held) {
        throw new Problem('cluster/forbidden', `The role may not ${look.held.denied}.`, {
          hint: 'Give the role that permission: what cannot be seen cannot be removed.',
        });
      }
      if (!('value' in look.held))
        throw new Problem('look/failed', `${look.ref} could not be read: ${look.held.failed}.`);
      const live = look.held.value;
      if (live === undefined) return [];
      const why = whyNotOurs(named, live, owners);
      if (why === undefined) return [{ named, live }];
      this.#leave(named, live, why);
      return [];
    });
  }

  #leave({ source }: Named, live: KubernetesObject, why: string): void {
    const ref = refOf(live);
    if (this.#left.has(ref)) return;
    this.#left.add(ref);
    this.#run.draft.findings([
      finding('warning', 'teardown/not-ours', `${ref} stays: ${why}.`, {
        source,
        ref,
        hint: 'Remove it where it is kept, if it is to go.',
      }),
    ]);
  }

  /**
   * Deletes, and waits until all are gone; what still stands at the deadline, or once nobody is left to let it go, comes
   * back.
   * @throws Problem `teardown/not-removed` where the API server refuses.
   */
  async remove(all: readonly Named[]): Promise<readonly KubernetesObject[]> {
    const doomed = await this.find(all);
    const limit = pLimit(atOnce);
    await Promise.all(doomed.map((each) => limit(() => this.#delete(each))));
    return await this.#gone(doomed.map(({ named }) => named));
  }

  async #delete({ named, live }: Doomed): Promise<void> {
    const { draft, runner, signal } = this.#run;
    if (live.metadata['deletionTimestamp'] !== undefined) return;
    const ref = refOf(live);
    const refusal = await this.#options.members.remove(live, signal);
    const { source } = named;
    if (refusal) {
      draft.objects([{ ref, source, result: 'failed', message: refusal.message }]);
      throw new Problem('teardown/not-removed', `${ref} could not be deleted: ${refusal.message}`, {
        ...(refusal.hint !== undefined && { hint: refusal.hint }),
      });
    }
    draft.objects([{ ref, source, result: 'pruned' }]);
    runner.info(`${ref} removed`);
  }

  async #gone(all: readonly Named[]): Promise<readonly KubernetesObject[]> {
    const { clock, runner, signal } = this.#run;
    let left = all;
    let told = clock.monotonic();
    let looked = told;
    let hopelessSince: number | undefined;
    for (;;) {
      const found = await this.find(left);
      if (found.length === 0) return [];
      const live = found.map((each) => each.live);
      if (clock.monotonic() > this.#options.deadline) return live;
      if (clock.monotonic() - looked >= looks) {
        looked = clock.monotonic();
        const hopeless = (await this.#options.isHopeless?.(live, signal)) === true;
        hopelessSince = hopeless ? (hopelessSince ?? looked) : undefined;
        if (hopelessSince !== undefined && looked - hopelessSince >= settle) return live;
      }
      if (clock.monotonic() - told > between) {
        told = clock.monotonic();
        runner.info(`… waiting until ${live.map(saying).join('; ')} is gone`);
      }
      left = found.map(({ named }) => named);
      await clock.sleep(pause, signal);
    }
  }
}

/** `Gateway infra/public (finalizers: gateway.k8s.aws/alb)`. */
export const saying = (object: KubernetesObject): string => {
  const finalizers = texts(object, 'metadata', 'finalizers');
  return finalizers.length === 0 ? refOf(object) : `${refOf(object)} (finalizers: ${finalizers.join(', ')})`;
};
