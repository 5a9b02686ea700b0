// What the user named against what was found: an input that matches nothing is a slip, and a run without it proves nothing.
import { type Finding, finding } from '../verdict/finding.ts';

/** How many of an input's globs a sentence repeats. */
const told = 3;

const sayGlobs = (globs: readonly string[]): string => {
  const rest = globs.length - told;
  const all = globs.slice(0, told).map((glob) => `\`${glob.slice(0, 200)}\``);
  return [...all, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
};

const slips: readonly (readonly [RegExp, string])[] = [
  [/^["']|["']$/, 'Write it without quotes.'],
  [/\\/, 'Write it with forward slashes.'],
  [/^\//, 'Write it relative to `working-directory`.'],
  [/^\.\.\//, 'What lies outside of `working-directory` is not looked at: widen that input.'],
  [/,/, 'Write one a line.'],
];

/** @param what `file with an HTTPRoute or a GRPCRoute` */
export const matchesNothing = (
  input: string,
  globs: readonly string[],
  what: string,
  root: string,
): Finding => {
  const where = root === '.' ? 'the workspace' : `the working directory ${root}`;
  const slip = slips.find(([form]) => globs.some((glob) => form.test(glob)))?.[1];
  return finding(
    'error',
    'input/invalid',
    `\`${input}\` (${sayGlobs(globs)}) names no ${what} in ${where}.`,
    {
      hint:
        slip ??
        'Correct it: globs and folders are relative to `working-directory`, one a line; or leave the input empty.',
    },
  );
};
