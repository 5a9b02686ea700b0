// The text of a kustomization → what it builds on, each reference with its line.
import { posix } from 'node:path';
import { type Finding, finding, type Source } from '../verdict/finding.ts';
import { isMap, list, text, texts } from './field.ts';
import type { Json } from './object.ts';
import { readYaml } from './yaml.ts';

/** One path or address that a kustomization names. */
export interface KustomizeReference {
  /** As written. */
  readonly to: string;
  readonly source: Source;
}

export interface Kustomization {
  /** Relative to the workspace; `.` for the workspace itself. */
  readonly folder: string;
  readonly source: Source;
  /** A component is a part of other kustomizations and cannot be built alone. */
  readonly component: boolean;
  readonly references: readonly KustomizeReference[];
  /** Where it asks for charts: kustomize would fetch and run them with rights that nobody gave. */
  readonly charts?: Source;
  readonly buildMetadata: readonly string[];
}

export type KustomizationRead = { readonly kustomization: Kustomization } | { readonly findings: Finding[] };

/** The names that kustomize looks for, in its order (api/konfig/general.go, v5.8). */
export const kustomizationNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

type Path = readonly (string | number)[];
type Named = readonly [path: Path, to: string];

/** Fields that are lists of paths (api/types/kustomization.go, v5.8); a patch may also stand in the file itself. */
const pathLists = [
  'resources',
  'bases',
  'components',
  'crds',
  'configurations',
  'generators',
  'transformers',
  'validators',
  'patchesStrategicMerge',
] as const;

const pathFields = ['patches', 'patchesJson6902', 'replacements'] as const;
const generators = ['configMapGenerator', 'secretGenerator'] as const;

/** `key=path` names the file after the sign. */
const fileOf = (entry: string): string => entry.slice(entry.indexOf('=') + 1);

const isInline = (entry: string): boolean => /\n|:\s|^\s*[{[]/.test(entry);

const namedIn = (value: Json): Named[] => [
  ...pathLists.flatMap((name) =>
    list(value, name).flatMap((each, index): Named[] =>
      typeof each === 'string' && !isInline(each) ? [[[name, index], each.trim()]] : [],
    ),
  ),
  ...pathFields.flatMap((name) =>
    list(value, name).flatMap((each, index): Named[] => {
      const to = text(each, 'path');
      return to === undefined ? [] : [[[name, index, 'path'], to]];
    }),
  ),
  ...generators.flatMap((name) =>
    list(value, name).flatMap((each, index): Named[] => [
      ...texts(each, 'files').map((to, at): Named => [[name, index, 'files', at], fileOf(to)]),
      ...texts(each, 'envs').map((to, at): Named => [[name, index, 'envs', at], to]),
      ...(text(each, 'env') === undefined
        ? []
        : [[[name, index, 'env'], text(each, 'env') ?? ''] satisfies Named]),
    ]),
  ),
  ...(text(value, 'openapi', 'path') === undefined
    ? []
    : [[['openapi', 'path'], text(value, 'openapi', 'path') ?? ''] satisfies Named]),
];

/** Kustomize itself says what else is wrong with the file; here only what must be known before it runs. */
export const readKustomization = (body: string, file: string): KustomizationRead => {
  const [document] = readYaml(body);
  const value = document?.value ?? null;
  const source = { file, line: document?.line ?? 1 };
  const problems = document?.problems ?? [];
  if (problems.length > 0 || !isMap(value)) {
    const wrong = problems.length > 0 ? problems : [{ line: 1, message: 'it is not a map' }];
    return {
      findings: wrong.map(({ line, message }) =>
        finding('error', 'bundle/kustomize-failed', `This kustomization cannot be used: ${message}.`, {
          source: { file, line },
          hint: 'kubectl.docs.kubernetes.io/references/kustomize lists what a kustomization holds.',
        }),
      ),
    };
  }
  const lineOf = (path: Path): Source => ({ file, line: document?.lineAt(path) ?? 1 });
  const charts = ['helmCharts', 'helmChartInflationGenerator'].find((name) => list(value, name).length > 0);
  return {
    kustomization: {
      folder: file.includes('/') ? posix.dirname(file) : '.',
      source,
      component: text(value, 'kind') === 'Component',
      references: namedIn(value).map(([path, to]) => ({ to, source: lineOf(path) })),
      ...(charts !== undefined && { charts: lineOf([charts]) }),
      buildMetadata: texts(value, 'buildMetadata'),
    },
  };
};

/** An address that kustomize would fetch with git or over HTTP (api/internal/git/repospec.go, v5.8). */
export const isRemote = (to: string): boolean =>
  /:\/\/|^git::|^[\w.-]+@[\w.-]+:|^(www\.)?github\.com[/:]|\?(ref|version|timeout|submodules)=/i.test(to);

/** The path in the workspace that a local reference leads to; `undefined` where it leaves the workspace. */
export const pathOfReference = (folder: string, to: string): string | undefined => {
  if (posix.isAbsolute(to)) return undefined;
  const path = posix.join(folder, to).replace(/\/$/, '');
  return path === '..' || path.startsWith('../') ? undefined : path || '.';
};
