// Lines for the runner's log: commands we mean, and text from outside that must not be taken for one.
import { visible } from '../verdict/visible.ts';

/** GitHub shows no more annotations of one type from a step, and no more characters of each. */
const annotationLimit = 10;
const annotationLength = 4_096;

/** C0 and C1 control characters but tab and newline: a terminal obeys them, and .NET trims some as blanks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/**
 * Text from a repository, cluster or server, fit to be logged: whatever it holds, the runner finds no command in it.
 * The runner takes `::name::` at the start of a line, blanks before it trimmed, and `##[name]` anywhere in a line
 * (actions/runner ActionCommand.cs, TryParseV2 and TryParse). The backslash is left to be seen. `%0A` and `%0D` are
 * newlines inside a command's data, so text that ends up there must not bring its own.
 */
export function harmless(text: string): string {
  return visible(text)
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n')
    .replace(control, '')
    .replace(/^([^\S\n]*)::/gm, '$1\\::')
    .replaceAll('##[', '##\\[')
    .replace(/%(0[ad])/gi, '%\\$1');
}

/** Opens a group that folds in the log; {@link endGroup} closes it. Groups do not nest. */
export const group = (title: string): string => `::group::${escapeData(harmless(title))}`;
export const endGroup = '::endgroup::';

/**
 * Commands that make the runner hide a value wherever it is printed from now on. Every line of the value gets a mask of
 * its own, since the log is masked line by line; a blank line or one letter would blot out the whole log.
 */
export function masks(secret: string): readonly string[] {
  const parts = new Set([secret, ...secret.split(/\r?\n/)]);
  return [...parts].filter((part) => part.trim().length > 1).map((part) => `::add-mask::${escapeData(part)}`);
}

export interface Annotation {
  readonly severity: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
}

/**
 * Makes annotation commands; `undefined` once GitHub would drop them: log the text plainly then.
 * One for each step, since the limit is the step's.
 */
export function annotations(): (annotation: Annotation) => string | undefined {
  const used = { error: 0, warning: 0, notice: 0 };
  return ({ severity, message, title, file, line }) => {
    used[severity] += 1;
    if (used[severity] > annotationLimit) return undefined;
    const properties = Object.entries({ file, line, title })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
      .join(',');
    return `::${severity}${properties && ` ${properties}`}::${escapeData(shortened(visible(message)))}`;
  };
}

function shortened(message: string): string {
  return message.length <= annotationLength ? message : `${message.slice(0, annotationLength - 1)}…`;
}

/** actions/toolkit command.ts: the runner undoes exactly these. */
const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
