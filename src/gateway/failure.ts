// What the controller's own words about a failed Gateway mean: which code, and what to do.
import type { Code } from '../verdict/codes.ts';

export type FailureCode = Extract<
  Code,
  | 'gateway/build-failed'
  | 'gateway/deploy-failed'
  | 'gateway/certificate-not-found'
  | 'gateway/configuration-missing'
  | 'gateway/not-accepted'
  | 'gateway/listener-invalid'
>;

export interface Failure {
  readonly code: FailureCode;
  readonly hint: string;
  /** AWS asks to come back later, or a webhook has no endpoints yet: the controller's next attempt may succeed. */
  readonly passing: boolean;
  /** Seconds for which the controller goes on with what it once read from AWS: until then a mend does not show. */
  readonly remembered?: number;
}

interface Row {
  readonly says: RegExp;
  /** Where absent, the stage (build or deploy) decides. */
  readonly code?: FailureCode;
  readonly hint: (found: RegExpExecArray) => string;
  readonly passing?: true;
  readonly remembered?: number;
}

const certificateHint =
  "The certificate must be ISSUED in ACM, in the cluster's account and region: check the ARN in the LoadBalancerConfiguration (listenerConfigurations[].defaultCertificate), or that some certificate covers every hostname of the listener's routes. Then touch the Gateway: the controller does not watch ACM.";

const rows: readonly Row[] = [
  {
    says: /Throttling|Rate exceeded|TooManyRequests|RequestLimitExceeded/,
    hint: () => '',
    passing: true,
  },
  {
    says: /WAFUnavailableEntity|WAFNonexistentItem/,
    hint: () =>
      'The web ACL cannot be associated while the load balancer comes up; the controller tries again.',
    passing: true,
  },
  {
    says: /failed calling webhook|no endpoints available for service/,
    hint: () => "The controller's webhook does not answer yet; the controller tries again.",
    passing: true,
  },
  {
    // The list of ACM's ARNs is kept for a minute (pkg/certs/cert_discovery.go, v3.5.0).
    says: /no certificate found for host/i,
    code: 'gateway/certificate-not-found',
    hint: () => certificateHint,
    remembered: 60,
  },
  {
    says: /CertificateNotFound|No hostnames found for TLS cert discovery/i,
    code: 'gateway/certificate-not-found',
    hint: () => certificateHint,
  },
  {
    says: /LoadBalancerConfiguration\S* "([^"]*)" not found|LoadBalancerConfiguration .*not found/,
    code: 'gateway/configuration-missing',
    hint: () =>
      "Create the LoadBalancerConfiguration in the Gateway's own namespace (infrastructure.parametersRef has no namespace).",
  },
  {
    says: /is not authorized to perform: ([\w-]+:\w+)/,
    hint: ([, action]) => `Grant ${action} to the controller's role, then touch the Gateway.`,
  },
  {
    says: /TargetGroup port is empty/,
    hint: () =>
      'With instance targets a Service must be of type NodePort or LoadBalancer: set defaultTargetType: ip in the chart, or targetType: ip in a TargetGroupConfiguration. Until then no change of any route of this Gateway takes effect.',
  },
  {
    says: /unable to resolve at least one subnet|subnets count less than/i,
    hint: () =>
      'The VPC needs subnets in two zones, tagged kubernetes.io/role/elb=1 (internet-facing) or kubernetes.io/role/internal-elb=1. Then touch the Gateway: the controller does not watch tags.',
  },
  {
    says: /TooManyRules|too many attached|TooManyUniqueTargetGroups|TooManyTargets|TooManyCertificates/i,
    hint: () =>
      'The load balancer is full: remove routes (previews, for one), raise the quota, or use another Gateway.',
  },
  {
    says: /DuplicateLoadBalancerName/,
    hint: () => 'The name in loadBalancerName is taken by another load balancer of this account and region.',
  },
  {
    says: /creates a loop|InvalidLoadBalancerAction/,
    hint: () =>
      'A redirect must change scheme, port or hostname, or use ReplaceFullPath; look for RequestRedirect filters with a path alone.',
  },
  {
    says: /no EC2 IMDS role found|failed to refresh cached credentials/,
    hint: () =>
      'The controller has no AWS credentials: check the pod identity association of its service account, then restart it.',
  },
];

/**
 * Reads the text of an event FailedBuildModel or FailedDeployModel, or of a condition Accepted=False.
 * Sources: research/lbc-gateway.md F1–F18; the texts of lbc-transcripts.
 */
export const failureOf = (stage: FailureCode, message: string): Failure => {
  for (const row of rows) {
    const found = row.says.exec(message);
    if (found !== null)
      return {
        code: row.code ?? stage,
        hint: row.hint(found),
        passing: row.passing ?? false,
        ...(row.remembered !== undefined && { remembered: row.remembered }),
      };
  }
  return { code: stage, hint: '', passing: false };
};
