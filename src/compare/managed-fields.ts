// Who owns what of an object: metadata.managedFields, read.
import { field, isMap, list, moment, text } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import { equal } from './equal.ts';

/** One manager's fields (apimachinery meta/v1 ManagedFieldsEntry). */
export interface FieldsEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  /** The version that the paths are written in. */
  readonly apiVersion: string;
  /** `status`, `scale`; absent for the object itself. */
  readonly subresource?: string;
  /** When it last changed the object. */
  readonly since?: Date;
  /**
   * A tree of path elements, each with those below it: `f:name` a field, `k:{"name":"web"}` an item of a list by its
   * keys, `v:"x"` an item of a set, `.` the node itself (structured-merge-diff fieldpath/serialize.go).
   */
  readonly fields: JsonObject;
}

const entryOf = (value: JsonObject): FieldsEntry => {
  const subresource = text(value, 'subresource');
  const since = moment(value, 'time');
  const fields = field(value, 'fieldsV1');
  return {
    manager: text(value, 'manager') ?? '',
    operation: text(value, 'operation') === 'Apply' ? 'Apply' : 'Update',
    apiVersion: text(value, 'apiVersion') ?? '',
    ...(subresource !== undefined && { subresource }),
    ...(since && { since }),
    fields: isMap(fields) ? fields : {},
  };
};

export const fieldsEntries = (object: KubernetesObject): readonly FieldsEntry[] =>
  list(object, 'metadata', 'managedFields').filter(isMap).map(entryOf);

/** What a manager owns of an object by server-side apply; `undefined` where it owns nothing in that way. */
export const appliedBy = (object: KubernetesObject, manager: string): FieldsEntry | undefined =>
  fieldsEntries(object).find(
    (entry) => entry.manager === manager && entry.operation === 'Apply' && entry.subresource === undefined,
  );

/** Whether an item of a list is the one of these keys. @param fields what of the item is owned */
export const hasKeys = (item: Json, keys: JsonObject, fields?: JsonObject): boolean =>
  isMap(item) &&
  Object.entries(keys).every(([name, value]) =>
    // A key that was left out has its default, and is then not owned as a field.
    item[name] === undefined
      ? fields !== undefined && !Object.hasOwn(fields, `f:${name}`)
      : equal(item[name], value),
  );
