// Inside the lab: rounds of kubectl and of the engine on the same routes, one after the other, over the same wire.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKubeconfig } from '../lab/controller/kube/config.ts';
import { gatewayApiFolder } from '../lab/gateway-api.ts';
import type { EngineRun } from './engine.ts';
import { routes } from './routes.ts';
import { listed, rounded, type Sample, sample, shown, table } from './statistics.ts';

export interface MeasureOptions {
  /** The bundled engine. */
  readonly engine: string;
  readonly rounds: number;
  readonly counts: readonly number[];
  /** Round trips in milliseconds. */
  readonly delays: readonly number[];
}

export interface Case {
  /** `apply 200 at 50 ms`, `no-op 200 at 50 ms`. */
  readonly case: string;
  /** Medians, in seconds. */
  readonly ours_s: number;
  readonly ours_process_s: number;
  readonly peer: string;
  readonly peer_s: number;
  /** `peer_s / ours_s`. */
  readonly ratio: number;
  readonly spread: {
    readonly ours_s: readonly number[];
    readonly ours_process_s: readonly number[];
    readonly peer_s: readonly number[];
  };
  /** All of them, discovery and the LIST among them. */
  readonly requests: number;
  /** Beyond discovery, the LIST and the kind's schema: 0 where nothing changes, 2 where it does (a dry run, the write). */
  readonly requests_per_object: number;
  /** The engine's peak resident set. */
  readonly megabytes: number;
  /** `peer_s / ours_s` of each round, least, median and most: both were measured within the same seconds. */
  readonly ratios: readonly number[];
}

export interface Wire {
  readonly endpoint: string;
  readonly kubeconfig: string;
}

export interface Access {
  readonly folder: string;
  readonly server: URL;
  readonly caFile: string;
  readonly tokenFile: string;
  readonly token: string;
}

const peer = 'kubectl apply --server-side';
const account = 'bench';

const kubectl = (...args: string[]): string => execFileSync('kubectl', args, { encoding: 'utf8' });

export function prepare(folder: string): Access {
  kubectl('apply', '--server-side', '-f', gatewayApiFolder());
  kubectl('wait', '--for=condition=Established', 'crd', '--all');
  kubectl('create', 'serviceaccount', account, '-n', 'default');
  kubectl(
    'create',
    'clusterrolebinding',
    account,
    '--clusterrole=cluster-admin',
    `--serviceaccount=default:${account}`,
  );
  const { server, ca = '' } = readKubeconfig(process.env['KUBECONFIG'] ?? '');
  const token = kubectl('create', 'token', account, '-n', 'default', '--duration=3h').trim();
  const caFile = join(folder, 'ca.crt');
  const tokenFile = join(folder, 'token');
  writeFileSync(caFile, ca);
  writeFileSync(tokenFile, token, { mode: 0o600 });
  return { folder, server: new URL(server), caFile, tokenFile, token };
}

