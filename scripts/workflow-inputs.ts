// What the reusable workflows take and hand on: the action's inputs that their mode reads. Part of `npm run generate`.
import type { InputSpec } from '../src/input-reader.ts';
import { type InputName, inputSpecs } from '../src/inputs.ts';

type Group = InputSpec['group'];

interface Choice {
  readonly groups: readonly Group[];
  readonly besides?: readonly InputName[];
  readonly without?: readonly InputName[];
  /** What they demand though the table does not: it depends on the mode. */
  readonly required?: readonly InputName[];
}

const zone: readonly InputName[] = ['hosted-zone-id', 'name-servers', 'test-dns-answer'];

/** By the file's name without `.yml`. */
const choices = {
  deploy: { groups: ['AWS', 'Repository', 'Helm', 'Waiting', 'Advanced'] },
  plan: {
    groups: ['AWS', 'Repository', 'Helm', 'Advanced'],
    without: ['helm-rollback', 'helm-timeout'],
  },
  preview: {
    groups: ['AWS', 'Repository', 'Previews', 'Waiting'],
    besides: ['values-files', ...zone],
    without: ['crds', 'dry-run', 'sweep-scope'],
    required: ['preview-domain', 'preview-gateway'],
  },
  drift: {
    groups: ['AWS', 'Repository', 'Helm', 'Drift'],
    besides: ['https-path', 'https-header', 'https-status', ...zone],
    without: ['create-namespace', 'helm-rollback', 'helm-timeout'],
  },
} as const satisfies Readonly<Record<string, Choice>>;

/**
 * `mode` is the workflow's own; the token is the job's. `values` may hold secrets, and a workflow's inputs are no place for
 * those: whoever needs it uses the step.
 */
const never: readonly InputName[] = ['mode', 'github-token', 'values'];

const specOf = (name: InputName): InputSpec => inputSpecs[name];
const names = Object.keys(inputSpecs) as InputName[];

const chosen = ({ groups, besides = [], without = [] }: Choice): readonly InputName[] =>
  names.filter(
    (name) =>
      (groups.includes(specOf(name).group) || besides.includes(name)) &&
      ![...never, ...without].includes(name),
  );

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function typeOf(fallback: string | undefined): 'boolean' | 'number' | 'string' {
  if (fallback === 'true' || fallback === 'false') return 'boolean';
  return fallback !== undefined && /^\d+$/.test(fallback) ? 'number' : 'string';
}

function inputLines(name: InputName, required: boolean): readonly string[] {
  const { description, default: fallback } = specOf(name);
  const type = typeOf(fallback);
  return [
    `      ${name}:`,
    `        description: ${quoted(description)}`,
    `        type: ${type}`,
    // Empty: the action's own default.
    required
      ? '        required: true'
      : `        default: ${type === 'string' ? quoted(fallback ?? '') : fallback}`,
  ];
}

/** The part of the file between the marks that begins and ends with `what`. */
function between(text: string, what: string, lines: readonly string[]): string {
  const part = new RegExp(`^( *# ${what} \\(npm run generate\\)\\n)[\\s\\S]*?^( *# End\\.\\n)`, 'm');
  if (!part.test(text)) throw new Error(`a reusable workflow has no part “${what}”`);
  return text.replace(
    part,
    (_match, open: string, close: string) => `${open}${lines.map((line) => `${line}\n`).join('')}${close}`,
  );
}

/** The reusable workflows, by the name of their file without `.yml`. */
export const reusableWorkflows = Object.keys(choices) as (keyof typeof choices)[];

/** @param text the workflow as it is; what stands outside its marks is kept */
export function withInputs(workflow: keyof typeof choices, text: string): string {
  const choice: Choice = choices[workflow];
  const all = chosen(choice);
  const isRequired = (name: InputName): boolean =>
    specOf(name).required === true || (choice.required ?? []).includes(name);
  const declared = between(
    text,
    'Inputs of the action',
    all.flatMap((name) => inputLines(name, isRequired(name))),
  );
  const given = all.map((name) => `          ${name}: \${{ inputs.${name} }}`);
  return between(declared, 'As given', given);
}

/** A target of a fleet may have any input of a deploy; what it leaves out is the action's default. */
export function withTargetInputs(text: string): string {
  const given = chosen(choices.deploy)
    .filter((name) => name !== 'wait-timeout')
    .map((name) => `          ${name}: \${{ matrix.target.${name} }}`);
  return between(text, 'As the target has it', given);
}
