// Evaluates a role's trust policy as IAM does, and says what stands against a request.
import { parseArn } from './arn.ts';
import { type Condition, type ConditionMismatch, type Context, firstMismatch } from './conditions.ts';

export interface TrustRequest {
  /** `sts:AssumeRoleWithWebIdentity`, `sts:AssumeRole` or `sts:TagSession`: IAM looks at each by itself. */
  readonly action: string;
  /** ARN of the OIDC provider or of the calling role, or the name of a service (`pods.eks.amazonaws.com`). */
  readonly principal: string;
  readonly context: Context;
}

/** Why a statement does not admit a request. */
export type Mismatch =
  | { readonly kind: 'action' | 'principal'; readonly wanted: readonly string[]; readonly got: string }
  | ConditionMismatch;

export type TrustResult =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      /** Sid (or number) of a Deny statement that matches. */
      readonly deniedBy?: string;
      /** For each Allow statement the first thing that does not match. */
      readonly mismatches: readonly { readonly statement: string; readonly mismatch: Mismatch }[];
    };

/**
 * IAM user guide, "Policy evaluation logic": a matching Deny wins, otherwise one matching Allow suffices.
 * @param policy the parsed JSON of AssumeRolePolicyDocument.
 */
export function evaluateTrust(policy: unknown, request: TrustRequest): TrustResult {
  const statements = manyOf(fieldOf(policy, 'Statement')).map((statement, index) => ({
    name: textOf(fieldOf(statement, 'Sid')) ?? `statement ${index + 1}`,
    effect: fieldOf(statement, 'Effect'),
    mismatch: mismatchOf(statement, request),
  }));
  const deny = statements.find(({ effect, mismatch }) => effect === 'Deny' && mismatch === undefined);
  const allows = statements.filter(({ effect }) => effect === 'Allow');
  if (deny === undefined && allows.some(({ mismatch }) => mismatch === undefined)) return { allowed: true };
  return {
    allowed: false,
    ...(deny && { deniedBy: deny.name }),
    mismatches: allows.flatMap(({ name, mismatch }) => (mismatch ? [{ statement: name, mismatch }] : [])),
  };
}

/** One sentence with both values: what the policy wants and what the request has. */
export function explainMismatch(mismatch: Mismatch): string {
  switch (mismatch.kind) {
    case 'action':
      return `The statement allows ${listed(mismatch.wanted)}, not "${mismatch.got}".`;
    case 'principal':
      return `The statement admits ${listed(mismatch.wanted)}, but the request comes from "${mismatch.got}".`;
    case 'unknown':
      return `${mismatch.element} cannot be checked here.`;
    case 'condition': {
      const { operator, key, wanted, got } = mismatch;
      const has = got === undefined ? 'the request does not have it' : `the request has ${listed(got)}`;
      const literal = /StringEquals/.test(operator) && wanted.some((value) => /[*?]/.test(value));
      return `${operator} wants ${key} to be ${listed(wanted)}, but ${has}.${literal ? ' StringEquals takes "*" and "?" as they stand; StringLike takes them as wildcards.' : ''}`;
    }
  }
}

const listed = (values: readonly string[]): string =>
  values.length === 0 ? 'nothing' : values.map((value) => `"${value}"`).join(' or ');

function mismatchOf(statement: unknown, request: TrustRequest): Mismatch | undefined {
  for (const element of ['NotPrincipal', 'NotAction']) {
    if (fieldOf(statement, element) !== undefined) return { kind: 'unknown', element };
  }
  const actions = textsOf(fieldOf(statement, 'Action'));
  if (!actions.some((action) => action === '*' || sameAction(action, request.action)))
    return { kind: 'action', wanted: actions, got: request.action };
  const principals = principalsOf(fieldOf(statement, 'Principal'));
  if (!principals.some((principal) => admits(principal, request.principal)))
    return { kind: 'principal', wanted: principals, got: request.principal };
  return firstMismatch(conditionsOf(fieldOf(statement, 'Condition')), request.context);
}

/** `sts:AssumeRole*` and `sts:*` are patterns; case does not matter. */
function sameAction(pattern: string, action: string): boolean {
  const [want, got] = [pattern.toLowerCase(), action.toLowerCase()];
  return want.endsWith('*') ? got.startsWith(want.slice(0, -1)) : want === got;
}

function principalsOf(principal: unknown): readonly string[] {
  if (typeof principal === 'string') return [principal];
  if (typeof principal !== 'object' || principal === null) return [];
  return Object.values(principal).flatMap(textsOf);
}

/** An account's root, or its bare number, stands for every principal of that account. */
function admits(wanted: string, principal: string): boolean {
  if (wanted === '*' || wanted === principal) return true;
  const root = parseArn(wanted);
  const account = root?.resource === 'root' ? root.account : wanted;
  const caller = parseArn(principal);
  return caller?.account === account && !caller.resource.startsWith('oidc-provider/');
}

const conditionsOf = (condition: unknown): readonly Condition[] =>
  entriesOf(condition).flatMap(([operator, keys]) =>
    entriesOf(keys).map(([key, values]) => ({ operator, key, wanted: textsOf(values) })),
  );

const entriesOf = (value: unknown): readonly [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

const fieldOf = (value: unknown, name: string): unknown => new Map(entriesOf(value)).get(name);

const manyOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Booleans and numbers are written bare as well as quoted. */
const textsOf = (value: unknown): readonly string[] => manyOf(value).map(bare);

/** What is no text where one should be matches nothing; as JSON it can be shown. */
const bare = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
