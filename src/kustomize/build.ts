// Builds one kustomization: its objects, each with the file and line that it comes from.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { textMap } from '../bundle/field.ts';
import type { Kustomization, KustomizeReference } from '../bundle/kustomization.ts';
import type { KubernetesObject, Sourced } from '../bundle/object.ts';
import { parseManifests } from '../bundle/parse.ts';
import type { ChildEnd } from '../child.ts';
import { type Finding, finding, type Source } from '../verdict/finding.ts';
import { checkKustomization } from './check.ts';
import { type KustomizeOptions, runKustomize } from './program.ts';

export interface Built {
  readonly objects: readonly Sourced[];
  readonly findings: readonly Finding[];
}

const origin = 'config.kubernetes.io/origin';
const transformations = 'alpha.config.kubernetes.io/transformations';

/**
 * An overlay of ours, which asks for the file of each object (`buildMetadata`, api/types/kustomization.go): what stands
 * in the outermost kustomization holds for all, so the user's own wishes are repeated in it.
 */
const overlayOf = (to: string, { buildMetadata }: Kustomization): string =>
  JSON.stringify({
    resources: [to],
    buildMetadata: [...new Set([...buildMetadata, 'originAnnotations'])],
  });

/**
 * Some builds of kubectl (1.32 of Google's SDK) say it in a line of their log:
 * `E1130 04:13:45.525240   23716 run.go:72] "command failed" err="…"`; words of several lines stand between `<` and `>`,
 * each behind a tab (klog, internal/serialize).
 */
const logged =
  /^[EF]\d{4} [\d:.]+ +\d+ [\w.]+:\d+\] "command failed" err=(?:("(?:[^"\\]|\\.)*")|<\n([\s\S]*)\n >)$/;

const unlogged = (text: string): string => {
  const [, quoted, block] = logged.exec(text) ?? [];
  if (block !== undefined) return block.replaceAll(/^\t/gm, '');
  if (quoted === undefined) return text.replace(/^error: /i, '');
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
};

/** What it says of the overlay, which is ours and not the user's. */
const ofOverlay =
  /^accumulating resources: accumulation err='accumulating resources from '[^']*': '[^']*' must resolve to a file': (?:recursed accumulation of path '[^']*': )?/;

/** Kustomize's own words without the paths of this machine. */
const words = ({ stderr, stdout, cut }: ChildEnd, workspace: string): string => {
  if (cut) return 'it builds more than 64 MiB';
  const text = unlogged(stderr.trim() || stdout.trim()).replace(ofOverlay, '');
  return text.replaceAll(`${workspace}/`, '').replaceAll(workspace, '.').slice(0, 2_000);
};

/** The innermost reference that it names. */
const complainedOf = (said: string, references: readonly KustomizeReference[]): Source | undefined => {
  const named = [...said.matchAll(/from '([^']+)'/g)].map((match) => match[1]).toReversed();
  for (const to of named) {
    const found = references.find((reference) => reference.to === to);
    if (found) return found.source;
  }
  return undefined;
};

/** Where objects stand in the files that kustomize read. */
class Sources {
  readonly #workspace: string;
  readonly #overlay: string;
  readonly #top: Kustomization;
  readonly #files = new Map<string, Promise<readonly Sourced[]>>();

  constructor(workspace: string, overlay: string, top: Kustomization) {
    this.#workspace = workspace;
    this.#overlay = overlay;
    this.#top = top;
  }

  /** `path` is the file of a resource, `configuredIn` the kustomization with its generator. */
  async of(object: KubernetesObject): Promise<Source> {
    const said = textMap(object, 'metadata', 'annotations')[origin] ?? '';
    const to = /^(?:path|configuredIn): (.+)$/m.exec(said)?.[1];
    const real = to === undefined ? undefined : resolve(this.#overlay, to);
    if (real === undefined || !real.startsWith(this.#workspace + sep)) return this.#top.source;
    const file = relative(this.#workspace, real).split(sep).join('/');
    const found = closest(object, await this.#objectsIn(file));
    return found?.source ?? { file, line: 1 };
  }

  /** The annotations as the user's own kustomization would have had them: none, or by paths from its folder. */
  withoutOurs(object: KubernetesObject): KubernetesObject {
    const annotations = textMap(object, 'metadata', 'annotations');
    const own = this.#top.buildMetadata.includes('originAnnotations');
    const kept = Object.entries(annotations).flatMap(([name, value]): [string, string][] => {
      if (name === origin && !own) return [];
      return [[name, name === origin || name === transformations ? this.#rebase(value) : value]];
    });
    const { annotations: _, ...metadata } = object.metadata;
    const name = object.metadata.name;
    return {
      ...object,
      metadata: { ...metadata, name, ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }) },
    };
  }

  #rebase(text: string): string {
    const folder = join(this.#workspace, this.#top.folder);
    return text.replaceAll(
      /^(\s*-?\s*(?:path|configuredIn): )(.+)$/gm,
      (_, key: string, to: string) => `${key}${relative(folder, resolve(this.#overlay, to))}`,
    );
  }

  #objectsIn(file: string): Promise<readonly Sourced[]> {
    const known = this.#files.get(file);
    if (known) return known;
    const read = readFile(join(this.#workspace, file), 'utf8').then(
      (text) => parseManifests(text, file).objects,
      () => [],
    );
    this.#files.set(file, read);
    return read;
  }
}

/** Prefixes and suffixes change names: the longest that the new name still holds is the one. */
const closest = (built: KubernetesObject, candidates: readonly Sourced[]): Sourced | undefined =>
  candidates
    .filter(
      ({ object }) =>
        object.kind === built.kind &&
        object.apiVersion === built.apiVersion &&
        built.metadata.name.includes(object.metadata.name),
    )
    .toSorted((one, other) => other.object.metadata.name.length - one.object.metadata.name.length)[0];

/**
 * @param workspace its real path
 * @throws Problem `bundle/kustomize-missing`; the signal's reason on abort.
 */
export async function buildKustomization(
  workspace: string,
  kustomization: Kustomization,
  options: KustomizeOptions,
  signal: AbortSignal,
): Promise<Built> {
  const { findings, references } = await checkKustomization(workspace, kustomization, signal);
  if (findings.length > 0) return { objects: [], findings };
  const overlay = join(options.home, 'overlay');
  try {
    await mkdir(overlay);
    const to = relative(overlay, join(workspace, kustomization.folder));
    await writeFile(join(overlay, 'kustomization.yaml'), overlayOf(to, kustomization));
    const end = await runKustomize(overlay, options, signal);
    if (end.code !== 0 || end.cut) return failed(words(end, workspace), kustomization, references);
    const parsed = parseManifests(end.stdout, kustomization.source.file);
    const sources = new Sources(workspace, overlay, kustomization);
    const objects = await Promise.all(
      parsed.objects.map(async ({ object }) => ({
        object: sources.withoutOurs(object),
        source: await sources.of(object),
      })),
    );
    // Lines of what was built are lines of no file.
    const wrong = parsed.findings.map((each) => ({ ...each, source: kustomization.source }));
    return { objects, findings: wrong };
  } finally {
    await rm(overlay, { recursive: true, force: true });
  }
}

const failed = (
  said: string,
  { folder, source }: Kustomization,
  references: readonly KustomizeReference[],
): Built => ({
  objects: [],
  findings: [
    finding('error', 'bundle/kustomize-failed', `The kustomization in ${folder} cannot be built: ${said}`, {
      source: complainedOf(said, references) ?? source,
      hint: `\`kubectl kustomize ${folder}\` shows the same.`,
    }),
  ],
});
