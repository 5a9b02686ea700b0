// Paths of the Kubernetes API.
import { groupOf } from '../bundle/object.ts';

export interface Place {
  /** `v1`, `gateway.networking.k8s.io/v1`. */
  readonly apiVersion: string;
  readonly plural: string;
}

/**
 * What the API server itself refuses as a path segment (apimachinery api/validation/path/name.go), and half a character,
 * which no path can hold.
 */
export const isPathSegment = (text: string): boolean =>
  text !== '' && text !== '.' && text !== '..' && !/[/%]/.test(text) && text.isWellFormed();

const segment = (text: string): string => {
  if (!isPathSegment(text)) {
    throw new RangeError(`"${text}" cannot be the name of a Kubernetes object`);
  }
  return encodeURIComponent(text);
};

export const rootOf = (apiVersion: string): string =>
  apiVersion.includes('/')
    ? `/apis/${apiVersion.split('/').map(segment).join('/')}`
    : `/api/${segment(apiVersion)}`;

/** @throws RangeError when a name could lead to another path. */
export const pathOf = (place: Place, namespace: string | undefined, name?: string, sub?: string): string =>
  [
    rootOf(place.apiVersion),
    ...(namespace === undefined ? [] : ['namespaces', segment(namespace)]),
    segment(place.plural),
    ...(name === undefined ? [] : [segment(name)]),
    ...(sub === undefined ? [] : [segment(sub)]),
  ].join('/');

/** `gateways.gateway.networking.k8s.io`, `pods/log`: a resource as RBAC's messages write it. */
const resourceOf = (place: Place, sub?: string): string => {
  const group = groupOf(place.apiVersion);
  const whole = group === '' ? place.plural : `${place.plural}.${group}`;
  return sub === undefined ? whole : `${whole}/${sub}`;
};

/** `get gateways.gateway.networking.k8s.io in namespace infra`. */
export const permissionOf = (
  verb: string,
  place: Place,
  namespace: string | undefined,
  sub?: string,
): string =>
  `${verb} ${resourceOf(place, sub)}${namespace === undefined ? ' at the cluster scope' : ` in namespace ${namespace}`}`;
