// Signing in: each thing that can go wrong with the token, the trust policies and the accounts, and the same run mended.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { setTrustPolicy, trustPolicy } from './admin.ts';
import {
  appFiles,
  ensureInfra,
  type Finished,
  lab,
  layout,
  resetKnobs,
  run,
  setKnobs,
  workspaceOf,
} from './harness.ts';
import { annotated, callsOfAction, errorIn, errorsOf, quick } from './reading.ts';

const workspace = workspaceOf(appFiles('auth'));
const { deploy } = layout.roles;
const roleArn = `arn:aws:iam::${layout.accounts.eks}:role/${deploy}`;
const provider = `arn:aws:iam::${layout.accounts.eks}:oidc-provider/token.actions.githubusercontent.com`;
let trust: string;

const attempt = (given: Partial<Parameters<typeof run>[0]> = {}): Promise<Finished> =>
  run({ workspace: workspace.path, ...given, inputs: { ...quick, ...given.inputs } });

async function expectLive(given: Partial<Parameters<typeof run>[0]> = {}): Promise<void> {
  const { code, report } = await attempt(given);
  expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: 'auth.example.com is live.' });
}

beforeAll(async () => {
  await ensureInfra();
  trust = await trustPolicy('eks', deploy);
});

afterAll(workspace.remove);

test('the control: the same workspace and inputs, nothing broken', () => expectLive());

test('no `id-token: write`: named before any AWS call, with the lines that are missing', async () => {
  await lab('DELETE', '/calls');
  const { code, log, report, summary, outputs } = await attempt({
    env: { ACTIONS_ID_TOKEN_REQUEST_URL: undefined, ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined },
  });
  expect({ code, live: outputs['live'], errors: errorsOf(report) }).toEqual({
    code: 1,
    live: 'false',
    errors: ['auth/no-id-token'],
  });
  expect(annotated(log, 'error')).toEqual([expect.stringContaining('title=auth/no-id-token')]);
  // To be copied, so with its line breaks and indentation.
  expect(summary).toMatch(/```\n *permissions:\n * {2}id-token: write\n * {2}contents: read\n *```/);
  expect(await callsOfAction()).toEqual([]);
});

describe('a pull request', () => {
  const repository = { id: Number(layout.repository.id), full_name: 'example-org/sample-app' };
  const fork = { id: 77, full_name: 'stranger/sample-app' };
  const pull = (from: object) => ({
    pull_request: {
      number: 7,
      head: { sha: 'abc', ref: 'change', repo: from },
      base: { ref: 'main', repo: repository },
    },
  });

  test.each([
    // GitHub gives such a run no token, and reads the workflow from the fork.
    ['pull_request', pull(fork), /GitHub gives it no OIDC token/, true],
    // Such runs have the rights of this repository: they could sign in, and must not.
    ['pull_request_target', pull(fork), /not used with the rights that `pull_request_target` gives/, false],
    [
      'workflow_run',
      { workflow_run: { event: 'pull_request', head_repository: fork, repository } },
      /not used with the rights that `workflow_run` gives/,
      false,
    ],
  ])(
    'of a fork (%s): a plain notice, green, not live, no token and no AWS call',
    async (name, payload, says, withoutToken) => {
      await lab('DELETE', '/calls');
      const issued = (await lab('GET', '/credentials')) as readonly unknown[];
      const { code, log, report, summary, outputs } = await attempt({
        event: { name, payload },
        ...(withoutToken && {
          env: { ACTIONS_ID_TOKEN_REQUEST_URL: undefined, ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined },
        }),
      });
      expect({ code, outcome: report.outcome, live: outputs['live'] }).toEqual({
        code: 0,
        outcome: 'refused',
        live: 'false',
      });
      expect(report.verdict).toMatch(says);
      expect(summary.split('\n')[0]).toMatch(/^## ℹ️ This pull request comes from a fork/);
      expect(annotated(log, 'notice')).toHaveLength(1);
      expect(annotated(log, 'error')).toEqual([]);
      expect(await callsOfAction()).toEqual([]);
      const kinds = ((await lab('GET', '/credentials')) as readonly { readonly kind: string }[])
        .slice(issued.length)
        .map(({ kind }) => kind);
      expect(kinds).not.toContain('oidc-token');
    },
  );

  test('of this repository is deployed', () =>
    expectLive({ event: { name: 'pull_request', payload: pull(repository) } }));
});

interface Statement {
  readonly Condition: { readonly StringEquals: Readonly<Record<string, string>> };
}

describe('a trust policy that does not match the token', () => {
  const { owner, name, ownerId, id } = layout.repository;
  const byNames = `repo:${owner}/${name}:ref:refs/heads/main`;
  afterEach(async () => {
    await setTrustPolicy('eks', deploy, trust);
    await resetKnobs();
  });
  const byIds = `repo:${owner}@${ownerId}/${name}@${id}:ref:refs/heads/main`;

  test.each([
    ['names', byNames, byIds, /the older form/],
    ['ids', byIds, byNames, /carries ids .* a policy that was written as "repo:OWNER\/NAME/],
  ])(
    'sub by %s: its claims beside the statement that admits them; with that statement it is live',
    async (form, sub, wanted, explains) => {
      await setKnobs({ oidc: { sub: form } });
      await setTrustPolicy(
        'eks',
        deploy,
        JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Federated: provider },
              Action: 'sts:AssumeRoleWithWebIdentity',
              Condition: { StringEquals: { 'token.actions.githubusercontent.com:sub': wanted } },
            },
          ],
        }),
      );
      const { code, log, report, summary } = await attempt();
      expect({ code, errors: errorsOf(report) }).toEqual({
        code: 1,
        errors: ['auth/trust-policy-mismatch'],
      });
      const found = errorIn(report);
      expect(found?.message).toContain(roleArn);
      expect(found?.hint).toMatch(explains);
      const evidence = new Map(found?.evidence?.map(({ from, saw }) => [from, saw]));
      expect(evidence.get('OIDC token, claim sub')).toBe(sub);
      expect(evidence.get('OIDC token, claim aud')).toBe('sts.amazonaws.com');
      expect(evidence.get('AWS STS')).toMatch(/AccessDenied/);
      const printed = evidence.get(`Trust policy statement for ${roleArn} that admits this token`) ?? '';
      for (const shown of [log, summary]) {
        expect(shown).toContain(sub);
        expect(shown.replaceAll(/\s/g, '')).toContain(printed.replaceAll(/\s/g, ''));
      }
      // Narrow: whoever copies it admits this branch, and no other repository.
      const { Condition } = JSON.parse(printed) as Statement;
      expect(Object.values(Condition.StringEquals)).toEqual(['sts.amazonaws.com', sub]);

      const mended = { Version: '2012-10-17', Statement: [JSON.parse(printed)] };
      await setTrustPolicy('eks', deploy, JSON.stringify(mended));
      await expectLive();
    },
  );
});

