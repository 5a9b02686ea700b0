// What holds up an object that is to go, out of its controller's events.
import { expect, test } from '@jest/globals';
import { heldUpBy } from '../../../src/modes/teardown/held-up.ts';
import { after, at, event, gateway, good, readerOf, signal } from '../chain/seen-objects.ts';

const protects =
  'Failed build model due to Unable to delete gateway infra/public because deletion protection is enabled.';

test('the last failure of each, with what to do', async () => {
  const reader = readerOf({}, { at, value: [event('FailedBuildModel', protects, after)] });
  expect(await heldUpBy(reader, [gateway(good), gateway(good)], signal)).toEqual({
    evidence: Array.from({ length: 2 }, () => ({
      from: 'Gateway infra/public event FailedBuildModel',
      saw: protects,
    })),
    hint: expect.stringMatching(/^Set deletion_protection\.enabled to false/),
  });
});

test('nothing where the last event is no failure, or events may not be read', async () => {
  const nothing = { evidence: [], hint: '' };
  const done = [event('FailedBuildModel', protects, after), event('SuccessfullyReconciled', '', after)];
  expect(await heldUpBy(readerOf({}, { at, value: done }), [gateway(good)], signal)).toEqual(nothing);
  const denied = readerOf({}, { at, denied: 'list events' });
  expect(await heldUpBy(denied, [gateway(good)], signal)).toEqual(nothing);
});
