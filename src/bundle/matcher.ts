// The user's globs for one stage against the paths of files.
import picomatch from 'picomatch';

const plainOf = (glob: string): string => glob.replace(/^\.\//, '').replace(/\/$/, '') || '.';

/** One stage's globs or folders, relative to the working directory, against a file's path. */
export class Matcher {
  readonly #root: string;
  readonly #globs: readonly string[];
  readonly #match: (path: string) => boolean;
  readonly #unwanted: (path: string) => boolean;
  /** Whether it names what is meant, and does not only take something out. */
  readonly names: boolean;

  /** @param own what `.` stands for: the files that stand in the working directory itself */
  constructor(globs: readonly string[], root: string, own = '*') {
    this.#root = root;
    this.#globs = globs;
    const plain = globs.map(plainOf);
    const wanted = plain.filter((glob) => !glob.startsWith('!'));
    const unwanted = plain
      .filter((glob) => glob.startsWith('!'))
      .map((glob) => glob.slice(1).replace(/^\.\//, ''));
    // A glob that names a folder means everything in it, to take or to leave.
    const all = [...wanted, ...wanted.map((glob) => (glob === '.' ? own : `${glob}/**`))];
    const ignore = [...unwanted, ...unwanted.map((glob) => `${glob}/**`)];
    this.names = wanted.length > 0;
    this.#match = picomatch(all.length > 0 ? all : ['**'], { ignore, dot: true });
    this.#unwanted = ignore.length > 0 ? picomatch(ignore, { dot: true }) : () => false;
  }

  get given(): boolean {
    return this.#globs.length > 0;
  }

  matches(path: string): boolean {
    if (!this.given) return true;
    const inside = this.#inside(path);
    return inside !== undefined && this.#match(inside);
  }

  /** By a pattern that begins with `!`. */
  takesOut(path: string): boolean {
    const inside = this.#inside(path);
    return inside !== undefined && this.#unwanted(inside);
  }

  #inside(path: string): string | undefined {
    if (this.#root === '.') return path;
    return path.startsWith(`${this.#root}/`) ? path.slice(this.#root.length + 1) : undefined;
  }
}
