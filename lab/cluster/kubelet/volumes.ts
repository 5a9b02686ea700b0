// Lays a pod's Secrets, ConfigMaps and tokens into files, and keeps them fresh.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Api } from '../api.ts';
import {
  type Container,
  fieldOf,
  type KeyToPath,
  type Pod,
  type ProjectedSource,
  type Volume,
} from './pod.ts';

/** What a pod needs is not there (yet); the pod waits with this reason, as on a real node. */
export class MountFailure extends Error {
  override readonly name = 'MountFailure';
}

interface HeldToken {
  readonly token: string;
  readonly renewAt: number;
}

export class PodVolumes {
  readonly #pod: Pod;
  readonly #podIP: string;
  readonly #folder: string;
  readonly #api: Api;
  readonly #written = new Map<string, string>();
  readonly #tokens = new Map<string, HeldToken>();

  constructor(pod: Pod, podIP: string, folder: string, api: Api) {
    this.#pod = pod;
    this.#podIP = podIP;
    this.#folder = join(folder, 'volumes');
    this.#api = api;
  }

  /** Reads everything anew and writes what has changed. Throws MountFailure when something needed is missing. */
  async refresh(): Promise<void> {
    for (const volume of this.#pod.spec.volumes ?? []) {
      const folder = join(this.#folder, volume.name);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const files = await this.#filesOf(volume);
      for (const [path, content] of files) this.#write(join(folder, path), content);
      for (const file of this.#written.keys()) {
        if (file.startsWith(`${folder}/`) && !files.has(file.slice(folder.length + 1))) {
          rmSync(file, { force: true });
          this.#written.delete(file);
        }
      }
    }
  }

  /** Where a path inside the container lies on this machine; undefined when no volume is mounted there. */
  locate(container: Container, path: string): string | undefined {
    const mounts = [...(container.volumeMounts ?? [])].sort(
      (a, b) => b.mountPath.length - a.mountPath.length,
    );
    for (const mount of mounts) {
      const base = mount.mountPath.replace(/\/+$/, '');
      if (path === base || path.startsWith(`${base}/`)) {
        return join(this.#folder, mount.name, mount.subPath ?? '', path.slice(base.length));
      }
    }
    return undefined;
  }

  /** Replaces every mounted path that occurs in an argument or a variable's value. */
  rewrite(container: Container, text: string): string {
    return text.replace(/(^|[=:,\s])(\/[^=:,\s]+)/g, (whole, before: string, path: string) => {
      const found = this.locate(container, path);
      return found === undefined ? whole : `${before}${found}`;
    });
  }

  async #filesOf(volume: Volume): Promise<Map<string, string>> {
    const files = new Map<string, string>();
    if (volume.secret) {
      await this.#addSecret(files, volume.secret.secretName, volume.secret.items, volume.secret.optional);
    }
    if (volume.configMap) {
      await this.#addConfigMap(
        files,
        volume.configMap.name,
        volume.configMap.items,
        volume.configMap.optional,
      );
    }
    if (volume.downwardAPI) this.#addFields(files, { downwardAPI: volume.downwardAPI });
    for (const source of volume.projected?.sources ?? []) {
      if (source.serviceAccountToken) {
        files.set(source.serviceAccountToken.path, await this.#token(source.serviceAccountToken));
      }
      if (source.secret) {
        await this.#addSecret(files, source.secret.name, source.secret.items, source.secret.optional);
      }
      if (source.configMap) {
        await this.#addConfigMap(
          files,
          source.configMap.name,
          source.configMap.items,
          source.configMap.optional,
        );
      }
      this.#addFields(files, source);
    }
    return files;
  }

  async #addSecret(
    files: Map<string, string>,
    name: string,
    items: readonly KeyToPath[] | undefined,
    optional = false,
  ): Promise<void> {
    const data = await this.#data('secrets', name, optional);
    addItems(files, data, items, (text) => Buffer.from(text, 'base64').toString('latin1'));
  }

  async #addConfigMap(
    files: Map<string, string>,
    name: string,
    items: readonly KeyToPath[] | undefined,
    optional = false,
  ): Promise<void> {
    const data = await this.#data('configmaps', name, optional);
    addItems(files, data, items, (text) => Buffer.from(text, 'utf8').toString('latin1'));
  }

  #addFields(files: Map<string, string>, source: Pick<ProjectedSource, 'downwardAPI'>): void {
    for (const item of source.downwardAPI?.items ?? []) {
      if (item.fieldRef) {
        const text = fieldOf(this.#pod, item.fieldRef.fieldPath, this.#podIP);
        files.set(item.path, Buffer.from(text, 'utf8').toString('latin1'));
      }
    }
  }

  async #data(
    kind: 'secrets' | 'configmaps',
    name: string,
    optional: boolean,
  ): Promise<Readonly<Record<string, string>>> {
    const answer = await this.#api.get<{ data?: Record<string, string> }>(
      `/api/v1/namespaces/${this.#pod.metadata.namespace}/${kind}/${name}`,
    );
    if (answer.status === 200) return answer.body.data ?? {};
    if (answer.status === 404 && optional) return {};
    const what = kind === 'secrets' ? 'secret' : 'configmap';
    throw new MountFailure(
      answer.status === 404
        ? `${what} "${name}" not found`
        : `${what} "${name}": the API server answered ${answer.status}`,
    );
  }

  // Renewed as the real kubelet does: at 80 % of its life, or after a day.
  async #token(wanted: NonNullable<ProjectedSource['serviceAccountToken']>): Promise<string> {
    const key = `${wanted.path} ${wanted.audience ?? ''}`;
    const held = this.#tokens.get(key);
    if (held && Date.now() < held.renewAt) return held.token;
    const { name, namespace, uid } = this.#pod.metadata;
    const account = this.#pod.spec.serviceAccountName ?? 'default';
    const answer = await this.#api.post<{
      status?: { token: string; expirationTimestamp: string };
      message?: string;
    }>(`/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences: wanted.audience ? [wanted.audience] : [],
        expirationSeconds: wanted.expirationSeconds ?? 3600,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    });
    const issued = answer.body.status;
    if (answer.status !== 201 || !issued?.token) {
      throw new MountFailure(`failed to fetch token: ${answer.body.message ?? answer.status}`);
    }
    const life = Date.parse(issued.expirationTimestamp) - Date.now();
    this.#tokens.set(key, {
      token: issued.token,
      renewAt: Date.now() + Math.min(life * 0.8, 24 * 3600 * 1000),
    });
    return issued.token;
  }

  // Renamed into place, so that a reader never sees half a file and a watcher of it notices.
  #write(file: string, content: string): void {
    if (this.#written.get(file) === content && existsSync(file)) return;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, content, { encoding: 'latin1', mode: 0o600 });
    renameSync(`${file}.new`, file);
    this.#written.set(file, content);
  }
}

// Contents are held as latin1 text: bytes in, the same bytes out, and comparable.
function addItems(
  files: Map<string, string>,
  data: Readonly<Record<string, string>>,
  items: readonly KeyToPath[] | undefined,
  decode: (text: string) => string,
): void {
  const wanted = items ?? Object.keys(data).map((key) => ({ key, path: key }));
  for (const { key, path } of wanted) {
    const text = data[key];
    if (text !== undefined) files.set(path, decode(text));
  }
}
