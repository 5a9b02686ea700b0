// Puts a WAFv2 web ACL in front of a load balancer.
import { type Access, callJson } from './signed.ts';

interface ForResource {
  WebACL?: { ARN?: string };
}

export async function associateWebAcl(
  access: Access,
  webAclArn: string,
  loadBalancerArn: string,
): Promise<void> {
  const target = (operation: string): string => `AWSWAF_20190729.${operation}`;
  const current = await callJson<ForResource>(access, 'WAFV2', 'wafv2', target('GetWebACLForResource'), {
    ResourceArn: loadBalancerArn,
  });
  if (current.WebACL?.ARN === webAclArn) return;
  await callJson(access, 'WAFV2', 'wafv2', target('AssociateWebACL'), {
    WebACLArn: webAclArn,
    ResourceArn: loadBalancerArn,
  });
}
