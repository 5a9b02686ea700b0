// An observation: facts read from outside at one moment, or why they could not be read.

/** What a look at the outside gave. A denial and a failure are values: the chain goes on without them. */
export type Seen<Value> =
  | { readonly at: Date; readonly value: Value }
  /** `denied` is the exact IAM action or RBAC verb that is missing, e.g. `route53:ListResourceRecordSets`. */
  | { readonly at: Date; readonly denied: string }
  /** The look itself failed (network, time-out, server error); `failed` is one sentence, `cause` the error behind it. */
  | { readonly at: Date; readonly failed: string; readonly cause?: unknown };
