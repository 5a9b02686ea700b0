// Says why the API server refused to write an object, in terms of what to do about it.
import type { Conflict, Refusal, WrongField } from '../apply/applier.ts';
import type { KubeAnswer } from './connection.ts';
import { undecodable, untyped, webhook } from './retry.ts';
import { denialOf, type Status, statusOf } from './status.ts';

interface Wanted {
  readonly namespace: string | undefined;
  /** The permission that the write needs: `patch deployments.apps in namespace apps`. */
  readonly needed: string;
  /** The IAM principal behind the token. */
  readonly principal: string | undefined;
}

/**
 * `conflict with "kubectl-client-side-apply" using apps/v1 at 2026-11-22T10:00:00Z`, field `.spec.replicas`; the time only
 * of managers that do not apply server-side (apimachinery util/managedfields/internal/conflict.go).
 */
const conflictsOf = ({ causes }: Status): readonly Conflict[] =>
  causes
    .filter((cause) => cause.reason === 'FieldManagerConflict')
    .map(({ message, field }) => {
      const manager = /conflict with "([^"]*)"/.exec(message)?.[1] ?? message;
      const since = new Date(/ at (\S+)$/.exec(message)?.[1] ?? '');
      return { path: field, manager, ...(!Number.isNaN(since.getTime()) && { since }) };
    });

const conflict = (status: Status): Refusal | undefined => {
  const conflicts = conflictsOf(status);
  return conflicts.length === 0 ? undefined : { result: 'conflict', message: status.message, conflicts };
};

const denied = (status: Status, wanted: Wanted): Refusal | undefined => {
  const denial = denialOf(status.message);
  if (!denial) return undefined;
  const who =
    wanted.principal === undefined || wanted.principal === denial.user
      ? denial.user
      : `${wanted.principal} (in the cluster: ${denial.user})`;
  return {
    result: 'failed',
    denied: denial.permission,
    message: `${who} may not ${denial.permission}.`,
    hint: `Give it that permission by an access policy of its access entry, or by a ClusterRole bound to a group of the entry.`,
  };
};

/** A namespace that does not exist answers 404 with `details.kind: namespaces`. */
const noNamespace = (status: Status): Refusal | undefined =>
  status.kind === 'namespaces' && status.reason === 'NotFound'
    ? {
        result: 'failed',
        message: `The namespace ${status.name} does not exist.`,
        hint: `Add a Namespace manifest for ${status.name} to the repository, create it beforehand, or name another namespace.`,
      }
    : undefined;

const leaving = (status: Status, { namespace }: Wanted): Refusal | undefined =>
  status.causes.some((cause) => cause.reason === 'NamespaceTerminating')
    ? {
        result: 'failed',
        message: `The namespace ${namespace ?? ''} is being deleted.`,
        hint: 'Run again when it is gone; `kubectl get namespace -o yaml` says what holds it up.',
      }
    : undefined;

const webhookDown = (status: Status): Refusal | undefined => {
  const hook = webhook.exec(status.message);
  return hook
    ? {
        result: 'failed',
        message: status.message,
        hint: `The controller behind the webhook ${hook[1]} does not answer: look at its pods. Until it does, the API server refuses every object of this kind.`,
        open: true,
      }
    : undefined;
};

/** apiserver admission/plugin/webhook: a webhook with side effects is not called in a dry run, so the dry run fails. */
const noDryRun = (status: Status): Refusal | undefined =>
  /does not support dry run/.test(status.message)
    ? { result: 'failed', message: status.message, open: true }
    : undefined;

/** What admission looks up may be among the objects that are written first: accounts, roles, classes. */
const lookedUp = (status: Status): Refusal | undefined =>
  /(serviceaccounts?|(cluster)?roles?\.rbac\.authorization\.k8s\.io|priorityclass\S*|storageclass\S*)\b.*\bnot found\b/i.test(
    status.message,
  )
    ? { result: 'failed', message: status.message, open: true }
    : undefined;

const policy = /ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: (.*)$/s;

