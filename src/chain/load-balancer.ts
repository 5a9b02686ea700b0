// The chain's port to load balancers: the rules of one, and the health of a target group.
import type { ListenerRule } from '../gateway/alb-rules.ts';
import type { Seen } from '../verdict/seen.ts';

export interface Target {
  /** Address or instance. */
  readonly id: string;
  readonly port?: number;
  /** `initial`, `healthy`, `unhealthy`, `unused`, `draining`, `unavailable`, `unhealthy.draining`. */
  readonly state: string;
  /** `Target.ResponseCodeMismatch`. */
  readonly reason?: string;
  readonly description?: string;
}

export interface TargetGroupHealth {
  readonly targets: readonly Target[];
  /** What a target is asked, in words; read only where no target is healthy, and only if that is allowed. */
  readonly check?: string;
}

/** Hundreds of hosts ask for the same: reads are shared for some seconds and keep a pace. */
export interface LoadBalancers {
  /** The rules of all listeners; `undefined` when the load balancer is gone. */
  rules(loadBalancerArn: string, signal: AbortSignal): Promise<Seen<readonly ListenerRule[] | undefined>>;
  /** `undefined` when the target group is gone. */
  health(targetGroupArn: string, signal: AbortSignal): Promise<Seen<TargetGroupHealth | undefined>>;
}
