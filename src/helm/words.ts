// What helm itself said when it failed.
import type { ChildEnd } from '../child.ts';

const longest = 2_000;

/** An address may carry a password, `https://user:password@host`: helm repeats it. */
export const withoutPasswords = (text: string): string =>
  text.replaceAll(/(:\/\/)[^\s/@"'?#]*:[^\s/@"'?#]*@/g, '$1***@');

/** Helm's error in its own words: from the last `Error:` on, otherwise the end of what it wrote. */
export const helmWords = ({ stdout, stderr }: Pick<ChildEnd, 'stdout' | 'stderr'>): string => {
  const text = withoutPasswords(stderr.trim() || stdout.trim()).replaceAll(/^level=\S+ .*\n?/gm, '');
  const start = text.lastIndexOf('\nError: ');
  const from = text.startsWith('Error: ') && start === -1 ? 0 : start + 1;
  const words =
    start === -1 && from === 0 && !text.startsWith('Error: ') ? text.slice(-longest) : text.slice(from);
  return (
    words
      .replace(/^Error: /, '')
      .trim()
      .slice(0, longest) || 'no reason given'
  );
};