/** Gateway API 1.5 and later guard their CRDs with the policy `safe-upgrades.gateway.networking.k8s.io`. */
const policyDenied = (status: Status): Refusal | undefined => {
  const [, name, words] = policy.exec(status.message) ?? [];
  if (name === undefined || words === undefined) return undefined;
  return {
    result: 'failed',
    message: `The cluster's admission policy ${name} refused it: ${words}`,
    hint: name.startsWith('safe-upgrades.gateway.networking.k8s.io')
      ? "The policy keeps every team's Gateway API from being lowered, or turned to the experimental channel: take the CRDs of a release that is not older than the cluster's, of the same channel."
      : `Ask whoever keeps the policy: kubectl get validatingadmissionpolicy ${name} -o yaml.`,
  };
};

/** A definition may not drop a version in which objects are still stored. */
const storedVersion = (status: Status): Refusal | undefined => {
  const cause = status.causes.find(({ field }) => field.startsWith('status.storedVersions'));
  if (cause === undefined) return undefined;
  return {
    result: 'failed',
    message: `Objects may still be stored in a version that this definition no longer has: ${cause.message}`,
    hint: 'Rewrite the stored objects in a version that stays (kube-storage-version-migrator does), take the old version out of status.storedVersions, then run again.',
  };
};

/** `.spec.rules[0].foo: field not declared in schema`, as structured-merge-diff says it; several a line each. */
const typedFields = (message: string): readonly WrongField[] =>
  message
    .replace(untyped, '')
    .replace(/^errors:\n/, '')
    .split('\n')
    .flatMap((line) => {
      const [, path, text] = /^\s*(\.\S.*?): (.+)$/.exec(line) ?? [];
      return path === undefined || text === undefined ? [] : [{ path, message: text }];
    });

/** `strict decoding error: unknown field "spec.foo", unknown field "spec.bar"` (apimachinery runtime/error.go). */
const unknownFields = (message: string): readonly WrongField[] =>
  [...message.matchAll(/(unknown|duplicate) field "([^"]+)"/g)].map(([, what = '', path = '']) => ({
    path,
    message: `${what} field`,
  }));

/** Of a pod template the API server says all of it, in Go's own words, before it says what is wrong. */
const short = (message: string): string => {
  const [, value = '', reason = ''] = /^Invalid value: (.*): (.*?)$/s.exec(message) ?? [];
  return value.length <= longest ? message : `Invalid value: ${value.slice(0, longest)}…: ${reason}`;
};
const longest = 120;

/** pkg/apis: `field is immutable`, `updates to statefulset spec for fields other than … are forbidden`, `cannot change roleRef`. */
const fixed = /\bimmutable\b|\bupdates? .*\b(forbidden|may not change)\b|\bcannot (change|be changed)\b/;

const hintFor = (message: string): string =>
  fixed.test(message)
    ? 'This cannot change while the object exists: give the object another name, or delete it and run again.'
    : 'Correct the fields named; the API server refused them.';

const invalid = (answer: KubeAnswer, status: Status): Refusal => {
  const byCause = status.causes
    .filter((cause) => cause.field !== '')
    .map(({ field, message }) => ({ path: field, message: short(message) }));
  const isTyped = untyped.test(status.message);
  const fields = [byCause, isTyped ? typedFields(status.message) : [], unknownFields(status.message)].find(
    ({ length }) => length > 0,
  );
  return {
    result: 'failed',
    message: fields
      ? fields.map(({ path, message }) => `${path}: ${message}`).join('; ')
      : status.message.replace(untyped, '').replace(undecodable, ''),
    ...(fields && { fields }),
    ...((answer.status === 422 || isTyped || fields) && { hint: hintFor(status.message) }),
  };
};

/** Never throws. */
export const explain = (answer: KubeAnswer, wanted: Wanted): Refusal => {
  const status = statusOf(answer);
  const known = noDryRun(status) ?? policyDenied(status) ?? storedVersion(status);
  if (known) return known;
  if (answer.status === 409) return conflict(status) ?? { result: 'failed', message: status.message };
  if (answer.status === 403) {
    return (
      denied(status, wanted) ??
      leaving(status, wanted) ??
      lookedUp(status) ?? {
        result: 'failed',
        message: status.message,
        hint: `If it is a matter of permission, it is: ${wanted.needed}.`,
      }
    );
  }
  return noNamespace(status) ?? webhookDown(status) ?? lookedUp(status) ?? invalid(answer, status);
};
