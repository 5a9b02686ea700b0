// Reads a kubeconfig: which API server to talk to, whom to trust, and as whom.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';

export interface KubeAccess {
  server: string;
  ca?: string;
  clientCertificate?: string;
  clientKey?: string;
  /** Read anew for each request: a projected token is replaced on disk before it expires. */
  token: () => string | undefined;
  namespace?: string;
}

interface Named<Key extends string, Value> {
  entries?: ({ name: string } & Record<Key, Value>)[];
}
interface ClusterEntry {
  server: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
}
interface UserEntry {
  token?: string;
  tokenFile?: string;
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
}
interface ContextEntry {
  cluster: string;
  user: string;
  namespace?: string;
}
interface KubeconfigFile {
  'current-context'?: string;
  clusters?: Named<'cluster', ClusterEntry>['entries'];
  users?: Named<'user', UserEntry>['entries'];
  contexts?: Named<'context', ContextEntry>['entries'];
}

export function readKubeconfig(path: string): KubeAccess {
  const file = parse(readFileSync(path, 'utf8')) as KubeconfigFile;
  const folder = dirname(path);
  const context =
    file.contexts?.find((entry) => entry.name === file['current-context'])?.context ??
    file.contexts?.[0]?.context;
  const cluster =
    file.clusters?.find((entry) => entry.name === context?.cluster)?.cluster ?? file.clusters?.[0]?.cluster;
  const user = file.users?.find((entry) => entry.name === context?.user)?.user ?? file.users?.[0]?.user ?? {};
  if (!cluster) throw new Error(`${path} names no cluster`);

  const pem = (data: string | undefined, name: string | undefined): string | undefined => {
    if (data) return Buffer.from(data, 'base64').toString('utf8');
    return name ? readFileSync(resolve(folder, name), 'utf8') : undefined;
  };
  const ca = pem(cluster['certificate-authority-data'], cluster['certificate-authority']);
  const clientCertificate = pem(user['client-certificate-data'], user['client-certificate']);
  const clientKey = pem(user['client-key-data'], user['client-key']);
  return {
    server: cluster.server,
    ...(ca && { ca }),
    ...(clientCertificate && { clientCertificate }),
    ...(clientKey && { clientKey }),
    ...(context?.namespace && { namespace: context.namespace }),
    token: () => (user.tokenFile ? readFileSync(resolve(folder, user.tokenFile), 'utf8').trim() : user.token),
  };
}
