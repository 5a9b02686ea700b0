// The registry of codes: every state but `ok` carries one of these. Codes are stable; docs/codes has a page for each.

export type Owner =
  | 'app-team'
  | 'platform-team'
  | 'dns-account'
  | 'github-admin'
  | 'controller'
  | 'aws'
  | 'unknown';

export interface CodeEntry {
  readonly title: string;
  readonly owner: Owner;
  /** Seconds for which a `broken` verdict with this code must hold before it ends the run. */
  readonly settle: number;
}

const entry = (title: string, owner: Owner, settle = 20): CodeEntry => ({ title, owner, settle });

export const codes = {
  // Before anything is read from AWS or the cluster.
  'input/invalid': entry('An input is missing or wrong', 'app-team', 0),
  'event/fork': entry('Pull requests of forks get no credentials', 'github-admin', 0),
  'auth/no-id-token': entry('The job may not ask for an OIDC token', 'github-admin', 0),
  'auth/oidc-failed': entry('GitHub did not issue an OIDC token', 'github-admin', 0),
  'auth/trust-policy-mismatch': entry("The role's trust policy does not match the token", 'platform-team', 0),
  'auth/no-oidc-provider': entry('The account has no OIDC provider for GitHub', 'platform-team', 0),
  'auth/role-denied': entry('The role may not be assumed', 'platform-team', 0),
  'auth/account-not-allowed': entry(
    'The assumed role is in an account that is not allowed',
    'platform-team',
    0,
  ),
  'auth/token-expired': entry('The OIDC token was too old for AWS', 'unknown', 0),
  'auth/region-disabled': entry('AWS STS is not active in this region', 'platform-team', 0),
  'auth/session-refused': entry('The role does not allow a session like this', 'platform-team', 0),
  'auth/endpoint-refused': entry('AWS calls would go to a foreign address', 'github-admin', 0),
  'auth/failed': entry('AWS did not give credentials', 'aws', 0),
  'cluster/not-found': entry('No such cluster in this account and region', 'platform-team', 0),
  'cluster/describe-denied': entry('The role may not describe the cluster', 'platform-team', 0),
  'cluster/describe-failed': entry('The cluster could not be described', 'aws', 0),
  'cluster/not-active': entry('The cluster is not active', 'platform-team', 0),
  'cluster/endpoint-unreachable': entry(
    "The cluster's endpoint cannot be reached from here",
    'platform-team',
    0,
  ),
  'cluster/endpoint-private': entry("The cluster's endpoint is private", 'platform-team', 0),
  'cluster/endpoint-restricted': entry(
    "The cluster's endpoint admits only certain networks",
    'platform-team',
    0,
  ),
  'cluster/no-access-entry': entry('The cluster does not know this role', 'platform-team', 0),
  'cluster/forbidden': entry("The role's Kubernetes permissions do not suffice", 'platform-team', 0),
  'bundle/invalid-yaml': entry('A file is not valid YAML', 'app-team', 0),
  'bundle/not-an-object': entry('A document is not a Kubernetes object', 'app-team', 0),
  'bundle/duplicate-object': entry('The same object stands in the repository twice', 'app-team', 0),
  'bundle/invalid-chart': entry('A Chart.yaml cannot be used', 'app-team', 0),
  'bundle/nothing-found': entry('Nothing to deploy was found', 'app-team', 0),
  'bundle/outside-workspace': entry('A path leads out of the workspace', 'app-team', 0),
  'bundle/too-large': entry('A file is larger than an object can be', 'app-team', 0),
  'lint/no-parent': entry('A route names no Gateway', 'app-team', 0),
  'lint/weight-too-high': entry('A backend weight is beyond what an ALB takes', 'app-team', 0),
  'lint/duplicate-match': entry('Two routes match the same requests', 'app-team', 0),
  'lint/backend-missing': entry('A backend is not in the repository', 'app-team', 0),
  'lint/service-port-missing': entry('The Service has no such port', 'app-team', 0),
  'lint/target-port-unknown': entry('No container listens on the target port', 'app-team', 0),
  'lint/hostname-invalid': entry('A hostname is no DNS name', 'app-team', 0),
  'lint/label-too-long': entry('A label is too long for its ownership record', 'app-team', 0),
  'apply/rejected': entry('The API server rejected an object', 'app-team', 0),
  'apply/conflict': entry('Another manager owns a field of an object', 'app-team', 0),
  'apply/warning': entry('The API server warned about an object', 'app-team', 0),
  'apply/failed': entry('Applying failed', 'unknown', 0),
  'helm/missing': entry('helm is not installed', 'github-admin', 0),
  'helm/too-old': entry('helm is too old', 'github-admin', 0),
  'helm/dependency-failed': entry("A chart's dependencies could not be fetched", 'platform-team', 0),
  'helm/render-failed': entry('A chart cannot be rendered', 'platform-team', 0),
  'helm/failed': entry('helm upgrade failed', 'platform-team', 0),
  'run/cancelled': entry('The run was cancelled', 'unknown', 0),
  'run/internal': entry('A bug in the action', 'unknown', 0),

  // Shared by all links.
  'look/denied': entry('A permission to look is missing', 'platform-team'),
  'look/failed': entry('The look itself failed', 'unknown'),
  'look/not-reached': entry('An earlier link is not ok yet', 'unknown'),
  'look/confirming': entry('An answer has to be repeated before it counts', 'unknown'),
  'look/not-used': entry('This link does not apply here', 'unknown'),

  'crds/missing': entry('A custom resource definition is missing', 'platform-team'),
  'crds/not-established': entry('A custom resource definition is not established yet', 'controller'),
  'crds/lower-version': entry("The repository's Gateway API is older than the cluster's", 'platform-team', 0),
  'crds/other-channel': entry(
    "The repository's Gateway API is of another channel than the cluster's",
    'platform-team',
    0,
  ),
  'crds/version-not-served': entry('A version that is needed is not served', 'platform-team'),
  'release/not-deployed': entry('The Helm release is not deployed', 'platform-team'),
  'release/controller-missing': entry('A controller is not installed', 'platform-team'),
  'release/controller-unavailable': entry('A controller is not available', 'platform-team', 60),
  'class/missing': entry('The GatewayClass does not exist', 'platform-team'),
  'class/other-controller': entry('The GatewayClass belongs to another controller', 'platform-team'),
  'class/pending': entry('No controller has accepted the GatewayClass yet', 'controller'),
  'class/invalid-parameters': entry("The GatewayClass's parameters are wrong", 'platform-team'),
  'class/not-accepted': entry('The controller refused the GatewayClass', 'platform-team'),
  'gateway/missing': entry('The Gateway does not exist', 'platform-team'),
  'gateway/pending': entry('The controller has not finished with the Gateway yet', 'controller'),
  'gateway/provisioning': entry('The load balancer is coming up', 'aws'),
  'gateway/not-accepted': entry('The controller refused the Gateway', 'platform-team'),
  'gateway/build-failed': entry(
    'The controller cannot build the load balancer from the Gateway',
    'platform-team',
  ),
  'gateway/deploy-failed': entry('The controller cannot create the load balancer in AWS', 'platform-team'),
  'gateway/listener-invalid': entry('A listener of the Gateway is not valid', 'platform-team'),
  'gateway/no-address': entry('The Gateway has no address', 'controller'),
  'gateway/configuration-missing': entry('The LoadBalancerConfiguration does not exist', 'platform-team'),
  'gateway/certificate-not-found': entry('The certificate of a listener cannot be found', 'platform-team'),
  'route/no-hostname': entry('A route publishes no hostname', 'app-team'),
  'route/annotation-unusable': entry('An annotation of the route cannot be used', 'app-team'),
  'route/probe-unsure': entry('The probed path may miss the route', 'app-team'),
  'route/missing': entry('The route does not exist', 'app-team'),
  'route/pending': entry('The controller has not looked at the route yet', 'controller'),
  'route/parent-missing': entry("The route's parent does not exist", 'app-team'),
  'route/no-status': entry('The controller is silent about the route', 'controller', 60),
  'route/hostname-outside-listener': entry("The hostname is outside the listener's", 'app-team'),
  'route/not-allowed': entry("The listener does not admit the route's namespace or kind", 'platform-team'),
  'route/no-matching-parent': entry('No listener has that section name or port', 'app-team'),
  'route/backend-not-found': entry('A backend Service does not exist', 'app-team'),
  'route/reference-not-permitted': entry('A reference across namespaces is not granted', 'app-team'),
  'route/invalid-kind': entry('A backend is of a kind that is not supported', 'app-team'),
  'route/unsupported-value': entry('The route holds a value that is not supported', 'app-team'),
  'route/not-accepted': entry('The controller refused the route', 'app-team'),
  'record/missing': entry('The record does not exist yet', 'controller'),
  'record/other-target': entry('The record points elsewhere', 'dns-account'),
  'record/owned-by-another': entry('Another owner holds the record', 'dns-account'),
  'record/unowned': entry('The record has no owner, so ExternalDNS leaves it alone', 'dns-account'),
  'record/zone-missing': entry('The hosted zone cannot be found', 'dns-account'),
  'record/external-dns-denied': entry("ExternalDNS's role may not use the zone", 'dns-account'),
  'record/external-dns-no-zone': entry('ExternalDNS does not see the zone', 'dns-account'),
  'record/external-dns-excludes': entry("ExternalDNS's own settings exclude the host", 'platform-team'),
  'record/look-denied': entry('The zone may not be read', 'dns-account'),
  'nameservers/undelegated': entry('The zone is not delegated to its name servers', 'dns-account'),
  'nameservers/delegated-away': entry('A zone below takes the name away from the hosted zone', 'dns-account'),
  'nameservers/not-served': entry("Not all of the zone's name servers give the record yet", 'aws'),
  'nameservers/disagree': entry('The name servers give different answers', 'aws'),
  'nameservers/unreachable': entry('A name server does not answer', 'unknown'),
  'certificate/unreachable': entry('No TLS connection could be made', 'aws'),
  'certificate/wrong-name': entry('The certificate does not cover the hostname', 'platform-team', 60),
  'certificate/expired': entry('The certificate has expired', 'platform-team'),
  'certificate/untrusted': entry('The certificate is not trusted', 'platform-team'),
  'https/unreachable': entry('The endpoint does not answer', 'aws'),
  'https/status': entry('The answer has a status that is not accepted', 'app-team'),
  'https/no-rule': entry('The load balancer has no rule for the request', 'controller'),
  'https/no-targets': entry('The load balancer has no target', 'app-team'),
  'https/bad-gateway': entry('The target did not give a valid answer', 'app-team'),
  'https/target-timeout': entry('The target did not answer in time', 'app-team'),
  'https/forbidden-by-load-balancer': entry(
    'The load balancer or its web ACL refused the request',
    'platform-team',
  ),
  'https/protocol-mismatch': entry('The targets speak another version of HTTP', 'app-team', 60),
  'https/header-missing': entry('The answer lacks the expected header', 'app-team'),
  'https/grpc-not-probed': entry('A gRPC host is followed to its certificate', 'unknown'),
} as const satisfies Record<string, CodeEntry>;

export type Code = keyof typeof codes;
