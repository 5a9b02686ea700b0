// The definitions of the Gateway API's release, from the Go module cache.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const module = 'sigs.k8s.io/gateway-api@v1.6.1';

/** The folder of the standard channel; downloaded where it is not there yet. LAB_GATEWAY_API_CRDS names another. */
export function gatewayApiFolder(): string {
  const given = process.env['LAB_GATEWAY_API_CRDS'];
  if (given) return given;
  const cache = execFileSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim();
  const folder = join(cache, module, 'config/crd/standard');
  if (!existsSync(folder)) {
    execFileSync('go', ['mod', 'download', module], { cwd: mkdtempSync(join(tmpdir(), 'crds-')) });
  }
  return folder;
}
