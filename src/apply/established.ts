// Waits until CustomResourceDefinitions can be used: Established, and in the API server's discovery.
import type { JsonObject, KubernetesObject, Sourced } from '../bundle/object.ts';
import { refOf } from '../bundle/object.ts';
import type { Clock } from '../clock.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { Applier } from './applier.ts';

export interface Wait {
  readonly clock: Clock;
  /** Milliseconds for all of them together (default 60 s; it takes a second). */
  readonly milliseconds?: number;
  /** The definitions as they were when they were applied, by `refOf`: saves the first look. */
  readonly applied?: ReadonlyMap<string, KubernetesObject>;
}

const between = 500;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

const condition = (crd: KubernetesObject, type: string): JsonObject | undefined => {
  const { status } = crd;
  return isObject(status) ? list(status['conditions']).find((each) => each['type'] === type) : undefined;
};

/** The versions that a definition says it serves, as `[apiVersion, kind]`. */
export const servedBy = (crd: KubernetesObject): readonly (readonly [string, string])[] => {
  const { spec } = crd;
  if (!isObject(spec) || !isObject(spec['names'])) return [];
  const kind = String(spec['names']['kind']);
  return list(spec['versions'])
    .filter((version) => version['served'] === true)
    .map((version) => [`${String(spec['group'])}/${String(version['name'])}`, kind] as const);
};

/** `undefined` when the definition can be used, otherwise what is missing. */
const missing = async (
  wanted: KubernetesObject,
  applied: KubernetesObject | undefined,
  applier: Applier,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const isUsable = applied !== undefined && condition(applied, 'Established')?.['status'] === 'True';
  const seen = isUsable ? { value: applied } : await applier.read(wanted, signal);
  // Whoever may not read definitions still sees in discovery whether the kind is there.
  const live = 'value' in seen ? seen.value : wanted;
  if (live === undefined) return 'it does not exist';
  if ('value' in seen) {
    const names = condition(live, 'NamesAccepted');
    if (names?.['status'] === 'False') return `its names are not accepted: ${String(names['message'])}`;
    if (condition(live, 'Established')?.['status'] !== 'True') return 'it is not Established';
  }
  for (const [apiVersion, kind] of servedBy(live)) {
    if (!(await applier.serves(apiVersion, kind, signal))) return `${apiVersion} is not in discovery`;
  }
  return undefined;
};

/**
 * A finding for each definition that cannot be used in time; none when all can.
 * @throws the signal's reason on abort; what the applier throws when the cluster is gone.
 */
export const waitEstablished = async (
  crds: readonly Sourced[],
  applier: Applier,
  { clock, milliseconds = 60_000, applied }: Wait,
  signal: AbortSignal,
): Promise<readonly Finding[]> => {
  const deadline = clock.monotonic() + milliseconds;
  let open = crds.filter(({ object }) => object.kind === 'CustomResourceDefinition');
  for (;;) {
    const looks = await Promise.all(
      open.map(async (each) => ({
        each,
        lacks: await missing(each.object, applied?.get(refOf(each.object)), applier, signal),
      })),
    );
    const lacking = looks.filter(({ lacks }) => lacks !== undefined);
    if (lacking.length === 0) return [];
    open = lacking.map(({ each }) => each);
    if (clock.monotonic() + between > deadline) {
      return lacking.map(({ each: { object, source }, lacks }) =>
        finding('error', 'crds/not-established', `${refOf(object)} cannot be used: ${lacks}.`, {
          source,
          ref: refOf(object),
          hint: 'Look at its status: kubectl describe crd.',
        }),
      );
    }
    await clock.sleep(between, signal);
  }
};
