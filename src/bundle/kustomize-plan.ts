// The files of the working directory → which kustomizations are built, and which files are theirs.
import { type Finding, finding } from '../verdict/finding.ts';
import { belongsToChart, chartFolders, folderOf, isHidden, nameOf } from './chart-folders.ts';
import type { Globs, TextFile } from './collect.ts';
import {
  type Kustomization,
  kustomizationNames,
  pathOfReference,
  readKustomization,
} from './kustomization.ts';
import { Matcher } from './matcher.ts';

export interface KustomizePlan {
  /** What is built, by folder. */
  readonly builds: readonly Kustomization[];
  /** Files that kustomize reads, or that stand beside what it reads: why they are not collected by themselves. */
  readonly claimed: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
}

class Planning {
  readonly #files: readonly TextFile[];
  readonly #root: string;
  /** Matchers of the stages for which the user gave globs. */
  readonly #given: readonly Matcher[];
  readonly #takers: readonly Matcher[];
  readonly findings: Finding[] = [];
  readonly #all = new Map<string, Kustomization>();

  constructor(files: readonly TextFile[], globs: Globs, root: string) {
    this.#root = root;
    const matchers = [globs.crds, globs.manifests, globs.routes].map(
      (each) => new Matcher(each, root, '{kustomization.y*ml,Kustomization}'),
    );
    this.#given = matchers.filter((each) => each.names);
    this.#takers = matchers;
    const charts = chartFolders(files, root);
    this.#files = files.filter(
      ({ path }) => !isHidden(path, root) && ![...charts].some((chart) => belongsToChart(path, chart, root)),
    );
    for (const name of kustomizationNames.toReversed())
      for (const file of this.#files) if (nameOf(file.path) === name) this.#take(file);
  }

  #take(file: TextFile): void {
    const read = readKustomization(file.text, file.path);
    if ('kustomization' in read) this.#all.set(folderOf(file.path), read.kustomization);
    else this.findings.push(...read.findings);
  }

  /** Folders and files that it names, in the workspace. */
  #named({ folder, references }: Kustomization): string[] {
    return references.flatMap(({ to }) => pathOfReference(folder, to) ?? []);
  }

  /** Itself and every kustomization that it builds on. */
  #reach(from: Kustomization, seen = new Set<string>()): ReadonlySet<string> {
    if (seen.has(from.folder)) return seen;
    seen.add(from.folder);
    for (const path of this.#named(from)) {
      const next = this.#all.get(path);
      if (next) this.#reach(next, seen);
    }
    return seen;
  }

  builds(): Kustomization[] {
    const matched = [...this.#all.values()].filter((each) => this.#isMeant(each));
    const used = new Set(
      matched.flatMap((each) => [...this.#reach(each)].filter((folder) => folder !== each.folder)),
    );
    const tops = matched
      .filter(({ folder, component }) => !component && !used.has(folder))
      .toSorted((a, b) => (a.folder < b.folder ? -1 : 1));
    if (this.#given.length === 0) this.#findVariants(tops);
    return tops;
  }

  #isMeant({ folder, source }: Kustomization): boolean {
    const named = this.#given.some(
      (each) => each.matches(source.file) || (folder !== this.#root && each.matches(folder)),
    );
    return named || (this.#given.length === 0 && !this.#takers.some((each) => each.takesOut(source.file)));
  }

  /** What it is made from by itself: a component is a part that many share, none is a variant of another by it. */
  #bases(from: Kustomization, seen = new Set<string>()): ReadonlySet<string> {
    if (from.component || seen.has(from.folder)) return seen;
    seen.add(from.folder);
    for (const path of this.#named(from)) {
      const next = this.#all.get(path);
      if (next) this.#bases(next, seen);
    }
    return seen;
  }

  /** Two that build on the same base are variants (staging, production): which one is meant is not for us to say. */
  #findVariants(tops: readonly Kustomization[]): void {
    const bases = new Map(tops.map((top) => [top, this.#bases(top)]));
    const buildOn = (base: string) => tops.filter((top) => bases.get(top)?.has(base));
    const told = new Set<Kustomization>();
    for (const top of tops) {
      if (told.has(top)) continue;
      const base = [...(bases.get(top) ?? [])].find((folder) => buildOn(folder).length > 1);
      if (base === undefined) continue;
      const variants = buildOn(base);
      for (const each of variants) told.add(each);
      this.findings.push(choice(top, variants.map(({ folder }) => folder).toSorted(), base));
    }
  }

  claimed(builds: readonly Kustomization[]): Map<string, string> {
    const claimed = new Map<string, string>();
    for (const build of builds) {
      for (const folder of this.#reach(build)) this.#claimBelow(folder, build.folder, claimed);
    }
    // What is not built is still no plain manifest, unless the user names it: patches mean nothing by themselves.
    for (const { folder } of this.#all.values()) {
      const unused = this.#below(folder).filter(
        (path) => !claimed.has(path) && !this.#given.some((each) => each.matches(path)),
      );
      for (const path of unused) claimed.set(path, 'part of a kustomization that is not built');
    }
    return claimed;
  }

  #claimBelow(folder: string, build: string, claimed: Map<string, string>): void {
    const kustomization = this.#all.get(folder);
    if (kustomization === undefined) return;
    for (const path of this.#below(folder)) {
      if (!claimed.has(path))
        claimed.set(path, `beside the kustomization in ${folder}, which does not name it`);
    }
    const files = this.#named(kustomization).filter((path) => !this.#all.has(path));
    for (const path of [kustomization.source.file, ...files])
      claimed.set(path, `read by kustomize, for ${build}`);
  }

  /** In the working directory itself only the files beside the kustomization: all of the repository stands below. */
  #below(folder: string): string[] {
    return this.#files
      .map(({ path }) => path)
      .filter((path) => (folder === this.#root ? folderOf(path) === folder : path.startsWith(`${folder}/`)));
  }
}

/** So many are named; repositories with dozens of variants have them all in the log. */
const named = 3;

const choice = ({ source }: Kustomization, variants: readonly string[], base: string): Finding => {
  const rest = variants.length - named;
  const all = [...variants.slice(0, named), ...(rest > 0 ? [`${rest} more`] : [])].join(' and ');
  return finding(
    'error',
    'bundle/kustomize-choice',
    `${all} build on the same kustomization, ${base}: which of them is to be deployed is not said.`,
    {
      source,
      hint: `Name it with the input \`manifests\`, such as \`manifests: ${variants[0] ?? ''}\`, or all of them, one a line.`,
    },
  );
};

/**
 * Built is every kustomization that no other one builds on, or, where the user gave globs for CRDs, manifests or
 * routes, each that they match and that no other matched one builds on. Charts come first: what stands in a chart is
 * not looked at.
 * @param root the working directory, relative to the workspace
 */
export const planKustomize = (files: readonly TextFile[], globs: Globs, root: string): KustomizePlan => {
  const planning = new Planning(files, globs, root);
  const builds = planning.builds();
  return { builds, claimed: planning.claimed(builds), findings: planning.findings };
};
