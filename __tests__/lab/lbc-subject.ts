// The controller under test: the one that already runs in the lab, else one started here (LAB_LBC=path, or our stand-in).
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { layout } from '../../lab/cluster/layout.ts';
import { isConflict, isNotFound, type KubeApi } from '../../lab/controller/kube/api.ts';
import { gatewayApiFolder } from '../../lab/gateway-api.ts';

const DEPLOYMENTS =
  '/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fname%3Daws-load-balancer-controller';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const GATES = 'ALBGatewayAPI=true,NLBGatewayAPI=false,GatewayListenerSet=false';

interface Crd {
  metadata: { name: string };
  status?: { conditions?: { type: string; status: string }[] };
}

/**
 * Puts in the CRDs that are not there: Gateway API's from the Go module cache, the controller's from the lab's chart.
 * Answers the names of those that it made, which are to be taken out again: in a lab, the CRDs are the action's to apply.
 */
export async function ensureCrds(api: KubeApi): Promise<string[]> {
  const made: string[] = [];
  const chart =
    process.env['LAB_LBC_CRDS'] ??
    join(import.meta.dirname, '../../lab/charts/aws-load-balancer-controller/crds');
  const crds = [...documents(gatewayApiFolder()), ...documents(chart)].filter(
    ({ kind }) => kind === 'CustomResourceDefinition',
  );
  for (const crd of crds) {
    try {
      await api.create(CRDS, crd);
      made.push(crd.metadata.name);
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  for (const { metadata } of crds)
    await until(
      async () => isEstablished(await api.get<Crd>(`${CRDS}/${metadata.name}`)),
      `CRD ${metadata.name} Established`,
    );
  return made;
}

export async function removeCrds(api: KubeApi, names: string[]): Promise<void> {
  for (const name of names) await api.remove(`${CRDS}/${name}`);
  for (const name of names) await until(() => isGone(api, `${CRDS}/${name}`), `CRD ${name} gone`);
}

const isEstablished = ({ status }: Crd): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false;

function documents(folder: string): { kind?: string; metadata: { name: string } }[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
  return files.flatMap((name) =>
    parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map((document) =>
      document.toJS({ maxAliasCount: -1 }),
    ),
  );
}

export class Subject {
  readonly name: string;
  readonly #process: ChildProcess | undefined;

  private constructor(name: string, process: ChildProcess | undefined) {
    this.name = name;
    this.#process = process;
  }

  /** @param gates feature gates, of which each version knows others */
  static async find(api: KubeApi, kubeconfig: string, gates = GATES): Promise<Subject> {
    const { items } = await api.get<{ items: { status?: { availableReplicas?: number } }[] }>(DEPLOYMENTS);
    if (items.some(({ status }) => (status?.availableReplicas ?? 0) > 0))
      return new Subject('the one in the cluster', undefined);
    const given = process.env['LAB_LBC'];
    const real = given && given !== 'stand-in' ? given : undefined;
    const args = [
      `--cluster-name=${layout.cluster.name}`,
      `--aws-region=${layout.region}`,
      `--aws-vpc-id=${process.env['LAB_VPC_ID'] ?? ''}`,
      '--default-target-type=ip',
      '--enable-leader-election=false',
      '--enable-shield=false',
      '--enable-waf=false',
      '--enable-wafv2=false',
      '--aws-max-retries=2',
      '--lb-stabilization-monitor-interval=1s',
      `--feature-gates=${gates}`,
      `--kubeconfig=${kubeconfig}`,
    ];
    const standIn = join(import.meta.dirname, '../../lab/controller/main.ts');
    const [command, before] = real
      ? [real, [`--webhook-cert-dir=${webhookCertificate()}`]]
      : [process.execPath, [standIn]];
    const child = spawn(command, [...before, ...args], {
      env: { ...process.env, ...credentials(), AWS_EC2_METADATA_DISABLED: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(logFile());
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    return new Subject(real ?? 'stand-in', child);
  }

  async stop(): Promise<void> {
    if (!this.#process || this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}

/** The lab's administrator of the cluster's account, unless the environment brings somebody else. */
const credentials = (): Record<string, string> => {
  if (process.env['AWS_ACCESS_KEY_ID']) return {};
  const { accessKeyId, secretAccessKey } = layout.admin.eks;
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
};

/** Beside the lab's other logs; without a lab nobody would look for it. */
const logFile = (): string => {
  const folder = process.env['LAB_DIR'];
  return folder ? join(folder, 'logs', 'lbc-contract.log') : '/dev/null';
};

/** The real controller does not start without a certificate for its webhooks, which nobody calls here. */
function webhookCertificate(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lbc-webhook-'));
  const files = ['-keyout', join(folder, 'tls.key'), '-out', join(folder, 'tls.crt')];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=webhook', '-days', '2', ...files],
    { stdio: 'ignore' },
  );
  return folder;
}

export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  seconds = 20,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function isGone(api: KubeApi, path: string): Promise<boolean> {
  try {
    await api.get(path);
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}
