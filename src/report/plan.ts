// What a deploy would change, as the report has it: objects, releases, records, rules of load balancers.
import type { Change } from '../compare/changes.ts';
import type { Source } from '../verdict/finding.ts';
import type { ObjectResult } from './object.ts';

export interface PlannedObject {
  readonly ref: string;
  readonly source?: Source;
  /** What deploy would report of it. */
  readonly result: ObjectResult;
  readonly message?: string;
  /**
   * How we know: `dry-run` the API server tried it; `live` compared with what the cluster has; `release` compared with
   * what Helm installed last; `not-yet` what it needs is itself only planned.
   */
  readonly by: 'dry-run' | 'live' | 'release' | 'not-yet';
  /** Of what is there already; secrets are hidden. */
  readonly changes: readonly Change[];
}

/** What Helm runs beside the release's objects. */
export interface PlannedHook {
  /** `Job infra/migrate`. */
  readonly ref: string;
  /** `pre-install`, `post-upgrade` … */
  readonly event: string;
}

export interface PlannedRelease {
  readonly name: string;
  readonly namespace: string;
  readonly action: 'install' | 'upgrade' | 'unchanged';
  /** `apps 1.2.0 → 1.3.0`: of the charts. */
  readonly chart: string;
  readonly objects: readonly PlannedObject[];
  readonly hooks: readonly PlannedHook[];
}

export interface PlannedRecord {
  readonly name: string;
  readonly type: string;
  readonly action: 'created' | 'changed' | 'deleted' | 'unchanged';
  readonly from?: string;
  readonly to?: string;
  /** Why it is as it is, where that is not plain. */
  readonly why?: string;
}

export interface PlannedRule {
  readonly action: 'created' | 'changed' | 'deleted';
  /** `HTTPS:443`. */
  readonly listener: string;
  readonly host: string;
  /** `PathPrefix /`. */
  readonly match: string;
  /** Where requests go: `Service apps/web:8080`. */
  readonly from?: string;
  readonly to?: string;
}

/** Of a quota of the load balancer. */
export interface Budget {
  readonly before: number;
  readonly after: number;
  readonly limit: number;
}

export interface PlannedLoadBalancer {
  /** `Gateway infra/public`. */
  readonly gateway: string;
  /** Absent: the Gateway has none yet. */
  readonly loadBalancer?: string;
  readonly rules: Budget;
  readonly targetGroups: Budget;
  readonly changes: readonly PlannedRule[];
}

export interface Plan {
  readonly objects: readonly PlannedObject[];
  readonly releases: readonly PlannedRelease[];
  readonly records: readonly PlannedRecord[];
  readonly loadBalancers: readonly PlannedLoadBalancer[];
  /** Hosts that a route publishes today and none would any more. */
  readonly offline: readonly string[];
}

const untouched = new Set<ObjectResult>(['unchanged', 'conflict', 'failed']);

export const isTouched = ({ result }: PlannedObject): boolean => !untouched.has(result);

/** How many things of each sort a deploy would change. */
export const counted = (plan: Plan) => ({
  objects: [...plan.objects, ...plan.releases.flatMap(({ objects }) => objects)].filter(isTouched).length,
  releases: plan.releases.filter(({ action }) => action !== 'unchanged').length,
  records: plan.records.filter(({ action }) => action !== 'unchanged').length,
  rules: plan.loadBalancers.reduce((sum, { changes }) => sum + changes.length, 0),
});
