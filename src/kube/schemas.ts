// The schemas of custom kinds, as the API server publishes them for everybody (OpenAPI v3).
import { isMap } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';
import type { Schema } from '../compare/schema.ts';
import type { Kube } from './connection.ts';
import { groupOf, rootOf } from './path.ts';
import { sendPatiently } from './retry.ts';

export interface Schemas {
  /** `undefined` for built-in kinds, whose defaults are code, and where the server publishes none. */
  find(apiVersion: string, kind: string, signal: AbortSignal): Promise<Schema | undefined>;
}

const patience = { milliseconds: 5_000 };

/** Groups of Kubernetes itself: no dot, or `….k8s.io` of a single word (`apps`, `networking.k8s.io`). */
const builtIn = (apiVersion: string): boolean => {
  const group = groupOf(apiVersion);
  return (
    !group.includes('.') || /^(rbac\.authorization|[a-z]+)\.k8s\.io$|^[a-z]+\.apiserver\.k8s\.io$/.test(group)
  );
};

const isOf = (schema: Json | undefined, apiVersion: string, kind: string): boolean => {
  const names = isMap(schema) ? schema['x-kubernetes-group-version-kind'] : undefined;
  const group = groupOf(apiVersion);
  const version = apiVersion.slice(group === '' ? 0 : group.length + 1);
  return (
    Array.isArray(names) &&
    names.length === 1 &&
    names.some(
      (each: Json) =>
        isMap(each) && each['group'] === group && each['version'] === version && each['kind'] === kind,
    )
  );
};

// What JSON.parse gave is JSON: only the frame needs a look.
const componentsOf = (body: unknown): readonly Json[] => {
  const document = body as Json | undefined;
  const components = isMap(document) ? document['components'] : undefined;
  const schemas = isMap(components) ? components['schemas'] : undefined;
  return isMap(schemas) ? Object.values(schemas).filter((value) => value !== undefined) : [];
};

/** Each group version is read once. */
export const publishedSchemas = (kube: Kube): Schemas => {
  const read = new Map<string, Promise<readonly Json[]>>();
  const components = (apiVersion: string, signal: AbortSignal): Promise<readonly Json[]> => {
    const known = read.get(apiVersion);
    if (known) return known;
    const path = `/openapi/v3${rootOf(apiVersion)}`;
    const reading = sendPatiently(kube, { method: 'GET', path }, patience, signal).then((answer) =>
      answer.status === 200 ? componentsOf(answer.body) : [],
    );
    read.set(apiVersion, reading);
    return reading;
  };
  return {
    find: async (apiVersion, kind, signal) => {
      if (builtIn(apiVersion)) return undefined;
      const found = (await components(apiVersion, signal)).find((schema) => isOf(schema, apiVersion, kind));
      return isMap(found) ? found : undefined;
    },
  };
};
