// What became of an object, as the report and the findings have it.
import { field, isMap } from '../bundle/field.ts';
import { type Json, type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import { placeholderIn, renderFirst } from '../bundle/placeholder.ts';
import { kubectlManager, leftToKubectl } from '../compare/left-to-kubectl.ts';
import type { Code } from '../verdict/codes.ts';
import type { Source } from '../verdict/finding.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import type { AppliedObject } from './applied-object.ts';
import { fieldManager, type Refusal, type WrongField } from './applier.ts';
import type { Refusal as Lowering } from './crd-safety.ts';
import type { Owner } from './ownership.ts';
import { unservedCode } from './unserved.ts';

/** The place of a field in the repository; the object's own where it cannot be found. */
export type Locate = (each: Sourced, path: string) => Promise<Source>;

export const warned = ({ source }: Sourced, ref: string, warnings: readonly string[]): readonly Finding[] =>
  warnings.map((text) => finding('warning', 'apply/warning', text, { source, ref }));

/**
 * What `kubectl apply` wrote before and the repository does not have: it stays.
 * @param live as it is after we have applied it
 */
export const leftBehind = (
  { source }: Sourced,
  ref: string,
  live: KubernetesObject,
  takeOver: readonly string[],
): readonly Finding[] => {
  const paths = takeOver.includes(kubectlManager) ? [] : leftToKubectl(live, fieldManager);
  if (paths.length === 0) return [];
  const rest = paths.length > 5 ? ` and ${paths.length - 5} more` : '';
  const one = paths.length === 1;
  return [
    finding(
      'notice',
      'apply/fields-left',
      `${ref} keeps ${paths.slice(0, 5).join(', ')}${rest}, which ${one ? 'is' : 'are'} not in the repository: \`kubectl apply\` wrote ${one ? 'it' : 'them'} before, and still owns ${one ? 'it' : 'them'}.`,
      {
        source,
        ref,
        hint: `Put into the repository what is to stay; the rest goes with one run that has \`take-over: ${kubectlManager}\`.`,
      },
    ),
  ];
};

const codeOf = ({ result, denied, unserved }: Refusal, object: KubernetesObject): Code => {
  if (result === 'conflict') return 'apply/conflict';
  if (unserved) return unservedCode(object);
  return denied === undefined ? 'apply/rejected' : 'cluster/forbidden';
};

/** The API server complains in no order. */
const inOrder = (findings: readonly Finding[]): readonly Finding[] =>
  findings.toSorted((one, other) => (one.source?.line ?? 0) - (other.source?.line ?? 0));

const isBase64 = (value: Json | undefined): boolean =>
  typeof value === 'string' &&
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value.replaceAll(/[\r\n]/g, ''));

/** Of values that are no base64 the API server says neither which nor where. */
const unencoded = (object: KubernetesObject, message: string): readonly WrongField[] | undefined => {
  if (!/\billegal base64 data\b/.test(message)) return undefined;
  const key = object.kind === 'Secret' ? 'data' : 'binaryData';
  const values = field(object, key);
  const wrong = isMap(values) ? Object.entries(values).filter(([, value]) => !isBase64(value)) : [];
  if (wrong.length === 0) return undefined;
  return wrong.map(([name]) => ({
    path: `.${key}["${name}"]`,
    message: `not base64; plain text belongs in ${key === 'data' ? 'stringData' : 'data'}`,
  }));
};

/** `Invalid value: "${HOST}"` (apimachinery field.Error). */
const templateHint = ({ message, fields = [] }: Refusal): string | undefined => {
  const complaints = [message, ...fields.map((each) => each.message)];
  const values = complaints.flatMap((each) => /Invalid value: "([^"]*)"/.exec(each)?.[1] ?? []);
  const left = values.map(placeholderIn).find((each) => each !== undefined);
  return left === undefined ? undefined : renderFirst(left);
};

const withHint = (hint: string | undefined) => (hint === undefined ? {} : { hint });

/** One finding a field that the API server complained of, at the field's own line; otherwise one for the object. */
export const refused = async (
  each: Sourced,
  ref: string,
  refusal: Refusal,
  warnings: readonly string[],
  locate: Locate | undefined,
): Promise<AppliedObject> => {
  const { result, hint, conflicts } = refusal;
  const encoded = unencoded(each.object, refusal.message);
  const fields = refusal.fields ?? encoded;
  const message = encoded?.map(({ path, message: text }) => `${path} ${text}`).join('; ') ?? refusal.message;
  const code = codeOf(refusal, each.object);
  const rest = { ref, ...withHint(templateHint(refusal) ?? hint) };
  const at = async (path: string): Promise<Source> => (locate ? await locate(each, path) : each.source);
  const byField = await Promise.all(
    (fields ?? []).map(async ({ path, message: text }: WrongField) =>
      finding('error', code, `${ref}: ${path}: ${text}`, { ...rest, source: await at(path) }),
    ),
  );
  const [first] = conflicts ?? [];
  const source = first === undefined ? each.source : await at(first.path);
  const whole = finding('error', code, `${ref}: ${message}`, { ...rest, source });
  return {
    reported: { ref, source: each.source, result, message },
    findings: [...(byField.length > 0 ? inOrder(byField) : [whole]), ...warned(each, ref, warnings)],
  };
};

/** A definition that is left as the cluster has it, or away, counts as unchanged, and is a finding. */
export const kept = (
  { object, source }: Sourced,
  ref: string,
  live: KubernetesObject | undefined,
  why: Lowering | Owner,
): AppliedObject => {
  const { code, message, hint } =
    'code' in why
      ? why
      : {
          code: 'crds/other-owner' as const,
          message: `${object.metadata.name} belongs to ${why.name}. It was left as it is.`,
          hint:
            why.manager === undefined
              ? 'Take it out of the repository.'
              : `Take it out of the repository, or set the input \`take-over: ${why.manager}\`.`,
        };
  return {
    reported: { ref, source, result: 'unchanged', message },
    ...(live && { live }),
    findings: [finding('warning', code, message, { source, ref, hint })],
  };
};

export const notWritten = ({ object, source }: Sourced, ref: string, why: string): AppliedObject => ({
  reported: {
    ref: ref === '' ? refOf(object) : ref,
    source,
    result: 'failed',
    message: `Not written: ${why}`,
  },
  findings: [],
});

export const unchanged = (
  each: Sourced,
  ref: string,
  live: KubernetesObject,
  warnings: readonly string[] = [],
): AppliedObject => ({
  reported: { ref, source: each.source, result: 'unchanged' },
  live,
  findings: warned(each, ref, warnings),
});
