// The cluster itself: its status, its version, who reaches its endpoint, how it knows people.
import { expect, test } from '@jest/globals';
import { judgeCluster } from '../../../src/preflight/cluster.ts';
import { said, setting } from './setting.ts';

const fine = {
  status: 'ACTIVE',
  version: '1.36',
  endpointPublicAccess: true,
  publicAccessCidrs: ['0.0.0.0/0'],
  authenticationMode: 'API',
};
test.each([
  ['a fine one', {}, []],
  ['one in change', { status: 'UPDATING' }, ['notice cluster/updating']],
  ['an old one', { version: '1.29' }, ['warning cluster/version-old']],
  ['one just new enough', { version: '1.30' }, []],
  ['aws-auth alone', { authenticationMode: 'CONFIG_MAP' }, ['warning cluster/config-map-only']],
  ['a private endpoint', { endpointPublicAccess: false }, ['notice cluster/endpoint-private']],
  ['certain networks', { publicAccessCidrs: ['198.51.100.0/24'] }, ['notice cluster/endpoint-restricted']],
])('%s', (_name, over, expected) =>
  expect(said(judgeCluster(setting, { ...fine, ...over }))).toEqual(expected),
);
