// `npm run fleet`: fleet.yml executed by act for two clusters, each a lab of its own; a wave that breaks stops the next one.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { inLab, startLab, stopLab } from '../../lab/cluster/lab.ts';
import { layout } from '../../lab/cluster/layout.ts';
import { prepareSample, sampleInputs } from '../../lab/sample.ts';
import { appFiles } from '../dist/app-files.ts';
import { type Runner, root, runWorkflow } from '../workflows/act.ts';

const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-fleet-'));
const clusters = ['canary', 'main'] as const;
const labOf = (cluster: string): string => join(scratch, `lab-${cluster}`);
const valuesOf = (cluster: string): string => `values/${cluster}.yaml`;

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Controllers and the Gateway are there already: the platform's half of each cluster. */
async function makeCluster(cluster: string): Promise<void> {
  const { path } = await startLab({ dir: labOf(cluster), log: console.error });
  const workspace = join(scratch, `platform-${cluster}`);
  mkdirSync(workspace);
  prepareSample(workspace, path);
  const inputs = Object.entries({ ...sampleInputs, 'wait-timeout': '3m' });
  const flags = inputs.flatMap(([name, value]) => ['--input', `${name}=${value}`]);
  const args = ['lab/action.ts', '--dir', workspace, '--out', join(workspace, '.out'), ...flags];
  const environment = { LAB_DIST: process.env['LAB_DIST'] };
  const { code, stdout, stderr } = await inLab(path, process.execPath, args, { folder: root, environment });
  assert.equal(code, 0, `${stdout}${stderr}`);
}

/** One bundle, a chart whose hostname each cluster has in its values; `ports` of those whose Service is wrong. */
function bundleOf(waves: readonly (readonly string[])[], broken: readonly string[] = []): string {
  const workspace = mkdtempSync(join(scratch, 'workspace-'));
  const { 'app/app.yaml': app = '', 'routes/route.yaml': route = '' } = appFiles('shop');
  const values = clusters.map((cluster) => {
    const port = broken.includes(cluster) ? 8081 : 80;
    return [valuesOf(cluster), `host: ${cluster}.example.com\ntargetPort: ${port}\n`] as const;
  });
  const target = (name: string) => ({
    name,
    'cluster-name': layout.cluster.name,
    'aws-region': layout.region,
    'role-to-assume': `arn:aws:iam::${layout.accounts.eks}:role/${layout.roles.deploy}`,
    'dns-role-to-assume': `arn:aws:iam::${layout.accounts.dns}:role/${layout.roles.dnsReader}`,
    'values-files': valuesOf(name),
  });
  write(workspace, {
    'shop/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'shop/values.yaml': 'host: shop.example.com\ntargetPort: 80\n',
    'shop/templates/app.yaml': app
      // The namespace of a release is made by Helm's side.
      .replace(/^[\s\S]*?---\n/, '')
      .replaceAll('namespace: shop', 'namespace: default')
      .replace('targetPort: http', 'targetPort: {{ .Values.targetPort }}'),
    'shop/templates/route.yaml': route
      .replace('namespace: shop', 'namespace: default')
      .replace('shop.example.com', '{{ .Values.host }}'),
    ...Object.fromEntries(values),
    '.github/workflows/fleet.yml': `name: Fleet
on: push
jobs:
  fleet:
    uses: org/eks-gateway-action/.github/workflows/fleet.yml@v1
    permissions: { contents: read, id-token: write }
    with:
      wait-timeout: 90s
      waves: '${JSON.stringify(waves.map((wave) => wave.map(target)))}'
`,
  });
  return workspace;
}

