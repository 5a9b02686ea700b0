// The schemas of custom kinds, as the API server publishes them for everybody (OpenAPI v3).
import { isMap } from '../bundle/field.ts';
import { groupOf, type Json, type JsonObject } from '../bundle/object.ts';
import { resolvedSchema, type Schema } from '../compare/schema.ts';
import type { Kube } from './connection.ts';
import { rootOf } from './path.ts';
import { sendPatiently } from './retry.ts';

export interface Schemas {
  /** `undefined` for built-in kinds, whose defaults are code, and where the server publishes none. */
  find(apiVersion: string, kind: string, signal: AbortSignal): Promise<Schema | undefined>;
  /** Of built-in kinds too, references resolved: tells how lists are merged and what is a quantity. */
  findWhole(apiVersion: string, kind: string, signal: AbortSignal): Promise<Schema | undefined>;
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
const componentsOf = (body: unknown): JsonObject => {
  const document = body as Json | undefined;
  const components = isMap(document) ? document['components'] : undefined;
  const schemas = isMap(components) ? components['schemas'] : undefined;
  return isMap(schemas) ? schemas : {};
};

/** Each group version is read once. */
export const publishedSchemas = (kube: Kube): Schemas => {
  const read = new Map<string, Promise<JsonObject>>();
  const components = (apiVersion: string, signal: AbortSignal): Promise<JsonObject> => {
    const known = read.get(apiVersion);
    if (known) return known;
    const path = `/openapi/v3${rootOf(apiVersion)}`;
    const reading = sendPatiently(kube, { method: 'GET', path }, patience, signal).then((answer) =>
      answer.status === 200 ? componentsOf(answer.body) : {},
    );
    read.set(apiVersion, reading);
    return reading;
  };
  const named = async (
    apiVersion: string,
    kind: string,
    signal: AbortSignal,
  ): Promise<{ readonly schema?: Schema; readonly all: JsonObject }> => {
    const all = await components(apiVersion, signal);
    const schema = Object.values(all).find((each) => isOf(each, apiVersion, kind));
    return { all, ...(isMap(schema) && { schema }) };
  };
  return {
    find: async (apiVersion, kind, signal) =>
      builtIn(apiVersion) ? undefined : (await named(apiVersion, kind, signal)).schema,
    findWhole: async (apiVersion, kind, signal) => {
      const { schema, all } = await named(apiVersion, kind, signal);
      return schema && resolvedSchema(schema, all);
    },
  };
};
