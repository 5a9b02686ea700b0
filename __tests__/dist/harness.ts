// What every test of the built action needs: a workspace, a run as a runner would make it, the lab's knobs, and the promises that hold for every run.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from '@jest/globals';
import { layout } from '../../lab/cluster/layout.ts';
import { type ActionResult, type ActionRun, runAction } from '../../lab/runner.ts';
import { prepareSample } from '../../lab/sample.ts';
import type { Report } from '../../src/report/report.ts';

export { layout };

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

/** One app with a route of its own on the infra Gateway: `<name>.example.com`. */
export const appFiles = (
  name: string,
  change: (yaml: string) => string = (yaml) => yaml,
): Record<string, string> => ({
  'app/app.yaml': change(`apiVersion: v1
kind: Namespace
metadata: { name: ${name} }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${name} }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - { name: web, image: 'nginx:1.29', ports: [{ name: http, containerPort: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${name} }
spec:
  selector: { app: ${name} }
  ports: [{ name: http, port: 8080, targetPort: http }]
`),
  'routes/route.yaml': change(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${name} }
spec:
  hostnames: [${name}.example.com]
  parentRefs: [{ name: public, namespace: infra, sectionName: https }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: / } }]
      backendRefs: [{ name: ${name}, port: 8080 }]
`),
});

export interface Finished extends Omit<ActionResult, 'report'> {
  readonly report: Report;
}

/** Inputs of the sample's umbrella chart; a run with them installs LBC, ExternalDNS and the Gateway. */
export const infraInputs = {
  namespace: 'infra',
  'create-namespace': 'true',
  'values-files': 'infra/environment.yaml',
};

/**
 * Runs the built action and checks what every run promises: a report and a summary, no stack trace, no secret that the
 * lab issued anywhere, nothing left in the runner's temp folder but the report.
 */
export async function run(given: ActionRun): Promise<Finished> {
  const result = await runAction(given);
  expect(result.report).toBeDefined();
  expect(result.summary).not.toBe('');
  // "at file:///…:1:2" and "at Object.<anonymous> (…)": the frames of a stack.
  expect(result.log).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(result.left.filter((file) => !/^eks-gateway-[^/]+\/report\.json$/.test(file))).toEqual([]);
  await expectNoSecrets(result);
  return { ...result, report: JSON.parse(result.report ?? '{}') as Report };
}

/** Masking commands aside, nothing that the lab has issued may stand in log, summary, outputs or report. */
async function expectNoSecrets(result: ActionResult): Promise<void> {
  const issued = (await lab('GET', '/credentials')) as readonly { readonly value: string }[];
  const shown = [
    ...result.log.split('\n').filter((line) => !line.startsWith('::add-mask::')),
    result.summary,
    ...Object.values(result.outputs),
    result.report ?? '',
  ].join('\n');
  const leaked = issued.filter(({ value }) => value.length > 8 && shown.includes(value));
  expect(leaked).toEqual([]);
}

/** Installs the sample's infra once per lab; later calls find it there. */
export async function ensureInfra(): Promise<void> {
  try {
    kubectl('get', 'gateway', 'public', '-n', 'infra');
    return;
  } catch {
    // Not there yet.
  }
  const workspace = workspaceOf({});
  try {
    prepareSample(workspace.path, process.env['LAB_DIR'] ?? '');
    const { report, log } = await run({
      workspace: workspace.path,
      inputs: { ...infraInputs, 'wait-timeout': '3m' },
    });
    if (report.outcome !== 'live') throw new Error(`the sample did not come alive:\n${log}`);
  } finally {
    workspace.remove();
  }
}

/** Runs the action on an app of its own, with the infra in place. */
export async function runApp(
  name: string,
  options: Partial<ActionRun> & {
    readonly change?: (yaml: string) => string;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
): Promise<Finished> {
  const { change, files, ...rest } = options;
  const workspace = workspaceOf({ ...appFiles(name, change), ...files });
  try {
    return await run({
      workspace: workspace.path,
      inputs: { 'wait-timeout': '60s', ...rest.inputs },
      ...without(rest, 'inputs'),
    });
  } finally {
    workspace.remove();
  }
}

function without<Given extends object, Key extends keyof Given>(given: Given, key: Key): Omit<Given, Key> {
  const { [key]: _, ...rest } = given;
  return rest;
}
