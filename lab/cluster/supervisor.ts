// Runs inside a lab's namespaces: starts its processes in order, says "ready", and keeps the kubelet going.
// Its standard output is the lab's log; `startLab` shows the lines up to "ready" to whoever waits.

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { LabFailure } from '../tools/failure.ts';
import { repositoryRoot, toolPath } from '../tools/locations.ts';
import { Api } from './api.ts';
import { apiServer, controllerManager, ETCD_PORT, etcd, kwok, scheduler } from './control-plane.ts';
import { writeEnvironment } from './environment.ts';
import { LabFolder } from './folder.ts';
import { clientKubeconfig } from './kubeconfig.ts';
import { Kubelet } from './kubelet/kubelet.ts';
import { apiServerUrl } from './layout.ts';
import { bindAccessPolicies, clusterReady, createNode, registerPodIdentity } from './objects.ts';
import { accepts, Processes, until } from './processes.ts';

const READY_SECONDS = 60;

async function main(path: string, python: string): Promise<void> {
  const folder = new LabFolder(path);
  for (const name of ['run/kube-cache', 'run/pods', 'pki']) mkdirSync(folder.file(name), { recursive: true });
  const processes = new Processes(folder);

  processes.start(etcd(folder));
  await makeCertificates(folder, processes, python);
  writeFileSync(
    folder.file('kubeconfig'),
    clientKubeconfig(apiServerUrl, folder.pki('ca.crt'), folder.pki('admin')),
    { mode: 0o600 },
  );
  const cloud = startCloud(folder, processes, python);
  // Awaited at the end; should it fail before, it is not to be an unhandled rejection.
  cloud.catch(() => undefined);
  await processes.whileAllLive(
    until('etcd answers', READY_SECONDS, () => accepts('127.0.0.1', ETCD_PORT), 20),
  );
  processes.start(apiServer(folder));
  const api = new Api(folder);
  await processes.whileAllLive(until('the API server is ready', READY_SECONDS, () => readyz(api)));
  console.log('API server ready');

  processes.start(controllerManager(folder));
  processes.start(scheduler(folder));
  processes.start(kwok(folder));
  await processes.whileAllLive(
    Promise.all([createNode(api), registerPodIdentity(api, folder), bindAccessPolicies(api)]),
  );
  await new Kubelet(api, folder).start();
  await processes.whileAllLive(clusterReady(api));
  console.log('cluster ready');
  await processes.whileAllLive(cloud);

  writeEnvironment(folder, python);
  console.log('ready');
}

/** Runs lab/pki.py, which is done in less than half a second. */
async function makeCertificates(folder: LabFolder, processes: Processes, python: string): Promise<void> {
  await new Promise<void>((done, failed) => {
    const child = spawn(python, ['lab/pki.py', '--lab-dir', folder.path], {
      cwd: repositoryRoot,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('error', failed);
    child.once('exit', (code) => {
      if (code === 0) done();
      else failed(new LabFailure(`lab/pki.py ended with ${code}; ${processes.tail('lab')}`));
    });
  });
}

/** The Python program that plays AWS, GitHub, DNS and the load balancers; LAB_CLOUD=off leaves it out. */
async function startCloud(folder: LabFolder, processes: Processes, python: string): Promise<void> {
  if (process.env['LAB_CLOUD'] === 'off') return;
  processes.start({
    name: 'cloud',
    command: python,
    arguments: ['-u', '-m', 'lab.cloud.main', '--lab-dir', folder.path],
    environment: { PYTHONDONTWRITEBYTECODE: '1', LAB_HELM: toolPath('helm') },
    folder: repositoryRoot,
  });
  await until(
    'the cloud is ready',
    READY_SECONDS,
    async () => /^ready$/m.test(readFileSync(folder.log('cloud'), 'utf8')) || undefined,
  );
  console.log('cloud ready');
}

async function readyz(api: Api): Promise<true | undefined> {
  try {
    return (await api.get('/readyz')).status === 200 || undefined;
  } catch {
    return undefined;
  }
}

// Whatever ends this process ends the lab: init.sh waits for it, and the kernel ends the rest.
process.on('SIGTERM', () => process.exit(0));
const [path, python] = process.argv.slice(2);
if (path === undefined || python === undefined) throw new Error('usage: supervisor.ts LAB_DIR PYTHON');
try {
  await main(path, python);
} catch (cause) {
  console.log(
    `failed: ${cause instanceof LabFailure ? cause.message : cause instanceof Error ? cause.stack : cause}`,
  );
  process.exit(1);
}
