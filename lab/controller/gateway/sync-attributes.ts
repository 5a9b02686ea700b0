// Attributes of a load balancer, of its listeners and target groups: those that are asked for, and no others.
import {
  DescribeListenerAttributesCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeTargetGroupAttributesCommand,
  ModifyListenerAttributesCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Elb } from '../aws/elb.ts';
import type { KeyValue } from '../objects.ts';

interface Attribute {
  Key?: string | undefined;
  Value?: string | undefined;
}

const differing = (wanted: KeyValue[], found: Attribute[] | undefined): { Key: string; Value: string }[] =>
  wanted
    .filter(({ key, value }) => found?.find(({ Key }) => Key === key)?.Value !== value)
    .map(({ key, value }) => ({ Key: key, Value: value }));

export async function syncLoadBalancerAttributes(elb: Elb, arn: string, wanted: KeyValue[]): Promise<void> {
  if (wanted.length === 0) return;
  const found = await elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: arn }));
  const Attributes = differing(wanted, found.Attributes);
  if (Attributes.length > 0)
    await elb.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn: arn, Attributes }));
}

export async function syncListenerAttributes(elb: Elb, arn: string, wanted: KeyValue[]): Promise<void> {
  if (wanted.length === 0) return;
  const found = await elb.send(new DescribeListenerAttributesCommand({ ListenerArn: arn }));
  const Attributes = differing(wanted, found.Attributes);
  if (Attributes.length > 0)
    await elb.send(new ModifyListenerAttributesCommand({ ListenerArn: arn, Attributes }));
}

export async function syncTargetGroupAttributes(elb: Elb, arn: string, wanted: KeyValue[]): Promise<void> {
  if (wanted.length === 0) return;
  const found = await elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn: arn }));
  const Attributes = differing(wanted, found.Attributes);
  if (Attributes.length > 0)
    await elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn: arn, Attributes }));
}
