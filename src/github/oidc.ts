// Asks GitHub for an OIDC token.
//
// Not over @actions/core's getIDToken: it reads process.env itself, cannot be aborted, sets no time-out, and repeats up
// to ten times; it also wraps every error into text. The request is one GET, so it stands here.
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import type { Clock } from '../clock.ts';
import { Problem } from '../verdict/problem.ts';

export interface IdTokenRequest {
  /** ACTIONS_ID_TOKEN_REQUEST_URL; `undefined` when the job has no `id-token: write`. */
  readonly url: string | undefined;
  /** ACTIONS_ID_TOKEN_REQUEST_TOKEN. */
  readonly token: string | undefined;
  /** Called with the OIDC token before it is returned. */
  readonly mask: (secret: string) => void;
  readonly clock: Clock;
  /** A number from 0 up to 1, for the jitter of the back-off. */
  readonly random: () => number;
  readonly proxy?: { readonly https?: string; readonly http?: string; readonly none?: string };
  /** Milliseconds for one attempt; 10 s if not given. */
  readonly timeout?: number;
}

const attempts = 4;
const firstPause = 500;

/** The YAML that a job needs, for the hint of `auth/no-id-token`. */
const permissionsYaml = 'permissions:\n  id-token: write\n  contents: read';

/**
 * A new OIDC token for the audience; it lives about five minutes, so ask for one per attempt to assume a role.
 * Repeats after 429, 5xx and broken connections, at most {@link attempts} times.
 * @throws Problem `auth/no-id-token` when the job may not ask, `auth/oidc-failed` when GitHub does not issue one.
 */
export async function idToken(
  settings: IdTokenRequest,
  audience: string,
  signal: AbortSignal,
): Promise<string> {
  const { url, token, mask, clock, random } = settings;
  if (url === undefined || token === undefined) throw noIdToken();
  const address = addressOf(url, audience);
  const dispatcher = dispatcherOf(settings.proxy);
  try {
    for (let attempt = 1; ; attempt += 1) {
      const result = await ask(address, token, dispatcher, settings.timeout ?? 10_000, signal);
      if ('value' in result) {
        mask(result.value);
        return result.value;
      }
      if (!result.again || attempt === attempts) throw failed(result, attempt);
      await clock.sleep(pause(attempt, result.waitFor, random), signal);
    }
  } finally {
    await dispatcher?.close();
  }
}

interface Refused {
  readonly saw: string;
  readonly status?: number;
  readonly again: boolean;
  /** Milliseconds that the server asked us to wait. */
  readonly waitFor?: number;
  readonly cause?: unknown;
}

async function ask(
  address: URL,
  token: string,
  dispatcher: Dispatcher | undefined,
  timeout: number,
  signal: AbortSignal,
): Promise<{ readonly value: string } | Refused> {
  try {
    const { statusCode, headers, body } = await request(address, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
      ...(dispatcher && { dispatcher }),
    });
    const text = await body.text();
    if (statusCode === 200) return tokenIn(text);
    const seconds = Number(headers['retry-after']);
    return {
      saw: `HTTP ${statusCode}${messageIn(text, token)}`,
      status: statusCode,
      again: statusCode === 429 || statusCode >= 500,
      ...(seconds > 0 && { waitFor: Math.min(seconds, 30) * 1_000 }),
    };
  } catch (cause) {
    signal.throwIfAborted();
    return { saw: causeText(cause), again: true, cause };
  }
}

/** A body with 200 and no token is no passing trouble: an issuer that is not GitHub's, or a proxy's login page. */
function tokenIn(text: string): { readonly value: string } | Refused {
  const value = fieldOf(text, 'value');
  return value === undefined || value === ''
    ? { saw: 'HTTP 200, but no token in the answer', status: 200, again: false }
    : { value };
}

function messageIn(text: string, token: string): string {
  const message = fieldOf(text, 'message');
  return message === undefined ? '' : `: ${message.replaceAll(token, '***').slice(0, 200)}`;
}

function fieldOf(text: string, name: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const value = typeof parsed === 'object' && parsed !== null && (parsed as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function causeText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? `${cause.code}: ` : '';
  return `${code}${cause.message}`;
}

/** Full jitter over a doubling pause, but never less than the server asked for. */
const pause = (attempt: number, waitFor: number | undefined, random: () => number): number =>
  Math.max(waitFor ?? 0, random() * firstPause * 2 ** attempt);

function addressOf(url: string, audience: string): URL {
  try {
    const address = new URL(url);
    address.searchParams.set('audience', audience);
    return address;
  } catch (cause) {
    throw new Problem('auth/oidc-failed', 'ACTIONS_ID_TOKEN_REQUEST_URL is not an address.', {
      hint: 'The runner sets it; a step or a container that overwrites it must not.',
      cause,
    });
  }
}

/** Empty texts rather than none: without them the agent would read the environment by itself. */
function dispatcherOf(proxy: IdTokenRequest['proxy']): Dispatcher | undefined {
  if (proxy?.https === undefined && proxy?.http === undefined) return undefined;
  return new EnvHttpProxyAgent({
    httpProxy: proxy.http ?? '',
    httpsProxy: proxy.https ?? '',
    noProxy: proxy.none ?? '',
  });
}

const noIdToken = (): Problem =>
  new Problem('auth/no-id-token', 'The job may not ask GitHub for an OIDC token.', {
    hint: `Add to the job (in a reusable workflow: to the calling job as well):\n${permissionsYaml}`,
  });

function failed(refused: Refused, tried: number): Problem {
  const times = tried === 1 ? '' : ` after ${tried} attempts`;
  const denied = refused.status === 401 || refused.status === 403;
  return new Problem('auth/oidc-failed', `GitHub did not issue an OIDC token${times} (${refused.saw}).`, {
    hint: denied
      ? "The runner's request token was refused: a job that has ended, or that ran longer than GitHub allows, gets no more tokens. Run the job again."
      : 'See https://www.githubstatus.com and run the job again; behind a proxy, check that it lets the job reach the token address.',
    ...(refused.cause !== undefined && { cause: refused.cause }),
  });
}
