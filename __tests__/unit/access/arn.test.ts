// ARNs taken apart, and the partition of each region.
import { expect, test } from '@jest/globals';
import { parseArn, partitionOf } from '../../../src/access/arn.ts';

test.each([
  ['arn:aws:iam::111122223333:role/path/name', ['aws', 'iam', '', '111122223333', 'role/path/name']],
  [
    'arn:aws-cn:eks:cn-north-1:111122223333:cluster/a',
    ['aws-cn', 'eks', 'cn-north-1', '111122223333', 'cluster/a'],
  ],
  ['arn:aws:route53:::hostedzone/Z1', ['aws', 'route53', '', '', 'hostedzone/Z1']],
  ['arn:aws:iam::aws:policy/ReadOnlyAccess', ['aws', 'iam', '', 'aws', 'policy/ReadOnlyAccess']],
  [
    'arn:aws:logs:eu-west-1:111122223333:log-group:a:*',
    ['aws', 'logs', 'eu-west-1', '111122223333', 'log-group:a:*'],
  ],
])('%s', (text, expected) => {
  const arn = parseArn(text);
  expect(arn && [arn.partition, arn.service, arn.region, arn.account, arn.resource]).toEqual(expected);
});

test.each([
  '',
  'role/name',
  'arn:aws:iam::123:role/x',
  'arn:aws:iam::111122223333:',
  'urn:aws:iam::111122223333:role/x',
])('"%s" is no ARN', (text) => {
  expect(parseArn(text)).toBeUndefined();
});

test.each([
  ['eu-west-1', 'aws', 'amazonaws.com'],
  ['cn-north-1', 'aws-cn', 'amazonaws.com.cn'],
  ['us-gov-east-1', 'aws-us-gov', 'amazonaws.com'],
  ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov'],
  ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov'],
  ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu'],
])('%s is in %s', (region, name, dnsSuffix) => {
  expect(partitionOf(region)).toEqual({ name, dnsSuffix });
});
