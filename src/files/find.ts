// Finds and reads the YAML and JSON files of the working directory, without leaving the workspace.
import type { Dirent } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { Ignored } from '../bundle/object.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { Problem } from '../verdict/problem.ts';
import { saySystemError } from './system-error.ts';

export interface FoundFile {
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface FoundFiles {
  /** Sorted by path. */
  readonly files: readonly FoundFile[];
  readonly ignored: readonly Ignored[];
  /** Links out of the workspace, files too large: errors, listed with those of the files' content. */
  readonly findings: readonly Finding[];
}

/** Bytes of one file. An API server takes 3 MiB a request; a release file holds several objects. */
const largest = 10 * 1024 * 1024;

/** `Kustomization` is a name that kustomize knows as well. */
const wanted = (name: string): boolean => /(\.(ya?ml|json)|(^|\/)Kustomization)$/i.test(name);

/** Dot folders are tools' own (.git, .github, .terraform); node_modules is other people's. */
const skipped = (name: string): boolean => name.startsWith('.') || name === 'node_modules';

const inside = (folder: string, path: string): boolean => path === folder || path.startsWith(folder + sep);

const posix = (path: string): string => path.split(sep).join('/');

const outside = (path: string, target: string): string => `${path} leads out of the workspace, to ${target}.`;

const copyIt = 'Files are read from the repository alone: copy what is needed into it, or remove the link.';

interface Link {
  readonly path: string;
  readonly target: string;
}

/** One walk: the folders and files that were seen, by their real path, so that links bring nothing twice. */
class Walk {
  readonly files: { readonly path: string; readonly real: string }[] = [];
  readonly findings: Finding[] = [];
  readonly #root: string;
  readonly #seen = new Set<string>();
  readonly #links: Link[] = [];
  readonly #signal: AbortSignal;

  constructor(root: string, signal: AbortSignal) {
    this.#root = root;
    this.#signal = signal;
  }

  /** Links are followed after everything else, so that a file is named by its own path. */
  async everything(folder: string, real: string): Promise<void> {
    await this.#folder(folder, real);
    for (let link = this.#links.shift(); link; link = this.#links.shift()) await this.#follow(link);
  }

  async #folder(folder: string, real: string): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#seen.has(real)) return;
    this.#seen.add(real);
    for (const entry of await this.#entries(folder, real)) {
      if (skipped(entry.name)) continue;
      const path = join(folder, entry.name);
      const target = join(real, entry.name);
      if (entry.isDirectory()) await this.#folder(path, target);
      else if (entry.isSymbolicLink()) this.#links.push({ path, target });
      else if (entry.isFile()) this.#file(path, target);
    }
  }

