// Web ACLs that no load balancer of the account can have, and load balancers that are nearly full.
import { expect, test } from '@jest/globals';
import { parseManifests } from '../../../src/bundle/parse.ts';
import { judgeUsed } from '../../../src/preflight/budget.ts';
import { judgeWebAcls } from '../../../src/preflight/web-acls.ts';

const setting = {
  cluster: 'sample',
  arn: '',
  region: 'eu-west-1',
  accounts: { eks: '111111111111', dns: '222222222222' },
  roles: { eks: '', dns: '' },
};
const acl = (region: string, account: string, scope = 'regional') =>
  `arn:aws:wafv2:${region}:${account}:${scope}/webacl/shop/0a1b`;
const said = (arn: string) => {
  const text = `apiVersion: gateway.k8s.aws/v1beta1
kind: LoadBalancerConfiguration
metadata: { name: public, namespace: infra }
spec: { wafV2: { webACL: '${arn}' } }
`;
  return judgeWebAcls(setting, parseManifests(text, 'gateway.yaml').objects).map(
    ({ code, message, source }) =>
      `${code} ${source?.file} ${/which (.*): a load balancer/.exec(message)?.[1]}`,
  );
};

test.each([
  [acl('us-east-1', '111111111111'), 'is in the region us-east-1'],
  [acl('eu-west-1', '222222222222'), 'is in the account 222222222222'],
  [acl('us-east-1', '111111111111', 'global'), 'is of the scope CLOUDFRONT'],
  ['arn:aws:waf::111111111111:webacl/0a1b', 'is no ARN of a web ACL of WAFv2'],
  ['shop', 'is no ARN of a web ACL of WAFv2'],
])('%s %s', (arn, why) => {
  expect(said(arn)).toEqual([`gateway/web-acl-elsewhere gateway.yaml ${why}`]);
});

test('one of the own account and region, and none at all, are fine', () => {
  expect(said(acl('eu-west-1', '111111111111'))).toEqual([]);
  expect(said('')).toEqual([]);
});

test.each([
  [80, 80, []],
  [81, 3, ['warning plan/budget']],
  [3, 81, ['warning plan/budget']],
])('%d rules and %d target groups', (rules, targetGroups, wanted) => {
  const found = judgeUsed({ gateway: 'Gateway infra/public', rules, targetGroups });
  expect(found.map(({ severity, code }) => `${severity} ${code}`)).toEqual(wanted);
});
