// Where tools are cached between labs, and which versions the lab uses (versions.json pins them all).

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

export type Tool =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'etcd'
  | 'kwok'
  | 'external-dns'
  | 'act'
  | 'actionlint'
  | 'opentofu'
  | 'provider-stand-in'
  | 'helm'
  | 'helm3'
  | 'kubectl';

type Pinned = 'kubernetes' | Exclude<Tool, `kube-${string}`>;
export const versions = JSON.parse(
  readFileSync(new URL('versions.json', import.meta.url), 'utf8'),
) as Readonly<Record<Pinned | 'gateway-api' | 'go' | 'python', string>>;

/** Folder that outlives labs. Nothing in it belongs to one lab, so several labs share it. */
export function cacheFolder(): string {
  const chosen = process.env['LAB_CACHE'];
  return chosen ? resolve(chosen) : join(homedir(), '.cache', 'eks-gateway-lab');
}

export function versionOf(tool: Tool): string {
  return tool.startsWith('kube-') ? versions.kubernetes : versions[tool as Pinned];
}

export function toolPath(tool: Tool): string {
  return join(cacheFolder(), 'bin', `${tool}-${versionOf(tool)}`);
}

/** kwok's own Stage files: what it does to nodes and pods. */
export function kwokStagesFolder(): string {
  return join(cacheFolder(), `kwok-stages-${versions.kwok}`);
}

/** The chart that lies in ExternalDNS' Go module. */
export function externalDnsChartFolder(): string {
  return join(cacheFolder(), `external-dns-chart-${versions['external-dns']}`);
}
