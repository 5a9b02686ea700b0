// drift: one edit of each layer is found by a role that may only get and list, told in one issue, and gone after mending.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aws, switchOffMutualTls } from '../../lab/mutations/aws.ts';
import { deployInputs, faults, repositoryInputs } from '../../lab/mutations/check.ts';
import { churn } from '../../lab/mutations/churn.ts';
import { helm } from '../../lab/mutations/helm.ts';
import { https } from '../../lab/mutations/https.ts';
import { kubernetes } from '../../lab/mutations/kubernetes.ts';
import type { Family, Mutation } from '../../lab/mutations/mutation.ts';
import { records } from '../../lab/mutations/records.ts';
import { prepareRepository } from '../../lab/mutations/repository.ts';
import { driftRole, driftRoleArn, forbidAuthors, makeDriftRole } from '../../lab/mutations/role.ts';
import { prepareSample } from '../../lab/sample.ts';
import { callsOf, granted } from './granted.ts';
import { type Finished, infraInputs, kubectl, lab, layout, resetKnobs, run, workspaceOf } from './harness.ts';

const workspace = workspaceOf({});

interface Issue {
  readonly number: number;
  readonly state: string;
  readonly body: string;
}

interface GitHubState {
  readonly issues: readonly Issue[];
  readonly comments: readonly { readonly body: string }[];
}

const github = async (): Promise<GitHubState> => (await lab('GET', '/github')) as GitHubState;

const check = (inputs: Readonly<Record<string, string>> = {}): Promise<Finished> =>
  run({
    workspace: workspace.path,
    action: 'drift',
    inputs: {
      ...repositoryInputs,
      'role-to-assume': driftRoleArn,
      'drift-recheck': '1s',
      'github-token': 'lab-drift-token',
      ...inputs,
    },
  });

