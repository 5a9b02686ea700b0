// What is not drift because somebody says so: rules by layer, object, path and manager, read from a file.
import { isMap } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';
import { readYaml, type YamlDocument } from '../bundle/yaml.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { type DriftItem, driftLayers } from './item.ts';

/** Patterns: `*` stands for any characters but `.`, `[` and `/`, `**` for any at all. What a rule does not say fits all. */
export interface IgnoreRule {
  readonly layer?: string;
  /** `Deployment apps/*`, `Record *.example.com`. */
  readonly object?: string;
  /** `.spec.replicas`; fields below it are meant too. */
  readonly path?: string;
  /** Who changed it: `kube-controller-manager`. */
  readonly manager?: string;
  /** Why; for those who read the file. */
  readonly reason?: string;
}

const keys = ['layer', 'object', 'path', 'manager', 'reason'] as const;
type Key = (typeof keys)[number];

const isKey = (name: string): name is Key => keys.some((each) => each === name);

interface Place {
  readonly file: string;
  readonly document: YamlDocument;
  readonly path: readonly (string | number)[];
}

const wrong = ({ file, document, path }: Place, message: string): Finding =>
  finding('error', 'drift/ignore-rule-invalid', message, {
    source: { file, line: document.lineAt(path) },
    hint: 'The form is `ignore:`, a list of maps with `layer`, `object`, `path`, `manager` and `reason`; see docs/drift.md.',
  });

const problemsOf = (rule: Json, place: Place): readonly Finding[] => {
  if (!isMap(rule))
    return [
      wrong(place, 'A rule is a map, such as `{ object: Deployment apps/web, path: .spec.replicas }`.'),
    ];
  const at = (name: string): Place => ({ ...place, path: [...place.path, name] });
  const fields = Object.entries(rule).flatMap(([name, value]): readonly Finding[] => {
    if (!isKey(name))
      return [
        wrong(
          at(name),
          `A rule has no field \`${name}\`; it may have ${keys.map((each) => `\`${each}\``).join(', ')}.`,
        ),
      ];
    if (typeof value !== 'string' || value === '') return [wrong(at(name), `\`${name}\` is not a text.`)];
    if (name === 'layer' && !driftLayers.some((each) => each === value))
      return [
        wrong(
          at(name),
          `There is no layer \`${value}\`; there are ${driftLayers.map((each) => `\`${each}\``).join(', ')}.`,
        ),
      ];
    return [];
  });
  const empty = !keys.some((name) => name !== 'reason' && rule[name] !== undefined);
  return empty && fields.length === 0
    ? [wrong(place, 'The rule says neither layer, object, path nor manager: it would ignore everything.')]
    : fields;
};

const ruleOf = (value: Json): IgnoreRule =>
  isMap(value)
    ? Object.fromEntries(
        Object.entries(value).filter(
          (entry): entry is [Key, string] => isKey(entry[0]) && typeof entry[1] === 'string',
        ),
      )
    : {};

/** @param file its path, for the findings */
export const parseIgnoreRules = (
  text: string,
  file: string,
): { readonly rules: readonly IgnoreRule[]; readonly findings: readonly Finding[] } => {
  const rules: IgnoreRule[] = [];
  const findings: Finding[] = [];
  for (const document of readYaml(text)) {
    const place = { file, document, path: [] };
    if (document.problems.length > 0) {
      for (const { line, message } of document.problems)
        findings.push({ ...wrong(place, `This is not valid YAML: ${message}.`), source: { file, line } });
      continue;
    }
    const { value } = document;
    const list = isMap(value) ? value['ignore'] : undefined;
    if (!isMap(value) || !Array.isArray(list)) {
      findings.push(wrong(place, 'The file has no list `ignore`.'));
      continue;
    }
    for (const name of Object.keys(value).filter((each) => each !== 'ignore'))
      findings.push(wrong({ ...place, path: [name] }, `The file has no field \`${name}\`, only \`ignore\`.`));
    for (const [index, item] of list.entries()) {
      findings.push(...problemsOf(item, { ...place, path: ['ignore', index] }));
      rules.push(ruleOf(item));
    }
  }
  return findings.length > 0 ? { rules: [], findings } : { rules, findings };
};

/** @param below whether what begins with a match fits too, at the border of a step */
const fits = (pattern: string | undefined, text: string, below = false): boolean => {
  if (pattern === undefined) return true;
  const source = pattern
    .replaceAll(/[\\^$.|+?()[\]{}]/g, '\\$&')
    .replaceAll(/\\\[\*\\\]|\*\*|\*/g, (stars) =>
      stars === '**' ? '.*' : stars === '*' ? '[^./\\[]*' : '\\[[^\\]]+\\]',
    );
  return new RegExp(`^${source}${below ? '(?=$|[.[])' : '$'}`, 's').test(text);
};

/** The first rule that covers the item. */
export const ignoredBy = (item: DriftItem, rules: readonly IgnoreRule[]): IgnoreRule | undefined =>
  rules.find(
    ({ layer, object, path, manager }) =>
      fits(layer, item.layer) &&
      fits(object, item.ref) &&
      fits(path, item.path, true) &&
      (manager === undefined || (item.by !== undefined && fits(manager, item.by))),
  );
