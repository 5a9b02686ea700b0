// The fenced blocks of the documents, and the commands that the documents show, for the tests that try them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documents } from './documented-workflows.ts';

const root = join(import.meta.dirname, '..');

export interface Block {
  /** `docs/previews.md:12`: the line of the fence. */
  readonly where: string;
  /** Language behind the fence; empty where there is none. */
  readonly language: string;
  readonly text: string;
}

export interface ShownCommand {
  readonly where: string;
  readonly line: string;
  readonly words: readonly string[];
}

/** Blocks within a list item are indented; their text comes without it. */
function blocksOf(path: string, markdown: string): readonly Block[] {
  const fence = /^([ \t]*)(`{3,}|~{3,})[ \t]*(\S*).*\n([\s\S]*?)^\1\2[ \t]*$/gm;
  return [...markdown.matchAll(fence)].map(({ index, 1: indent = '', 3: language = '', 4: text = '' }) => ({
    where: `${path}:${markdown.slice(0, index).split('\n').length}`,
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

export const documentedBlocks = (): readonly Block[] =>
  documents().flatMap((path) => blocksOf(path, readFileSync(join(root, path), 'utf8')));

/** Programs that the documents tell people to run. */
const programs = ['npm', 'npx', 'node', 'kubectl', 'helm', 'aws', 'gh', 'terraform', 'curl', 'git', 'cd'];
export const shellLanguages = ['sh', 'bash', 'shell', 'console'];

/**
 * The commands of a script, word by word: split at newlines, `&&`, `||`, `;` and `|`; quotes are taken off.
 * Enough for what documents show; anything more (substitutions, loops) belongs into a file of its own.
 */
export function commandsOf(script: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  const token = /\\\n|#[^\n]*|(&&|\|\|?|;|\n)|((?:'[^']*'|"[^"]*"|\\.|[^\s'"\\;|&])+)|\s/g;
  for (const [, end, word] of script.matchAll(token)) {
    if (end !== undefined) commands.push([]);
    if (word !== undefined) commands.at(-1)?.push(word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  }
  return commands.filter((words) => words.length > 0);
}

const shown = (where: string, script: string): readonly ShownCommand[] =>
  commandsOf(script).map((words) => ({ where, line: words.join(' '), words }));

/** Commands in blocks and, where they begin with one of the programs, between backticks. */
function shownCommands(path: string, markdown: string): readonly ShownCommand[] {
  const blocks = blocksOf(path, markdown).filter(({ language }) => shellLanguages.includes(language));
  const prose = markdown.replaceAll(/^[ \t]*```[\s\S]*?^[ \t]*```/gm, (block) =>
    '\n'.repeat(block.split('\n').length - 1),
  );
  const spans = [...prose.matchAll(/`([^`]+)`/g)].filter(([, text = '']) =>
    programs.some((program) => text.startsWith(`${program} `)),
  );
  return [
    ...blocks.flatMap(({ where, text }) => shown(where, text.replaceAll(/^\$ /gm, ''))),
    ...spans.flatMap(({ index, 1: text = '' }) =>
      shown(`${path}:${prose.slice(0, index).split('\n').length}`, text),
    ),
  ];
}

export const documentedCommands = (): readonly ShownCommand[] =>
  documents().flatMap((path) => shownCommands(path, readFileSync(join(root, path), 'utf8')));
