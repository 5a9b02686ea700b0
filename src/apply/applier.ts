// The port to whatever writes objects into a cluster.
import type { Json, KubernetesObject } from '../bundle/object.ts';
import type { Schema } from '../compare/schema.ts';
import type { Seen } from '../verdict/seen.ts';

/** A field that another manager owns, with another value. */
export interface Conflict {
  /** `.spec.replicas`. */
  readonly path: string;
  readonly manager: string;
  /** When that manager last changed the object. */
  readonly since?: Date;
}

/** A field that the API server complained of. */
export interface WrongField {
  /** As the API server writes it: `.spec.rules[0].name`. */
  readonly path: string;
  readonly message: string;
}

/** Why an object cannot be written. */
export interface Refusal {
  readonly result: 'conflict' | 'failed';
  /** One sentence: who owns which field, what the API server refused. */
  readonly message: string;
  /** What may be done about it. */
  readonly hint?: string;
  /** The missing RBAC permission, where that is why: `patch deployments.apps in namespace apps`. */
  readonly denied?: string;
  /** Somebody else wrote the object since (`WriteOptions.at`). */
  readonly stale?: true;
  /** The API server does not serve the kind. */
  readonly unserved?: true;
  readonly conflicts?: readonly Conflict[];
  readonly fields?: readonly WrongField[];
  /**
   * Said of a dry run only: the answer may be another one after the other objects of the stage were written (the
   * namespace, the account, the webhook's pods are among them).
   */
  readonly open?: true;
}

/** An object in the form in which it is sent, and what the cluster has of it now. */
export interface Placed {
  /** As it is named in the cluster, its namespace filled in. */
  readonly ref: string;
  /** Its namespace filled in, without what only the server writes. */
  readonly object: KubernetesObject;
  /** `undefined` where it does not exist. */
  readonly held: Seen<KubernetesObject | undefined>;
}

/** A look at one object; a refusal where it could not even be sent (no such kind). */
export type Look = Placed | { readonly ref: string; readonly refusal: Refusal };

/** The API server's own warnings (a deprecated version) come with either answer. */
export type Written = { readonly warnings: readonly string[] } & (
  | { readonly refusal: Refusal }
  /** The object as the API server holds it now, or, of a dry run, would hold it; and its name there. */
  | { readonly live: KubernetesObject; readonly created: boolean; readonly ref: string }
);

export interface WriteOptions {
  readonly dryRun?: boolean;
  /** Take fields over from whoever owns them. */
  readonly force?: boolean;
  /** A dry run of the same object has passed. */
  readonly proven?: boolean;
  /** Only if the object still has this resourceVersion; otherwise `stale`. */
  readonly at?: string;
}

/**
 * Refusals are values; only what ends the whole run (no access at all, endpoint gone, abort) is thrown.
 * Objects of a kind whose CustomResourceDefinition this applier has seen, or was told of, are waited for, not refused.
 */
export interface Applier {
  /** Objects that others write in this run (charts): kinds and namespaces among them are on their way. */
  expect(objects: readonly KubernetesObject[]): void;
  /** A definition that was looked at and is not going to be written: its kind is not on its way. */
  forgo(definition: KubernetesObject): void;
  /** Looks at all objects of a stage at once: one LIST a kind and namespace. In the order given. */
  look(objects: readonly KubernetesObject[], signal: AbortSignal): Promise<readonly Look[]>;
  /** The published schema of a custom kind; `undefined` for built-in kinds and where it cannot be had. */
  schema(apiVersion: string, kind: string, signal: AbortSignal): Promise<Schema | undefined>;
  /** Server-side apply of `Placed.object`. */
  write(object: KubernetesObject, options: WriteOptions, signal: AbortSignal): Promise<Written>;
  /**
   * Replaces metadata.managedFields of an object by what `ours` makes of them; asked again of the object as it is then where
   * a controller was faster, `undefined` where nothing is left to do.
   */
  disown(
    live: KubernetesObject,
    ours: (live: KubernetesObject) => readonly Json[] | undefined,
    signal: AbortSignal,
  ): Promise<Refusal | undefined>;
  /** Waits until an object that is being deleted is gone; false where it is still there when patience ends. */
  awaitGone(object: KubernetesObject, signal: AbortSignal): Promise<boolean>;
  /** The object as the cluster has it; `undefined` where it (or its kind) does not exist. */
  read(object: KubernetesObject, signal: AbortSignal): Promise<Seen<KubernetesObject | undefined>>;
  /** Whether the API server offers the kind now. */
  serves(apiVersion: string, kind: string, signal: AbortSignal): Promise<boolean>;
}

/** The name under which the action owns fields; fixed for ever, or old fields would have two owners. */
export const fieldManager = 'eks-gateway-action';
