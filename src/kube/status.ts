// Reads the API server's Status objects: what was refused, why, and which permission is missing.
import type { KubeAnswer } from './connection.ts';
import { type Fields, isFields } from './fields.ts';

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** The parts of a `Status` (apimachinery meta/v1) that messages are made of. */
export interface Status {
  readonly reason: string;
  readonly message: string;
  /** `details.kind`: the plural (`namespaces`) or kind that the message is about. */
  readonly kind: string;
  readonly name: string;
  readonly causes: readonly Cause[];
  /** Milliseconds from `details.retryAfterSeconds`. */
  readonly retryAfter?: number;
}

const textOf = (fields: Fields, key: string): string => {
  const value = fields[key];
  return typeof value === 'string' ? value : '';
};

const causeOf = (value: unknown): Cause => {
  const fields = isFields(value) ? value : {};
  return {
    reason: textOf(fields, 'reason'),
    message: textOf(fields, 'message'),
    field: textOf(fields, 'field'),
  };
};

/** Never throws: an answer that is no Status becomes one with the first line of its text as message. */
export const statusOf = (answer: KubeAnswer): Status => {
  const body = isFields(answer.body) ? answer.body : {};
  const details = isFields(body['details']) ? body['details'] : {};
  const causes = Array.isArray(details['causes']) ? details['causes'].map(causeOf) : [];
  const seconds = details['retryAfterSeconds'];
  const firstLine = answer.text.split('\n', 1)[0] ?? '';
  return {
    reason: textOf(body, 'reason'),
    message: textOf(body, 'message') || firstLine.slice(0, 500) || `status ${answer.status}`,
    kind: textOf(details, 'kind'),
    name: textOf(details, 'name'),
    causes,
    ...(typeof seconds === 'number' && seconds > 0 && { retryAfter: seconds * 1000 }),
  };
};

export interface Denial {
  /** `patch deployments.apps in namespace apps`: the verb, the resource, where. */
  readonly permission: string;
  /** The user name that the cluster mapped the principal to. */
  readonly user: string;
}

/**
 * The permission that a 403 names: `… is forbidden: User "u" cannot get resource "gateways" in API group
 * "gateway.networking.k8s.io" in the namespace "infra"` (kubernetes/apiserver responsewriters/errors.go).
 * `undefined` where the 403 is of another making (quota, a policy, a namespace that goes away).
 */
export const denialOf = (message: string): Denial | undefined => {
  const match =
    /User "(?<user>[^"]*)" cannot (?<verb>\S+) (?:resource "(?<resource>[^"]*)"|path "(?<path>[^"]*)")(?: in API group "(?<group>[^"]*)")?(?: in the namespace "(?<namespace>[^"]*)"| (?<cluster>at the cluster scope))?/.exec(
      message,
    );
  const found = match?.groups;
  if (found === undefined) return undefined;
  const group = found['group'] ? `.${found['group']}` : '';
  const [plural = '', ...sub] = (found['resource'] ?? '').split('/');
  const what = found['path'] ?? [`${plural}${group}`, ...sub].join('/');
  const where =
    found['namespace'] !== undefined
      ? ` in namespace ${found['namespace']}`
      : found['cluster'] !== undefined
        ? ' at the cluster scope'
        : '';
  return { permission: `${found['verb'] ?? ''} ${what}${where}`, user: found['user'] ?? '' };
};
