// Whose preview it is: what stands in labels and annotations, so that a later run finds what an earlier one made.
import { textMap } from '../bundle/field.ts';
import type { KubernetesObject } from '../bundle/object.ts';

const prefix = 'eks-gateway-action';

/** On every object of a preview; the value is the pull request's number. */
export const previewLabel = `${prefix}/preview`;

export const previewAnnotations = {
  /** `owner/name`. */
  repository: `${prefix}/repository`,
  branch: `${prefix}/branch`,
  /** The template that its name was made from: another name of the same template takes its place. */
  template: `${prefix}/name-template`,
  /** On routes in a namespace that previews share: the name of the preview that they are of. */
  name: `${prefix}/preview-name`,
  commit: `${prefix}/commit`,
  /** ISO 8601, UTC. */
  expiresAt: `${prefix}/expires-at`,
  /** The hosts that the namespace's routes publish, separated by commas: what has to be gone after a teardown. */
  hosts: `${prefix}/hosts`,
} as const;

export interface Identity {
  readonly repository: string;
  readonly number: number;
}

/** Whose preview a namespace or a route is; `undefined` when the action did not make it. */
export const identityOf = (object: KubernetesObject): Identity | undefined => {
  const number = Number(textMap(object, 'metadata', 'labels')[previewLabel]);
  const repository = textMap(object, 'metadata', 'annotations')[previewAnnotations.repository];
  return Number.isInteger(number) && repository !== undefined ? { number, repository } : undefined;
};

export const isSame = (one: Identity, other: Identity): boolean =>
  one.number === other.number && one.repository.toLowerCase() === other.repository.toLowerCase();

/** `example-org/sample-app#42`. */
export const sayIdentity = ({ repository, number }: Identity): string => `${repository}#${number}`;
