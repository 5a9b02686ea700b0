// Blocks of the documents that people are told to use as they stand: policies, and roles of the cluster.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const docs = join(import.meta.dirname, '..', 'docs');

/**
 * The fenced block below `<!-- mark -->`, as it stands: `documented('permissions.md', 'run-eks')`.
 * @throws Error where the page has no such block
 */
export function documented(page: string, mark: string): string {
  const text = readFileSync(join(docs, page), 'utf8');
  const found = new RegExp(`<!-- ${mark} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];
  if (found === undefined) throw new Error(`docs/${page} has no block ${mark}`);
  return found;
}
