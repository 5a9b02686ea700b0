// Regular expressions of other people: tried only where that cannot take long.

/** Steps; a look at one takes less than 100 ms. */
const most = 10_000_000;

/** `*`, `+`, `{2,}` at this place; `?` alone and counts such as `{3}` repeat nothing that could be shared out in other ways. */
const repeats = (expression: string, at: number): boolean =>
  /^(?:[*+]|\{\d*,\d*\})/.test(expression.slice(at, at + 16));

/**
 * How many steps it may take at most: each repetition may end at every place of the text. Infinite where a repeated group
 * holds a choice or a repetition, whose combinations double with each character (`(a+)+$`, `(a|a)*$`).
 */
const stepsOf = (expression: string, length: number): number => {
  let steps = Math.max(1, length);
  /** For each open group: whether it holds a choice or a repetition. */
  const open: boolean[] = [];
  let inClass = false;
  for (let at = 0; at < expression.length; at += 1) {
    const sign = expression[at];
    if (sign === '\\') at += 1;
    else if (inClass) inClass = sign !== ']';
    else if (sign === '[') inClass = true;
    else if (sign === '(') open.push(false);
    else if (sign === '|') open.fill(true);
    else if (sign === ')') {
      const branches = open.pop() ?? false;
      if (repeats(expression, at + 1) && branches) return Number.POSITIVE_INFINITY;
    } else if (repeats(expression, at)) {
      open.fill(true);
      steps *= Math.max(2, length);
    }
  }
  return steps;
};

/** `undefined` where JavaScript does not take the expression, or might take too long with it: nobody here can tell. */
export const fitsExpression = (expression: string, text: string): boolean | undefined => {
  if (stepsOf(expression, text.length) > most) return undefined;
  try {
    return new RegExp(expression).test(text);
  } catch {
    return undefined;
  }
};
