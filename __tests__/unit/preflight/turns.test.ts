// A role that may not keep a Lease is told so before it deploys, with the Role that it lacks.
import { expect, test } from '@jest/globals';
import type { Setting } from '../../../src/preflight/setting.ts';
import { judgeTurns, observeTurns } from '../../../src/preflight/turns.ts';

const setting = { roles: { eks: 'arn:aws:iam::111111111111:role/deploy' } } as Setting;
const never = new AbortController().signal;

test.each<[readonly string[], readonly string[]]>([
  [['get', 'create', 'patch'], []],
  [['get'], ['create', 'patch']],
  [[], ['get', 'create', 'patch']],
])('of one that may %j: %j is missing', async (allowed, lacking) => {
  const asked: string[] = [];
  const may = async (verb: string, namespace: string): Promise<boolean> => {
    asked.push(namespace);
    return allowed.includes(verb);
  };
  const found = judgeTurns(setting, 'infra', await observeTurns('infra', may, never));
  expect(new Set(asked)).toEqual(new Set(['infra']));
  expect(found.map(({ code, severity }) => [code, severity])).toEqual(
    lacking.length === 0 ? [] : [['run/unguarded', 'notice']],
  );
  for (const { message, hint } of found) {
    expect(message).toContain(`may not ${lacking.join(', ')} leases.coordination.k8s.io in namespace infra`);
    expect(hint).toContain('kubectl create role eks-gateway-turns --namespace infra');
  }
});
