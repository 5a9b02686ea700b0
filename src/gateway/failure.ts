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
  | 'gateway/blocked-by-route'
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

const credentialsHint =
  "The controller's AWS credentials do not do: check the pod identity association (or the role annotation) of its service account and the role's trust, then restart it.";

const passing = (says: RegExp, hint = ''): Row => ({ says, hint: () => hint, passing: true });
const row = (says: RegExp, hint: string, code?: FailureCode): Row => ({
  says,
  hint: () => hint,
  ...(code !== undefined && { code }),
});

/** What waiting may help. */
const passingRows: readonly Row[] = [
  passing(/Throttling|Rate exceeded|TooManyRequests|RequestLimitExceeded/),
  passing(/ServiceUnavailable|InternalError|InternalFailure|StatusCode: 5\d\d/),
  passing(
    /WAFUnavailableEntity/,
    'The web ACL cannot be associated while the load balancer comes up; the controller tries again.',
  ),
  passing(
    /WAFNonexistentItem/,
    "AWS knows the load balancer or the web ACL not yet, or not at all: where it stays so, wafV2.webACL of the LoadBalancerConfiguration must name a regional web ACL of the cluster's account and region.",
  ),
  passing(
    /failed calling webhook|no endpoints available for service/,
    "The controller's webhook does not answer yet; the controller tries again.",
  ),
  passing(/Operation cannot be fulfilled on|etcdserver: /),
  // Of a route that goes with its namespace; the real 2.17.1 on a Gateway that teams share.
  passing(
    /in namespace \S+ because it is being terminated/,
    'A namespace with a route of this Gateway is being removed; the controller comes to an end when it is gone.',
  ),
  // controllers/gateway/config_resolver.go: the class is reconciled beside the Gateway, and the Gateway again after it.
  passing(
    /when gateway class \[.*\] is not accepted|hasn't processed latest loadbalancer config/,
    "The controller has not finished with the Gateway's class yet; where it stays so, its log says why.",
  ),
];

const certificateRows: readonly Row[] = [
  {
    // The list of ACM's ARNs is kept for a minute (pkg/certs/cert_discovery.go, v3.5.0).
    says: /no certificate found for host/i,
    code: 'gateway/certificate-not-found',
    hint: () => certificateHint,
    remembered: 60,
  },
  row(
    /CertificateNotFound|No hostnames found for TLS cert discovery|UnsupportedCertificate/i,
    certificateHint,
    'gateway/certificate-not-found',
  ),
];

/** Objects that the Gateway, its class or its routes name. */
const configurationRows: readonly Row[] = [
  {
    // Before the next: its text names the LoadBalancerConfiguration as well, which is there.
    says: /default TargetGroupConfiguration (?:"([^"]*)"|for GatewayClass)[\s\S]*not found/,
    code: 'gateway/configuration-missing',
    hint: ([, name]) =>
      `Create the TargetGroupConfiguration ${name === undefined ? '' : `${name} `}that defaultTargetGroupConfiguration names, in the namespace of the LoadBalancerConfiguration that names it.`,
  },
  row(
    /has targetReference set and cannot be used as a defaultTargetGroupConfiguration/,
    'What defaultTargetGroupConfiguration names must be a TargetGroupConfiguration without targetReference.',
  ),
  row(
    /LoadBalancerConfiguration\S* "([^"]*)" not found|LoadBalancerConfiguration .*not found/,
    "Create the LoadBalancerConfiguration in the Gateway's own namespace (infrastructure.parametersRef has no namespace).",
    'gateway/configuration-missing',
  ),
  {
    says: /missing client(ID|Secret), secret: (\S+)/,
    code: 'gateway/blocked-by-route',
    hint: ([, , secret]) =>
      `The Secret ${secret}, which a ListenerRuleConfiguration names, needs the keys clientID and clientSecret.`,
  },
  row(
    /couldn't find all security groups|requested (ids|names) \[|couldn't fetch SecurityGroupInfos|InvalidGroup\.NotFound|InvalidSecurityGroup/,
    "securityGroups of the LoadBalancerConfiguration must name groups of the cluster's VPC, by id or by their Name tag.",
  ),
  row(
    /deletion protection is enabled/,
    'Set deletion_protection.enabled to false in loadBalancerAttributes of the LoadBalancerConfiguration, and apply that first.',
  ),
  row(
    /deletion invoked with routes attached/,
    'Before 3.0 the controller keeps a Gateway that routes name: remove those first.',
  ),
  row(
    /backendSG feature is required/,
    'manageBackendSecurityGroupRules needs --enable-backend-security-group=true at the controller; otherwise leave it out, and open the pods to the load balancer yourself.',
  ),
  row(
    /couldn't find TrustStores? with name|failed to resolve trustStore/,
    "mutualAuthentication of the LoadBalancerConfiguration must name a trust store of the cluster's account and region.",
  ),
];

