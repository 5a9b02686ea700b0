// The environment of helm: an allow-list, so that no credential of the job reaches a chart or a plugin.
import { join } from 'node:path';
import { Problem } from '../verdict/problem.ts';

const passed = [
  'PATH',
  'HTTPS_PROXY',
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
] as const;

/**
 * `from` is the job's environment (environment.ts reads it), `folder` a private temp folder that becomes helm's home.
 * No AWS_*, GITHUB_TOKEN or ACTIONS_ID_TOKEN_REQUEST_* is in what comes out.
 */
export const helmEnvironment = (
  from: Readonly<Record<string, string | undefined>>,
  folder: string,
  kubeconfig?: string,
): Readonly<Record<string, string>> => {
  const kept = passed.flatMap((name): [string, string][] => {
    const value = from[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...Object.fromEntries(kept),
    HOME: folder,
    TMPDIR: folder,
    HELM_CACHE_HOME: join(folder, 'helm', 'cache'),
    HELM_CONFIG_HOME: join(folder, 'helm', 'config'),
    HELM_DATA_HOME: join(folder, 'helm', 'data'),
    HELM_NAMESPACE: '',
    KUBECONFIG: kubeconfig ?? join(folder, 'no-kubeconfig'),
  };
};

/** How a release gets from one storage into the other; helm itself has no command for it. */
export const otherStorage =
  'To move a release from ConfigMaps into a Secret, delete its ConfigMaps (kubectl delete configmap -l owner=helm,name=RELEASE, never helm uninstall) and run again: the install takes the objects over, for they carry the release’s name.';

/** @throws Problem `helm/other-storage` where the job keeps releases elsewhere than in Secrets. */
export const checkStorage = (driver: string | undefined): void => {
  if (driver === undefined || /^secrets?$/.test(driver)) return;
  throw new Problem(
    'helm/other-storage',
    `HELM_DRIVER is ${driver}; releases are read and written as Secrets here.`,
    { hint: `Take HELM_DRIVER out of the job's environment. ${otherStorage}` },
  );
};
