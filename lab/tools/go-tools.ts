// Builds the lab's Go programs, and copies the two folders of data that lie in their modules.

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  cacheFolder,
  externalDnsChartFolder,
  kwokStagesFolder,
  repositoryRoot,
  type Tool,
  toolPath,
  versionOf,
  versions,
} from './locations.ts';
import { type Log, runSlowly } from './progress.ts';

interface GoBuild {
  readonly tools: readonly Tool[];
  /** How long it takes from nothing on two cores; so that nobody thinks that it hangs. */
  readonly about: string;
  /** Arguments of `go`, given the folder for the binaries. */
  readonly command: (into: string) => readonly string[];
  /** Module folder under lab/tools/go, for programs that `go install` refuses because of replace directives. */
  readonly module?: string;
  /** Built when it is asked for: no lab needs it to start. */
  readonly onDemand?: true;
  /** The binary's name where it is not the tool's. */
  readonly program?: string;
}

const KUBERNETES = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

// Unstamped, the API server says v0.0.0 and every chart's kubeVersion check fails.
function kubernetesStamp(): string {
  const [major, minor] = versions.kubernetes.split('.');
  const values = {
    gitVersion: `v${versions.kubernetes}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: '0'.repeat(40),
    buildDate: '2026-01-01T00:00:00Z',
  };
  return Object.entries(values)
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ');
}

const install = (tool: Tool, path: string, about: string): GoBuild => ({
  tools: [tool],
  about,
  command: () => ['install', '-trimpath', '-ldflags', '-s -w', `${path}@v${versionOf(tool)}`],
});

const builds: readonly GoBuild[] = [
  {
    tools: KUBERNETES,
    about: '4 min',
    module: 'kubernetes',
    command: (into) => [
      'build',
      '-trimpath',
      '-o',
      `${into}/`,
      '-ldflags',
      `-s -w ${kubernetesStamp()}`,
      ...KUBERNETES.map((tool) => `k8s.io/kubernetes/cmd/${tool}`),
    ],
  },
  {
    tools: ['etcd'],
    about: '30 s',
    module: 'etcd',
    command: (into) => [
      'build',
      '-trimpath',
      '-o',
      join(into, 'etcd'),
      '-ldflags',
      '-s -w',
      'go.etcd.io/etcd/server/v3',
    ],
  },
  install('kwok', 'sigs.k8s.io/kwok/cmd/kwok', '1 min'),
  install('external-dns', 'sigs.k8s.io/external-dns', '3 min'),
  {
    tools: ['helm3'],
    about: '1 min',
    // Go names the program after its folder; unstamped it would not say its patch version.
    command: () => [
      'install',
      '-trimpath',
      '-ldflags',
      `-s -w -X helm.sh/helm/v3/internal/version.version=v${versions.helm3}`,
      `helm.sh/helm/v3/cmd/helm@v${versions.helm3}`,
    ],
    program: 'helm',
  },
  install('act', 'github.com/nektos/act', '30 s'),
  install('actionlint', 'github.com/rhysd/actionlint/cmd/actionlint', '10 s'),
  {
    tools: ['opentofu'],
    about: '3 min',
    module: 'opentofu',
    onDemand: true,
    command: (into) => [
      'build',
      '-trimpath',
      '-o',
      join(into, 'opentofu'),
      '-ldflags',
      '-s -w',
      'github.com/opentofu/opentofu/cmd/tofu',
    ],
  },
  {
    tools: ['provider-stand-in'],
    about: '30 s',
    module: 'provider-stand-in',
    onDemand: true,
    command: (into) => [
      'build',
      '-trimpath',
      '-o',
      join(into, 'provider-stand-in'),
      '-ldflags',
      '-s -w',
      '.',
    ],
  },
];

/** Every Go tool that a lab needs and that is not in the cache yet (or those of `only`), one build after the other: a build alone fills two cores. */
export async function buildGoTools(
  go: string,
  log: Log,
  signal?: AbortSignal,
  only?: readonly Tool[],
): Promise<void> {
  for (const build of builds) {
    const wanted =
      only === undefined ? build.onDemand !== true : build.tools.some((tool) => only.includes(tool));
    if (wanted && !build.tools.every((tool) => existsSync(toolPath(tool)))) {
      await buildOne(build, go, log, signal);
    }
  }
}

async function buildOne(build: GoBuild, go: string, log: Log, signal?: AbortSignal): Promise<void> {
  const bin = join(cacheFolder(), 'bin');
  const stage = join(bin, `.building-${process.pid}`);
  mkdirSync(stage, { recursive: true });
  try {
    await runSlowly(
      {
        title: `building ${build.tools.map((tool) => `${tool} ${versionOf(tool)}`).join(', ')} (about ${build.about})`,
        command: go,
        arguments: build.command(stage),
        ...(build.module ? { folder: join(repositoryRoot, 'lab/tools/go', build.module) } : {}),
        environment: { CGO_ENABLED: '0', GOBIN: stage, GOTOOLCHAIN: 'local', GOWORK: 'off' },
        signal,
      },
      log,
    );
    for (const tool of build.tools) renameSync(join(stage, build.program ?? tool), toolPath(tool));
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** kwok's Stage files and ExternalDNS' chart, copied so that a cleaned module cache takes nothing away. */
export function copyModuleData(go: string, log: Log): void {
  copyFromModule(go, log, `sigs.k8s.io/kwok@v${versions.kwok}`, 'kustomize/stage', kwokStagesFolder());
  copyFromModule(
    go,
    log,
    `sigs.k8s.io/external-dns@v${versions['external-dns']}`,
    'charts/external-dns',
    externalDnsChartFolder(),
  );
}

function copyFromModule(go: string, log: Log, module: string, folder: string, to: string): void {
  if (existsSync(to)) return;
  log(`copying ${folder} of ${module}`);
  const answer = execFileSync(go, ['mod', 'download', '-json', module], {
    cwd: cacheFolder(),
    encoding: 'utf8',
    env: { ...process.env, GOTOOLCHAIN: 'local', GOWORK: 'off' },
  });
  const { Dir } = JSON.parse(answer) as { Dir: string };
  const stage = `${to}.copying-${process.pid}`;
  cpSync(join(Dir, folder), stage, { recursive: true });
  makeWritable(stage);
  renameSync(stage, to);
}

// Go's module cache is read-only; a copy that nobody can remove would be a nuisance.
function makeWritable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeWritable(path);
    else chmodSync(path, 0o644);
  }
}
