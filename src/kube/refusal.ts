// Says why the API server refused to write an object, in terms of what to do about it.
import type { Applied } from '../apply/applier.ts';
import type { KubeAnswer } from './connection.ts';
import { untyped, webhook } from './retry.ts';
import { denialOf, type Status, statusOf } from './status.ts';

interface Wanted {
  readonly ref: string;
  readonly namespace: string | undefined;
  /** The permission that the write needs: `patch deployments.apps in namespace apps`. */
  readonly needed: string;
  /** The IAM principal behind the token. */
  readonly principal: string | undefined;
}

type Refusal = Pick<Applied, 'result' | 'message' | 'hint' | 'denied'>;

/** `conflict with "kubectl-client-side-apply" using apps/v1`, field `.spec.replicas` (structured-merge-diff). */
const conflicts = ({ causes }: Status): string =>
  causes
    .filter((cause) => cause.reason === 'FieldManagerConflict')
    .map((cause) => {
      const manager = /conflict with "([^"]*)"/.exec(cause.message)?.[1] ?? cause.message;
      return `${cause.field} is owned by ${manager}`;
    })
    .join('; ');

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
      }
    : undefined;
};

const invalid = (answer: KubeAnswer, status: Status): Refusal => {
  const fields = status.causes
    .filter((cause) => cause.field !== '')
    .map((cause) => `${cause.field}: ${cause.message}`);
  return {
    result: 'failed',
    message: fields.length > 0 ? fields.join('; ') : status.message.replace(untyped, ''),
    ...((answer.status === 422 || untyped.test(status.message)) && {
      hint: 'Correct the fields named; the API server refused them.',
    }),
  };
};

/** Never throws. */
export const explain = (answer: KubeAnswer, wanted: Wanted): Refusal => {
  const status = statusOf(answer);
  if (answer.status === 409) {
    const owners = conflicts(status);
    if (owners === '') return { result: 'failed', message: status.message };
    return {
      result: 'conflict',
      message: `${owners}.`,
      hint: 'Remove the field here, or let go of it where it is set; taking it over by force is a choice for a person.',
    };
  }
  if (answer.status === 403) {
    return (
      denied(status, wanted) ??
      leaving(status, wanted) ?? {
        result: 'failed',
        message: status.message,
        hint: `If it is a matter of permission, it is: ${wanted.needed}.`,
      }
    );
  }
  return noNamespace(status) ?? webhookDown(status) ?? invalid(answer, status);
};
