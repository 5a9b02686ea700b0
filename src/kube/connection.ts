// A connection to a cluster's API server: bearer token, one fresh token on 401, bounded concurrency.
import type { Clock } from '../clock.ts';
import { Problem } from '../verdict/problem.ts';
import { adaptiveLimiter, type Limiter } from './limiter.ts';
import { serverClock } from './server-clock.ts';
import {
  defaultLimits,
  type Heard,
  type Limits,
  openTransport,
  type ProxyValues,
  type Received,
  type Sent,
} from './transport.ts';

export interface ConnectOptions {
  /** `https://….eks.amazonaws.com`, from DescribeCluster. */
  readonly endpoint: string;
  /** Base64 of the PEM certificate authority, as DescribeCluster gives it. */
  readonly caData: string;
  /** The bearer token; `fresh` asks for one that was made now. It is masked by whoever makes it. */
  readonly token: (options?: { readonly fresh: boolean }) => Promise<string>;
  readonly clock: Clock;
  /** The principal behind the token (an IAM role's ARN), for messages. */
  readonly principal?: string;
  readonly proxy?: ProxyValues;
  readonly limits?: Partial<Limits>;
  readonly limiter?: Limiter;
}

export interface KubeRequest {
  readonly method: 'GET' | 'PATCH' | 'POST' | 'DELETE';
  /** Begins with `/api` or `/apis`; segments already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
}

export interface KubeAnswer {
  readonly status: number;
  /** The parsed body, `undefined` where it is not JSON. */
  readonly body: unknown;
  readonly text: string;
  /** Texts of the `Warning` headers. */
  readonly warnings: readonly string[];
  /** Milliseconds from `Retry-After`. */
  readonly retryAfter?: number;
}

export interface Kube {
  readonly endpoint: string;
  readonly principal: string | undefined;
  /** Its `now` is the API server's: what is compared with times in objects is read from it. */
  readonly clock: Clock;
  /** Whether the server has answered in this run. */
  answered(): boolean;
  /**
   * One request; every status but 401 is an answer.
   * @throws Problem `cluster/no-access-entry` (401 with a fresh token too), `cluster/endpoint-unreachable`;
   * the signal's reason on abort.
   */
  send(request: KubeRequest, signal: AbortSignal): Promise<KubeAnswer>;
  /**
   * The same for an answer that comes line by line for as long as it likes: it takes none of the room that requests share.
   * Resolves when it has ended.
   */
  stream(request: KubeRequest, heard: Heard, signal: AbortSignal): Promise<KubeAnswer>;
  close(): Promise<void>;
}

const queryOf = (query: KubeRequest['query']): string => {
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, String(value)]],
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
};

/** `299 - "gateway.k8s.aws/v1beta1 is deprecated"` (RFC 7234 section 5.5; Kubernetes KEP-1693). */
const warningsOf = (header: string | string[] | undefined): string[] =>
  [header ?? []]
    .flat()
    .flatMap((line) => [...line.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)])
    .map((match) => (match[1] ?? '').replaceAll(/\\(.)/g, '$1'));

const parsed = (text: string): unknown => {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
};

const answerOf = ({ status, headers, text }: Received): KubeAnswer => {
  const retryAfter = Number(headers['retry-after']);
  return {
    status,
    body: parsed(text),
    text,
    warnings: warningsOf(headers['warning']),
    ...(Number.isFinite(retryAfter) && { retryAfter: retryAfter * 1000 }),
  };
};

const noAccess = (principal: string | undefined, answer: Received): Problem => {
  const who = principal === undefined ? 'this role' : principal;
  return new Problem(
    'cluster/no-access-entry',
    `The cluster does not know ${who}: the API server answered 401 Unauthorized, twice.`,
    {
      hint: 'It needs an access entry for this role. Was the role deleted and made anew? An entry remembers the id of the role it was made for.',
      evidence: [{ from: 'API server', saw: `${answer.status} ${answer.text.slice(0, 500)}` }],
    },
  );
};

const sentAs = ({ method, path, query, accept, body, contentType }: KubeRequest, token: string): Sent => ({
  method,
  path: `${path}${queryOf(query)}`,
  headers: {
    authorization: `Bearer ${token}`,
    accept: accept ?? 'application/json',
    'user-agent': 'eks-gateway-action',
    ...(body !== undefined && { 'content-type': contentType ?? 'application/json' }),
  },
  ...(body !== undefined && { body: JSON.stringify(body) }),
});

const overloaded = (answer: Received): boolean => answer.status === 429 || answer.status === 503;

/** Opens nothing yet: the first request connects. The caller closes it. */
export const connect = (options: ConnectOptions): Kube => {
  const origin = new URL(options.endpoint);
  const ca = Buffer.from(options.caData, 'base64').toString('utf8');
  const transport = openTransport(origin, ca, options.proxy, { ...defaultLimits, ...options.limits });
  const limiter = options.limiter ?? adaptiveLimiter();
  const { clock, heard } = serverClock(options.clock);
  let answered = false;
  const replaced = new Map<string, Promise<string>>();

  // Many requests in flight meet the same expiry, some of them late: one fresh token serves them all.
  const freshToken = (refused: string): Promise<string> => {
    const fresh = replaced.get(refused) ?? options.token({ fresh: true });
    replaced.set(refused, fresh);
    fresh.catch(() => replaced.delete(refused));
    return fresh;
  };

  const once = async (request: KubeRequest, token: string, signal: AbortSignal): Promise<Received> =>
    limiter.run(async () => {
      const sent = clock.monotonic();
      const received = await transport.send(sentAs(request, token), signal);
      const { date } = received.headers;
      if (typeof date === 'string') heard(date, sent, clock.monotonic());
      return received;
    }, overloaded);

  const withToken = async (ask: (token: string) => Promise<Received>): Promise<KubeAnswer> => {
    const token = await options.token();
    let received = await ask(token);
    if (received.status === 401) received = await ask(await freshToken(token));
    if (received.status === 401) throw noAccess(options.principal, received);
    answered = true;
    return answerOf(received);
  };

  return {
    endpoint: origin.origin,
    principal: options.principal,
    clock,
    answered: () => answered,
    send: (request, signal) => withToken((token) => once(request, token, signal)),
    stream: (request, heard, signal) =>
      withToken((token) => transport.stream(sentAs(request, token), heard, signal)),
    close: () => transport.close(),
  };
};
