// Recognises a missing permission in what the AWS SDK throws: which action, on which resource, by whom.

export interface Denial {
  /** `route53:ListResourceRecordSets`; `undefined` when AWS does not say (STS never does for web identity). */
  readonly action?: string;
  /** ARN, or `*`. */
  readonly resource?: string;
  /** ARN of the caller as AWS saw it. */
  readonly principal?: string;
  /** Set when a statement forbids it: then adding an Allow does not help. */
  readonly explicit: boolean;
}

/**
 * What names a denial, over all protocols (query, REST-XML, REST-JSON, JSON 1.1). Modelled errors gain the suffix
 * `Exception` in `name` and keep the wire's code in `Code`, so both are looked at.
 */
const denials = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'UnauthorizedAccess',
  'NotAuthorized',
  'AuthorizationError',
  'AuthFailure',
]);

/** The error's codes: `name` and, where there, the wire's `Code`. */
function errorCodes(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const wire = 'Code' in error && typeof error.Code === 'string' ? [error.Code] : [];
  return [error.name, ...wire];
}

/** `true` for a code with or without the suffix that the SDK adds. */
export const hasCode = (error: unknown, ...wanted: readonly string[]): boolean =>
  errorCodes(error).some((code) => wanted.includes(code) || wanted.includes(code.replace(/Exception$/, '')));

/** `undefined` where AWS says, by one of the codes, that there is no such thing. */
export async function orGone<Value>(
  read: () => Promise<Value>,
  ...codes: readonly string[]
): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (hasCode(error, ...codes)) return undefined;
    throw error;
  }
}

/** `undefined` when the error is no denial. */
export function denialOf(error: unknown): Denial | undefined {
  const text = error instanceof Error ? error.message : '';
  const said = /\bnot authorized to perform:? ([\w-]+:\w+)/i.exec(text);
  if (said === null && !errorCodes(error).some((code) => denials.has(code))) return undefined;
  const action = said?.[1];
  const resource = /\bon resource:? (?:"([^"]+)"|(\S+))/i.exec(text);
  const principal = /\bUser: (arn:\S+)/.exec(text)?.[1];
  const named = (resource?.[1] ?? resource?.[2])?.replace(/[.,]$/, '');
  return {
    ...(action !== undefined && { action }),
    ...(named !== undefined && { resource: named }),
    ...(principal !== undefined && { principal }),
    explicit: /explicit deny/i.test(text),
  };
}

/** `route53:ListResourceRecordSets on arn:…`: the text of `Seen.denied`, with ours where AWS does not say. */
export function permissionOf(denial: Denial, action: string, resource: string): string {
  const forbidden = denial.explicit ? ' (an explicit deny stands against it)' : '';
  return `${denial.action ?? action} on ${denial.resource ?? resource}${forbidden}`;
}

const throttles = [
  'Throttling',
  'ThrottledException',
  'ThrottlingException',
  'TooManyRequests',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'SlowDown',
  'PriorRequestNotComplete',
];

export const isThrottling = (error: unknown): boolean =>
  hasCode(error, ...throttles) || statusOf(error) === 429;

const brokenConnections = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

/** Throttling, a server's error, a time-out or a broken connection: what the next attempt may not meet. */
export function isTransient(error: unknown): boolean {
  if (isThrottling(error) || hasCode(error, 'TimeoutError', 'RequestTimeout', 'ServiceUnavailable'))
    return true;
  if ((statusOf(error) ?? 0) >= 500) return true;
  return error instanceof Error && 'code' in error && brokenConnections.has(String(error.code));
}

/** HTTP status of the answer behind the error, if there was one. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

/** One sentence of an error from the SDK, without the answer's body that a parse error drags along. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [line = ''] = error.message.split('\n');
  const status = statusOf(error);
  const name = error.name === 'Error' ? '' : `${error.name}: `;
  return `${name}${line.slice(0, 300)}${status === undefined ? '' : ` (HTTP ${status})`}`;
}
