// Who was the first to set what others have set again.
import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../../src/bundle/object.ts';
import { healthCheckTrace, listenerTrace, settingTrace } from '../../../src/drift/traces.ts';
import { authorOf, type Trace, type TrailEvent } from '../../../src/drift/trail.ts';

const [alice, bob, lbc] = ['alice', 'bob', 'lbc'].map((name) => `arn:aws:iam::111111111111:user/${name}`) as [
  string,
  string,
  string,
];
const listener = 'arn:aws:elasticloadbalancing:us-east-1:111111111111:listener/app/a/1/2';

const call = (minute: number, who: string, name: string, request: Json): TrailEvent => ({
  id: `${minute}-${who}`,
  name,
  at: new Date(Date.UTC(2026, 10, 25, 12, minute)),
  by: who,
  userAgent: 'console',
  request,
  response: null,
});
const by = (trace: Trace, ...events: readonly TrailEvent[]): string | undefined =>
  authorOf(trace, events, (event) => event.by === lbc)?.by;

describe('the console sends also what it leaves as it was', () => {
  const modify = (minute: number, who: string, sslPolicy: string, certificate = 'arn:a') =>
    call(minute, who, 'ModifyListener', {
      listenerArn: listener,
      sslPolicy,
      certificates: [{ certificateArn: certificate }],
    });
  const policy = listenerTrace({ arn: listener, port: 443 }, 'sslPolicy');
  const certificates = listenerTrace({ arn: listener, port: 443 }, 'certificates');

  test('so the one counts who was the first to set it', () => {
    const events = [modify(1, lbc, 'new'), modify(2, alice, 'old'), modify(3, bob, 'old', 'arn:b')];
    expect([by(policy, ...events), by(certificates, ...events)]).toEqual([alice, bob]);
    expect(by(policy, ...events, modify(4, lbc, 'new'), modify(5, bob, 'old'))).toBe(bob);
    expect(by(policy, modify(1, lbc, 'old'), modify(2, bob, 'old', 'arn:b'))).toBeUndefined();
  });

  test('of health checks and attributes too', () => {
    const check = (minute: number, who: string, path: string, seconds: number) =>
      call(minute, who, 'ModifyTargetGroup', {
        targetGroupArn: 'arn:tg',
        healthCheckPath: path,
        healthCheckIntervalSeconds: seconds,
      });
    const checks = [check(1, alice, '/x', 15), check(2, bob, '/x', 60)];
    expect(by(healthCheckTrace('arn:tg', 'healthCheckPath'), ...checks)).toBe(alice);
    expect(by(healthCheckTrace('arn:tg', 'healthCheckInterval'), ...checks)).toBe(bob);
    const attributes = (minute: number, who: string, ...values: string[]) =>
      call(minute, who, 'ModifyTargetGroupAttributes', {
        targetGroupArn: 'arn:tg',
        attributes: values.map((value, index) => ({ key: `k${index}`, value })),
      });
    const edits = [attributes(1, alice, 'a', 'b'), attributes(2, bob, 'a', 'c')];
    const of = (key: string) => settingTrace('arn:tg', 'ModifyTargetGroupAttributes', key);
    expect([by(of('k0'), ...edits), by(of('k1'), ...edits)]).toEqual([alice, bob]);
  });
});
