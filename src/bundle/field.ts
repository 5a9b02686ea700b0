// Typed reading of fields whose shape nobody has promised: manifests before they are applied, status after it.
import type { Json, JsonObject } from './object.ts';

export const isMap = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The field at the path; `undefined` where any step of it is missing or of another shape. */
export const field = (from: Json | undefined, ...path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((value, key) => (isMap(value) ? value[key] : undefined), from);

/** The text at the path, unless it is missing, empty or no text. */
export const text = (from: Json | undefined, ...path: readonly string[]): string | undefined => {
  const value = field(from, ...path);
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** The number at the path, unless it is missing or no number. */
export const number = (from: Json | undefined, ...path: readonly string[]): number | undefined => {
  const value = field(from, ...path);
  return typeof value === 'number' ? value : undefined;
};

/** The list at the path; empty where there is none. */
export const list = (from: Json | undefined, ...path: readonly string[]): readonly Json[] => {
  const value = field(from, ...path);
  return Array.isArray(value) ? value : [];
};

/** The texts of a list; what is no text is left out. */
export const texts = (from: Json | undefined, ...path: readonly string[]): readonly string[] =>
  list(from, ...path).filter((value) => typeof value === 'string');

/** A map of texts (labels, annotations); what is no text is left out. */
export const textMap = (
  from: Json | undefined,
  ...path: readonly string[]
): Readonly<Record<string, string>> => {
  const value = field(from, ...path);
  if (!isMap(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
};

/** A moment written as RFC 3339. */
export const moment = (from: Json | undefined, ...path: readonly string[]): Date | undefined => {
  const value = text(from, ...path);
  const at = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(at) ? undefined : new Date(at);
};
