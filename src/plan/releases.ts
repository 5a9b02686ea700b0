// What an upgrade would change of the objects of a release: rendered manifests against those of the last revision.
import { groupKindOf } from '../apply/inventory.ts';
import { textMap } from '../bundle/field.ts';
import { type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import { changesBetween } from '../compare/changes.ts';
import { hide } from '../compare/hidden.ts';
import type { PlannedHook, PlannedRelease } from '../report/plan.ts';
import type { Planned } from './objects.ts';
import { predictedChanges } from './predicted.ts';

/** Helm owns nothing by server-side apply that we could tell from others': removals are not seen in a live object. */
const noManager = '';

const annotation = (object: KubernetesObject, name: string): string | undefined =>
  textMap(object, 'metadata', 'annotations')[name];

/** Hooks are no part of a release: helm runs them beside it. */
export const isHook = (object: KubernetesObject): boolean => annotation(object, 'helm.sh/hook') !== undefined;

/** What Helm runs beside an install or an upgrade, in the order of its phases and weights (helm pkg/action/hooks.go). */
export const hooksAt = (
  action: PlannedRelease['action'],
  objects: readonly KubernetesObject[],
): readonly PlannedHook[] => {
  const events = ['pre', 'post'].map((phase) => `${phase}-${action}`);
  const weight = (object: KubernetesObject): number => Number(annotation(object, 'helm.sh/hook-weight') ?? 0);
  return events.flatMap((event) =>
    objects
      .filter((object) =>
        (annotation(object, 'helm.sh/hook') ?? '').split(',').some((each) => each.trim() === event),
      )
      .toSorted((one, other) => weight(one) - weight(other))
      .map((object) => ({ ref: refOf(object), event })),
  );
};

const keyOf = (object: KubernetesObject): string => `${groupKindOf(object)} ${refOf(object)}`;

const changed = (before: KubernetesObject, { object, source }: Sourced, by: 'release' | 'live'): Planned => {
  const found =
    by === 'release' ? changesBetween(before, object) : predictedChanges(before, object, noManager);
  const changes = found.map((change) => hide(object.kind, change));
  const result = changes.length === 0 ? 'unchanged' : 'configured';
  return {
    planned: { ref: refOf(object), source, result, by, changes },
    before,
    after: object,
    findings: [],
  };
};

const gone = (before: KubernetesObject): Planned => {
  const ref = refOf(before);
  const stays = annotation(before, 'helm.sh/resource-policy') === 'keep';
  return {
    planned: {
      ref,
      result: stays ? 'unchanged' : 'pruned',
      ...(stays && { message: 'leaves the release, and stays: helm.sh/resource-policy is keep' }),
      by: 'release',
      changes: [],
    },
    before,
    ...(stays && { after: before }),
    findings: [],
  };
};

/**
 * @param before objects of the last revision, or the live ones (`by`), with their namespaces; of the live ones nothing is
 * ever said to go
 */
export const planRelease = (
  before: readonly KubernetesObject[],
  after: readonly Sourced[],
  by: 'release' | 'live',
): readonly Planned[] => {
  const old = new Map(before.filter((each) => !isHook(each)).map((each) => [keyOf(each), each]));
  const now = after.filter(({ object }) => !isHook(object));
  const keys = new Set(now.map(({ object }) => keyOf(object)));
  return [
    ...now.map((each): Planned => {
      const had = old.get(keyOf(each.object));
      const { object, source } = each;
      if (had !== undefined) return changed(had, each, by);
      return {
        planned: { ref: refOf(object), source, result: 'created', by, changes: [] },
        after: object,
        findings: [],
      };
    }),
    ...(by === 'live' ? [] : [...old].filter(([key]) => !keys.has(key)).map(([, each]) => gone(each))),
  ];
};
