// Tags of a load balancer or target group that was there before: as wanted, and no others but AWS' own.
import {
  AddTagsCommand,
  DescribeTagsCommand,
  RemoveTagsCommand,
  type Tag,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Elb } from '../aws/elb.ts';

/** LBC v3.5.0 pkg/deploy/elbv2/tagging_manager.go (ReconcileTags). */
export async function syncTags(elb: Elb, arn: string, wanted: Tag[]): Promise<void> {
  const { TagDescriptions: [found] = [] } = await elb.send(new DescribeTagsCommand({ ResourceArns: [arn] }));
  const has = (tags: Tag[], { Key, Value }: Tag): boolean =>
    tags.some((each) => each.Key === Key && each.Value === Value);
  const current = found?.Tags ?? [];
  const Tags = wanted.filter((tag) => !has(current, tag));
  if (Tags.length > 0) await elb.send(new AddTagsCommand({ ResourceArns: [arn], Tags }));
  const TagKeys = current
    .flatMap(({ Key }) => Key ?? [])
    .filter((key) => !key.startsWith('aws:') && wanted.every(({ Key }) => Key !== key));
  if (TagKeys.length > 0) await elb.send(new RemoveTagsCommand({ ResourceArns: [arn], TagKeys }));
}
