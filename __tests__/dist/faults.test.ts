// One fault of most families, all at once: `npm run faults` runs the whole matrix, with a control before and a mend after each.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { faults } from '../faults/matrix.ts';
import { filesOf, placeOf } from '../faults/place.ts';
import { saidBy, wrongIn } from '../faults/run-fault.ts';
import { iam } from './admin.ts';
import { ensureInfra, kubectl, layout, resetKnobs, run, runApp, setKnobs, workspaceOf } from './harness.ts';

/** Those that need no deploy before them; sign-in, identity and name servers have tests of their own. */
const names = [
  'cluster-name',
  'class-missing',
  'gateway-elsewhere',
  'route-service-port',
  'rule-plain',
  'workload-zero',
  'record-label',
  'certificate-self-made',
  'answer-404',
  'dns-annotation',
];
const chosen = faults.filter(({ name }) => names.includes(name));

const reader = { RoleName: layout.roles.dnsReader, PolicyName: 'test-dns-answer' };

beforeAll(ensureInfra);

afterAll(async () => {
  await resetKnobs();
  await iam('dns', 'DeleteRolePolicy', reader);
  for (const name of [...names, 'blocked'])
    kubectl('delete', 'namespace', name, `${name}-edge`, '--ignore-not-found', '--wait=false');
});

test('each is named by its link, its code and its object', async () => {
  expect(chosen.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  const wrong = await Promise.all(
    chosen.map(async (fault) => {
      const at = placeOf(fault);
      const good = filesOf(fault, at);
      const workspace = workspaceOf(fault.change?.(good, at) ?? good);
      try {
        const inputs = { 'wait-timeout': `${fault.timeout ?? 90}s`, ...fault.inputs, ...fault.wrongInputs };
        const finished = await run({ workspace: workspace.path, inputs });
        return wrongIn(fault, at, finished, saidBy(finished, fault)).map((why) => `${fault.name}: ${why}`);
      } finally {
        workspace.remove();
      }
    }),
  );
  expect(wrong.flat()).toEqual([]);
});

test("where port 53 is blocked, Route 53's API stands in by input, and the report says so", async () => {
  await iam('dns', 'PutRolePolicy', {
    ...reader,
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'route53:TestDNSAnswer', Resource: '*' }],
    }),
  });
  await setKnobs({ silentNameServers: [0, 1, 2, 3] });
  const { report } = await runApp('blocked', {
    inputs: { 'wait-timeout': '60s', 'test-dns-answer': 'true' },
  });
  expect(report.outcome).toBe('live');
  const link = report.hosts[0]?.links.find(({ id }) => id === 'nameservers');
  expect(link?.message).toContain('stood in for the name servers (input `test-dns-answer`)');
});
