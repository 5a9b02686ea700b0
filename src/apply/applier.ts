// The port to whatever writes objects into a cluster.
import type { KubernetesObject } from '../bundle/object.ts';
import type { Seen } from '../verdict/seen.ts';

/** What became of one object. */
export interface Applied {
  /** The object as it is named in the cluster, its namespace filled in. */
  readonly ref: string;
  readonly result: 'created' | 'configured' | 'unchanged' | 'conflict' | 'failed';
  /** One sentence on a conflict or a failure: who owns which field, what the API server refused. */
  readonly message?: string;
  /** What may be done about it. */
  readonly hint?: string;
  /** The missing RBAC permission, where that is why it failed: `patch deployments.apps in namespace apps`. */
  readonly denied?: string;
  /** The object as the API server holds it now; absent where it could not be written. */
  readonly live?: KubernetesObject;
  /** The API server's own warnings about it (a deprecated version, a field that it does not know). */
  readonly warnings: readonly string[];
}

export interface Applier {
  /**
   * Writes one object. Refusals are values; only what ends the whole run (no access at all, endpoint gone, abort)
   * is thrown.
   */
  apply(object: KubernetesObject, signal: AbortSignal): Promise<Applied>;
  /** The object as the cluster has it; `undefined` where it (or its kind) does not exist. */
  read(object: KubernetesObject, signal: AbortSignal): Promise<Seen<KubernetesObject | undefined>>;
  /** Whether the API server offers the kind now. */
  serves(apiVersion: string, kind: string, signal: AbortSignal): Promise<boolean>;
}
