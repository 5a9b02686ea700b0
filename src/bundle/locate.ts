// Where a field of an object stands in its file: read again only when somebody complains of the field.
import { isMap, list, text } from './field.ts';
import type { JsonObject } from './object.ts';
import { readYaml, type YamlDocument } from './yaml.ts';

type Path = readonly (string | number)[];

/** The path of the list item that begins at the line; the document itself where it is no list. */
const itemAt = (document: YamlDocument, value: JsonObject, line: number): Path | undefined => {
  if (text(value, 'kind')?.endsWith('List') !== true) return document.line === line ? [] : undefined;
  const index = list(value, 'items').findIndex((_, at) => document.lineAt(['items', at]) === line);
  return index === -1 ? undefined : ['items', index];
};

/**
 * The 1-based line of a field of the object that begins at `line`, or of the nearest ancestor that is there;
 * `undefined` where no object begins there (a template, a file that has changed).
 * @param body the file's text
 * @param path keys and indexes, from the object on
 */
export const lineOfField = (body: string, line: number, path: Path): number | undefined => {
  for (const document of readYaml(body)) {
    const { value } = document;
    const item = isMap(value) ? itemAt(document, value, line) : undefined;
    if (item !== undefined) return path.length === 0 ? line : document.lineAt([...item, ...path]);
  }
  return undefined;
};
