// The author of a difference out of an account's history: by the resource first, by the call's name where that tells nothing.
import { expect, test } from '@jest/globals';
import { recordTrace } from '../../../src/drift/traces.ts';
import type { TrailEvent, TrailKey, TrailReader } from '../../../src/drift/trail.ts';
import { History } from '../../../src/modes/drift/authors.ts';

const { signal } = new AbortController();
const at = new Date('2026-11-25T12:00:00Z');
const alice = 'arn:aws:iam::222222222222:user/alice';

/** All of one second, by one person, as a script makes them. */
const change = (id: string, name: string): TrailEvent => ({
  id,
  name: 'ChangeResourceRecordSets',
  at,
  by: alice,
  userAgent: '',
  request: { hostedZoneId: 'Z1', changeBatch: { changes: [{ resourceRecordSet: { name, type: 'A' } }] } },
  response: null,
});
const history = (answer: (key: TrailKey) => Awaited<ReturnType<TrailReader['lookUp']>>) => {
  const asked: TrailKey[] = [];
  const lookUp: TrailReader['lookUp'] = async (key) => {
    asked.push(key);
    return answer(key);
  };
  return { asked, history: new History({ lookUp }, () => false, signal) };
};

test('of many calls of one second each is looked at', async () => {
  const events = ['a', 'b', 'c'].map((each) => change(each, `${each}.example.com`));
  const { asked, history: found } = history(() => ({ at, value: events }));
  for (const each of ['a', 'b', 'c'])
    expect(await found.authorOf(recordTrace('Z1', [`${each}.example.com`], 'A'))).toMatchObject({
      by: alice,
    });
  expect(asked).toEqual(Array(3).fill({ resource: 'Z1' }));
});

test('where nothing is filed under the resource, the name of the call is asked for', async () => {
  const { asked, history: found } = history((key) => ({
    at,
    value: 'event' in key ? [change('a', 'a.example.com')] : [],
  }));
  expect(await found.authorOf(recordTrace('Z1', ['a.example.com'], 'A'))).toMatchObject({ by: alice });
  expect(asked).toEqual([{ resource: 'Z1' }, { event: 'ChangeResourceRecordSets' }]);
});

test('a denial is kept, and no author is made up', async () => {
  const denied = { at, denied: 'cloudtrail:LookupEvents on *' };
  const { history: found } = history(() => denied);
  expect(await found.authorOf(recordTrace('Z1', ['a.example.com'], 'A'))).toBeUndefined();
  expect(found.unread).toEqual(denied);
});
