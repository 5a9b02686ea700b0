// What somebody has added to an object by hand: fields that the manifest does not set, owned by tools for people alone.
import type { Json, KubernetesObject } from '../bundle/object.ts';
import { type Left, leftFields } from '../compare/left.ts';
import { type FieldsEntry, fieldsEntries } from '../compare/managed-fields.ts';
import { ownersOf } from '../compare/owner.ts';
import { pathText, type Step } from '../compare/unmet.ts';
import { restartedAt } from './wanted-form.ts';

/**
 * Managers of tools with which people edit (kubectl pkg/cmd: the field manager of each command; k9s, Lens, and what runs in a
 * browser go by their program). Not those that make or apply whole objects.
 */
const byPeople = /^(kubectl-(annotate|autoscale|edit|patch|replace|rollout|set)|k9s|node-fetch|Mozilla)$/;

const isByPeople = ({ manager, operation, subresource }: FieldsEntry): boolean =>
  operation === 'Update' && subresource === undefined && byPeople.test(manager);

const isField = (step: Step | undefined, ...names: readonly string[]): boolean =>
  step !== undefined && 'field' in step && names.includes(step.field);

/** Annotations by which people steer ExternalDNS and AWS Load Balancer Controller: another target, hands off, a dry run. */
const steers = /^\.metadata\.annotations\["?(external-dns\.(alpha\.)?kubernetes\.io|gateway\.k8s\.aws)\//;

/** @param path as `pathText` writes it */
export const isSteering = (path: string): boolean => steers.test(path);

/** Labels and annotations of the object itself are everybody's, certificates are injected by scripts, a restart is no wish. */
const isNobodys = ({ steps }: Left): boolean =>
  (isField(steps[0], 'metadata', 'status') && !isSteering(pathText(steps))) ||
  isField(steps.at(-1), 'caBundle', restartedAt);

/** @param wanted the manifest in its forms */
export const addedByHand = (
  { apiVersion }: KubernetesObject,
  wanted: readonly Json[],
  live: KubernetesObject,
): readonly Left[] => {
  const entries = fieldsEntries(live).filter((each) => isByPeople(each) && each.apiVersion === apiVersion);
  const isShared = (steps: readonly Step[]): boolean =>
    isAnnotations(steps) || !ownersOf(live, pathText(steps), false).every(isByPeople);
  const all = entries.flatMap(({ fields }) => leftFields(wanted, live, fields, isShared));
  return [...new Map(all.map((each) => [pathText(each.steps), each])).values()].filter(
    (each) => !isNobodys(each),
  );
};

/** Each by itself, wherever they stand. */
const isAnnotations = (steps: readonly Step[]): boolean => isField(steps.at(-1), 'annotations', 'labels');
