// What a command needs to work with a lab: the names and values of `.lab/env`.

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { toolPath } from '../tools/locations.ts';
import type { LabFolder } from './folder.ts';
import { layout } from './layout.ts';

interface Seeded {
  readonly zoneId?: string;
  readonly certificateArn?: string;
  readonly webAclArn?: string;
  readonly vpcId?: string;
  readonly subnetIds?: readonly string[];
  readonly externalId?: string;
  readonly roleArns?: Readonly<Record<string, string>>;
}

export function readSeeded(folder: LabFolder): Seeded | undefined {
  const file = folder.file('seeded.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Seeded) : undefined;
}

export function writeEnvironment(folder: LabFolder, python: string): void {
  const seeded = readSeeded(folder) ?? {};
  const token = folder.file('oidc-request-token');
  const values: Record<string, string | undefined> = {
    LAB_DIR: folder.path,
    KUBECONFIG: folder.file('kubeconfig'),
    KUBECACHEDIR: folder.file('run', 'kube-cache'),
    // Helm's own files go with the lab instead of into the home folder.
    HELM_CACHE_HOME: folder.file('run', 'helm', 'cache'),
    HELM_CONFIG_HOME: folder.file('run', 'helm', 'config'),
    HELM_DATA_HOME: folder.file('run', 'helm', 'data'),
    AWS_ENDPOINT_URL: `http://${layout.addresses.aws}:${layout.ports.aws}`,
    AWS_REGION: layout.region,
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://${layout.addresses.github}${layout.ports.github === 80 ? '' : `:${layout.ports.github}`}/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: existsSync(token) ? readFileSync(token, 'utf8').trim() : undefined,
    // The lab's authority alone is enough: nothing else can be reached in here.
    NODE_EXTRA_CA_CERTS: folder.pki('ca.crt'),
    SSL_CERT_FILE: folder.pki('ca.crt'),
    LAB_CLUSTER: layout.cluster.name,
    LAB_EKS_ACCOUNT: layout.accounts.eks,
    LAB_DNS_ACCOUNT: layout.accounts.dns,
    LAB_ZONE: layout.zone,
    LAB_HOSTED_ZONE_ID: seeded.zoneId,
    LAB_CERTIFICATE_ARN: seeded.certificateArn,
    LAB_WEB_ACL_ARN: seeded.webAclArn,
    LAB_VPC_ID: seeded.vpcId,
    LAB_SUBNET_IDS: seeded.subnetIds?.join(','),
    LAB_EXTERNAL_ID: seeded.externalId,
    ...roleNames(seeded.roleArns ?? {}),
    LAB_NAME_SERVERS: layout.addresses.nameServers.join(','),
    LAB_RESOLVER: layout.addresses.resolver,
    LAB_LBC: process.env['LAB_LBC'] ?? 'stand-in',
    LAB_PYTHON: python,
  };
  const lines = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`export ${name}='${value.replaceAll("'", String.raw`'\''`)}'\n`],
  );
  writeFileSync(folder.file('env'), lines.join(''), { mode: 0o600 });
}

// deploy → LAB_DEPLOY_ROLE_ARN; dnsReader is the role that a workflow calls its DNS role.
function roleNames(roleArns: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(roleArns).map(([role, arn]) => {
      const name = role === 'dnsReader' ? 'DNS' : role.replaceAll(/([A-Z])/g, '_$1').toUpperCase();
      return [`LAB_${name}_ROLE_ARN`, arn];
    }),
  );
}

/** The values of `.lab/env`. */
export function readEnvironment(folder: LabFolder): Record<string, string> {
  const text = readFileSync(folder.file('env'), 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll(String.raw`'\''`, "'"),
    ]),
  );
}

/** A folder in which the tools have their plain names, for PATH. */
export function linkTools(folder: LabFolder): void {
  const bin = folder.file('bin');
  mkdirSync(bin, { recursive: true });
  for (const tool of ['helm', 'kubectl', 'act', 'actionlint'] as const)
    symlinkSync(toolPath(tool), `${bin}/${tool}`);
  // Helm 3 stands in a folder of its own, to be put before the other on PATH.
  mkdirSync(`${bin}/helm3`, { recursive: true });
  symlinkSync(toolPath('helm3'), `${bin}/helm3/helm`);
  symlinkSync(process.execPath, `${bin}/node`);
}
