// One manifest against one live object: the paths that a drift check tells of.
import type { JsonObject, KubernetesObject } from '../../../src/bundle/object.ts';
import type { Schema } from '../../../src/compare/schema.ts';
import { differencesOf } from '../../../src/drift/live-object.ts';

/** Of a field that may hold anything. */
export const open: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const object = (apiVersion: string, kind: string, rest: JsonObject): KubernetesObject => ({
  ...rest,
  apiVersion,
  kind,
  metadata: { ...(rest['metadata'] as JsonObject | undefined), name: 'shop' },
});

export const told = (
  [apiVersion, kind]: readonly [string, string],
  wanted: JsonObject,
  live: JsonObject,
  schema?: Schema,
): string[] =>
  differencesOf(
    {
      layer: 'kubernetes',
      object: object(apiVersion, kind, wanted),
      namespace: undefined,
      source: { file: 'a.yaml', line: 1 },
      manager: 'eks-gateway-action',
    },
    object(apiVersion, kind, live),
    schema,
  ).map(({ path }) => path);
