// A Chart.yaml → the chart it describes.
import { posix } from 'node:path';
import { type Finding, finding, type Source } from '../verdict/finding.ts';
import { field, isMap, list, text, texts } from './field.ts';
import type { Chart, Json, JsonObject } from './object.ts';
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

interface Complaint {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const apiVersionProblem = (value: Json | undefined): string | undefined =>
  // Helm takes none for v1.
  ['v1', 'v2', '', null, undefined].some((each) => each === value)
    ? undefined
    : 'its apiVersion is neither v2 nor v1';

const dependencyProblems = (value: Json, folder: string): readonly Complaint[] =>
  list(value, 'dependencies').flatMap((dependency, index) => {
    const message = dependencyProblem(dependency, folder);
    return message === undefined ? [] : [{ path: ['dependencies', index], message }];
  });

/** What is wrong with the chart, each with the field that it concerns. */
const problemsOf = (value: Json, folder: string): readonly Complaint[] => {
  const checks: readonly [string, string | undefined][] = [
    ['apiVersion', apiVersionProblem(field(value, 'apiVersion'))],
    ['name', nameProblem(field(value, 'name'))],
    ['version', versionProblem(field(value, 'version'))],
  ];
  const own = checks.flatMap(([name, message]) => (message === undefined ? [] : [{ path: [name], message }]));
  return [...own, ...dependencyProblems(value, folder)];
};

const invalid = (file: string, line: number, message: string): Finding =>
  finding('error', 'bundle/invalid-chart', `This ${posix.basename(file)} cannot be used: ${message}.`, {
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

const chartOf = (value: Json, dependencies: readonly Json[], source: Source): Chart => ({
  folder: posix.dirname(source.file),
  name: text(value, 'name') ?? '',
  version: text(value, 'version') ?? '',
  dependencies: dependencies.map((dependency) => ({
    name: text(dependency, 'name') ?? '',
    version: text(dependency, 'version') ?? '',
    repository: text(dependency, 'repository') ?? '',
    ...switchesOf(dependency),
  })),
  source,
});

type MapRead =
  | { readonly value: JsonObject; readonly document: YamlDocument }
  | { readonly findings: readonly Finding[] };

const readMap = (
  body: string,
  file: string,
  problems: (value: Json, folder: string) => readonly Complaint[],
): MapRead => {
  const [document] = readYaml(body);
  if (document === undefined) return { findings: [invalid(file, 1, 'it is empty')] };
  const { value } = document;
  const wrong = isMap(value)
    ? problems(value, posix.dirname(file)).map(({ path, message }) => ({
        line: document.lineAt(path),
        message,
      }))
    : [{ line: document.line, message: 'it is not a map' }];
  const all = document.problems.length > 0 ? document.problems : wrong;
  return all.length === 0 && isMap(value)
    ? { value, document }
    : { findings: all.map(({ line, message }) => invalid(file, line, message)) };
};

const isNothing = (body: string): boolean => {
  const [document] = readYaml(body);
  return document === undefined || (document.problems.length === 0 && (document.value ?? null) === null);
};

/** The file in which charts of apiVersion v1 have their dependencies, beside a Chart.yaml. */
export const requirementsOf = (chartYaml: string): string =>
  posix.join(posix.dirname(chartYaml), 'requirements.yaml');

/**
 * Reads a Chart.yaml, of a library chart too.
 * @param requirements the text of the requirements.yaml beside it: helm still reads it, of charts of v2 as well, and takes its
 * dependencies in place of Chart.yaml's (pkg/chart/v2/loader/load.go, helm 4.2; 3.21 alike)
 */
export const readAnyChart = (
  body: string,
  file: string,
  requirements?: string,
): Exclude<ChartRead, { ignored: string }> & { readonly isLibrary?: boolean } => {
  const own = readMap(body, file, problemsOf);
  const asked =
    requirements === undefined || isNothing(requirements)
      ? undefined
      : readMap(requirements, requirementsOf(file), dependencyProblems);
  const findings = [own, asked].flatMap((read) => (read && 'findings' in read ? read.findings : []));
  if (findings.length > 0 || 'findings' in own) return { findings };
  const { value, document } = own;
  const from = asked && 'value' in asked && Object.hasOwn(asked.value, 'dependencies') ? asked.value : value;
  const chart = chartOf(value, list(from, 'dependencies'), { file, line: document.line });
  return { chart, isLibrary: text(value, 'type') === 'library' };
};

/** Reads a Chart.yaml. A library chart cannot be installed and is passed over. */
export const readChart = (body: string, file: string, requirements?: string): ChartRead => {
  const read = readAnyChart(body, file, requirements);
  if (!('chart' in read)) return read;
  return read.isLibrary === true
    ? { ignored: 'a library chart, which cannot be installed' }
    : { chart: read.chart };
};
