// Sessions of IAM roles: assumed with an OIDC token or from another role, renewed for as long as the run lasts.
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts';
import { parseArn } from '../access/arn.ts';
import type { Clock } from '../clock.ts';
import { Problem } from '../verdict/problem.ts';
import { assumeRoleProblem, isWorthAnotherToken, webIdentityProblem } from './assume-errors.ts';
import { type AwsSettings, type Credentials, stsClient } from './clients.ts';
import { isTransient } from './denial.ts';

/** Credentials, and who they are. */
export interface Session extends Credentials {
  readonly accountId: string;
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session>`. */
  readonly arn: string;
}

/** Gives a session that is good for a while yet; the SDK takes it as `credentials`. Throws Problems. */
export type SessionSource = () => Promise<Session>;

export interface RoleSettings {
  readonly aws: AwsSettings;
  readonly roleArn: string;
  /** 2 to 64 of `A-Za-z0-9_+=,.@-`. */
  readonly sessionName: string;
  /** Seconds; the role's own default if not given. */
  readonly durationSeconds?: number;
  /** Account ids in which the role must be; any if empty. */
  readonly allowedAccountIds?: readonly string[];
  /** Called with access key, secret key and session token before anything can use them. */
  readonly mask: (secret: string) => void;
  readonly clock: Clock;
  /** A number from 0 up to 1, for the jitter of the back-off. */
  readonly random: () => number;
  /** Of the run: sessions are renewed until it aborts. */
  readonly signal: AbortSignal;
}

export interface WebIdentitySettings extends RoleSettings {
  /** Gives a new OIDC token at every call. */
  readonly idToken: (audience: string, signal: AbortSignal) => Promise<string>;
  readonly audience: string;
}

export interface ChainSettings extends RoleSettings {
  readonly from: SessionSource;
  readonly externalId?: string;
}

/**
 * Sessions by AssumeRoleWithWebIdentity. Every attempt has a new token: GitHub's live five minutes, and a try that ran
 * into a time-out may use one up (configure-aws-credentials #1848).
 * Throws Problems of the area `auth/`.
 */
export function webIdentityCredentials(settings: WebIdentitySettings): SessionSource {
  const { aws, roleArn, sessionName, durationSeconds, audience, signal } = settings;
  checkAccount(parseArn(roleArn)?.account ?? '', roleArn, settings.allowedAccountIds);
  // One attempt: the SDK would repeat with the same token.
  const client = stsClient(aws, undefined, 1);
  return renewing(settings, () =>
    repeat(settings, isWorthAnotherToken, async () => {
      const token = await settings.idToken(audience, signal);
      try {
        const answer = await client.send(
          new AssumeRoleWithWebIdentityCommand({
            RoleArn: roleArn,
            RoleSessionName: sessionName,
            WebIdentityToken: token,
            ...(durationSeconds !== undefined && { DurationSeconds: durationSeconds }),
          }),
          { abortSignal: signal },
        );
        return sessionIn(answer, settings);
      } catch (error) {
        signal.throwIfAborted();
        throw new Attempt(error, webIdentityProblem(error, { roleArn, region: aws.region, audience, token }));
      }
    }),
  );
}

/**
 * Sessions by AssumeRole from another role's session: at most an hour long, whatever the role allows (STS, role chaining).
 * Throws Problems of the area `auth/`.
 */
export function chainedCredentials(settings: ChainSettings): SessionSource {
  const { aws, roleArn, sessionName, durationSeconds, externalId, from, signal } = settings;
  checkAccount(parseArn(roleArn)?.account ?? '', roleArn, settings.allowedAccountIds);
  const client = stsClient(aws, from, 1);
  return renewing(settings, () =>
    repeat(settings, isTransient, async () => {
      const source = await from();
      try {
        const answer = await client.send(
          new AssumeRoleCommand({
            RoleArn: roleArn,
            RoleSessionName: sessionName,
            ...(externalId !== undefined && { ExternalId: externalId }),
            ...(durationSeconds !== undefined && { DurationSeconds: durationSeconds }),
          }),
          { abortSignal: signal },
        );
        return sessionIn(answer, settings);
      } catch (error) {
        signal.throwIfAborted();
        const asked = {
          roleArn,
          region: aws.region,
          source: source.arn,
          externalId: externalId !== undefined,
        };
        throw new Attempt(error, assumeRoleProblem(error, asked));
      }
    }),
  );
}

/** An attempt that failed: what the SDK threw, to decide whether to repeat, and what the person is told in the end. */
class Attempt extends Error {
  readonly problem: Problem;

  constructor(cause: unknown, problem: Problem) {
    super(problem.message, { cause });
    this.problem = problem;
  }
}

const attempts = 5;
const longestPause = 8_000;

async function repeat(
  { clock, random, signal }: RoleSettings,
  again: (error: unknown, attempt: number) => boolean,
  attempt: () => Promise<Session>,
): Promise<Session> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Attempt)) throw error;
      if (number === attempts || !again(error.cause, number)) throw error.problem;
      await clock.sleep(random() * Math.min(longestPause, 500 * 2 ** number), signal);
    }
  }
}

interface Held {
  readonly session: Session;
  /** Monotonic milliseconds. */
  readonly renewAt: number;
  readonly endsAt: number;
}

/**
 * One session for everybody who asks, renewed when less than five minutes or a third of its life remain, whichever is
 * shorter. Those who ask at the same time wait for the same renewal. A renewal that fails while the session still holds
 * is tried again at the next call.
 */
function renewing(
  { clock, signal, durationSeconds }: RoleSettings,
  assume: () => Promise<Session>,
): SessionSource {
  let held: Held | undefined;
  let pending: Promise<Session> | undefined;

  const renew = async (): Promise<Session> => {
    try {
      const session = await assume();
      held = hold(session, clock, durationSeconds);
      return session;
    } catch (error) {
      if (signal.aborted || held === undefined || clock.monotonic() >= held.endsAt) throw error;
      return held.session;
    } finally {
      pending = undefined;
    }
  };

  return async () => {
    if (held !== undefined && clock.monotonic() < held.renewAt) return held.session;
    pending ??= renew();
    return await pending;
  };
}

/** The life that was asked for caps the one computed: a clock that is behind would take the session for longer than it is. */
function hold(session: Session, clock: Clock, durationSeconds = Number.POSITIVE_INFINITY): Held {
  const life = Math.min(session.expiration.getTime() - clock.now().getTime(), durationSeconds * 1_000);
  const received = clock.monotonic();
  return { session, renewAt: received + life - Math.min(300_000, life / 3), endsAt: received + life };
}

interface AssumeAnswer {
  readonly Credentials?:
    | {
        readonly AccessKeyId?: string | undefined;
        readonly SecretAccessKey?: string | undefined;
        readonly SessionToken?: string | undefined;
        readonly Expiration?: Date | undefined;
      }
    | undefined;
  readonly AssumedRoleUser?: { readonly Arn?: string | undefined } | undefined;
}

function sessionIn(answer: AssumeAnswer, { roleArn, mask, allowedAccountIds }: RoleSettings): Session {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {};
  const arn = answer.AssumedRoleUser?.Arn;
  for (const secret of [AccessKeyId, SecretAccessKey, SessionToken]) if (secret) mask(secret);
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration || !arn) {
    throw new Problem('auth/failed', `AWS STS answered for ${roleArn} without credentials.`);
  }
  const accountId = parseArn(arn)?.account ?? '';
  checkAccount(accountId, roleArn, allowedAccountIds);
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: Expiration,
    accountId,
    arn,
  };
}

/** Looked at twice: before a token is sent to a role in the wrong account, and in what STS says was assumed. */
function checkAccount(account: string, roleArn: string, allowed: readonly string[] = []): void {
  if (allowed.length === 0 || allowed.includes(account)) return;
  throw new Problem(
    'auth/account-not-allowed',
    `The role ${roleArn} is in account ${account}, but only ${allowed.join(', ')} ${allowed.length === 1 ? 'is' : 'are'} allowed.`,
    { hint: 'Correct the role, or add its account to allowed-account-ids.' },
  );
}