const family = (all: readonly Family[], name: string): Family => {
  const found = all.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no family ${name}`);
  return found;
};

/** The edit that only somebody sees who may look at security groups. */
const closed = (): Family => {
  const { mutations, ...settings } = family(
    aws(() => ''),
    'settings',
  );
  return { ...settings, mutations: mutations.filter(({ name }) => name.startsWith('a security group')) };
};

/** One of each layer, with the family's own way of mending. */
const chosen = (): readonly { readonly mutation: Mutation; readonly mend: Family['mend'] }[] =>
  [
    closed(),
    family(kubernetes(workspace.path), 'kubernetes'),
    family(kubernetes(workspace.path), 'left'),
    family(helm(workspace.path), 'helm-objects'),
    family(records(), 'records that stay'),
    family(
      aws(() => ''),
      'rules',
    ),
    family(https(), 'answers'),
  ].flatMap(({ mutations: [mutation], mend }) => (mutation === undefined ? [] : [{ mutation, mend }]));

beforeAll(async () => {
  prepareRepository(workspace.path, process.env['LAB_DIR'] ?? '');
  // An example that ran in this lab has a namespace of the same name.
  kubectl('delete', 'namespace', 'shop', '--ignore-not-found');
  const { report, log } = await run({
    workspace: workspace.path,
    inputs: deployInputs,
  });
  if (report.outcome !== 'live') throw new Error(`the repository did not come alive:\n${log}`);
  await makeDriftRole();
  await lab('DELETE', '/github');
  await lab('DELETE', '/calls');
});

afterAll(async () => {
  await resetKnobs();
  // Other tests of this lab find the sample as it is, and no inventory of more.
  kubectl('delete', 'configmaps', '-n', 'infra', '-l', 'applyset.kubernetes.io/id');
  const sample = workspaceOf({});
  prepareSample(sample.path, process.env['LAB_DIR'] ?? '');
  const { report, log } = await run({
    workspace: sample.path,
    inputs: { ...infraInputs, 'wait-timeout': '3m' },
  });
  sample.remove();
  await switchOffMutualTls();
  if (report.outcome !== 'live') throw new Error(`the sample did not come alive again:\n${log}`);
  workspace.remove();
});

test('nothing has drifted while controllers are at work, no issue is opened, nothing is written by a role that only reads', async () => {
  // `npm run mutations:untouched` has a hundred checks of it, one after each.
  for (const each of churn.slice(0, 8)) each();
  const { code, outputs, report } = await check({ 'drift-recheck': '60s' });
  expect(report.drift).toEqual([]);
  expect({ code, drift: outputs['drift'], outcome: report.outcome }).toEqual({
    code: 0,
    drift: 'false',
    outcome: 'clean',
  });
  expect(report.findings).toEqual([]);
  expect((await github()).issues).toEqual([]);
});

test('one edit of each layer: found, told in one issue that lives as long as it does', async () => {
  const places = ({ report }: Finished) => report.drift.map(({ ref, path }) => `${ref} ${path}`).sort();
  const mutations = chosen();
  for (const { mutation } of mutations) await mutation.make();
  const first = await check();
  const wrong = mutations.map(({ mutation }) => [mutation.name, faults(mutation, first.report.drift)]);
  expect(wrong).toEqual(mutations.map(({ mutation }) => [mutation.name, []]));
  // Drift fails a job only where that is asked for.
  expect({ code: first.code, drift: first.outputs['drift'] }).toEqual({ code: 0, drift: 'true' });
  expect(first.outputs['drift-total']).toBe(String(first.report.drift.length));
  const [issue] = (await github()).issues;
  expect(issue).toMatchObject({ number: 1, state: 'open' });
  expect(issue?.body).toContain('Deployment shop/shop');

  // The repository that has the Gateway, and no route, sees its load balancer as well.
  const platform = await check({
    'working-directory': 'infra',
    'values-files': 'environment.yaml',
    'drift-layers': 'aws',
    'drift-issue': 'false',
  });
  const inAws = first.report.drift.filter(({ layer }) => layer === 'aws');
  expect(places(platform)).toEqual(inAws.map(({ ref, path }) => `${ref} ${path}`).sort());

  // The dry run is denied to this role, so the same is found field by field; the issue is edited, nothing is said twice.
  // Nor may it ask CloudTrail now: who changed AWS and Route 53 is not known, said once, and all else is as before.
  await forbidAuthors();
  const second = await check({ 'fail-on': 'drift', 'drift-compare': 'exact' });
  expect({ code: second.code, drift: second.outputs['drift'] }).toEqual({ code: 1, drift: 'true' });
  expect(places(second)).toEqual(places(first));
  expect(second.report.findings.some(({ code }) => code === 'drift/compared-readonly')).toBe(true);
  expect(second.report.findings.filter(({ code }) => code === 'drift/author-unknown')).toMatchObject([
    { severity: 'notice', message: expect.stringContaining('cloudtrail:LookupEvents on *') },
  ]);
  expect(second.report.drift.filter(({ event }) => event !== undefined)).toEqual([]);
  expect(await github()).toMatchObject({ issues: [{ number: 1, state: 'open' }], comments: [] });

  // A role that may write has the API server try it, and finds the same.
  const exact = await check({
    'role-to-assume': `arn:aws:iam::${layout.accounts.eks}:role/${layout.roles.deploy}`,
    'drift-compare': 'exact',
    'drift-layers': 'kubernetes',
    'drift-issue': 'false',
  });
  const ofObjects = first.report.drift.filter(({ layer }) => layer === 'kubernetes');
  expect(places(exact)).toEqual(ofObjects.map(({ ref, path }) => `${ref} ${path}`).sort());
  expect(exact.report.findings).toEqual([]);

  // A zone that may not be read is not a zone without drift.
  const denied = await check({
    'drift-layers': 'route53',
    'dns-role-to-assume': `arn:aws:iam::${layout.accounts.dns}:role/nobody`,
    'fail-on': 'never',
  });
  expect({ code: denied.code, drift: denied.outputs['drift'] }).toEqual({ code: 0, drift: 'error' });
  expect((await github()).issues).toMatchObject([{ state: 'open' }]);

  for (const { mutation, mend } of mutations) {
    await mutation.mend?.();
    await mend?.();
  }
  const last = await check({ 'drift-recheck': '60s' });
  expect({ drift: last.outputs['drift'], items: last.report.drift }).toEqual({ drift: 'false', items: [] });
  const closed = await github();
  expect(closed.issues).toMatchObject([{ number: 1, state: 'closed' }]);
  expect(closed.comments).toHaveLength(1);
});

test('a wrong rule for what is not drift ends the check with its line; a right one leaves the item out', async () => {
  const file = join(workspace.path, 'drift-ignore.yaml');
  writeFileSync(file, 'ignore:\n  - object: ConfigMap shop/shop\n    pfad: .data\n');
  const wrong = await check({ 'drift-ignore': 'drift-ignore.yaml' });
  expect({ code: wrong.code, drift: wrong.outputs['drift'] }).toEqual({ code: 1, drift: 'error' });
  expect(wrong.log).toContain('::error file=drift-ignore.yaml,line=3,title=drift/ignore-rule-invalid::');

  const edits = family(kubernetes(workspace.path), 'kubernetes');
  const edit = edits.mutations.find(({ path }) => path === '.data.level');
  writeFileSync(file, 'ignore:\n  - object: ConfigMap shop/*\n    path: .data\n    manager: kubectl-*\n');
  await edit?.make();
  const right = await check({ 'drift-ignore': 'drift-ignore.yaml', 'drift-layers': 'kubernetes' });
  await edits.mend?.();
  expect(right.outputs).toMatchObject({ drift: 'false', 'drift-ignored': '1' });
});

test('the role asked for everything that the documents grant it, and for nothing else', async () => {
  expect(await callsOf('eks', driftRole)).toEqual({
    used: granted('run-eks', 'drift-eks', 'drift-authors'),
    denied: ['cloudtrail:LookupEvents'],
  });
});
