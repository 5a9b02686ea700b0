// Sessions of roles: assumed, shared, renewed, tried again; and what people are told of each refusal of STS.
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type ChainSettings,
  chainedCredentials,
  type WebIdentitySettings,
  webIdentityCredentials,
} from '../../../src/aws/credentials.ts';
import { Problem } from '../../../src/verdict/problem.ts';
import { type AwsAnswer, type AwsServer, awsServer, sessionXml, xmlError } from './aws-server.ts';
import { leapingClock, type TestClock } from './test-clock.ts';

const roleArn = 'arn:aws:iam::111122223333:role/deploy';
const claims = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:acme@123/shop@456:ref:refs/heads/main',
  aud: 'sts.amazonaws.com',
  repository: 'acme/shop',
  repository_id: '456',
  job_workflow_ref: 'acme/shop/.github/workflows/deploy.yml@refs/heads/main',
  ref: 'refs/heads/main',
  event_name: 'push',
};

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenNumber = (number: number): string =>
  `${part({ alg: 'RS256' })}.${part(claims)}.signature-${number}`;

let server: AwsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

interface Setting {
  readonly clock: TestClock;
  readonly masked: string[];
  readonly settings: WebIdentitySettings;
  readonly tokens: () => number;
}

async function setting(
  answer: (number: number, clock: TestClock) => AwsAnswer,
  more: Partial<WebIdentitySettings> = {},
): Promise<Setting> {
  const clock = leapingClock();
  const masked: string[] = [];
  let tokens = 0;
  server = await awsServer((_request, number) => answer(number, clock));
  const settings: WebIdentitySettings = {
    aws: server.aws,
    roleArn,
    sessionName: 'run',
    audience: 'sts.amazonaws.com',
    idToken: async () => tokenNumber(++tokens),
    mask: (secret) => masked.push(secret),
    clock,
    random: () => 0.5,
    signal: new AbortController().signal,
    ...more,
  };
  return { clock, masked, settings, tokens: () => tokens };
}

const session = (seconds: number) => (number: number, clock: TestClock) =>
  sessionXml('AssumeRoleWithWebIdentity', {
    number,
    expiration: new Date(clock.now().getTime() + seconds * 1_000),
  });

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Problem)) throw new Error(`not a Problem: ${String(error)}`, { cause: error });
  return error;
}

/** Everything of a Problem that can reach a log or a report. */
const told = ({ message, hint, evidence }: Problem): string => JSON.stringify({ message, hint, evidence });

describe('a session by OIDC', () => {
  test('carries credentials, account and ARN, and every secret was masked', async () => {
    const { settings, masked } = await setting(session(3_600), { durationSeconds: 3_600 });
    await expect(webIdentityCredentials(settings)()).resolves.toMatchObject({
      accessKeyId: 'ASIAFAKE1',
      secretAccessKey: 'secret-key-1',
      sessionToken: 'session-token-1',
      accountId: '111122223333',
      arn: 'arn:aws:sts::111122223333:assumed-role/deploy/run',
    });
    expect(masked).toEqual(['ASIAFAKE1', 'secret-key-1', 'session-token-1']);
    const [request] = server?.requests ?? [];
    expect(Object.fromEntries(request?.form ?? [])).toMatchObject({
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: roleArn,
      RoleSessionName: 'run',
      DurationSeconds: '3600',
      WebIdentityToken: tokenNumber(1),
    });
    // The call needs no credentials, and must not look for any.
    expect(request?.headers.authorization).toBeUndefined();
  });

  test.each([
    ['an hour is used until five minutes are left', 3_600, 3_299, 3_301],
    ['a quarter of an hour as well', 900, 599, 601],
    ['a minute is used until a third is left', 60, 39, 41],
    ['ten seconds too', 10, 6, 7],
  ])('%s', async (_name, life, still, no) => {
    const { settings, clock, tokens } = await setting(session(life));
    const source = webIdentityCredentials(settings);
    await source();
    clock.pass(still * 1_000);
    await expect(source()).resolves.toMatchObject({ accessKeyId: 'ASIAFAKE1' });
    clock.pass((no - still) * 1_000);
    await expect(source()).resolves.toMatchObject({ accessKeyId: 'ASIAFAKE2' });
    expect(tokens()).toBe(2);
  });

  test('many who ask at once share one request', async () => {
    const { settings, tokens } = await setting(session(60));
    const source = webIdentityCredentials(settings);
    const all = await Promise.all([source(), source(), source(), source()]);
    expect(new Set(all).size).toBe(1);
    expect(tokens()).toBe(1);
  });

  test('a clock that is behind does not stretch a session beyond what was asked for', async () => {
    const { settings, clock, tokens } = await setting(session(3_600 + 900), { durationSeconds: 900 });
    const source = webIdentityCredentials(settings);
    await source();
    clock.pass(601_000);
    await source();
    expect(tokens()).toBe(2);
  });

  test('a renewal that fails leaves the session that still holds, and is tried again', async () => {
    const { settings, clock } = await setting((number, at) =>
      number === 2 ? xmlError('AccessDenied', 'Not authorized') : session(60)(number, at),
    );
    const source = webIdentityCredentials(settings);
    await source();
    clock.pass(45_000);
    await expect(source()).resolves.toMatchObject({ accessKeyId: 'ASIAFAKE1' });
    await expect(source()).resolves.toMatchObject({ accessKeyId: 'ASIAFAKE3' });
  });

  test('a renewal that fails after the session has ended is told', async () => {
    const { settings, clock } = await setting((number, at) =>
      number === 2 ? xmlError('AccessDenied', 'Not authorized') : session(60)(number, at),
    );
    const source = webIdentityCredentials(settings);
    await source();
    clock.pass(61_000);
    expect((await problemOf(source())).code).toBe('auth/trust-policy-mismatch');
  });

  test('an abort ends the wait between attempts', async () => {
    const abort = new AbortController();
    const { settings, clock } = await setting(() => xmlError('Throttling', 'Rate exceeded'), {
      signal: abort.signal,
    });
    const sleep = clock.sleep;
    const impatient = {
      ...clock,
      sleep: async (ms: number, signal: AbortSignal) => {
        abort.abort(new Error('cancelled'));
        await sleep(ms, signal);
      },
    };
    await expect(webIdentityCredentials({ ...settings, clock: impatient })()).rejects.toThrow('cancelled');
    expect(server?.requests).toHaveLength(1);
  });
});

