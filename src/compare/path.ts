// Paths of fields as the API server writes them: `.spec.containers[name="web"].image`, `spec.hostnames[0]`.
import { isMap } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';

type Step = string | number | { readonly keys: ReadonlyMap<string, string> };

const step = /^(?:\.?([A-Za-z_$][\w$/-]*)|\[(\d+)\]|\["?([^\]="]+)"?\]|\[([^\]]*=[^\]]*)\]|\.)/;

const stepsOf = (text: string): readonly Step[] => {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const match = step.exec(rest);
    if (match === null) return steps;
    const [whole, name, index, quoted, keys] = match;
    if (name !== undefined) steps.push(name);
    else if (index !== undefined) steps.push(Number(index));
    else if (quoted !== undefined) steps.push(quoted);
    else if (keys !== undefined) {
      const pairs = [...keys.matchAll(/([\w.-]*)=("(?:[^"\\]|\\.)*"|[^,]*)/g)];
      steps.push({
        keys: new Map(pairs.map(([, key = '', value = '']) => [key, value.replaceAll('"', '')])),
      });
    }
    rest = rest.slice(whole.length);
  }
  return steps;
};

const indexOf = (list: Json | undefined, keys: ReadonlyMap<string, string>): number =>
  Array.isArray(list)
    ? list.findIndex((item: Json) =>
        [...keys].every(([key, value]) => String(key === '' ? item : isMap(item) ? item[key] : '') === value),
      )
    : -1;

/** The path in keys and indexes, as far as it leads in the object. */
export const resolvePath = (object: Json, text: string): readonly (string | number)[] => {
  const path: (string | number)[] = [];
  let at: Json | undefined = object;
  for (const each of stepsOf(text)) {
    const key: string | number = typeof each === 'object' ? indexOf(at, each.keys) : each;
    if (key === -1) return path;
    if (typeof key === 'number') at = Array.isArray(at) ? (at[key] as Json | undefined) : undefined;
    else at = isMap(at) && Object.hasOwn(at, key) ? at[key] : undefined;
    if (at === undefined) return path;
    path.push(key);
  }
  return path;
};
