// The lab from a test's side: its control API, its cluster, and a workspace for the action to run in.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { layout } from '../../lab/cluster/layout.ts';

const control = `http://${layout.addresses.aws}:${layout.ports.aws}/lab`;

/** The lab's control API: `/lab/knobs`, `/lab/calls`, `/lab/credentials`, `/lab/dns/queries` … */
export async function lab(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${control}${path}`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  if (!response.ok) throw new Error(`${method} /lab${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

export const setKnobs = (knobs: Record<string, unknown>): Promise<unknown> => lab('PATCH', '/knobs', knobs);
export const resetKnobs = (): Promise<unknown> => lab('DELETE', '/knobs');

export const kubectl = (...args: string[]): string =>
  execFileSync('kubectl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

export function kubectlApply(yaml: string): void {
  execFileSync('kubectl', ['apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input: yaml,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
}

/** A workspace with these files; removed by `remove`. */
export function workspaceOf(files: Readonly<Record<string, string>>): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'eks-gateway-workspace-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
