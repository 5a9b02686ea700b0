// Finds the line of a field that somebody complained of, in the file that it came from.
import type { Locate } from '../../apply/outcome.ts';
import { lineOfField } from '../../bundle/locate.ts';
import { resolvePath } from '../../compare/path.ts';
import { readAgain } from '../../files/read.ts';

/** The object's own place where the field cannot be found: in a chart's template, in a file that has changed. */
export const locator =
  (workspace: string): Locate =>
  async ({ object, source }, path) => {
    const text = await readAgain(workspace, source.file);
    const line = text === undefined ? undefined : lineOfField(text, source.line, resolvePath(object, path));
    return line === undefined ? source : { ...source, line };
  };
