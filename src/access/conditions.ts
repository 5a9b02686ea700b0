// Condition operators of IAM policies: what each compares, and the first that does not hold.
import { fitsWildcard } from '../compare/wildcard.ts';

/** What IAM compares: condition keys (without regard to case) and their values. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

export interface Condition {
  /** With its prefix and suffix: `ForAnyValue:StringLike`, `StringEqualsIfExists`. */
  readonly operator: string;
  readonly key: string;
  readonly wanted: readonly string[];
}

export type ConditionMismatch =
  | {
      readonly kind: 'condition';
      readonly operator: string;
      readonly key: string;
      readonly wanted: readonly string[];
      /** `undefined` when the request does not have the key at all. */
      readonly got: readonly string[] | undefined;
    }
  /** An element or operator that is not modelled here: whether it matches, only IAM knows. */
  | { readonly kind: 'unknown'; readonly element: string };

type Compare = (wanted: string, got: string) => boolean;

/** `*` is any text, `?` one character. */
const like: Compare = fitsWildcard;

/** ArnEquals and ArnLike are the same: each of the six parts is compared by itself, so a `*` does not cross a colon. */
const arnLike: Compare = (pattern, text) => {
  const [wanted, got] = [arnParts(pattern), arnParts(text)];
  return wanted.length === got.length && wanted.every((part, index) => like(part, got[index] ?? ''));
};

function arnParts(arn: string): readonly string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

const equals: Compare = (wanted, got) => wanted === got;
const sameLetters: Compare = (wanted, got) => wanted.toLowerCase() === got.toLowerCase();

interface Operator {
  readonly compare: Compare;
  readonly negated: boolean;
}

const pair = (positive: string, negative: string, compare: Compare): readonly [string, Operator][] => [
  [positive, { compare, negated: false }],
  [negative, { compare, negated: true }],
];

/** IAM user guide, "IAM JSON policy elements: Condition operators". */
const operators: ReadonlyMap<string, Operator> = new Map([
  ...pair('StringEquals', 'StringNotEquals', equals),
  ...pair('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', sameLetters),
  ...pair('StringLike', 'StringNotLike', like),
  ...pair('ArnEquals', 'ArnNotEquals', arnLike),
  ...pair('ArnLike', 'ArnNotLike', arnLike),
  ['Bool', { compare: sameLetters, negated: false }],
]);

/** The first condition that does not hold; all of them must. */
export function firstMismatch(
  conditions: readonly Condition[],
  context: Context,
): ConditionMismatch | undefined {
  for (const condition of conditions) {
    const { operator, key, wanted } = condition;
    const got = valuesOf(context, key);
    const holds = conditionHolds(condition, got);
    if (holds === undefined) return { kind: 'unknown', element: `The condition ${operator} on ${key}` };
    if (!holds) return { kind: 'condition', operator, key, wanted, got };
  }
  return undefined;
}

/** `undefined` for an operator, or a policy variable, that is not modelled. */
function conditionHolds(
  { operator, wanted }: Condition,
  got: readonly string[] | undefined,
): boolean | undefined {
  const [, set, name = '', ifExists] = /^(ForAnyValue:|ForAllValues:)?(.+?)(IfExists)?$/.exec(operator) ?? [];
  if (name === 'Null') return wanted.some((value) => (value === 'true') === (got === undefined));
  const known = operators.get(name);
  if (known === undefined || wanted.some((value) => value.includes('${'))) return undefined;
  // A key that the request lacks satisfies what is negated, what says IfExists, and every ForAllValues.
  if (got === undefined) {
    if (set === 'ForAnyValue:') return false;
    return known.negated || ifExists !== undefined || set === 'ForAllValues:';
  }
  const one = (value: string): boolean => wanted.some((want) => known.compare(want, value)) !== known.negated;
  return set === 'ForAllValues:' || (known.negated && set === undefined) ? got.every(one) : got.some(one);
}

function valuesOf(context: Context, key: string): readonly string[] | undefined {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase());
  if (found === undefined) return undefined;
  return typeof found[1] === 'string' ? [found[1]] : found[1];
}
