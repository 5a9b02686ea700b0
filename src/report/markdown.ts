// Text from repositories, clusters and servers made harmless inside GitHub-flavoured Markdown.
import { visible } from '../verdict/visible.ts';

const oneLine = (text: string): string => visible(text).replace(/\s+/g, ' ').trim();

/** Plain text: shown as it is, never as markup, a mention or a link. */
export const plain = (text: string): string =>
  oneLine(text)
    .replace(/[\\`*_{}[\]<>()#+!|~&]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll('@', '@\u200b')
    .replace(/\b(https?|www)(:|\.)/gi, '$1\u200b$2');

/** A code span that its content cannot leave. */
export const code = (text: string, limit = 500): string => {
  const flat = clip(oneLine(text), limit);
  const longest = Math.max(0, ...(flat.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = flat.startsWith('`') || flat.endsWith('`') || flat === '' ? ' ' : '';
  return `${fence}${pad}${flat}${pad}${fence}`;
};

/** Text to be seen line by line, or copied; a fence that its content cannot close. `indent` places it in a list. */
export const block = (text: string, indent = ''): string => {
  const lines = clip(visible(text), 4_000).split(/\r?\n/);
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [fence, ...lines, fence].map((line) => `${indent}${line}`).join('\n');
};

/** Our own sentences, in which names from outside stand: backtick spans are kept, the rest is made harmless. */
export const sentence = (text: string): string =>
  text
    .split(/(`[^`\n]*`)/)
    .map((part) => (/^`[^`\n]+`$/.test(part) ? code(part.slice(1, -1)) : keepEdges(part, plain)))
    .join('');

const keepEdges = (text: string, harmless: (inner: string) => string): string => {
  const lead = /^\s/.test(text) ? ' ' : '';
  const trail = /\s$/.test(text) && text.trim() !== '' ? ' ' : '';
  return `${lead}${harmless(text)}${trail}`;
};

const bytes = (text: string): number => new TextEncoder().encode(text).length;

/** Whole pieces as long as they fit into so many bytes: half a table, or half of something folded, is none. */
export const fitting = (
  pieces: readonly string[],
  most: number,
  rest: (left: number) => string,
): readonly string[] => {
  const shown: string[] = [];
  let size = 0;
  for (const piece of pieces) {
    size += bytes(piece) + 2;
    if (size > most) return [...shown, rest(pieces.length - shown.length)];
    shown.push(piece);
  }
  return shown;
};

/** At most `limit` characters, an ellipsis among them. */
export const clip = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;

/** A backslash before `|` would be taken for its escape, and the cell would end there. */
const cell = (text: string): string => text.replaceAll('\\|', '\\\u200b|').replaceAll('|', '\\|');

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');

/** A code span where Markdown is not read: in a folded part's title. */
export const htmlCode = (text: string): string => `<code>${plain(text)}</code>`;

export const folded = (title: string, body: string): string =>
  `<details>\n<summary>${title}</summary>\n\n${body}\n\n</details>`;
