// Kubeconfig files: the administrator's, the control plane's, a pod's, and the API server's for its token webhook.

import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';

const base64 = (file: string): string => readFileSync(file).toString('base64');

/** For a client with a certificate; `keyPair` is the path of both files without their endings. */
export function clientKubeconfig(server: string, ca: string, keyPair: string): string {
  return kubeconfig(
    { server, 'certificate-authority-data': base64(ca) },
    {
      'client-certificate-data': base64(`${keyPair}.crt`),
      'client-key-data': base64(`${keyPair}.key`),
    },
  );
}

/** For a pod: its service account token is read from a file that is renewed. */
export function tokenFileKubeconfig(
  server: string,
  ca: string,
  tokenFile: string,
  namespace: string,
): string {
  return kubeconfig({ server, 'certificate-authority': ca }, { tokenFile }, namespace);
}

/** How the API server reaches a webhook that reviews tokens. */
export function webhookKubeconfig(server: string, ca: string): string {
  return kubeconfig({ server, 'certificate-authority-data': base64(ca) }, {});
}

function kubeconfig(
  cluster: Readonly<Record<string, string>>,
  user: Readonly<Record<string, string>>,
  namespace?: string,
): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster }],
    users: [{ name: 'lab', user }],
    contexts: [
      { name: 'lab', context: { cluster: 'lab', user: 'lab', ...(namespace ? { namespace } : {}) } },
    ],
    'current-context': 'lab',
  });
}
