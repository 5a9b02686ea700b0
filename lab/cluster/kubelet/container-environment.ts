// A container's environment and arguments, worked out of its spec as the kubelet does.

import type { Api } from '../api.ts';
import { type Container, fieldOf, type KeyRef, type Pod } from './pod.ts';
import { MountFailure } from './volumes.ts';

type Data = Readonly<Record<string, string>>;

/** Variables of `env` and `envFrom` in their order, `$(NAME)` expanded. */
export async function containerEnvironment(
  pod: Pod,
  container: Container,
  podIP: string,
  api: Api,
): Promise<Record<string, string>> {
  const environment: Record<string, string> = {};
  for (const source of container.envFrom ?? []) {
    const prefix = source.prefix ?? '';
    const data = source.configMapRef
      ? await read(api, pod, 'configmaps', source.configMapRef)
      : source.secretRef
        ? await read(api, pod, 'secrets', source.secretRef)
        : {};
    for (const [name, value] of Object.entries(data)) environment[`${prefix}${name}`] = value;
  }
  for (const variable of container.env ?? []) {
    const from = variable.valueFrom;
    const value = from?.fieldRef
      ? fieldOf(pod, from.fieldRef.fieldPath, podIP)
      : from?.configMapKeyRef
        ? await readKey(api, pod, 'configmaps', from.configMapKeyRef)
        : from?.secretKeyRef
          ? await readKey(api, pod, 'secrets', from.secretKeyRef)
          : expand(variable.value ?? '', environment);
    if (value !== undefined) environment[variable.name] = value;
  }
  return environment;
}

/** `$(NAME)` becomes the variable's value where there is one; `$$(NAME)` is the way to write it plainly. */
export function expand(text: string, environment: Data): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (environment[name] ?? whole),
  );
}

async function readKey(
  api: Api,
  pod: Pod,
  kind: 'configmaps' | 'secrets',
  ref: KeyRef,
): Promise<string | undefined> {
  const value = (await read(api, pod, kind, ref))[ref.key];
  if (value === undefined && !ref.optional) {
    throw new MountFailure(
      `couldn't find key ${ref.key} in ${kind.slice(0, -1)} ${pod.metadata.namespace}/${ref.name}`,
    );
  }
  return value;
}

async function read(
  api: Api,
  pod: Pod,
  kind: 'configmaps' | 'secrets',
  ref: { readonly name: string; readonly optional?: boolean },
): Promise<Data> {
  const answer = await api.get<{ data?: Record<string, string> }>(
    `/api/v1/namespaces/${pod.metadata.namespace}/${kind}/${ref.name}`,
  );
  if (answer.status !== 200) {
    if (ref.optional) return {};
    throw new MountFailure(`${kind.slice(0, -1)} "${ref.name}" not found`);
  }
  const data = answer.body.data ?? {};
  if (kind === 'configmaps') return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
