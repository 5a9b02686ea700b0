// The definitions of the Gateway API's release, from the Go module cache.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { versions } from './tools/locations.ts';

const module = `sigs.k8s.io/gateway-api@v${versions['gateway-api']}`;

function moduleFolder(go: string): string {
  const cache = execFileSync(go, ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim();
  return join(cache, module);
}

/** Whether the module is in the cache. From inside a lab it cannot be had any more. */
export const hasGatewayApi = (go: string): boolean => existsSync(moduleFolder(go));

export function downloadGatewayApi(go: string): void {
  // Outside of any module, or its go.mod would have a say.
  execFileSync(go, ['mod', 'download', module], { cwd: tmpdir(), env: { ...process.env, GOWORK: 'off' } });
}

/** The folder of the standard channel. LAB_GATEWAY_API_CRDS names another. */
export function gatewayApiFolder(): string {
  return process.env['LAB_GATEWAY_API_CRDS'] || join(moduleFolder('go'), 'config/crd/standard');
}
