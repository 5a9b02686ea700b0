// A kubeconfig for child processes whose token stays fresh for as long as they run.
import { join } from 'node:path';
import { pid } from 'node:process';
import type { PrivateFiles } from './private-files.ts';

export interface KubeconfigAccess {
  readonly endpoint: string;
  /** Base64 of the PEM certificate authority. */
  readonly caData: string;
  /** A token that was made now. */
  readonly token: () => Promise<string>;
  readonly now: () => Date;
  /** Milliseconds between two tokens (default 5 s). */
  readonly every?: number;
}

export interface Kubeconfig {
  /** The private folder that holds it; `post` removes it should we not get to. */
  readonly folder: string;
  /** Path of the file, the value of KUBECONFIG. */
  readonly path: string;
  /** Keeps the token fresh while `work` runs. */
  keepFresh<Result>(work: () => Promise<Result>): Promise<Result>;
  remove(): Promise<void>;
}

const every = 5_000;

/**
 * The credential plugin prints an ExecCredential that we replace (client.authentication.k8s.io/v1, client-go
 * plugin/pkg/client/auth/exec). client-go runs it again once `expirationTimestamp` has passed or the server answers 401,
 * so that a helm that waits for longer than a token lives goes on with the next one. It prints nothing once we are dead:
 * a helm that outlives us (SIGKILL, out of memory) has no credentials after seconds, and cannot write over the next run.
 */
const plugin = 'kill -0 "$0" && exec cat "$1"';

const kubeconfig = (access: KubeconfigAccess, credential: string): unknown => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'target',
  clusters: [
    { name: 'target', cluster: { server: access.endpoint, 'certificate-authority-data': access.caData } },
  ],
  contexts: [{ name: 'target', context: { cluster: 'target', user: 'target' } }],
  users: [
    {
      name: 'target',
      user: {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: 'sh',
          args: ['-c', plugin, String(pid), credential],
          interactiveMode: 'Never',
          provideClusterInfo: false,
        },
      },
    },
  ],
});

const execCredential = (token: string, expires: Date): string =>
  JSON.stringify({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token, expirationTimestamp: expires.toISOString().replace(/\.\d+Z$/, 'Z') },
  });

/**
 * Writes it into a private folder of its own. The caller calls `remove` in `finally`, and tells `post` the folder.
 * @throws what `access.token` throws.
 */
export const writeKubeconfig = async (access: KubeconfigAccess, files: PrivateFiles): Promise<Kubeconfig> => {
  const interval = access.every ?? every;
  const folder = await files.createFolder();
  const credential = join(folder, 'credential.json');
  const path = join(folder, 'kubeconfig');
  const remove = (): Promise<void> => files.remove(folder);

  const renew = async (): Promise<void> => {
    const token = await access.token();
    // A second longer than until the next one, so that a reader always meets a token that has not expired.
    const expires = new Date(access.now().getTime() + interval + 1_000);
    await files.write(credential, execCredential(token, expires));
  };

  try {
    await renew();
    // JSON is YAML, and needs no quoting rules of ours.
    await files.write(path, JSON.stringify(kubeconfig(access, credential)));
  } catch (error) {
    await remove();
    throw error;
  }

  return {
    folder,
    path,
    keepFresh: async (work) => {
      await renew();
      // A token that cannot be made now is made 5 s later; until then the child has the last one.
      const timer = setInterval(() => void renew().catch(() => undefined), interval);
      try {
        return await work();
      } finally {
        clearInterval(timer);
      }
    },
    remove,
  };
};
