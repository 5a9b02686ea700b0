// The load balancer of the repository's Gateway, as somebody in the AWS console finds it.
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
  type Listener,
  type Rule,
  type TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { adminOf, asAdmin, kubectl, type Mutation } from './mutation.ts';

export const elb = new ElasticLoadBalancingV2Client(asAdmin('eks'));

const address = (): string =>
  kubectl('-n', 'infra', 'get', 'gateway', 'public', '-o', 'jsonpath={.status.addresses[0].value}').trim();

export async function balancer() {
  const { LoadBalancers = [] } = await elb.send(new DescribeLoadBalancersCommand({}));
  const found = LoadBalancers.find(({ DNSName }) => DNSName?.toLowerCase() === address());
  if (!found?.LoadBalancerArn) throw new Error('the Gateway has no load balancer');
  return { arn: found.LoadBalancerArn, name: found.LoadBalancerName ?? '' };
}

export async function listener(): Promise<Listener> {
  const { arn } = await balancer();
  const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn: arn }));
  const found = Listeners.find(({ Port }) => Port === 443);
  if (!found) throw new Error('there is no listener on 443');
  return found;
}

export async function ruleOf(host: string, path = '/*'): Promise<Rule> {
  const { ListenerArn } = await listener();
  const { Rules = [] } = await elb.send(new DescribeRulesCommand({ ListenerArn }));
  const has = (rule: Rule, field: string, value: string): boolean =>
    (rule.Conditions ?? []).some(
      (each) =>
        each.Field === field &&
        [
          ...(each.HostHeaderConfig?.Values ?? []),
          ...(each.PathPatternConfig?.Values ?? []),
          ...(each.Values ?? []),
        ].includes(value),
    );
  const found = Rules.find((rule) => has(rule, 'host-header', host) && has(rule, 'path-pattern', path));
  if (!found) throw new Error(`no rule for ${host}${path}`);
  return found;
}

interface Binding {
  readonly spec: {
    readonly targetGroupARN: string;
    readonly serviceRef: { readonly name: string; readonly port: number };
  };
}

/** One of those that send to the port of the Service; each route has its own. */
export async function groupOf(service: string, port = 8080): Promise<TargetGroup> {
  const { items } = JSON.parse(kubectl('-n', 'shop', 'get', 'targetgroupbindings', '-o', 'json')) as {
    items: Binding[];
  };
  const [arn] = items
    .filter(({ spec: { serviceRef } }) => serviceRef.name === service && serviceRef.port === port)
    .map(({ spec }) => spec.targetGroupARN);
  if (arn === undefined) throw new Error(`no binding for port ${port} of ${service}`);
  const { TargetGroups = [] } = await elb.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [arn] }));
  const [found] = TargetGroups;
  if (!found) throw new Error(`no target group of ${service}`);
  return found;
}

const layer = 'aws';
const heals = 'AWS Load Balancer Controller';
const ref = /^LoadBalancer k8s-/;
/** An edit by the account's administrator, which the controller mends at its next look. */
export const edit = (
  name: string,
  path: Mutation['path'],
  make: Mutation['make'],
  mend?: Mutation['mend'],
): Mutation => ({ name, layer, ref, path, by: adminOf('eks'), heals, make, ...(mend && { mend }) });
