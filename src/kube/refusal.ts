// Says why the API server refused to write an object, in terms of what to do about it.
import type { Conflict, Refusal, WrongField } from '../apply/applier.ts';
import type { KubeAnswer } from './connection.ts';
import { permissionOf } from './path.ts';
import { conversion, tooLarge, undecodable, untyped, webhook } from './retry.ts';
import { denialOf, type Status, statusOf } from './status.ts';

interface Wanted {
  readonly kind: string;
  readonly name: string;
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

const conversionDown = (status: Status): Refusal | undefined => {
  const [, , kind] = conversion.exec(status.message) ?? [];
  return kind === undefined
    ? undefined
    : {
        result: 'failed',
        message: status.message,
        hint: `Objects of ${kind} are stored in one version and asked for in another, and the controller that converts them does not answer: look at its pods, and at spec.conversion of the definition.`,
        open: true,
      };
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

/** apiserver admission/plugin/webhook/errors/statuserror.go. */
const refusing = /admission webhook "([^"]+)" denied the request(?:: (.*)| without explanation)$/s;

/** What it misses may be written in the same stage. */
const hookDenied = (status: Status): Refusal | undefined => {
  const [, name, words = 'it does not say why'] = refusing.exec(status.message) ?? [];
  if (name === undefined) return undefined;
  const fields = fieldsOf(status);
  return {
    result: 'failed',
    message: `The cluster's admission webhook ${name} refused it: ${words}`,
    hint: `Correct what it complains of, or ask whoever keeps it: kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o yaml has its name.`,
    ...(fields.length > 0 && { fields }),
    ...(/\bnot found\b|\bdoes not exist\b/i.test(words) && { open: true }),
  };
};

/** apiserver plugin/pkg/admission/resourcequota/controller.go. */
export const overQuota = /\b(?:exceeded|failed) quota: ([^:,]+)[:,] (.*)$/s;

const quotaSpent = (status: Status, { namespace = '' }: Wanted): Refusal | undefined => {
  const [, quota, words] = overQuota.exec(status.message) ?? [];
  if (quota === undefined || words === undefined) return undefined;
  return {
    result: 'failed',
    message: `The ResourceQuota ${quota} of namespace ${namespace} does not allow it: ${words}`,
    hint: words.startsWith('must specify')
      ? 'The quota counts these: say them in the manifest, or have a LimitRange give defaults.'
      : 'Remove something that counts against the quota, or have it raised by whoever keeps it.',
  };
};

