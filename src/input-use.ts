// Inputs that the mode does not read: set by mistake, they change nothing, and nobody would notice.
import type { InputSpec } from './input-reader.ts';
import { type InputName, inputSpecs, type RawInput, type RunMode } from './inputs.ts';
import { type Finding, finding } from './verdict/finding.ts';

/** Whose inputs only some modes read. `lint` looks at the rules of `drift-ignore` as well. */
const readers: Readonly<Partial<Record<InputSpec['group'], readonly RunMode[]>>> = {
  Previews: ['preview', 'teardown', 'sweep', 'doctor'],
  Drift: ['drift', 'lint'],
  Fleet: ['fold'],
};

/** Of a group that its mode does not read, drift's issue needs the token. */
const shared: readonly InputName[] = ['github-token'];

const names = Object.keys(inputSpecs) as InputName[];

const isGiven = (name: InputName, raw: RawInput): boolean => {
  const spec: InputSpec = inputSpecs[name];
  const value = raw(name).trim();
  return value !== '' && value !== spec.default;
};

/** What was set and has no effect; a default that a workflow hands on is not told from none. */
export const unreadInputs = (mode: RunMode, raw: RawInput): readonly InputName[] =>
  names.filter((name) => {
    const modes = readers[inputSpecs[name].group];
    return modes !== undefined && !modes.includes(mode) && !shared.includes(name) && isGiven(name, raw);
  });

export const unreadFinding = (mode: RunMode, unread: readonly InputName[]): Finding => {
  const listed = unread.map((name) => `\`${name}\``).join(', ');
  return finding(
    'warning',
    'input/unused',
    `${listed} ${unread.length === 1 ? 'has' : 'have'} no effect in \`mode: ${mode}\`.`,
    { hint: 'Remove what the mode does not read, or set the mode that was meant.' },
  );
};
