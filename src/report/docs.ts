// Where docs/codes explains a code.
import type { Code } from '../verdict/codes.ts';

/** Path in the action's repository: a page for each area, a heading for each code. */
export function docsPath(code: Code): string {
  const [area = '', what = ''] = code.split('/');
  return `docs/codes/${area}.md#${what}`;
}