  async #entries(folder: string, real: string): Promise<readonly Dirent[]> {
    try {
      return await readdir(real, { withFileTypes: true });
    } catch (error) {
      this.findings.push(unreadable(posix(relative(this.#root, folder)) || '.', error));
      return [];
    }
  }

  #file(path: string, real: string): void {
    if (!wanted(path) || this.#seen.has(real)) return;
    this.#seen.add(real);
    this.files.push({ path: posix(relative(this.#root, path)), real });
  }

  async #follow({ path, target }: Link): Promise<void> {
    const real = await realpath(target).catch(() => undefined);
    // A link that leads nowhere brings nothing.
    if (real === undefined) return;
    const found = await stat(real);
    if (!found.isDirectory() && !wanted(path)) return;
    if (!inside(this.#root, real)) {
      const file = posix(relative(this.#root, path));
      const source = { file, line: 1 };
      this.findings.push(
        finding('error', 'bundle/outside-workspace', outside(file, real), { source, hint: copyIt }),
      );
    } else if (found.isDirectory()) await this.#folder(path, real);
    else if (found.isFile()) this.#file(path, real);
  }
}

/** goyaml.v2 readerc.go takes UTF-16 where a byte order mark says so: what PowerShell 5 writes with `>`. */
const encodings: readonly (readonly [readonly number[], string])[] = [
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/** `undefined` where the bytes are no text. */
const decoded = (bytes: Uint8Array): string | undefined => {
  const [, encoding = 'utf-8'] =
    encodings.find(([mark]) => mark.every((each, index) => bytes[index] === each)) ?? [];
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/** The 1-based line of the first bytes that are no UTF-8. */
const brokenLine = (bytes: Uint8Array): number =>
  new TextDecoder().decode(bytes).split('\uFFFD', 1)[0]?.split('\n').length ?? 1;

const undecoded = (path: string, bytes: Uint8Array): Ignored | Finding =>
  // Data in the encoding of its own time is nobody's mistake; a manifest in it would be applied garbled.
  /^\s*"?apiVersion"?\s*:/m.test(new TextDecoder('latin1').decode(bytes))
    ? finding('error', 'bundle/invalid-yaml', `${path} is not encoded in UTF-8.`, {
        source: { file: path, line: brokenLine(bytes) },
        hint: 'Save it as UTF-8.',
      })
    : { file: path, why: 'not encoded in UTF-8' };

const unreadable = (path: string, error: unknown): Finding => {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || !unreadableCodes.includes(code)) throw error;
  return finding('error', 'bundle/unreadable', `${path} cannot be read: ${code}.`, {
    source: { file: path, line: 1 },
    hint: 'Let the user of the runner read it, or name a working directory without it: what cannot be read cannot be told from what is not there.',
  });
};

const unreadableCodes = ['EACCES', 'EPERM', 'EIO', 'ENOENT', 'ELOOP', 'ENAMETOOLONG'];

const read = async (
  { path, real }: { readonly path: string; readonly real: string },
  signal: AbortSignal,
): Promise<FoundFile | Ignored | Finding> => {
  const { size } = await stat(real);
  if (size <= largest) {
    const bytes = await readFile(real, { signal });
    const text = decoded(bytes);
    return text === undefined ? undecoded(path, bytes) : { path, text };
  }
  const why = `${(size / 1024 / 1024).toFixed(1)} MiB, more than ${largest / 1024 / 1024} MiB`;
  // Large JSON is somebody's data; large YAML in the working directory was meant.
  if (/\.json$/i.test(path)) return { file: path, why };
  return finding('error', 'bundle/too-large', `${path} is too large to be Kubernetes manifests: ${why}.`, {
    source: { file: path, line: 1 },
    hint: 'Split the file, or move it out of the working directory.',
  });
};

/** `root` is the workspace, `start` the working directory as it is named, `real` the same with its links followed. */
const placesOf = async (
  workspace: string,
  folder: string,
): Promise<{ readonly root: string; readonly start: string; readonly real: string }> => {
  const root = await realpath(workspace).catch((cause: unknown) => {
    throw new Problem(
      'bundle/unreadable',
      `The workspace ${workspace} (GITHUB_WORKSPACE) cannot be read: ${saySystemError(cause)}.`,
      {
        hint: 'Check out the repository first (actions/checkout); a container needs the folder as the runner has it.',
        cause,
      },
    );
  });
  const start = resolve(root, folder);
  const real = await realpath(start).catch((cause: unknown) => {
    const message = `\`working-directory\` is \`${folder.slice(0, 200)}\`, which cannot be read: ${saySystemError(cause)}.`;
    throw new Problem('input/invalid', message, {
      hint: 'Check out the repository first (actions/checkout), and give the path relative to its root.',
      cause,
    });
  });
  if (!inside(root, real)) {
    throw new Problem('bundle/outside-workspace', outside(`\`working-directory\` (${folder})`, real), {
      hint: copyIt,
    });
  }
  if (!(await stat(real)).isDirectory()) {
    throw new Problem(
      'input/invalid',
      `\`working-directory\` is \`${folder.slice(0, 200)}\`, which is not a folder.`,
    );
  }
  return { root, start, real };
};

/**
 * `workspace` is GITHUB_WORKSPACE, `folder` the working directory, relative to it or absolute.
 * @throws Problem `bundle/unreadable` (the workspace); about the folder `bundle/outside-workspace`, `input/invalid` (there is none).
 */
export const findFiles = async (
  workspace: string,
  folder: string,
  signal: AbortSignal,
): Promise<FoundFiles> => {
  const { root, start, real } = await placesOf(workspace, folder);
  const walk = new Walk(root, signal);
  await walk.everything(inside(root, start) ? start : real, real);

  const files: FoundFile[] = [];
  const ignored: Ignored[] = [];
  const findings = [...walk.findings];
  for (const each of walk.files.toSorted((one, other) => (one.path < other.path ? -1 : 1))) {
    const found = await read(each, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      return unreadable(each.path, error);
    });
    if ('text' in found) files.push(found);
    else if ('code' in found) findings.push(found);
    else ignored.push(found);
  }
  return { files, ignored, findings };
};
