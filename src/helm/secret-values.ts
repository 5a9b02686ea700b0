// Which texts of a values file are secrets, by the names of their fields: helm may repeat them when it fails.
import { isMap } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';
import { readYaml } from '../bundle/yaml.ts';

/** Names of fields and variables whose text nobody else is to read. */
export const telling =
  /(pass(word|wd|phrase)?|token|secret[_-]?(access[_-]?)?key|api[_-]?key|private[_-]?key|client[_-]?secret|credentials?)$/i;

/** Shorter ones are words (`none`, `admin`): to hide them would make everything else unreadable. */
const shortest = 8;

const within = (value: Json, isTold: boolean): readonly string[] => {
  if (typeof value === 'string') return isTold && value.length >= shortest ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item: Json) => within(item, isTold));
  if (!isMap(value)) return [];
  const { name } = value;
  const isVariable = typeof name === 'string' && telling.test(name);
  return Object.entries(value).flatMap(([field, each]) =>
    each === undefined ? [] : within(each, telling.test(field) || (isVariable && field === 'value')),
  );
};

/** Of all documents; nothing of a text that is no YAML, which helm refuses without repeating it. */
export const secretsIn = (values: string): readonly string[] => [
  ...new Set(readYaml(values).flatMap(({ value }) => (value === undefined ? [] : within(value, false)))),
];
