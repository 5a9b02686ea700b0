// Web ACLs that no load balancer of the account can have, and load balancers that are nearly full.
import { expect, test } from '@jest/globals';
import { parseManifests } from '../../../src/bundle/parse.ts';
import { judgeUsed, sayUsed } from '../../../src/preflight/quotas.ts';
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

const limits = new Map([['rules-per-application-load-balancer', 200]]);
const of = 'load balancer of Gateway infra/public';
const ref = 'Gateway infra/public';

test.each([
  [160, 80, []],
  [161, 3, ['warning of 200 rules']],
  [201, 3, ['error of 200 rules']],
  [3, 81, ["warning of 100 target groups (AWS's usual quota)"]],
])('%d rules and %d target groups', (rules, groups, wanted) => {
  const counts = {
    'rules-per-application-load-balancer': rules,
    'target-groups-per-application-load-balancer': groups,
  };
  const found = judgeUsed(setting, { of, ref, counts }, limits);
  expect(found.map(({ severity, message }) => `${severity} ${/of \d+ .*(?=\.)/.exec(message)?.[0]}`)).toEqual(
    wanted,
  );
});

test('the region: what the next deploy makes counts, and the command asks for more of the right quota', () => {
  const counts = { 'application-load-balancers': 50, 'target-groups': 12 };
  const found = judgeUsed(setting, { of: 'region eu-west-1', counts, coming: 1 }, new Map());
  expect(found.map(({ severity, code, message }) => [severity, code, message])).toEqual([
    [
      'error',
      'gateway/quota',
      "The region eu-west-1 has 50 of 50 application load balancers (AWS's usual quota), and the next deploy makes 1.",
    ],
  ]);
  expect(found[0]?.hint).toBe(
    'Ask AWS for more.\naws service-quotas request-service-quota-increase --region eu-west-1 --service-code elasticloadbalancing --quota-code L-53DA6B97 --desired-value 100',
  );
  expect(sayUsed({ of, counts }, new Map([['target-groups', 20]]))).toBe(
    'application load balancers 50 of 50 (0 left), target groups 12 of 20 (8 left)',
  );
});
