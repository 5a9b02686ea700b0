// The apply engine against the lab's API server: a connection that counts its requests, and objects to apply.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readKubeconfig } from '../../lab/controller/kube/config.ts';
import { gatewayApiFolder } from '../../lab/gateway-api.ts';
import { applyStage, type StageOptions, type StageResult } from '../../src/apply/apply.ts';
import { type KubernetesObject, refOf, type Sourced } from '../../src/bundle/object.ts';
import { parseManifests } from '../../src/bundle/parse.ts';
import { serverSideApplier } from '../../src/kube/apply.ts';
import { connect, type Kube, type KubeRequest } from '../../src/kube/connection.ts';
import { discover } from '../../src/kube/discovery.ts';
import { systemClock } from '../../src/system-clock.ts';

export const never = new AbortController().signal;

export const kubectl = (args: readonly string[], input?: string): string =>
  execFileSync('kubectl', args, {
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
    ...(input !== undefined && { input }),
  });

/** Not `kubectl wait`, nor a JSONPath: both fail on a definition whose conditions are still null. */
export async function untilEstablished(definitions: readonly Sourced[]): Promise<void> {
  for (const { object } of definitions) {
    const look = () => kubectl(['get', 'crd', object.metadata.name, '-o', 'json']).replaceAll(/\s/g, '');
    while (!/"status":"True","type":"Established"/.test(look())) await setTimeout(100);
  }
}

export interface Counted extends Kube {
  /** `GET /api/v1/namespaces/x/configmaps`, `PATCH …?dryRun`: what was sent since `forget`. */
  readonly sent: string[];
  /** Sent without discovery, which is asked anew in each run. */
  requests(): readonly string[];
  forget(): void;
}

const line = ({ method, path, query }: KubeRequest): string =>
  `${method} ${path}${query?.['dryRun'] === undefined ? '' : ' dry'}`;

/** As a service account, through a proxy where one is given, on a runner whose clock is so many milliseconds ahead. */
export function connectAs(
  namespace: string,
  account: string,
  through?: { readonly endpoint: string; readonly caData: string },
  ahead = 0,
): Counted {
  const access = readKubeconfig(process.env['KUBECONFIG'] ?? '');
  const token = kubectl(['create', 'token', account, '-n', namespace, '--duration=1h']).trim();
  const kube = connect({
    endpoint: through?.endpoint ?? access.server,
    caData: through?.caData ?? Buffer.from(access.ca ?? '').toString('base64'),
    token: async () => token,
    clock: { ...systemClock, now: () => new Date(Date.now() + ahead) },
  });
  const sent: string[] = [];
  return {
    ...kube,
    sent,
    requests: () => sent.filter((each) => !/^GET \/apis?$/.test(each)),
    forget: () => sent.splice(0),
    send: (request, signal) => {
      sent.push(line(request));
      return kube.send(request, signal);
    },
  };
}

export function createAdministrator(namespace: string): void {
  // A run before this one may have left some.
  kubectl(['delete', 'namespace', namespace, '--ignore-not-found']);
  kubectl(['delete', 'clusterrolebinding', `${namespace}-admin`, '--ignore-not-found']);
  kubectl(['create', 'namespace', namespace]);
  kubectl(['create', 'serviceaccount', 'admin', '-n', namespace]);
  kubectl([
    'create',
    'clusterrolebinding',
    `${namespace}-admin`,
    '--clusterrole=cluster-admin',
    `--serviceaccount=${namespace}:admin`,
  ]);
}

export function removeAdministrator(namespace: string): void {
  kubectl(['delete', 'namespace', namespace, '--wait=false']);
  kubectl(['delete', 'clusterrolebinding', `${namespace}-admin`]);
}

/** One run: discovery, then the stage. */
export async function applyAll(
  kube: Kube,
  objects: readonly Sourced[],
  options: StageOptions & {
    readonly namespace: string;
    readonly patience?: number;
    readonly onWait?: (why: string) => void;
  },
): Promise<StageResult> {
  const { namespace, patience = 10_000, onWait, ...rest } = options;
  const applier = serverSideApplier(kube, await discover(kube, never), {
    namespace,
    patience: { milliseconds: patience, ...(onWait && { onWait }) },
  });
  return applyStage(objects, applier, never, rest);
}

/** `ConfigMap x/a created`, one an object. */
export const results = ({ objects }: StageResult): readonly string[] =>
  objects.map(({ reported: { ref, result } }) => `${ref} ${result}`);

export const versionsOf = ({ objects }: StageResult): readonly unknown[] =>
  objects.map(({ live }) => live?.metadata['resourceVersion']);

export const sourced = (object: KubernetesObject): Sourced => ({
  object,
  source: { file: 'test.yaml', line: 1 },
});

export const manifests = (yaml: string, file = 'test.yaml'): readonly Sourced[] => {
  const { objects, findings } = parseManifests(yaml, file);
  if (findings.length > 0) throw new Error(JSON.stringify(findings));
  return objects;
};

/**
 * Every definition of a channel of the Gateway API's release, under another group: word for word the real ones, and nobody
 * else's in a lab that other tests use.
 */
export function gatewayDefinitions(
  group: string,
  channel: 'standard' | 'experimental' = 'standard',
): readonly Sourced[] {
  const folder = join(gatewayApiFolder(), '..', channel);
  return readdirSync(folder)
    .filter((file) => file.startsWith('gateway.networking.') && !file.includes('_vap_'))
    .flatMap((file) =>
      manifests(
        readFileSync(join(folder, file), 'utf8').replaceAll(
          /gateway\.networking\.(x-)?k8s\.io/g,
          `$1${group}`,
        ),
        file,
      ),
    );
}

export const names = (objects: readonly Sourced[]): readonly string[] =>
  objects.map(({ object }) => refOf(object));
