// Events of CloudTrail, read: who called, and what is no event of a change.
import { expect, test } from '@jest/globals';
import type { Json } from '../../../src/bundle/object.ts';
import { eventOf } from '../../../src/drift/trail.ts';
import { at } from './balancer-setting.ts';

const alice = 'arn:aws:sts::111111111111:assumed-role/Admin/alice';
const bob = 'arn:aws:iam::111111111111:user/bob';

const event = (identity: Json, more: Readonly<Record<string, Json>> = {}): string =>
  JSON.stringify({
    eventVersion: '1.11',
    userIdentity: identity,
    eventTime: '2026-11-25T12:00:00Z',
    eventSource: 'elasticloadbalancing.amazonaws.com',
    eventName: 'ModifyRule',
    eventID: 'e-1',
    requestParameters: { ruleArn: 'arn:rule' },
    responseElements: null,
    readOnly: false,
    ...more,
  });

// The forms of "CloudTrail userIdentity element".
test.each<[string, Json, string]>([
  ['a user', { type: 'IAMUser', arn: bob, userName: 'bob' }, bob],
  ['a session', { type: 'AssumedRole', principalId: 'AROA:alice', arn: alice }, alice],
  ['the root user', { type: 'Root', arn: 'arn:aws:iam::1:root' }, 'arn:aws:iam::1:root'],
  ['a service', { type: 'AWSService', invokedBy: 'fms.amazonaws.com' }, 'fms.amazonaws.com'],
  ['Identity Center', { type: 'IdentityCenterUser', onBehalfOf: { userId: '5448-94e8' } }, '5448-94e8'],
  ['another account', { type: 'AWSAccount', principalId: 'AIDA:x', accountId: '1' }, 'AIDA:x'],
])('of %s', (_what, identity, who) => {
  expect(eventOf(event(identity))).toMatchObject({ id: 'e-1', by: who, name: 'ModifyRule', at });
});

test.each([
  ['a read', event({ arn: bob }, { readOnly: true })],
  ['a call that was denied', event({ arn: bob }, { errorCode: 'AccessDenied' })],
  ['one of nobody', event(null)],
  ['no JSON', '{"eventName":'],
])('%s is none', (_what, text) => {
  expect(eventOf(text)).toBeUndefined();
});
