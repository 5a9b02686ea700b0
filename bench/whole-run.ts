// Inside a lab: one whole deploy of the example, by the action or by the commands that people put into a workflow for it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runAction } from '../lab/runner.ts';
import { prepareSample } from '../lab/sample.ts';
import type { Report } from '../src/report/report.ts';

/** What it writes to standard output, as its last line. */
export interface WholeRun {
  readonly seconds: number;
  readonly phases: readonly { readonly name: string; readonly seconds: number }[];
}

const [who = '', workspace = '', prepare = ''] = process.argv.slice(2);

async function ours(): Promise<WholeRun> {
  const inputs = { namespace: 'infra', 'create-namespace': 'true', 'values-files': 'infra/environment.yaml' };
  const { code, log, report, seconds } = await runAction({ workspace, inputs });
  if (code !== 0 || report === undefined) throw new Error(`the run ended with ${code}:\n${log}`);
  return { seconds, phases: (JSON.parse(report) as Report).phases };
}

/** As the documentation of each tool has it; the waits are those that know the Gateway API's conditions. */
const commands: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'kubectl apply (CRDs)': [['kubectl', 'apply', '--server-side', '-f', 'crd-manifests']],
  'helm upgrade': [
    ['helm', 'dependency', 'build', 'infra', '--skip-refresh'],
    [
      ...['helm', 'upgrade', '--install', 'infra', 'infra', '--namespace', 'infra', '--create-namespace'],
      ...['--values', 'infra/environment.yaml', '--wait', '--timeout', '5m'],
    ],
  ],
  'kubectl apply (app, routes)': [['kubectl', 'apply', '--server-side', '-f', 'app', '-f', 'routes']],
  'kubectl wait': [
    ['kubectl', 'wait', '-n', 'infra', '--for=condition=Programmed', 'gateway/public', '--timeout=120s'],
    ['kubectl', 'rollout', 'status', '-n', 'sample-app', 'deployment/sample-app', '--timeout=120s'],
    [
      ...['kubectl', 'wait', '-n', 'sample-app', 'httproute/sample-app', '--timeout=120s'],
      '--for=jsonpath={.status.parents[0].conditions[?(@.type=="Accepted")].status}=True',
    ],
  ],
};

/** Helm's own files stay in the workspace. */
const env = {
  ...process.env,
  HELM_CACHE_HOME: join(workspace, '.helm/cache'),
  HELM_CONFIG_HOME: join(workspace, '.helm/config'),
  HELM_DATA_HOME: join(workspace, '.helm/data'),
};

const execute = ([command = '', ...args]: readonly string[]): void => {
  const { status, stderr } = spawnSync(command, args, { cwd: workspace, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
};

/** Once, as a runner with a cache has it. */
const repositories = [
  ['helm', 'repo', 'add', 'eks', 'https://aws.github.io/eks-charts'],
  ['helm', 'repo', 'add', 'external-dns', 'https://kubernetes-sigs.github.io/external-dns/'],
];

function peer(): WholeRun {
  if (prepare !== '') repositories.forEach(execute);
  const phases = Object.entries(commands).map(([name, lines]) => {
    const since = performance.now();
    lines.forEach(execute);
    return { name, seconds: (performance.now() - since) / 1000 };
  });
  return { seconds: phases.reduce((sum, { seconds }) => sum + seconds, 0), phases };
}

if (prepare !== '') prepareSample(workspace, process.env['LAB_DIR'] ?? '');
const run = who === 'ours' ? await ours() : peer();
process.stdout.write(`${JSON.stringify(run)}\n`);
