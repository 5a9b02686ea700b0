// A Chart.yaml → the chart it describes.
import { posix } from 'node:path';
import { type Finding, finding } from '../verdict/finding.ts';
import { field, isMap, list, text, texts } from './field.ts';
import type { Chart, Json } from './object.ts';
import { readYaml, type YamlDocument } from './yaml.ts';

export type ChartRead =
  | { readonly chart: Chart }
  | { readonly findings: readonly Finding[] }
  /** A chart that is not for installing. */
  | { readonly ignored: string };

/** Helm wants SemVer 2 and forgives a leading `v` and missing parts (Masterminds/semver NewVersion). */
const version = /^v?\d+(\.\d+){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

const nameProblem = (name: Json | undefined): string | undefined => {
  if (typeof name !== 'string' || name === '') return 'it has no name';
  return name.includes('/') ? `its name "${name}" holds a slash` : undefined;
};

const versionProblem = (value: Json | undefined): string | undefined => {
  if (typeof value === 'number') return `its version ${value} is a number; put it in quotes`;
  if (typeof value !== 'string' || value === '') return 'it has no version';
  return version.test(value) ? undefined : `its version "${value}" is not a semantic version (1.2.3)`;
};

/**
 * Helm copies a dependency by `file://` from wherever it lies, and unpacks one under its name: neither may lead out of
 * the repository (pkg/downloader/manager.go, helm 4.2 and 3.21).
 */
const leavesRepository = (repository: string, folder: string): boolean => {
  if (!repository.startsWith('file://')) return false;
  const path = repository.slice('file://'.length);
  return path.startsWith('/') || /^\.\.(\/|$)/.test(posix.normalize(posix.join(folder, path)));
};

const dependencyProblem = (dependency: Json, folder: string): string | undefined => {
  const name = text(dependency, 'name');
  if (name === undefined) return 'one of its dependencies has no name';
  for (const part of [name, text(dependency, 'alias') ?? '']) {
    if (/[/\\]|^\.\.?$/.test(part)) return `the name "${part}" of a dependency is a path`;
  }
  const wanted = field(dependency, 'version');
  if (typeof wanted === 'number')
    return `the version of its dependency ${name} is a number; put it in quotes`;
  const repository = field(dependency, 'repository');
  if (repository === undefined || repository === null) return undefined;
  if (typeof repository !== 'string') return `the repository of its dependency ${name} is not an address`;
  return leavesRepository(repository, folder)
    ? `the repository ${repository} of its dependency ${name} leads out of the workspace`
    : undefined;
};

/** What is wrong with the chart, each with the field that it concerns. */
const problemsOf = (
  value: Json,
  folder: string,
): readonly { readonly path: (string | number)[]; readonly message: string }[] => {
  if (!isMap(value)) return [{ path: [], message: 'it is not a map' }];
  const apiVersion = field(value, 'apiVersion');
  const checks: readonly [(string | number)[], string | undefined][] = [
    [
      ['apiVersion'],
      apiVersion === 'v1' || apiVersion === 'v2' ? undefined : 'its apiVersion is neither v2 nor v1',
    ],
    [['name'], nameProblem(field(value, 'name'))],
    [['version'], versionProblem(field(value, 'version'))],
    ...list(value, 'dependencies').map((dependency, index): [(string | number)[], string | undefined] => [
      ['dependencies', index],
      dependencyProblem(dependency, folder),
    ]),
  ];
  return checks.flatMap(([path, message]) => (message === undefined ? [] : [{ path, message }]));
};

const invalid = (file: string, line: number, message: string): Finding =>
  finding('error', 'bundle/invalid-chart', `This Chart.yaml cannot be used: ${message}.`, {
    source: { file, line },
    hint: 'helm.sh/docs/topics/charts lists what a Chart.yaml holds.',
  });

const switchesOf = (dependency: Json) => {
  const [alias, condition] = [text(dependency, 'alias'), text(dependency, 'condition')];
  const tags = texts(dependency, 'tags');
  return {
    ...(alias !== undefined && { alias }),
    ...(condition !== undefined && { condition }),
    ...(tags.length > 0 && { tags }),
  };
};

const chartOf = (value: Json, document: YamlDocument, file: string): Chart => ({
  folder: posix.dirname(file),
  name: text(value, 'name') ?? '',
  version: text(value, 'version') ?? '',
  dependencies: list(value, 'dependencies').map((dependency) => ({
    name: text(dependency, 'name') ?? '',
    version: text(dependency, 'version') ?? '',
    repository: text(dependency, 'repository') ?? '',
    ...switchesOf(dependency),
  })),
  source: { file, line: document.line },
});

/** Reads a Chart.yaml, of a library chart too. */
export const readAnyChart = (
  body: string,
  file: string,
): Exclude<ChartRead, { ignored: string }> & { readonly isLibrary?: boolean } => {
  const [document] = readYaml(body);
  if (document === undefined) return { findings: [invalid(file, 1, 'it is empty')] };
  if (document.problems.length > 0)
    return { findings: document.problems.map(({ line, message }) => invalid(file, line, message)) };
  const value = document.value ?? null;
  const problems = problemsOf(value, posix.dirname(file));
  if (problems.length > 0)
    return { findings: problems.map(({ path, message }) => invalid(file, document.lineAt(path), message)) };
  return { chart: chartOf(value, document, file), isLibrary: text(value, 'type') === 'library' };
};

/** Reads a Chart.yaml. A library chart cannot be installed and is passed over. */
export const readChart = (body: string, file: string): ChartRead => {
  const read = readAnyChart(body, file);
  if (!('chart' in read)) return read;
  return read.isLibrary === true
    ? { ignored: 'a library chart, which cannot be installed' }
    : { chart: read.chart };
};
