// Hides values that may be secret in what is shown of a change.
import { isMap } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';
import type { Change } from './changes.ts';

const hidden = '(hidden)';

/** Names of fields, variables and flags whose values nobody should read; `secretName` and the like only point to one. */
const secretName =
  /passw(or)?d|passphrase|secret|token|api[-_]?key|private[-_]?key|credential|auth(orization)?$/i;
const pointer = /(name|ref|namespace|path|file|mount|provider|arn|id|version|type|ttl|seconds)s?$/i;

const isSecret = (name: string): boolean => secretName.test(name) && !pointer.test(name);

const scalar = (value: Json): boolean => typeof value === 'string' || typeof value === 'number';

/** `--token=abc`, `DB_PASSWORD=abc`, `https://user:abc@host`. */
const inText = (text: string): string =>
  text
    .replace(/^(--?[\w.-]+|\w+)=(.+)$/s, (whole, name: string) =>
      isSecret(name) ? `${name}=${hidden}` : whole,
    )
    .replace(/(:\/\/[^\s:/@]*:)[^\s/@]+@/g, `$1${hidden}@`);

const allOf = (value: Json): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => allOf(item));
  if (!isMap(value)) return value === null || typeof value === 'boolean' ? value : hidden;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, inner === undefined ? inner : allOf(inner)]),
  );
};

const inside = (value: Json): Json => {
  if (typeof value === 'string') return inText(value);
  if (Array.isArray(value)) return value.map((item: Json) => inside(item));
  if (!isMap(value)) return value;
  const { name } = value;
  const variable = typeof name === 'string' && isSecret(name);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (inner === undefined) return [key, inner];
      const secret = scalar(inner) && (isSecret(key) || (variable && key === 'value'));
      return [key, secret ? hidden : inside(inner)];
    }),
  );
};

/** The path's last name, and the name of the variable that it is the value of. */
const names = (path: string): readonly string[] => {
  const last = /(?:\.([\w$-]+)|\[([^\]="]+)\])$/.exec(path);
  const variable = /\[name="([^"]+)"\]\.value$/.exec(path);
  return [last?.[1] ?? last?.[2], variable?.[1]].filter((name) => name !== undefined);
};

/**
 * The change with every value hidden that a Secret holds, or that stands under a name that speaks of one. That a value
 * changes stays visible.
 */
export const hide = (kind: string, change: Change): Change => {
  const { path, from, to } = change;
  const whole = (kind === 'Secret' && /^\.(data|stringData)\b/.test(path)) || names(path).some(isSecret);
  const shown = (value: Json): Json => (whole ? allOf(value) : inside(value));
  return {
    path,
    ...(from !== undefined && { from: shown(from) }),
    ...(to !== undefined && { to: shown(to) }),
  };
};