/** Both go through it, also where it delays nothing. */
export async function openWire(access: Access, delay: number): Promise<{ wire: Wire; proxy: ChildProcess }> {
  const { folder, server, caFile, token } = access;
  const port = 20_000 + delay;
  const args = [server.hostname, String(port), server.hostname, server.port || '443', String(delay)];
  const proxy = spawn(process.execPath, [join(import.meta.dirname, 'delay-proxy.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (proxy.stdout) await once(proxy.stdout, 'data');
  const endpoint = `https://${server.hostname}:${port}`;
  const kubeconfig = join(folder, `kubeconfig-${delay}`);
  const entry = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'bench',
    clusters: [{ name: 'bench', cluster: { server: endpoint, 'certificate-authority': caFile } }],
    users: [{ name: 'bench', user: { token } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(entry), { mode: 0o600 });
  return { wire: { endpoint, kubeconfig }, proxy };
}

export const timed = (
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): { seconds: number; stdout: string } => {
  const since = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = (performance.now() - since) / 1000;
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr.slice(0, 2000)}`);
  return { seconds, stdout };
};

class Pair {
  readonly #access: Access;
  readonly #wire: Wire;
  readonly #engine: string;
  readonly #count: number;
  readonly #namespaces: { readonly ours: string; readonly peer: string };

  constructor(access: Access, wire: Wire, engine: string, count: number, delay: number) {
    this.#access = access;
    this.#wire = wire;
    this.#engine = engine;
    this.#count = count;
    this.#namespaces = { ours: `ours-${count}-${delay}`, peer: `peer-${count}-${delay}` };
    for (const namespace of Object.values(this.#namespaces)) kubectl('create', 'namespace', namespace);
  }

  #file(namespace: string, generation: number): string {
    const file = join(this.#access.folder, `${namespace}.yaml`);
    writeFileSync(file, routes(this.#count, namespace, generation));
    return file;
  }

  peer(generation: number): number {
    const file = this.#file(this.#namespaces.peer, generation);
    const env = { ...process.env, KUBECONFIG: this.#wire.kubeconfig };
    return timed('kubectl', ['apply', '--server-side', '-f', file], env).seconds;
  }

  /** @throws when not every object came to the end that the case is about. */
  ours(generation: number, expected: string): EngineRun & { readonly process: number } {
    const { caFile, tokenFile } = this.#access;
    const file = this.#file(this.#namespaces.ours, generation);
    const args = [this.#engine, file, this.#wire.endpoint, caFile, tokenFile, this.#namespaces.ours];
    const { seconds, stdout } = timed(process.execPath, args, process.env);
    const run = JSON.parse(stdout) as EngineRun;
    if (run.results[expected] !== this.#count) throw new Error(`not all were ${expected}: ${stdout}`);
    return { ...run, process: seconds };
  }

  remove(): void {
    kubectl('delete', 'namespace', ...Object.values(this.#namespaces), '--wait=false');
  }
}

interface Measured {
  readonly name: string;
  readonly ours: Sample;
  readonly process: Sample;
  readonly peer: Sample;
  readonly requests: number;
  readonly perObject: number;
  readonly megabytes: number;
  readonly ratios: Sample;
}

function measured(
  name: string,
  count: number,
  ours: readonly ReturnType<Pair['ours']>[],
  peers: readonly number[],
): Measured {
  return {
    name,
    ours: sample(ours.map(({ seconds }) => seconds)),
    process: sample(ours.map((run) => run.process)),
    peer: sample(peers),
    requests: Math.max(...ours.map(({ requests }) => requests)),
    perObject: Math.max(...ours.map(({ objectRequests }) => objectRequests)) / count,
    ratios: sample(ours.map(({ seconds }, round) => (peers[round] ?? Number.NaN) / seconds)),
    megabytes: Math.round(Math.max(...ours.map(({ megabytes }) => megabytes))),
  };
}

function measurePair(pair: Pair, count: number, delay: number, rounds: number): readonly Measured[] {
  pair.peer(0);
  pair.ours(0, 'created');
  const apply = { ours: [] as ReturnType<Pair['ours']>[], peer: [] as number[] };
  const nothing = { ours: [] as ReturnType<Pair['ours']>[], peer: [] as number[] };
  for (let round = 1; round <= rounds; round += 1) {
    console.error(`${count} routes at ${delay} ms, round ${round} of ${rounds}`);
    apply.peer.push(pair.peer(round));
    apply.ours.push(pair.ours(round, 'configured'));
    nothing.peer.push(pair.peer(round));
    nothing.ours.push(pair.ours(round, 'unchanged'));
  }
  return [
    measured(`apply ${count} at ${delay} ms`, count, apply.ours, apply.peer),
    measured(`no-op ${count} at ${delay} ms`, count, nothing.ours, nothing.peer),
  ];
}

/** Prints the table; times in seconds, medians with the least and the most. */
function print(all: readonly Measured[]): void {
  const rows = all.map(
    ({ name, ours, process: whole, peer: theirs, requests, perObject, megabytes, ratios }) => [
      name,
      shown(ours),
      shown(whole),
      shown(theirs),
      `${(theirs.median / ours.median).toFixed(1)}× (${ratios.least.toFixed(1)}–${ratios.most.toFixed(1)})`,
      `${(theirs.median / whole.median).toFixed(1)}×`,
      String(requests),
      String(perObject),
      String(megabytes),
    ],
  );
  const head = [
    'seconds: median (least–most)',
    'engine',
    'whole process',
    peer,
    'ratio',
    'whole',
    'requests',
    'an object',
    'MB',
  ];
  console.log(`\n${table([head, ...rows])}`);
}

const caseOf = ({ name, ours, process: whole, peer: theirs, ...rest }: Measured): Case => ({
  case: name,
  ours_s: rounded(ours.median),
  ours_process_s: rounded(whole.median),
  peer,
  peer_s: rounded(theirs.median),
  ratio: Math.round((theirs.median / ours.median) * 10) / 10,
  spread: { ours_s: listed(ours), ours_process_s: listed(whole), peer_s: listed(theirs) },
  requests: rest.requests,
  requests_per_object: rest.perObject,
  megabytes: rest.megabytes,
  ratios: listed(rest.ratios),
});

export async function measure(options: MeasureOptions): Promise<readonly Case[]> {
  const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-bench-inside-'));
  try {
    const access = prepare(folder);
    const all: Measured[] = [];
    for (const delay of options.delays) {
      const { wire, proxy } = await openWire(access, delay);
      try {
        for (const count of options.counts) {
          const pair = new Pair(access, wire, options.engine, count, delay);
          all.push(...measurePair(pair, count, delay, options.rounds));
          pair.remove();
        }
      } finally {
        // Whoever waits for our output waits for the proxy's too.
        proxy.kill();
      }
    }
    print(all);
    return all.map(caseOf);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
