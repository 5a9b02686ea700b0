// Checks that what came from the API server is a Kubernetes object.
import type { JsonObject, KubernetesObject } from '../bundle/object.ts';
import { isFields } from './fields.ts';

// What JSON.parse gave is JSON: only the object's frame needs a look.
const isJsonObject = (value: unknown): value is JsonObject => isFields(value);

/** Items of a list of built-in kinds carry neither apiVersion nor kind: `frame` fills them in. */
export const objectOf = (
  value: unknown,
  frame: { readonly apiVersion: string; readonly kind: string },
): KubernetesObject | undefined => {
  if (!isJsonObject(value)) return undefined;
  const { metadata, apiVersion, kind } = value;
  if (!isJsonObject(metadata) || typeof metadata['name'] !== 'string') return undefined;
  const { namespace, name, ...rest } = metadata;
  return {
    ...value,
    apiVersion: typeof apiVersion === 'string' ? apiVersion : frame.apiVersion,
    kind: typeof kind === 'string' ? kind : frame.kind,
    metadata: { ...rest, name, ...(typeof namespace === 'string' && { namespace }) },
  };
};
