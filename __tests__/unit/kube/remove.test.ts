// Removing an object: what is sent, and what is said where it may not be.
import { expect, test } from '@jest/globals';
import { removeObject } from '../../../src/kube/remove.ts';
import { status } from './api-server.ts';
import { connected } from './connected.ts';

const api = connected({ principal: 'arn:role' });
const never = new AbortController().signal;

test('removing an object that is gone is no error; one that may not be removed is named', async () => {
  const secrets = { apiVersion: 'v1', plural: 'secrets' };
  api.server.answer(() => status(404, 'NotFound', 'x'));
  await removeObject(api.kube, secrets, 'n', 'a', never);
  expect(api.server.asked[0]).toMatchObject({ method: 'DELETE', path: '/api/v1/namespaces/n/secrets/a' });
  api.server.answer(() => status(403, 'Forbidden', 'no'));
  await expect(removeObject(api.kube, secrets, 'n', 'a', never)).rejects.toMatchObject({
    code: 'cluster/forbidden',
    message: 'arn:role may not delete secrets in namespace n.',
  });
});