/** kubernetes pkg/registry/rbac: nobody grants what he does not hold, unless he may `escalate` roles or `bind` them. */
const escalates =
  /^(\w+)\.rbac\.authorization\.k8s\.io "[^"]*" is forbidden: user "([^"]*)" .*attempting to grant RBAC permissions not currently held:\s*(.*)$/s;

const escalation = (status: Status, { namespace }: Wanted): Refusal | undefined => {
  const [, plural, user, rules] = escalates.exec(status.message) ?? [];
  if (plural === undefined || user === undefined || rules === undefined) return undefined;
  // A binding's answer does not say which kind of role it refers to.
  const permission = plural.endsWith('bindings')
    ? 'bind the role that it refers to'
    : permissionOf('escalate', { apiVersion: 'rbac.authorization.k8s.io/v1', plural }, namespace);
  return {
    result: 'failed',
    denied: permission,
    message: `It grants more than ${user} holds: ${short(rules.replaceAll(/\s*\n\s*/g, '; '))}`,
    hint: `Nobody may grant what he does not hold himself: let the platform team apply this object, give the role of the action those permissions, or let it ${permission}.`,
  };
};

const oversized = (answer: KubeAnswer, status: Status): Refusal | undefined =>
  answer.status === 413 || tooLarge.test(status.message)
    ? {
        result: 'failed',
        message: `It is too large for the API server: ${status.message}`,
        hint: 'The API server takes 3 MiB a request, and etcd 1.5 MiB an object: split the object, or keep its content somewhere else.',
      }
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
const storedVersion = (status: Status, { name }: Wanted): Refusal | undefined => {
  const cause = status.causes.find(({ field }) => field.startsWith('status.storedVersions'));
  if (cause === undefined) return undefined;
  const place = /\[(\d+)\]/.exec(cause.field)?.[1] ?? 'N';
  return {
    result: 'failed',
    message: `Objects may still be stored in a version that this definition no longer has: ${cause.message}`,
    hint: `Rewrite the stored objects in a version that stays (kube-storage-version-migrator does; where \`kubectl get ${name} -A\` finds none there is nothing to rewrite), take the old version out of status.storedVersions, then run again: \`kubectl patch crd ${name} --subresource=status --type=json -p '[{"op":"remove","path":"/status/storedVersions/${place}"}]'\`.`,
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

const fieldsOf = ({ causes }: Status): readonly WrongField[] =>
  causes
    .filter((cause) => cause.field !== '')
    .map(({ field, message }) => ({ path: field, message: short(message) }));

/**
 * pkg/apis: `field is immutable`, `may not change once set`, `updates to statefulset spec for fields other than … are
 * forbidden`, `cannot change roleRef`.
 */
const fixed =
  /\bimmutable\b|\bmay not change once set\b|\bupdates? .*\b(forbidden|may not change)\b|\bcannot (change|be changed)\b/;

/** What goes with the object when it is deleted, for those who have to decide. */
const goesAlong: Readonly<Record<string, string>> = {
  Deployment: '; its pods go with it, so that a new name beside the old one is the way without downtime',
  StatefulSet: '; `--cascade=orphan` keeps its pods and volumes, which the new one takes over',
  DaemonSet: '; `--cascade=orphan` keeps its pods, which the new one takes over',
  Service: '; its addresses, and those of its load balancer, go with it',
  PersistentVolumeClaim: '; what it stores may go with it',
};

const deletion = ({ kind, name, namespace }: Wanted): string =>
  `kubectl delete ${kind.toLowerCase()} ${name}${namespace === undefined ? '' : ` -n ${namespace}`}`;

const hintFor = (message: string, wanted: Wanted): string => {
  if (!fixed.test(message)) return 'Correct the fields named; the API server refused them.';
  const { kind } = wanted;
  const another =
    kind === 'Job'
      ? 'A Job runs once: give it a name that changes with what it runs'
      : 'This cannot change while the object exists: give the object another name';
  return `${another}, or delete it (\`${deletion(wanted)}\`${goesAlong[kind] ?? ''}) and run again.`;
};

const invalid = (answer: KubeAnswer, status: Status, wanted: Wanted): Refusal => {
  const byCause = fieldsOf(status);
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
    ...((answer.status === 422 || isTyped || fields) && { hint: hintFor(status.message, wanted) }),
  };
};

/** Never throws. */
export const explain = (answer: KubeAnswer, wanted: Wanted): Refusal => {
  const status = statusOf(answer);
  const known =
    noDryRun(status) ??
    policyDenied(status) ??
    hookDenied(status) ??
    storedVersion(status, wanted) ??
    oversized(answer, status);
  if (known) return known;
  if (answer.status === 409) return conflict(status) ?? { result: 'failed', message: status.message };
  if (answer.status === 403) {
    return (
      denied(status, wanted) ??
      leaving(status, wanted) ??
      quotaSpent(status, wanted) ??
      escalation(status, wanted) ??
      lookedUp(status) ?? {
        result: 'failed',
        message: status.message,
        hint: `If it is a matter of permission, it is: ${wanted.needed}.`,
      }
    );
  }
  return (
    noNamespace(status) ??
    webhookDown(status) ??
    conversionDown(status) ??
    lookedUp(status) ??
    invalid(answer, status, wanted)
  );
};
