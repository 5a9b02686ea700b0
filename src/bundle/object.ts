// A Kubernetes object as it stands in the repository, with the place it came from.
import type { Source } from '../verdict/finding.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json | undefined };

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [key: string]: Json | undefined;
  };
  readonly [key: string]: Json | undefined;
}

/** An object of the bundle: every field as the user wrote it, and its `file:line`. */
export interface Sourced {
  readonly object: KubernetesObject;
  readonly source: Source;
}

/** A chart found in the repository: the folder of its Chart.yaml. */
export interface Chart {
  /** Folder relative to the workspace; `.` for the workspace itself. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** Repository addresses of its dependencies, as written (`https://…`, `oci://…`, `file://…`). */
  readonly dependencies: readonly {
    readonly name: string;
    readonly version: string;
    readonly repository: string;
    /** The name under which its values stand, where that is not its own. */
    readonly alias?: string;
    /** Paths into the values, separated by commas: the first that is there switches it on or off. */
    readonly condition?: string;
    /** Names in the values' `tags`: on if one of them is, or none is there. */
    readonly tags?: readonly string[];
  }[];
  readonly source: Source;
}

export interface Ignored {
  readonly file: string;
  readonly why: string;
}

/** What was found in the repository. */
export interface Bundle {
  readonly crds: readonly Sourced[];
  readonly charts: readonly Chart[];
  /** Everything that is neither a CRD nor a route: namespaces, Deployments, Services, Gateways … */
  readonly manifests: readonly Sourced[];
  /** HTTPRoutes and GRPCRoutes. */
  readonly routes: readonly Sourced[];
  readonly ignored: readonly Ignored[];
}

/** `apps` of `apps/v1`; empty for the core group's `v1`. */
export const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

/** `HTTPRoute apps/sample-app`, `GatewayClass aws-alb`: how messages name an object. */
export const refOf = (object: Pick<KubernetesObject, 'kind' | 'metadata'>): string =>
  object.metadata.namespace === undefined
    ? `${object.kind} ${object.metadata.name}`
    : `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`;
