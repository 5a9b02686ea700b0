// The web ACLs that LoadBalancerConfigurations name: whether a load balancer of this account and region can have them.
import { parseArn } from '../access/arn.ts';
import { text } from '../bundle/field.ts';
import { refOf } from '../bundle/object.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Known } from './listeners.ts';
import type { Setting } from './setting.ts';

/** An ARN of WAFv2: `…:regional/webacl/<name>/<id>`, or `…:global/webacl/…` for CloudFront. */
const whyNot = (arn: string, { accounts, region }: Setting): string | undefined => {
  const parts = parseArn(arn);
  if (
    parts === undefined ||
    parts.service !== 'wafv2' ||
    !/^(regional|global)\/webacl\//.test(parts.resource)
  )
    return 'is no ARN of a web ACL of WAFv2';
  if (parts.resource.startsWith('global/')) return 'is of the scope CLOUDFRONT';
  if (parts.region !== region) return `is in the region ${parts.region}`;
  return parts.account === accounts.eks ? undefined : `is in the account ${parts.account}`;
};

export const judgeWebAcls = (setting: Setting, configurations: readonly Known[]): readonly Finding[] =>
  configurations.flatMap(({ object, source }) => {
    const arn = text(object, 'spec', 'wafV2', 'webACL');
    const why = arn === undefined ? undefined : whyNot(arn, setting);
    if (arn === undefined || why === undefined) return [];
    const ref = refOf(object);
    return [
      finding(
        'error',
        'gateway/web-acl-elsewhere',
        `${ref} names the web ACL \`${arn}\`, which ${why}: a load balancer takes only regional ones of its own account (${setting.accounts.eks}) and region (${setting.region}).`,
        {
          ref,
          ...(source && { source }),
          hint: `Name one of these.\naws wafv2 list-web-acls --scope REGIONAL --region ${setting.region}`,
        },
      ),
    ];
  });
