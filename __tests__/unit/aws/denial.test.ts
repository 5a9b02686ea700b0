// Errors of AWS: which are denials, of what, and which may pass.
import { describe, expect, test } from '@jest/globals';
import { denialOf, isThrottling, isTransient, permissionOf, sentenceOf } from '../../../src/aws/denial.ts';

const thrown = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

describe('what is a denial', () => {
  test.each<[string, unknown, ReturnType<typeof denialOf>]>([
    [
      'REST-XML, Route 53',
      thrown(
        'AccessDenied',
        'User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: route53:ListResourceRecordSets on resource: arn:aws:route53:::hostedzone/Z1 because no identity-based policy allows the route53:ListResourceRecordSets action',
      ),
      {
        action: 'route53:ListResourceRecordSets',
        resource: 'arn:aws:route53:::hostedzone/Z1',
        principal: 'arn:aws:sts::1:assumed-role/a/b',
        explicit: false,
      },
    ],
    [
      'query, ELBv2',
      thrown(
        'AccessDenied',
        'User: arn:aws:iam::1:user/x is not authorized to perform: elasticloadbalancing:DescribeLoadBalancers',
      ),
      {
        action: 'elasticloadbalancing:DescribeLoadBalancers',
        principal: 'arn:aws:iam::1:user/x',
        explicit: false,
      },
    ],
    ['only the wire code tells', thrown('ServiceError', 'no', { Code: 'AccessDenied' }), { explicit: false }],
    ['EC2', thrown('UnauthorizedOperation', 'You are not authorized'), { explicit: false }],
    [
      'explicit, resource in quotes, full stop',
      thrown(
        'AccessDeniedException',
        'User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: eks:DescribeCluster on resource: "arn:aws:eks:x:1:cluster/c" with an explicit deny.',
      ),
      {
        action: 'eks:DescribeCluster',
        resource: 'arn:aws:eks:x:1:cluster/c',
        principal: 'arn:aws:sts::1:assumed-role/a/b',
        explicit: true,
      },
    ],
    [
      'STS names nothing but the action',
      thrown('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'),
      { action: 'sts:AssumeRoleWithWebIdentity', explicit: false },
    ],
    ['throttling is none', thrown('Throttling', 'Rate exceeded'), undefined],
    ['an expired token is none', thrown('ExpiredToken', 'The security token is expired'), undefined],
    ['a text is none', 'AccessDenied', undefined],
  ])('%s', (_name, error, expected) => {
    expect(denialOf(error)).toEqual(expected);
  });

  test("AWS's own words win over ours", () => {
    expect(permissionOf({ explicit: false }, 'a:B', 'arn')).toBe('a:B on arn');
    expect(permissionOf({ action: 'c:D', explicit: true }, 'a:B', 'arn')).toMatch(
      /^c:D on arn .*explicit deny/,
    );
  });
});

describe('what may pass', () => {
  test.each<[unknown, boolean, boolean]>([
    [thrown('Throttling', ''), true, true],
    [thrown('ThrottlingException', ''), true, true],
    [thrown('PriorRequestNotComplete', ''), true, true],
    [thrown('Unknown', '', { $metadata: { httpStatusCode: 429 } }), true, true],
    [thrown('Unknown', '', { $metadata: { httpStatusCode: 503 } }), false, true],
    [thrown('TimeoutError', ''), false, true],
    [thrown('Error', 'reset', { code: 'ECONNRESET' }), false, true],
    [thrown('Error', 'no such host', { code: 'ENOTFOUND' }), false, false],
    [thrown('AccessDenied', '', { $metadata: { httpStatusCode: 403 } }), false, false],
    [thrown('SyntaxError', '', { $metadata: { httpStatusCode: 200 } }), false, false],
    [undefined, false, false],
  ])('%p: throttled %p, transient %p', (error, throttled, transient) => {
    expect(isThrottling(error)).toBe(throttled);
    expect(isTransient(error)).toBe(transient);
  });

  test("an error's sentence is one line and short", () => {
    const error = thrown('SyntaxError', `Unexpected token\n${'x'.repeat(9_999)}`, {
      $metadata: { httpStatusCode: 502 },
    });
    expect(sentenceOf(error)).toBe('SyntaxError: Unexpected token (HTTP 502)');
    expect(sentenceOf(new Error('y'.repeat(9_999))).length).toBeLessThan(400);
  });
});