describe('what is tried again, each time with a new token', () => {
  test.each([
    ['IDPCommunicationError', 'could not reach', 400, 5],
    ['InvalidIdentityToken', "Couldn't retrieve verification key from your identity provider", 400, 5],
    ['Throttling', 'Rate exceeded', 400, 5],
    ['InternalFailure', 'oh', 500, 5],
    ['ServiceUnavailable', 'later', 503, 5],
    ['ExpiredTokenException', 'Token expired', 400, 2],
    ['AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403, 1],
    ['InvalidIdentityToken', 'No OpenIDConnect provider found in your account', 400, 1],
    ['ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration', 400, 1],
    ['RegionDisabledException', 'STS is not activated in this region', 403, 1],
  ])('%s (%s): %d → %d requests', async (code, message, status, requests) => {
    const { settings, tokens } = await setting(() => xmlError(code, message, status));
    await problemOf(webIdentityCredentials(settings)());
    expect(server?.requests.map(({ form }) => form.get('WebIdentityToken'))).toEqual(
      Array.from({ length: requests }, (_none, index) => tokenNumber(index + 1)),
    );
    expect(tokens()).toBe(requests);
  });

  test('and what passes in the end gives a session', async () => {
    const { settings } = await setting((number, clock) =>
      number < 3 ? xmlError('IDPCommunicationError', 'no') : session(60)(number, clock),
    );
    await expect(webIdentityCredentials(settings)()).resolves.toMatchObject({ accessKeyId: 'ASIAFAKE3' });
  });
});

describe('what STS refuses, and what people are told', () => {
  test.each<[string, AwsAnswer, string, readonly RegExp[]]>([
    [
      'the trust policy',
      xmlError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403),
      'auth/trust-policy-mismatch',
      [/repo:acme@123\/shop@456/, /carries ids/, /few seconds/, /oidc-provider/, /"456"/, /job_workflow_ref/],
    ],
    [
      'no provider',
      xmlError('InvalidIdentityToken', 'No OpenIDConnect provider found in your account for https://x'),
      'auth/no-oidc-provider',
      [/111122223333/, /https:\/\/token\.actions\.githubusercontent\.com/],
    ],
    [
      'the audience',
      xmlError('InvalidIdentityToken', 'Incorrect token audience'),
      'auth/no-oidc-provider',
      [/does not accept the audience sts\.amazonaws\.com/, /client ids/],
    ],
    ['keys', xmlError('IDPCommunicationError', 'no'), 'auth/failed', [/could not fetch the keys/]],
    ['expired', xmlError('ExpiredTokenException', 'Token expired'), 'auth/token-expired', [/clock/]],
    ['a claim', xmlError('IDPRejectedClaim', 'rejected'), 'auth/trust-policy-mismatch', [/rejected/]],
    [
      'the duration',
      xmlError('ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration'),
      'auth/session-refused',
      [/MaxSessionDuration/, /role-duration-seconds/],
    ],
    ['the region', xmlError('RegionDisabledException', 'no', 403), 'auth/region-disabled', [/eu-west-1/]],
    ['no XML', { status: 502, body: '<html>a proxy' }, 'auth/failed', [/sts\.eu-west-1\.amazonaws\.com/]],
  ])('%s', async (_name, answer, code, texts) => {
    const { settings } = await setting(() => answer);
    const problem = await problemOf(webIdentityCredentials(settings)());
    expect(problem.code).toBe(code);
    for (const text of texts) expect(told(problem).replaceAll('\\"', '"')).toMatch(text);
    expect(problem.cause).toBeInstanceOf(Error);
    expect(told(problem)).not.toContain('signature-');
  });

  test("the statement to paste is JSON with the token's own subject", async () => {
    const { settings } = await setting(() => xmlError('AccessDenied', 'Not authorized', 403));
    const problem = await problemOf(webIdentityCredentials(settings)());
    const saw = problem.evidence.find(({ from }) => from.startsWith('Trust policy statement'))?.saw ?? '';
    expect(JSON.parse(saw)).toEqual({
      Effect: 'Allow',
      Principal: {
        Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com',
      },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: {
          'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
          'token.actions.githubusercontent.com:sub': claims.sub,
        },
      },
    });
  });

  test('an answer without credentials', async () => {
    const { settings } = await setting(() => ({
      headers: { 'content-type': 'text/xml' },
      body: '<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult/></AssumeRoleWithWebIdentityResponse>',
    }));
    expect((await problemOf(webIdentityCredentials(settings)())).code).toBe('auth/failed');
  });
});

