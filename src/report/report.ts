// The result of a run as data; the summary, annotations, outputs and report.json are renderings of it.

import type { DriftItem } from '../drift/item.ts';
import type { Code, Owner } from '../verdict/codes.ts';
import type { Finding, Source } from '../verdict/finding.ts';
import type { Evidence, LinkId, State } from '../verdict/verdict.ts';
import type { ReportedObject } from './object.ts';
import type { Plan } from './plan.ts';

export type Mode =
  | 'deploy'
  | 'plan'
  | 'verify'
  | 'preview'
  | 'teardown'
  | 'sweep'
  | 'drift'
  | 'doctor'
  | 'lint'
  | 'fold';

export type Outcome =
  | 'live'
  | 'not-live'
  | 'failed'
  | 'cancelled'
  | 'refused'
  | 'planned'
  | 'clean'
  | 'drifted'
  | 'removed';

/** A target of a fleet and how its run ended. */
export interface FleetRow {
  readonly name: string;
  /** From 1. */
  readonly wave: number;
  /** `none`: its run left no report. `not-started`: a wave before it was broken. */
  readonly outcome: Outcome | 'none' | 'not-started';
  readonly verdict: string;
  readonly cluster?: string;
  readonly region?: string;
  readonly hostsTotal: number;
  readonly hostsLive: number;
}

export interface ReportedLink {
  readonly id: LinkId;
  readonly state: State;
  readonly code?: Code;
  readonly message: string;
  readonly evidence: readonly Evidence[];
  readonly owner?: Owner;
  readonly hint?: string;
  /** Seconds from the start of the host's chain until this state was first seen. */
  readonly seconds: number;
}

export interface ReportedHost {
  readonly host: string;
  readonly live: boolean;
  /** The route that publishes it: `HTTPRoute apps/sample-app`. */
  readonly ref: string;
  readonly source?: Source;
  readonly url: string;
  readonly links: readonly ReportedLink[];
}

/** A Gateway that the repository holds and no hostname of it hangs on; or a GatewayClass that none of its Gateways has. */
export interface ReportedGateway {
  /** `Gateway infra/public`. */
  readonly ref: string;
  /** The worst of its links: `unknown` where a permission to look is missing. */
  readonly state: Exclude<State, 'skipped'>;
  readonly source?: Source;
  /** Those that exist without a host. */
  readonly links: readonly ReportedLink[];
}

export interface ReportedTarget {
  readonly cluster: string;
  readonly region: string;
  readonly namespace?: string;
  readonly accounts: { readonly eks?: string; readonly dns?: string };
  readonly zone?: string;
}

/** The preview that the run was for. */
export interface ReportedPreview {
  /** Its namespace too. */
  readonly name: string;
  readonly url: string;
  /** Of the pull request. */
  readonly number: number;
  readonly commit: string;
  readonly expiresAt?: string;
}

/** A preview that a sweep came by. */
export interface SweptPreview {
  readonly name: string;
  readonly namespace: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Of the pull request. */
  readonly number: number;
  readonly expiresAt?: string;
  /** `stale`: it would be removed (dry run); `left`: it could not be removed. */
  readonly state: 'kept' | 'stale' | 'removed' | 'left';
  /** A clause: why it is stale, or may stay. */
  readonly why: string;
}

export interface Phase {
  readonly name: string;
  /** Seconds. */
  readonly seconds: number;
}

/** An object that an upgrade adds to a release, changes or removes. */
export interface ReleaseChange {
  /** As helm-diff names it: `infra, web, Deployment (apps)`. */
  readonly object: string;
  readonly change: 'added' | 'changed' | 'removed';
  /** Lines of a unified diff of the rendered YAML, three lines around each change; secrets masked. */
  readonly diff: readonly string[];
}

export interface ReportedRelease {
  readonly name: string;
  readonly namespace: string;
  /** `infra-0.1.0`. */
  readonly chart: string;
  readonly result: 'installed' | 'upgraded' | 'unchanged' | 'failed' | 'rolled-back' | 'removed';
  /** The last one; absent where there is no release. */
  readonly revision?: number;
  readonly changes: readonly ReleaseChange[];
}

export interface Report {
  readonly schemaVersion: 1;
  readonly mode: Mode;
  readonly outcome: Outcome;
  readonly exitCode: 0 | 1;
  /** One sentence for a tired person. */
  readonly verdict: string;
  /** `host` is a Gateway's `ref` where no hostname is in the way. */
  readonly firstBroken?: { readonly host: string; readonly link: LinkId; readonly code: Code };
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly target?: ReportedTarget;
  readonly preview?: ReportedPreview;
  /** Of `sweep`, and those that `evict` removed. */
  readonly previews?: readonly SweptPreview[];
  /** lbc, externalDns, gatewayApi, kubernetes, helm, and `lbc-kind: stand-in` where so. */
  readonly versions: Readonly<Record<string, string>>;
  readonly objects: readonly ReportedObject[];
  /** Absent where no chart was installed. */
  readonly releases?: readonly ReportedRelease[];
  readonly hosts: readonly ReportedHost[];
  /** Absent where there is none. */
  readonly gateways?: readonly ReportedGateway[];
  readonly findings: readonly Finding[];
  /** Of `mode: plan`. */
  readonly plan?: Plan;
  /** Of `mode: fold`. */
  readonly fleet?: readonly FleetRow[];
  readonly drift: readonly DriftItem[];
  /** How many more there were that a rule covers (`drift-ignore`). */
  readonly driftIgnored?: number;
  readonly loadBalancers: readonly string[];
  readonly phases: readonly Phase[];
}
