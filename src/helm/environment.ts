// The environment of helm: an allow-list, so that no credential of the job reaches a chart or a plugin.
import { join } from 'node:path';

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