describe('allowed accounts', () => {
  test('a role of another account is refused before a token is minted', async () => {
    const { settings, tokens } = await setting(session(60), { allowedAccountIds: ['999900001111'] });
    const problem = await problemOf((async () => webIdentityCredentials(settings)())());
    expect(problem.code).toBe('auth/account-not-allowed');
    expect(problem.message).toContain('111122223333');
    expect(problem.message).toContain('999900001111');
    expect(tokens()).toBe(0);
  });

  test('what STS says was assumed counts as well', async () => {
    const { settings, masked } = await setting(
      (number, clock) =>
        sessionXml('AssumeRoleWithWebIdentity', {
          number,
          expiration: new Date(clock.now().getTime() + 60_000),
          account: '444455556666',
        }),
      { allowedAccountIds: ['111122223333'] },
    );
    const problem = await problemOf(webIdentityCredentials(settings)());
    expect(problem.message).toContain('444455556666');
    expect(masked).toContain('secret-key-1');
    expect(told(problem)).not.toMatch(/secret-key|session-token|ASIAFAKE/);
  });

  test('an allowed one passes', async () => {
    const { settings } = await setting(session(60), { allowedAccountIds: ['999900001111', '111122223333'] });
    await expect(webIdentityCredentials(settings)()).resolves.toMatchObject({ accountId: '111122223333' });
  });
});

describe('a session from another role', () => {
  const chain = (given: Setting, more: Partial<ChainSettings> = {}): ChainSettings => ({
    ...given.settings,
    roleArn: 'arn:aws:iam::444455556666:role/dns',
    from: async () => ({
      accessKeyId: 'ASIASOURCE',
      secretAccessKey: 'source-secret',
      sessionToken: 'source-session',
      expiration: new Date('2026-11-22T11:00:00Z'),
      accountId: '111122223333',
      arn: 'arn:aws:sts::111122223333:assumed-role/deploy/run',
    }),
    ...more,
  });

  test("is asked for with the first role's credentials and the external id", async () => {
    const given = await setting((number, clock) =>
      sessionXml('AssumeRole', {
        number,
        expiration: new Date(clock.now().getTime() + 60_000),
        account: '444455556666',
      }),
    );
    const source = chainedCredentials(chain(given, { externalId: 'eu-west-1/acme' }));
    await expect(source()).resolves.toMatchObject({ accountId: '444455556666', accessKeyId: 'ASIAFAKE1' });
    const [request] = server?.requests ?? [];
    expect(request?.form.get('ExternalId')).toBe('eu-west-1/acme');
    expect(request?.headers.authorization).toContain('Credential=ASIASOURCE/');
    expect(request?.headers['x-amz-security-token']).toBe('source-session');
  });

  test('denied: both roles are named, and both policies', async () => {
    const given = await setting(() =>
      xmlError(
        'AccessDenied',
        'User: arn:aws:sts::111122223333:assumed-role/deploy/run is not authorized to perform: sts:TagSession on resource: arn:aws:iam::444455556666:role/dns',
        403,
      ),
    );
    const problem = await problemOf(chainedCredentials(chain(given))());
    expect(problem.code).toBe('auth/role-denied');
    expect(told(problem)).toMatch(/role\/dns/);
    expect(told(problem)).toMatch(/assumed-role\/deploy\/run/);
    expect(problem.hint).toContain('sts:TagSession');
    expect(problem.hint).toContain("first role's own policy");
    expect(told(problem)).not.toMatch(/source-secret|source-session/);
    expect(server?.requests).toHaveLength(1);
  });
});
