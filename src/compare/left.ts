// Fields that a manager once applied, that still stand, and that its manifest no longer has: applying again removes them.
import { isMap } from '../bundle/field.ts';
import type { Json, JsonObject } from '../bundle/object.ts';
import { equal } from './equal.ts';
import { hasKeys } from './managed-fields.ts';
import type { Step } from './unmet.ts';

export interface Left {
  readonly steps: readonly Step[];
  readonly found: Json;
}

interface Node {
  /** The manifest at this place, in each of its forms; none: it says nothing here. */
  readonly wanted: readonly Json[];
  readonly live: Json;
  /** The manager's part of managedFields below this place. */
  readonly fields: JsonObject;
  readonly steps: readonly Step[];
}

const parsed = (text: string): Json | undefined => {
  try {
    // JSON.parse gives JSON.
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};

type Place = Pick<Node, 'wanted'> & { readonly live: Json | undefined; readonly step: Step };

const inMap = ({ wanted, live }: Node, name: string): Place => ({
  wanted: wanted.flatMap((each) => {
    const inner = isMap(each) ? each[name] : undefined;
    // A null asks for nothing.
    return inner === undefined || inner === null ? [] : [inner];
  }),
  live: isMap(live) && Object.hasOwn(live, name) ? live[name] : undefined,
  step: { field: name },
});

const inKeyed = ({ wanted, live }: Node, keys: JsonObject, fields: JsonObject): Place => ({
  wanted: wanted.flatMap((each) =>
    Array.isArray(each) ? each.filter((item: Json) => hasKeys(item, keys, fields)) : [],
  ),
  live: Array.isArray(live) ? live.find((item: Json) => hasKeys(item, keys)) : undefined,
  step: {
    keys: Object.fromEntries(
      Object.entries(keys).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  },
});

const inSet = ({ wanted, live }: Node, value: Json): Place => ({
  wanted: wanted.flatMap((each) =>
    Array.isArray(each) ? each.filter((item: Json) => equal(item, value)) : [],
  ),
  live: Array.isArray(live) ? live.find((item: Json) => equal(item, value)) : undefined,
  step: { keys: { '': value } },
});

const placeOf = (node: Node, element: string, fields: JsonObject): Place | undefined => {
  const name = element.slice(2);
  if (element.startsWith('f:')) return inMap(node, name);
  const value = parsed(name);
  if (value === undefined) return undefined;
  if (element.startsWith('k:')) return isMap(value) ? inKeyed(node, value, fields) : undefined;
  return element.startsWith('v:') ? inSet(node, value) : undefined;
};

const below = (node: Node, isShared: (steps: readonly Step[]) => boolean): readonly Left[] =>
  Object.entries(node.fields).flatMap(([element, value]): readonly Left[] => {
    const fields = isMap(value) ? value : {};
    const place = placeOf(node, element, fields);
    if (place?.live === undefined) return [];
    const steps = [...node.steps, place.step];
    if (place.wanted.length === 0 && !isShared(steps)) return [{ steps, found: place.live }];
    return below({ wanted: place.wanted, live: place.live, fields, steps }, isShared);
  });

/**
 * @param wanted the manifest in its forms (as it is written, as it is stored): what any of them has is not left
 * @param fields of the manager's own entry in managedFields (`appliedBy`), in the version of the manifest
 * @param isShared whether something at this place is somebody else's as well: then each part is told by itself
 */
export const leftFields = (
  wanted: readonly Json[],
  live: Json,
  fields: JsonObject,
  isShared: (steps: readonly Step[]) => boolean = () => false,
): readonly Left[] => below({ wanted, live, fields, steps: [] }, isShared);