/** Upload and download of artifacts as fleet.yml uses them, over a folder; what they are called stands in the workflows. */
function artifactActions(folder: string): Record<string, string> {
  const texts = ['fleet', 'fleet-wave'].map((name) =>
    readFileSync(join(root, `.github/workflows/${name}.yml`), 'utf8'),
  );
  const used = [...texts.join('\n').matchAll(/uses: (actions\/(upload|download)-artifact@\S+)/g)];
  const scripts: Readonly<Record<string, string>> = {
    upload: `mkdir -p '${folder}'/"$NAME" && cp "$PLACE" '${folder}'/"$NAME"/`,
    download: `mkdir -p "$PLACE" && for each in '${folder}'/$PATTERN; do cp -r "$each" "$PLACE"/; done`,
  };
  return Object.fromEntries(
    used.map(([, name = '', direction = '']) => {
      const path = join(scratch, `${direction}-artifact`);
      write(path, {
        'action.yml': `name: ${direction}
description: Stands for GitHub's
inputs:
  name: { description: Name }
  pattern: { description: Pattern }
  path: { description: Path }
  overwrite: { description: Overwrite }
runs:
  using: composite
  steps:
    - run: ${scripts[direction]}
      shell: bash
      env: { NAME: '\${{ inputs.name }}', PATTERN: '\${{ inputs.pattern }}', PLACE: '\${{ inputs.path }}' }
`,
      });
      return [name, path];
    }),
  );
}

/** A runner whose `node` works in the lab of the cluster that the action is for. */
function runner(artifacts: string): Runner {
  const bin = mkdtempSync(join(scratch, 'bin-'));
  const node = join(bin, 'node');
  const program = join(import.meta.dirname, 'node-of-cluster.ts');
  // Not a shell's script: a shell drops variables with a hyphen in their name, which inputs have.
  writeFileSync(node, `#!/usr/bin/env -S ${process.execPath} --no-warnings\nawait import('${program}');\n`);
  chmodSync(node, 0o755);
  const labs = Object.fromEntries(clusters.map((cluster) => [valuesOf(cluster), labOf(cluster)]));
  return {
    environment: {
      FLEET_LABS: JSON.stringify(labs),
      PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
    },
    repositories: artifactActions(artifacts),
  };
}

const deploy = (workspace: string, artifacts = mkdtempSync(join(scratch, 'artifacts-'))) =>
  runWorkflow(workspace, '.github/workflows/fleet.yml', undefined, runner(artifacts));

async function broken(): Promise<void> {
  const artifacts = mkdtempSync(join(scratch, 'artifacts-'));
  const ran = await deploy(bundleOf([['canary'], ['main']], ['canary']), artifacts);
  assert.equal(ran.code, 1, ran.log);
  assert.match(ran.summary, /canary\.example\.com is not live/);
  // Nothing of the second wave began, and the first one's report was kept.
  assert.doesNotMatch(ran.log, /main\.example\.com/);
  assert.deepEqual(readdirSync(artifacts), ['eks-gateway-report-canary']);
  assert.match(ran.summary, /0 of 2 targets of the fleet are live: wave 1 is broken; 1 was not started/);
}

async function mended(): Promise<void> {
  const ran = await deploy(bundleOf([['canary'], ['main']]));
  assert.equal(ran.code, 0, ran.log);
  assert.match(ran.summary, /All 2 targets of the fleet are live\./);
  for (const cluster of clusters) assert.ok(ran.log.includes(`${cluster}.example.com is live.`), ran.log);
  assert.ok(ran.log.indexOf('canary.example.com is live.') < ran.log.indexOf('main.example.com is live.'));
}

async function together(): Promise<void> {
  const ran = await deploy(bundleOf([['canary', 'main']]));
  assert.equal(ran.code, 0, ran.log);
  assert.match(ran.summary, /All 2 targets of the fleet are live\./);
}

try {
  for (const cluster of clusters) await makeCluster(cluster);
  for (const [what, body] of Object.entries({ broken, mended, together })) {
    await body();
    console.log(`✓ fleet.yml: ${what}`);
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const cluster of clusters) await stopLab(labOf(cluster));
  rmSync(scratch, { recursive: true, force: true });
}
