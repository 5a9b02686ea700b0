// Which helm is there, and which of its flags do what we want.

import { type ChildEnd, runChild } from '../child.ts';
import { Problem } from '../verdict/problem.ts';

export interface HelmVersion {
  /** `v4.2.3`. */
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

/** Where and with what helm runs. */
export interface Helm {
  readonly version: HelmVersion;
  readonly environment: Readonly<Record<string, string>>;
}

interface Flags {
  /** Waits for Deployments, Services and the like to be ready, as Helm 3 always did. */
  readonly wait: readonly string[];
  readonly upgrade: readonly string[];
}

/**
 * Helm 4's own `--wait` (watcher) calls a Gateway ready at once and can hang where a CRD is new (helm#32066, #32615):
 * `legacy` is what Helm 3 does. `--server-side=auto` keeps the method of the release's last revision.
 */
const flags: Readonly<Record<3 | 4, Flags>> = {
  3: { wait: ['--wait'], upgrade: [] },
  4: { wait: ['--wait=legacy'], upgrade: ['--server-side=auto'] },
};

export const flagsOf = ({ major }: HelmVersion): Flags => flags[major === 3 ? 3 : 4];

const install =
  'Add a step before this one: `- uses: azure/setup-helm@v4` (ubuntu-24.04 and ubuntu-26.04 images bring helm, slim images do not).';

const parse = (text: string): HelmVersion | undefined => {
  const match = /v(\d+)\.(\d+)\S*/.exec(text);
  return match ? { text: match[0], major: Number(match[1]), minor: Number(match[2]) } : undefined;
};

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'EACCES');

const ask = async (environment: Helm['environment'], signal: AbortSignal): Promise<ChildEnd> => {
  try {
    const options = { cwd: environment['HOME'] ?? '/', environment };
    return await runChild('helm', ['version', '--template', '{{.Version}}'], options, signal);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new Problem('helm/missing', 'helm is not on PATH; charts need helm 3.18 or later, or helm 4.', {
      hint: install,
      cause: error,
    });
  }
};

/**
 * @throws Problem `helm/missing`, `helm/too-old`; the signal's reason on abort.
 */
export const findHelm = async (environment: Helm['environment'], signal: AbortSignal): Promise<Helm> => {
  const { code, stdout, stderr } = await ask(environment, signal);
  const version = parse(stdout);
  if (code !== 0 || !version) {
    throw new Problem('helm/missing', `helm does not run: ${(stderr || stdout).trim().slice(0, 500)}`, {
      hint: install,
    });
  }
  if (version.major < 3 || (version.major === 3 && version.minor < 18)) {
    throw new Problem('helm/too-old', `helm is ${version.text}; it must be 3.18 or later, or 4.`, {
      hint: install,
    });
  }
  return { version, environment };
};
