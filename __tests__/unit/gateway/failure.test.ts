// The controller's own words about a failed Gateway, each as its source or AWS writes it, and what they come to.
import { describe, expect, test } from '@jest/globals';
import { failureOf } from '../../../src/gateway/failure.ts';

const api = (operation: string, status: number, code: string, message: string): string =>
  `Failed deploy model due to operation error ${operation}, https response error StatusCode: ${status}, RequestID: a-b, api error ${code}: ${message}`;
const build = (message: string): string => `Failed build model due to ${message}`;

describe('what a failure comes to', () => {
  test.each<[string, string, RegExp]>([
    [api('Elastic Load Balancing v2: CreateRule', 400, 'Throttling', 'Rate exceeded'), 'passing', /^$/],
    [api('Elastic Load Balancing v2: CreateRule', 503, 'ServiceUnavailable', 'x'), 'passing', /^$/],
    [
      // aws-load-balancer-controller issue 4497; what comes of it can only be mended in the repository.
      api(
        'Elastic Load Balancing v2: ModifyRule',
        400,
        'InvalidLoadBalancerAction',
        "Listener protocol 'HTTP' is not supported with a target group with the protocol-version 'HTTP2'",
      ),
      '',
      /appProtocol: kubernetes\.io\/h2c/,
    ],
    [
      'Failed add gateway finalizer due to Operation cannot be fulfilled on gateways.gateway.networking.k8s.io "public": the object has been modified',
      'passing',
      /^$/,
    ],
    [
      'Failed deploy model due to targetgroupbindings.elbv2.k8s.aws "k8s-shop-shop-b48667c007" is forbidden: unable to create new content in namespace shop because it is being terminated',
      'passing',
      /is being removed/,
    ],
    [
      'Unable to materialize gateway when gateway class [alb] is not accepted',
      'passing',
      /not finished with the Gateway's class/,
    ],
    [
      "GatewayClass [alb] hasn't processed latest loadbalancer config. Processed version 12, Latest version 14",
      'passing',
      /not finished with the Gateway's class/,
    ],
    [
      build(
        'operation error EC2: DescribeSubnets, exceeded maximum number of attempts, 10, https response error StatusCode: 0, RequestID: , request send failed, Post "x": dial tcp: lookup ec2.eu-west-1.amazonaws.com: i/o timeout',
      ),
      'passing',
      /does not reach AWS/,
    ],
    [
      build(
        'operation error EC2: DescribeSubnets, get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found, operation error ec2imds: GetMetadata, request send failed, Get "x": dial tcp 169.254.169.254:80: i/o timeout',
      ),
      '',
      /AWS credentials do not do/,
    ],
    [
      build(
        'operation error EC2: DescribeSubnets, get identity: get credentials: failed to refresh cached credentials, failed to retrieve credentials, operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 403, RequestID: a, api error AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity',
      ),
      '',
      /AWS credentials do not do/,
    ],
    [
      api(
        'Elastic Load Balancing v2: CreateLoadBalancer',
        403,
        'AccessDenied',
        'User: arn:aws:sts::1:assumed-role/lbc/x is not authorized to perform: elasticloadbalancing:CreateLoadBalancer on resource: x',
      ),
      '',
      /^Grant elasticloadbalancing:CreateLoadBalancer /,
    ],
    [build('no certificate found for host: a.example.com'), 'certificate-not-found', /ISSUED in ACM/],
    [
      api('Elastic Load Balancing v2: CreateListener', 400, 'UnsupportedCertificate', 'x'),
      'certificate-not-found',
      /ISSUED in ACM/,
    ],
    [
      'LoadBalancerConfiguration.gateway.k8s.aws "lbc" not found',
      'configuration-missing',
      /Create the LoadBalancerConfiguration/,
    ],
    [
      'failed to resolve default TargetGroupConfiguration "base" referenced by Gateway LoadBalancerConfiguration "lbc" in namespace "infra": TargetGroupConfiguration.gateway.k8s.aws "base" not found',
      'configuration-missing',
      /Create the TargetGroupConfiguration base that/,
    ],
    [
      'failed to resolve default TargetGroupConfiguration for GatewayClass LBC: TargetGroupConfiguration.gateway.k8s.aws "base" not found',
      'configuration-missing',
      /Create the TargetGroupConfiguration that/,
    ],
    [
      'failed to resolve default TargetGroupConfiguration "base" referenced by Gateway LoadBalancerConfiguration "lbc" in namespace "infra": TargetGroupConfiguration "base" in namespace "infra" has targetReference set and cannot be used as a defaultTargetGroupConfiguration — a default TGC must not have targetReference',
      '',
      /without targetReference/,
    ],
    [build('missing clientID, secret: shop/oidc'), 'blocked-by-route', /Secret shop\/oidc.*clientSecret/],
    [
      build(
        'Unsupported filter type: RequestHeaderModifier. Only request redirect is supported. To specify header modification, please configure it through LoadBalancerConfiguration.',
      ),
      'blocked-by-route',
      /does not have that filter/,
    ],
    [build("prefix path shouldn't contain wildcards: /a*"), 'blocked-by-route', /such a match or redirect/],
    [
      build(
        'HTTPRouteFilterRequestRedirect must be provided if RedirectActionConfig in ListenerRuleConfiguration is provided',
      ),
      'blocked-by-route',
      /RequestRedirect beside it/,
    ],
    [
      'Gateway (shop:inner) is not usable yet, LB ARN is not provisioned). Invalid data can be found in route (HTTPRoute, shop:cart)',
      'blocked-by-route',
      /^Mend or remove HTTPRoute shop\/cart\.$/,
    ],
    [
      api(
        'Elastic Load Balancing v2: CreateTargetGroup',
        400,
        'DuplicateTargetGroupName',
        "A target group with the same name 'k8s-a' exists, but with different settings",
      ),
      '',
      /number of the port as targetPort/,
    ],
    [build("couldn't find all security groups: requested ids [sg-1] but found []"), '', /securityGroups of/],
    [build("couldn't find TrustStore with name a"), '', /mutualAuthentication/],
    [
      build('unable to resolve at least one subnet (0 match VPC and tags: [x])'),
      '',
      /kubernetes\.io\/role\/elb/,
    ],
    [build('multiple subnets in same Availability Zone a: [s-1 s-2]'), '', /one a zone/],
    // The real 3.5.0 and 2.14.0 in the lab.
    [
      build(
        "failed to list subnets by names or IDs: operation error EC2: DescribeSubnets, https response error StatusCode: 400, RequestID: …, api error InvalidSubnetID.NotFound: The subnet ID 'subnet-1' does not exist",
      ),
      '',
      /^loadBalancerSubnets of the LoadBalancerConfiguration must name subnets of the VPC that exist/,
    ],
    [
      api('Elastic Load Balancing v2: CreateLoadBalancer', 400, 'InvalidSubnet', 'Not enough IP space'),
      '',
      /8 free addresses/,
    ],
    [api('Elastic Load Balancing v2: CreateRule', 400, 'TooManyRules', 'x'), '', /load balancer is full/],
    [
      api('Elastic Load Balancing v2: CreateLoadBalancer', 400, 'TooManyLoadBalancers', 'x'),
      '',
      /quota of the account/,
    ],
    [
      api(
        'Elastic Load Balancing v2: CreateLoadBalancer',
        400,
        'OperationNotPermitted',
        'This AWS account currently does not support creating load balancers. For more information, please contact AWS Support.',
      ),
      '',
      /AWS Support/,
    ],
    [
      'expected exactly one securityGroup tagged with kubernetes.io/cluster/main for eni eni-1, got: [sg-1 sg-2] (clusterName: main)',
      '',
      /^Several security groups of the network interface eni-1 have the tag kubernetes\.io\/cluster\/main \(sg-1 sg-2\)/,
    ],
    [
      'expected exactly one securityGroup tagged with kubernetes.io/cluster/main and map[a:b] for eni eni-1, got: [] (clusterName: main)',
      '',
      /^Put the tag kubernetes\.io\/cluster\/main and map\[a:b\] on one security group of the network interface eni-1/,
    ],
    [
      build('Unable to delete gateway infra/public because deletion protection is enabled.'),
      '',
      /deletion_protection\.enabled to false/,
    ],
    ['Gateway deletion invoked with routes attached [(HTTPRoute, shop:cart)]', '', /remove those first/],
    [build('something new'), '', /^$/],
  ])('%s', (message, code, hint) => {
    const stage = 'gateway/build-failed';
    const failure = failureOf(stage, message);
    expect(failure.code).toBe(code === '' || code === 'passing' ? stage : `gateway/${code}`);
    expect(failure.passing).toBe(code === 'passing');
    expect(failure.hint).toMatch(hint);
  });
});
