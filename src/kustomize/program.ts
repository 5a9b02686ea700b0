// kustomize, or the one that kubectl brings: run so that it reads files and nothing else.
import { type ChildEnd, runChild } from '../child.ts';
import { Problem } from '../verdict/problem.ts';

export interface KustomizeOptions {
  /** PATH of the job. */
  readonly path: string;
  /** A private folder, its home. */
  readonly home: string;
}

/**
 * What it would fetch is refused before it runs (check.ts). Should it find an address all the same, neither git nor
 * HTTP leads anywhere.
 */
const environment = ({ path, home }: KustomizeOptions): Readonly<Record<string, string>> => ({
  PATH: path,
  HOME: home,
  TMPDIR: home,
  KUBECONFIG: `${home}/no-kubeconfig`,
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_TERMINAL_PROMPT: '0',
  HTTP_PROXY: 'http://127.0.0.1:1',
  HTTPS_PROXY: 'http://127.0.0.1:1',
  NO_PROXY: '',
});

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'EACCES');

/**
 * `kustomize build`, or `kubectl kustomize` where there is no kustomize.
 * @throws Problem `bundle/kustomize-missing`; the signal's reason on abort.
 */
export async function runKustomize(
  folder: string,
  options: KustomizeOptions,
  signal: AbortSignal,
): Promise<ChildEnd> {
  const child = { cwd: folder, environment: environment(options) };
  try {
    return await runChild('kustomize', ['build', '.'], child, signal);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    return await runChild('kubectl', ['kustomize', '.'], child, signal);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new Problem(
      'bundle/kustomize-missing',
      'The repository has a kustomization.yaml, but neither kustomize nor kubectl is on PATH.',
      {
        hint: 'Add a step before this one: `- uses: azure/setup-kubectl@v4` (GitHub’s Ubuntu images bring both, slim images do not).',
        cause: error,
      },
    );
  }
}