/** A route, or what it names, at the bottom of a failure of the whole Gateway; `fatal.ts` finds out which. */
const routeRows: readonly Row[] = [
  row(
    /Unsupported filter type/,
    'An ALB does not have that filter: look for the route with it, and remove it.',
    'gateway/blocked-by-route',
  ),
  row(
    /shouldn't contain wildcards|To avoid a redirect loop|Invalid grpc method match/,
    'Look for the route with such a match or redirect, and mend it.',
    'gateway/blocked-by-route',
  ),
  row(
    /HTTPRouteFilterRequestRedirect must be provided/,
    'A rule that names a ListenerRuleConfiguration with a redirect needs a filter RequestRedirect beside it.',
    'gateway/blocked-by-route',
  ),
  {
    says: /Invalid data can be found in route \((\w+), ([^:)]+):([^)]+)\)/,
    code: 'gateway/blocked-by-route',
    hint: ([, kind, namespace, name]) => `Mend or remove ${kind} ${namespace}/${name}.`,
  },
  row(
    /TargetGroupNotFound|expecting a single targetGroup with query/,
    'A backend of kind TargetGroupName, or a target group that was deleted by hand: correct the name, or touch the Gateway.',
  ),
  row(
    /TargetGroup port is empty/,
    'With instance targets a Service must be of type NodePort or LoadBalancer: set defaultTargetType: ip in the chart, or targetType: ip in a TargetGroupConfiguration. Until then no change of any route of this Gateway takes effect.',
  ),
  // pkg/gateway/model/model_build_target_group.go up to v3.5.0: the name holds no port that has a name; mended after it (#4876).
  row(
    /DuplicateTargetGroupName/,
    'LBC up to 3.5.0 gives all ports of a Service whose targetPort is a name the same target group name: use the number of the port as targetPort, or give each a targetGroupName by a TargetGroupConfiguration. Until then no change of any route of this Gateway takes effect.',
  ),
  row(
    /unsupported IPv6 configuration, lb not dual-stack/,
    'A Service with IPv6 addresses needs ipAddressType: dualstack in the LoadBalancerConfiguration.',
  ),
  row(
    /backend protocol must be within|target control port is (only|not) supported|cannot use named healthCheckPort/,
    'Correct the TargetGroupConfiguration of the Service that has that setting.',
  ),
];

const awsRows: readonly Row[] = [
  // Before the next, and before the network: their text may hold both.
  row(
    /no EC2 IMDS role found|failed to refresh cached credentials|UnrecognizedClientException|InvalidClientTokenId|ExpiredToken/,
    credentialsHint,
  ),
  {
    says: /is not authorized to perform: ([\w-]+:\w+)/,
    hint: ([, action]) => `Grant ${action} to the controller's role, then touch the Gateway.`,
  },
  {
    says: /expected exactly one securityGroup tagged with (\S+)(?: and (map\[[^\]]*\]))? for eni (\S+), got: \[([^\]]*)\]/,
    hint: ([, tag, more, eni, got]) => {
      const tags = `the tag ${tag}${more === undefined ? '' : ` and ${more}`}`;
      const mend =
        got === ''
          ? `Put ${tags} on one security group of the network interface ${eni}: the controller opens that one.`
          : `Several security groups of the network interface ${eni} have ${tags} (${got}): leave it on one.`;
      // pkg/networking/security_group_manager.go, v2.14.0 … v3.5.0; seen in the lab with 3.5.0.
      return `${mend} The controller keeps what it read of security groups for ten minutes: restart it after the mend, or wait so long.`;
    },
  },
  row(
    /unable to resolve at least one subnet|subnets count less than/i,
    'The VPC needs subnets in two zones, tagged kubernetes.io/role/elb=1 (internet-facing) or kubernetes.io/role/internal-elb=1. Then touch the Gateway: the controller does not watch tags.',
  ),
  row(
    /couldn't find all subnets|subnet ID not found|InvalidSubnetID|subnet with Name tag|SubnetNotFound|multiple subnets in same Availability Zone|subnets in multiple locales|do not have an associated IPv6 CIDR/,
    'loadBalancerSubnets of the LoadBalancerConfiguration must name subnets of the VPC that exist, one a zone, in two zones; with IPv6 addresses for a load balancer that is to have them.',
  ),
  row(
    /InvalidSubnet|Not enough IP space/,
    'Each subnet needs 8 free addresses, and a route to the internet for an internet-facing load balancer.',
  ),
  row(
    /TooManyRules|too many attached|TooManyUniqueTargetGroups|TooManyTargets|TooManyCertificates/i,
    'The load balancer is full: remove routes (previews, for one), raise the quota, or use another Gateway.',
  ),
  row(
    /TooManyLoadBalancers|TooManyTargetGroups|TooManyListeners|SecurityGroupLimitExceeded|RulesPerSecurityGroupLimitExceeded/i,
    'A quota of the account is reached in this region: raise it, or remove what is not needed.',
  ),
  row(
    /OperationNotPermitted.*load balancers/,
    'AWS does not let this account create load balancers yet: AWS Support has to be asked.',
  ),
  row(
    /DuplicateLoadBalancerName/,
    'The name in loadBalancerName is taken by another load balancer of this account and region.',
  ),
  row(
    /SSLPolicyNotFound/,
    'sslPolicy of the LoadBalancerConfiguration must be a security policy that this region has.',
  ),
  row(
    /protocol-version '?(HTTP2|GRPC)/,
    'A listener for plain HTTP cannot send to pods that speak HTTP/2: bind the route to the HTTPS listener alone (sectionName), or leave `appProtocol: kubernetes.io/h2c` out of the Service.',
  ),
  row(
    /creates a loop|InvalidLoadBalancerAction/,
    'A redirect must change scheme, port or hostname, or use ReplaceFullPath; look for RequestRedirect filters with a path alone.',
  ),
];

const unreachable: Row = passing(
  /dial tcp|no such host|i\/o timeout|TLS handshake timeout/,
  'The controller does not reach AWS: does its subnet have a way out, or the VPC endpoints of that service? It tries again.',
);

const rows: readonly Row[] = [
  ...passingRows,
  ...certificateRows,
  ...configurationRows,
  ...routeRows,
  ...awsRows,
  unreachable,
];

/**
 * Reads the text of an event FailedBuildModel or FailedDeployModel, or of a condition Accepted=False.
 * Sources: every error that pkg/gateway, pkg/networking, pkg/certs, pkg/shared_utils and controllers/gateway make at v2.14.0 and
 * v3.5.0; AWS's error codes; the texts of lbc-transcripts.
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
