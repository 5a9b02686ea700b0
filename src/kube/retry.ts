// Sends again what may be sent again, until a deadline, and says what it waits for.
import type { Clock } from '../clock.ts';
import type { Kube, KubeAnswer, KubeRequest } from './connection.ts';
import { statusOf } from './status.ts';
import { mayPass } from './unreachable.ts';

export interface Patience {
  /** Milliseconds from the first attempt after which nothing is tried again. */
  readonly milliseconds: number;
  /** Told before each wait, with what is waited for; fit to be printed after "waiting: ". */
  readonly onWait?: (why: string) => void;
  /** Answers that pass here, for what this run has done before, beyond those that always do: what is waited for. */
  readonly passesHere?: (answer: KubeAnswer) => string | undefined;
  /** Answers that are not waited out, although they may pass. */
  readonly isFinal?: (answer: KubeAnswer) => boolean;
  /** 0 ≤ x < 1, for jitter. */
  readonly random?: () => number;
}

/** What an attempt gave: a result, or a reason to try again beside the result that stands if time runs out. */
export type Attempt<Result> =
  | { readonly result: Result }
  | { readonly again: string; readonly after?: number; readonly otherwise: Result };

const firstWait = 250;
const longestWait = 5_000;

/** The last attempt's result stands when the deadline passes. */
export const retry = async <Result>(
  attempt: () => Promise<Attempt<Result>>,
  patience: Patience,
  clock: Clock,
  signal: AbortSignal,
): Promise<Result> => {
  const deadline = clock.monotonic() + patience.milliseconds;
  let wait = firstWait;
  for (;;) {
    const tried = await attempt();
    if ('result' in tried) return tried.result;
    // Many requests that failed together must not come back together.
    const jitter = 0.75 + (patience.random ?? Math.random)() / 2;
    const pause = tried.after ?? wait * jitter;
    if (clock.monotonic() + pause > deadline) return tried.otherwise;
    patience.onWait?.(tried.again);
    await clock.sleep(pause, signal);
    wait = Math.min(wait * 2, longestWait);
  }
};

interface Again {
  readonly why: string;
  /** Milliseconds. */
  readonly after?: number;
}

/** structured-merge-diff's complaint about an object that does not fit its schema. */
export const untyped = /^failed to create typed (?:patch|live) object \([^)]*\): /;
/** A value that fits the schema and that the kind cannot hold all the same: a Secret's that is no base64. */
export const undecodable = /^failed to convert new object \([^)]*\) to proper version: /;
export const webhook = /failed calling webhook "([^"]+)"/;
/** A stored object cannot be turned into the version asked for (apiextensions pkg/apiserver/conversion/webhook_converter.go). */
export const conversion = /conversion webhook for (\S+), Kind=(\S+) failed/;
/** More than etcd takes (`--max-request-bytes`, 1.5 MiB): 500, and for ever. */
export const tooLarge =
  /etcdserver: request is too large|Request entity too large|grpc: (?:trying to send|received) message larger than max/;

/**
 * What of the API server's refusals passes by itself.
 * 409 is an optimistic lock or a race of creators, unless a field manager stands in the way.
 */
const passes = (answer: KubeAnswer): Again | undefined => {
  if (answer.status < 400) return undefined;
  const status = statusOf(answer);
  const after = answer.retryAfter ?? status.retryAfter;
  const again = (why: string): Again => ({ why, ...(after !== undefined && { after }) });
  if (answer.status === 429) return again('the API server asked to slow down (429)');
  const hook = webhook.exec(status.message);
  if (hook && answer.status >= 500) return again(`the webhook ${hook[1]} does not answer yet`);
  const converter = conversion.exec(status.message);
  if (converter && answer.status >= 500)
    return again(`the webhook that converts ${converter[2]} does not answer yet`);
  if (answer.status === 409) {
    const owned = status.causes.some((cause) => cause.reason === 'FieldManagerConflict');
    return owned ? undefined : again(`the object was changed by someone else (${status.message})`);
  }
  // A field that is unknown or of the wrong type answers 500 to a server-side apply (measured on 1.36.3).
  const final =
    [501, 505].includes(answer.status) ||
    [untyped, undecodable, tooLarge].some((each) => each.test(status.message));
  if (answer.status >= 500 && !final)
    return again(`the API server failed (${answer.status}: ${status.message})`);
  return undefined;
};

/** `kube.send`, sent again as long as the answer (or the lost connection) passes by itself. */
export const sendPatiently = async (
  kube: Kube,
  request: KubeRequest,
  patience: Patience,
  signal: AbortSignal,
): Promise<KubeAnswer> => {
  const here = (answer: KubeAnswer): Again | undefined => {
    const why = patience.passesHere?.(answer);
    return why === undefined ? undefined : { why };
  };
  const give = await retry<() => KubeAnswer>(
    async () => {
      try {
        const answer = await kube.send(request, signal);
        const again = patience.isFinal?.(answer) === true ? undefined : (passes(answer) ?? here(answer));
        if (!again) return { result: () => answer };
        return {
          again: again.why,
          ...(again.after !== undefined && { after: again.after }),
          otherwise: () => answer,
        };
      } catch (error) {
        signal.throwIfAborted();
        if (!mayPass(error, kube.answered())) throw error;
        const rethrow = (): never => {
          throw error;
        };
        return { again: error instanceof Error ? error.message : String(error), otherwise: rethrow };
      }
    },
    patience,
    kube.clock,
    signal,
  );
  return give();
};
