// The part of a custom resource's schema that decides what an omitted field becomes.
import { isMap } from '../bundle/field.ts';
import type { Json, JsonObject } from '../bundle/object.ts';

/** A structural schema as the API server publishes it in OpenAPI v3; anything else in it is passed over. */
export type Schema = JsonObject;

const below = (schema: Schema | undefined, key: string): Schema | undefined => {
  const value = schema?.[key];
  return isMap(value) ? value : undefined;
};

/** The schema of a field of a map. */
export const schemaOfField = (schema: Schema | undefined, name: string): Schema | undefined => {
  const properties = below(schema, 'properties');
  return properties !== undefined && Object.hasOwn(properties, name)
    ? below(properties, name)
    : below(schema, 'additionalProperties');
};

/** The schema of a list's items. */
export const schemaOfItems = (schema: Schema | undefined): Schema | undefined => below(schema, 'items');

/**
 * The value as the API server stores it: omitted fields with a default filled in, below filled-in ones too
 * (apiextensions-apiserver pkg/apiserver/schema/defaulting/algorithm.go). `undefined` where it holds a null, whose
 * fate depends on more than defaults.
 */
export const withDefaults = (value: Json, schema: Schema | undefined): Json | undefined => {
  if (value === null) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => withDefaults(item, schemaOfItems(schema)));
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  if (!isMap(value)) return value;
  const filled: Record<string, Json> = {};
  for (const [name, given] of Object.entries(value)) {
    if (given === undefined) continue;
    const inner = withDefaults(given, schemaOfField(schema, name));
    if (inner === undefined) return undefined;
    filled[name] = inner;
  }
  for (const [name, property] of Object.entries(below(schema, 'properties') ?? {})) {
    const fallback = isMap(property) ? property['default'] : undefined;
    if (fallback === undefined || Object.hasOwn(filled, name) || !isMap(property)) continue;
    const inner = withDefaults(fallback, property);
    if (inner === undefined) return undefined;
    filled[name] = inner;
  }
  return filled;
};

const reference = '#/components/schemas/';
const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/** The name that a schema refers to, by itself or by the one member of its `allOf`. */
const referred = (schema: Schema): string | undefined => {
  const { allOf, $ref = Array.isArray(allOf) && isMap(allOf[0]) ? allOf[0]['$ref'] : undefined } = schema;
  return typeof $ref === 'string' && $ref.startsWith(reference) ? $ref.slice(reference.length) : undefined;
};

/**
 * The schema with its references into `components` (OpenAPI v3 `components.schemas`) resolved; those that lead back into
 * themselves end there. Quantities get the format `quantity`.
 */
export const resolvedSchema = (
  schema: Schema,
  components: JsonObject,
  above: readonly string[] = [],
): Schema => {
  const name = referred(schema);
  if (name === quantity) return { type: 'string', format: 'quantity' };
  const target = name === undefined || above.includes(name) ? undefined : below(components, name);
  const path = name === undefined ? above : [...above, name];
  const whole: Schema = target === undefined ? schema : { ...target, ...schema };
  const within = (value: Json | undefined): Json | undefined =>
    isMap(value) ? resolvedSchema(value, components, path) : value;
  const properties = below(whole, 'properties');
  return {
    ...whole,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, within(value)])),
    }),
    ...(isMap(whole['items']) && { items: within(whole['items']) }),
    ...(isMap(whole['additionalProperties']) && {
      additionalProperties: within(whole['additionalProperties']),
    }),
  };
};
