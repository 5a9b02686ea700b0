// The files of the working directory → the bundle: which file holds what, and in which stage its objects are applied.
import { type Finding, finding } from '../verdict/finding.ts';
import { readChart, requirementsOf } from './chart.ts';
import { belongsToChart, chartFolders, folderOf, isHidden, nameOf } from './chart-folders.ts';
import { settleDuplicates } from './duplicates.ts';
import { encrypted, type Fate, isEncrypted } from './encrypted.ts';
import { isMap } from './field.ts';
import { Matcher } from './matcher.ts';
import { matchesNothing } from './named.ts';
import type { Bundle, Chart, Ignored, Sourced } from './object.ts';
import { refOf } from './object.ts';
import { isJson, type Parsed, parseManifests } from './parse.ts';
import { toolOf } from './readers.ts';
import { readYaml } from './yaml.ts';

export interface TextFile {
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** What the user named; an empty list means "found by content". */
export interface Globs {
  readonly crds: readonly string[];
  readonly charts: readonly string[];
  readonly manifests: readonly string[];
  readonly routes: readonly string[];
}

/** What kustomize made of its part of the files. */
export interface Kustomized {
  readonly objects: readonly Sourced[];
  /** Files that are not collected by themselves, and why. */
  readonly claimed: ReadonlyMap<string, string>;
}

const unkustomized: Kustomized = { objects: [], claimed: new Map() };

export interface Collected {
  readonly bundle: Bundle;
  readonly findings: readonly Finding[];
}

type Stage = 'crds' | 'manifests' | 'routes';

const stages: readonly Stage[] = ['crds', 'manifests', 'routes'];

const inputOf = (stage: Stage): string => `\`${stage}\``;

const isCrd = ({ object }: Sourced): boolean =>
  object.kind === 'CustomResourceDefinition' && object.apiVersion.startsWith('apiextensions.k8s.io/');

const isGuard = ({ object }: Sourced): boolean =>
  object.apiVersion.startsWith('admissionregistration.k8s.io/') &&
  /^ValidatingAdmissionPolicy(Binding)?$/.test(object.kind);

const isRoute = ({ object }: Sourced): boolean =>
  object.apiVersion.startsWith('gateway.networking.k8s.io/') && /^(HTTP|GRPC)Route$/.test(object.kind);

/**
 * Does the file look as if somebody meant it for the API server? Only then is broken YAML in it an error. What stands
 * further in is somebody else's: values that hold manifests, playbooks that apply some.
 */
const isMeant = (file: TextFile): boolean =>
  isJson(file.path)
    ? /^\s*\{\s*"(apiVersion|kind)"\s*:/.test(file.text)
    : /^(\{\s*)?["']?(apiVersion|kind)["']?\s*:/m.test(file.text);

const holdsObject = (file: TextFile): boolean =>
  readYaml(file.text).some(
    ({ value }) => isMap(value) && (value['apiVersion'] !== undefined || value['kind'] !== undefined),
  );

const whyNot = (path: string, root: string): string | undefined => {
  if (!/\.(ya?ml|json)$/.test(path)) return 'neither YAML nor JSON';
  if (isHidden(path, root)) return 'in a folder, or with a name, that begins with a dot';
  return undefined;
};

interface Read {
  readonly file: TextFile;
  /** Stages whose globs the user gave and that match the file. */
  readonly named: readonly Stage[];
  readonly parsed: Parsed;
}

class Collection {
  readonly #root: string;
  readonly #prunes: boolean;
  readonly #matchers: Readonly<Record<Stage | 'charts', Matcher>>;
  readonly findings: Finding[] = [];
  readonly ignored: Ignored[] = [];
  readonly charts: Chart[] = [];
  readonly stages: Record<Stage, Sourced[]> = { crds: [], manifests: [], routes: [] };

  constructor(globs: Globs, root: string, prunes: boolean) {
    this.#root = root;
    this.#prunes = prunes;
    this.#matchers = {
      crds: new Matcher(globs.crds, root),
      charts: new Matcher(globs.charts, root, 'Chart.yaml'),
      manifests: new Matcher(globs.manifests, root),
      routes: new Matcher(globs.routes, root),
    };
  }

  collect(files: readonly TextFile[], { objects, claimed }: Kustomized): void {
    const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const folders = chartFolders(sorted, this.#root);
    const texts = new Map(sorted.map(({ path, text }) => [path, text]));
    for (const file of sorted)
      if (folders.has(folderOf(file.path)) && nameOf(file.path) === 'Chart.yaml')
        this.#chart(file, texts.get(requirementsOf(file.path)));
    const rest = sorted.filter(
      (file) => ![...folders].some((folder) => belongsToChart(file.path, folder, this.#root)),
    );
    for (const { path: file } of rest) {
      const why = claimed.get(file);
      if (why !== undefined) this.ignored.push({ file, why });
    }
    this.#place(rest.flatMap((file) => (claimed.has(file.path) ? [] : (this.#read(file) ?? []))));
    this.#placeBuilt(objects);
    this.#settleDuplicates();
  }

  #chart(file: TextFile, requirements: string | undefined): void {
    const matcher = this.#matchers.charts;
    // The root's own folder is `.` to the user, however deep the working directory lies.
    const folder = folderOf(file.path);
    if (!matcher.matches(file.path) && !(folder !== this.#root && matcher.matches(folder))) {
      this.ignored.push({ file: file.path, why: 'not among the `charts` globs' });
      return;
    }
    const read = readChart(file.text, file.path, requirements);
    if ('chart' in read) this.charts.push(read.chart);
    else if ('ignored' in read) this.ignored.push({ file: file.path, why: read.ignored });
    else this.findings.push(...read.findings);
  }

  #read(file: TextFile): Read | undefined {
    const named = stages.filter(
      (stage) => this.#matchers[stage].names && this.#matchers[stage].matches(file.path),
    );
    const by = stages.find((stage) => this.#matchers[stage].takesOut(file.path));
    if (named.length === 0 && by !== undefined)
      return this.#ignore(file, `taken out by the input ${inputOf(by)}`);
    const why = whyNot(file.path, this.#root);
    if (why !== undefined && (named.length === 0 || why.startsWith('neither')))
      return this.#ignore(file, why);
    if (!isMeant(file) && named.length === 0 && !this.#holdsUnannounced(file))
      return this.#ignore(file, 'holds no Kubernetes object: no apiVersion and kind');
    const parsed = parseManifests(file.text, file.path, { found: named.length === 0 });
    const isEmpty = parsed.objects.length === 0 && parsed.findings.length === 0;
    if (named.length > 0 && isEmpty) this.findings.push(this.#empty(file, named));
    for (const { source, why } of parsed.strangers)
      this.ignored.push({ file: isEmpty ? file.path : `${file.path}:${source.line}`, why });
    this.findings.push(...parsed.findings);
    return { file, named, parsed };
  }

  /** JSON and YAML in flow style may hold an object without a line that begins with `kind:`. */
  #holdsUnannounced(file: TextFile): boolean {
    return /\bapiVersion\b/.test(file.text) && holdsObject(file);
  }

  #ignore(file: TextFile, why: string): undefined {
    this.ignored.push({ file: file.path, why });
  }

  #empty(file: TextFile, named: readonly Stage[]): Finding {
    return finding(
      'error',
      'bundle/not-an-object',
      `This file is named by the input ${named.map(inputOf).join(' and ')}, but holds no Kubernetes object.`,
      {
        source: { file: file.path, line: 1 },
        hint: 'Take it out of the globs with a pattern that begins with `!`.',
      },
    );
  }

  #place(read: readonly Read[]): void {
    const withCrds = read.filter(({ parsed }) => parsed.objects.some(isCrd));
    const crdFolders = new Set(withCrds.map(({ file }) => folderOf(file.path)));
    for (const { file, named, parsed } of read) {
      for (const sourced of parsed.objects) {
        const tool = toolOf(sourced.object);
        if (tool !== undefined)
          this.ignored.push({
            file: file.path,
            why: `${refOf(sourced.object)} is read by ${tool}, not by a cluster`,
          });
        else if (isEncrypted(sourced.object))
          this.#leaveEncrypted(sourced, named.length > 0 ? 'named' : 'left-out');
        else this.#put(sourced, this.#stageOf(sourced, named, crdFolders.has(folderOf(file.path))), named);
      }
    }
  }

  /** A build was chosen as a whole, so no glob is asked about its objects. */
  #placeBuilt(objects: readonly Sourced[]): void {
    const besideCrds = objects.some(isCrd);
    for (const sourced of objects) {
      const tool = toolOf(sourced.object);
      if (isEncrypted(sourced.object)) this.#leaveEncrypted(sourced, 'left-out');
      else if (tool === undefined) this.stages[this.#stageOf(sourced, [], besideCrds)].push(sourced);
      else
        this.ignored.push({ file: sourced.source.file, why: `${refOf(sourced.object)} is read by ${tool}` });
    }
  }

  #leaveEncrypted(sourced: Sourced, fate: Fate): void {
    this.findings.push(encrypted(sourced, fate === 'left-out' && this.#prunes ? 'pruned' : fate));
    if (fate === 'left-out')
      this.ignored.push({
        file: sourced.source.file,
        why: `${refOf(sourced.object)} is encrypted with SOPS`,
      });
  }

  #stageOf(sourced: Sourced, named: readonly Stage[], besideCrds: boolean): Stage {
    if (isCrd(sourced) || named.includes('crds')) return 'crds';
    if (isGuard(sourced) && besideCrds) return 'crds';
    return isRoute(sourced) ? 'routes' : 'manifests';
  }

  /** An object whose stage has globs counts only in a file that some glob names. */
  #put(sourced: Sourced, stage: Stage, named: readonly Stage[]): void {
    if (this.#matchers[stage].names && named.length === 0)
      this.ignored.push({
        file: sourced.source.file,
        why: `${refOf(sourced.object)} stands outside the ${inputOf(stage)} globs`,
      });
    else this.stages[stage].push(sourced);
  }

  /** Where nothing else is wrong: broken files hold nothing either. */
  checkNamed(globs: Globs, files: readonly TextFile[]): void {
    if (this.findings.some(({ severity }) => severity === 'error')) return;
    const fits = (stage: Stage): boolean => files.some(({ path }) => this.#matchers[stage].matches(path));
    const found: readonly (readonly [keyof Globs, string, boolean])[] = [
      ['crds', 'file', fits('crds')],
      ['charts', 'folder with a chart to install', this.charts.length > 0],
      ['manifests', 'file', fits('manifests')],
      ['routes', 'file with an HTTPRoute or a GRPCRoute', this.stages.routes.length > 0],
    ];
    // Who only takes something out may leave nothing.
    for (const [input, what, isThere] of found)
      if (this.#matchers[input].names && !isThere)
        this.findings.push(matchesNothing(input, globs[input], what, this.#root));
  }

  #settleDuplicates(): void {
    const { kept, ignored, findings } = settleDuplicates(stages.flatMap((stage) => this.stages[stage]));
    for (const stage of stages) this.stages[stage] = this.stages[stage].filter((each) => kept.has(each));
    this.ignored.push(...ignored);
    this.findings.push(...findings);
  }
}

/**
 * Sorts the files into the bundle. Nothing is read or applied here; everything wrong is said at once.
 *
 * Stages, by content:
 * - `crds`: every CustomResourceDefinition; the ValidatingAdmissionPolicies and their bindings that stand in the same
 *   file or folder as one (Gateway API's `safe-upgrades` guards its own CRDs); with `crds` globs, every object of the
 *   files that they match. Other objects in a file with CRDs (an operator's install.yaml) go where they belong.
 * - `charts`: the outermost folders with a Chart.yaml. All that stands under one is the chart's and is not collected; a
 *   chart in the root of the working directory claims only templates/, charts/, crds/, ci/ and its values files.
 * - `routes`: HTTPRoutes and GRPCRoutes. `manifests`: all the rest.
 *
 * Where a stage has globs that name files, its objects count only in files that some stage's globs match; a matched file
 * without an object is an error, and so is a stage whose globs match nothing. Patterns that only take files out (`!docs`) name
 * none: those files are left alone as a whole, all others go by their content. A file that no glob matches and in which
 * nothing was meant for a cluster is ignored, with the reason; broken YAML is an error where a line, not indented, begins
 * with `apiVersion:` or `kind:`.
 * @param root the working directory, relative to the workspace; the globs are relative to it
 * @param kustomized what kustomize builds, and the files that are its own
 * @param prunes whether what is not in the bundle is going to be removed
 */
export const collect = (
  files: readonly TextFile[],
  globs: Globs,
  root = '.',
  kustomized: Kustomized = unkustomized,
  prunes = false,
): Collected => {
  const collection = new Collection(globs, root.replace(/^\.\//, '').replace(/\/$/, '') || '.', prunes);
  collection.collect(files, kustomized);
  collection.checkNamed(globs, files);
  const { crds, manifests, routes } = collection.stages;
  const { charts, findings, ignored } = collection;
  if (
    findings.every(({ severity }) => severity !== 'error') &&
    [crds, manifests, routes, charts].every((found) => found.length === 0)
  )
    findings.push(
      finding(
        'error',
        'bundle/nothing-found',
        `${root === '.' ? 'The workspace' : `The folder ${root}`} holds no CRD, chart, manifest or route.`,
        {
          hint: 'Set `working-directory`, or name the files with the inputs `crds`, `charts`, `manifests` and `routes`.',
        },
      ),
    );
  return { bundle: { crds, charts, manifests, routes, ignored }, findings };
};
