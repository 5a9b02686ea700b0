// What a drift check reads of a load balancer, and the port to whoever reads it.
import type { ListenerRule } from '../gateway/alb-rules.ts';
import type { Seen } from '../verdict/seen.ts';

export interface BalancerState {
  readonly arn: string;
  readonly name: string;
  readonly scheme: string;
  readonly ipAddressType: string;
  /** Ids. */
  readonly securityGroups: readonly string[];
  /** Ids. */
  readonly subnets?: readonly string[];
}

export interface ListenerState {
  readonly arn?: string;
  readonly port: number;
  readonly protocol: string;
  readonly sslPolicy?: string;
  /** ARN of the certificate for clients that name no host, or another. */
  readonly defaultCertificate?: string;
  readonly otherCertificates: readonly string[];
  /** Whether clients have to show a certificate; absent: AWS does not say. */
  readonly clients?: {
    /** `off`, `passthrough`, `verify`. */
    readonly mode: string;
    readonly trustStore?: string;
    readonly ignoresExpiry?: boolean;
  };
  /** Read only where somebody asks for some. */
  readonly attributes?: ReadonlyMap<string, string>;
}

export interface TargetGroupState {
  readonly arn: string;
  readonly name: string;
  readonly targetType: string;
  /** Of the traffic: `HTTP`, `HTTPS`. */
  readonly protocol?: string;
  /** `ipv4`, `ipv6`; absent: `ipv4`. */
  readonly ipAddressType?: string;
  readonly protocolVersion: string;
  /** By LBC's names: `healthCheckPath`, `healthCheckInterval`, `matcher.httpCode` … */
  readonly healthCheck: Readonly<Record<string, string>>;
  readonly attributes: ReadonlyMap<string, string>;
  readonly targets: readonly { readonly id: string; readonly port?: number; readonly state: string }[];
}

export interface SecurityGroupState {
  readonly id: string;
  readonly description: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly ingress: readonly {
    /** All ports where both are absent. */
    readonly from?: number;
    readonly to?: number;
    readonly sources: readonly string[];
  }[];
}

/** Never throws but for the signal's abort: a denial names the IAM action. `undefined` where there is no such thing. */
export interface BalancerReader {
  balancer(dnsName: string, signal: AbortSignal): Promise<Seen<BalancerState | undefined>>;
  attributes(arn: string, signal: AbortSignal): Promise<Seen<ReadonlyMap<string, string>>>;
  listeners(arn: string, signal: AbortSignal): Promise<Seen<readonly ListenerState[]>>;
  listenerAttributes(arn: string, signal: AbortSignal): Promise<Seen<ReadonlyMap<string, string>>>;
  rules(arn: string, signal: AbortSignal): Promise<Seen<readonly ListenerRule[] | undefined>>;
  targetGroups(arns: readonly string[], signal: AbortSignal): Promise<Seen<readonly TargetGroupState[]>>;
  /** By ARN, of load balancers and target groups. */
  tags(
    arns: readonly string[],
    signal: AbortSignal,
  ): Promise<Seen<ReadonlyMap<string, ReadonlyMap<string, string>>>>;
  /** ARN of the web ACL in front of it. */
  webAcl(arn: string, signal: AbortSignal): Promise<Seen<string | undefined>>;
  securityGroups(ids: readonly string[], signal: AbortSignal): Promise<Seen<readonly SecurityGroupState[]>>;
  /** `rules-per-application-load-balancer` → 100. */
  limits(signal: AbortSignal): Promise<Seen<ReadonlyMap<string, number>>>;
}
