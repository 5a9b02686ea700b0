// A controller that missed definitions, and a role that may not start it again.
import { expect, test } from '@jest/globals';
import type { Cluster } from '../../../src/modes/access/reach-cluster.ts';
import { restartController } from '../../../src/modes/charts/controller-restart.ts';
import { status } from '../kube/api-server.ts';
import { connected } from '../kube/connected.ts';
import { stubRun } from './stub-run.ts';

const api = connected();

const lbc = {
  metadata: { name: 'lbc', namespace: 'infra' },
  spec: { template: { spec: { containers: [{ image: 'aws-load-balancer-controller:v3.5.0' }] } } },
};
const pod = {
  metadata: { name: 'lbc-5d7866c98c-2qv52', namespace: 'infra' },
  status: { containerStatuses: [{ state: { running: { startedAt: '2026-11-23T00:00:00Z' } } }] },
};
const late = 'httproutes.gateway.networking.k8s.io';

test('it is said, with the command', async () => {
  api.server.answer(({ method, path }) => {
    if (method === 'PATCH')
      return status(
        403,
        'Forbidden',
        'deployments.apps "lbc" is forbidden: User "deployer" cannot patch resource "deployments" in API group "apps" in the namespace "infra"',
      );
    if (path.endsWith('/deployments')) return { body: { items: [lbc] } };
    if (path.endsWith('/pods')) return { body: { items: [pod] } };
    return path.endsWith(`/${late}`)
      ? { body: { metadata: { name: late, creationTimestamp: '2026-11-23T00:01:00Z' } } }
      : status(404, 'NotFound', 'no');
  });
  const { run, findings } = stubRun();
  await restartController(run, { kube: api.kube } as Cluster, new Set(), new Date('2026-11-23T00:01:00Z'));
  expect(findings()).toMatchObject([
    {
      code: 'release/restart-refused',
      ref: 'Deployment infra/lbc',
      message: expect.stringMatching(
        new RegExp(`the role may not patch deployments.apps in namespace infra\\..* later: ${late}\\.$`),
      ),
      hint: expect.stringContaining('kubectl --namespace infra rollout restart deployment lbc'),
    },
  ]);
});