describe('the DNS role assumed from the first role', () => {
  const chained = (externalId: string) => ({
    inputs: { 'dns-role-chaining': 'true', 'dns-role-external-id': externalId },
  });

  test('a wrong external id: which role may not assume which, and what both policies must say', async () => {
    const { code, report } = await attempt(chained('wrong'));
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['auth/role-denied'] });
    expect(errorIn(report)).toMatchObject({
      message: `arn:aws:sts::${layout.accounts.eks}:assumed-role/${deploy}/eks-gateway-action may not assume arn:aws:iam::${layout.accounts.dns}:role/${layout.roles.dnsReader}.`,
      hint: expect.stringContaining('sts:ExternalId'),
    });
  });

  test('the right external id', () => expectLive(chained('lab-external-id')));
});

describe('an account that is not allowed', () => {
  const allowing = (...ids: string[]) => ({ inputs: { 'allowed-account-ids': ids.join(', ') } });

  test.each([
    ["the first role's", [layout.accounts.dns], roleArn],
    ["the DNS role's", [layout.accounts.eks], `${layout.accounts.dns}:role/${layout.roles.dnsReader}`],
  ])('%s: named with the role, and no token is sent to it', async (_whose, allowed, role) => {
    await lab('DELETE', '/calls');
    const { code, report } = await attempt(allowing(...allowed));
    expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['auth/account-not-allowed'] });
    expect(report.verdict).toContain(role);
    expect(report.verdict).toContain(`only ${allowed[0]} is allowed`);
    expect(await callsOfAction()).toEqual([]);
  });

  test('both allowed', () => expectLive(allowing(layout.accounts.eks, layout.accounts.dns)));
});

test('wrong inputs: all of them listed at once, with what is accepted, before anything is called', async () => {
  await lab('DELETE', '/calls');
  const wrong = {
    mode: 'deployy',
    'cluster-name': 'a b',
    'aws-region': 'nowhere',
    'role-to-assume': 'gateway-deploy',
    'dns-role-external-id': 'abc',
    'allowed-account-ids': '12',
    'role-duration-seconds': '60',
    namespace: 'Infra',
    'create-namespace': 'yes',
    'helm-timeout': '0',
    'wait-timeout': 'soon',
    'https-path': 'health',
    'https-status': 'ok',
    'https-successes': '0',
    'hosted-zone-id': 'zone!',
    'name-servers': '192.0.2.1:99999',
  };
  const { code, log, report, summary } = await attempt({ inputs: wrong });
  expect({ code, errors: errorsOf(report) }).toEqual({ code: 1, errors: ['input/invalid'] });
  expect(report.verdict).toBe(`${Object.keys(wrong).length} inputs are wrong.`);
  const named = [...(errorIn(report)?.message ?? '').matchAll(/^- `([\w-]+)`/gm)].map((match) => match[1]);
  expect(named.sort()).toEqual(Object.keys(wrong).sort());
  expect(errorIn(report)?.message).toContain(
    '`wait-timeout` is `soon`; accepted: a duration from `1s` to `6h`',
  );
  for (const name of Object.keys(wrong)) expect(summary).toContain(`\`${name}\``);
  expect(annotated(log, 'error')).toHaveLength(1);
  expect(await callsOfAction()).toEqual([]);
});

describe('an input that the action does not have', () => {
  const given = (inputs: Readonly<Record<string, string>>) =>
    attempt({ inputs, env: { ACTIONS_ID_TOKEN_REQUEST_URL: undefined } });

  test('is warned about, once', async () => {
    const { log, summary, report } = await given({ colour: 'red', region: 'eu-west-1' });
    const warnings = log.split('\n').filter((line) => line.startsWith('::warning'));
    expect(warnings).toHaveLength(2);
    expect(warnings.join('\n')).toMatch(
      /no input `region`; it is ignored.*Call it `aws-region`, or remove it/,
    );
    expect(summary.match(/no input `colour`/g)).toHaveLength(1);
    const codes = report.findings.map(({ code }) => code);
    expect(codes).toEqual(['input/unknown', 'input/unknown', 'auth/no-id-token']);
  });

  test('ends the run where it is certain which was meant', async () => {
    const { code, report } = await given({ dry_run: 'true' });
    expect({ code, findings: report.findings }).toMatchObject({
      code: 1,
      findings: [
        {
          code: 'input/unknown',
          severity: 'error',
          message: 'The action has no input `dry_run`.',
          hint: 'Call it `dry-run`.',
        },
      ],
    });
  });
});
