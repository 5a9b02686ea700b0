// The inputs of folding a fleet's reports: their table, and how each is read. Part of the one table in src/inputs.ts.
import { Problem } from '../verdict/problem.ts';
import type { Target } from './fold.ts';

export const fleetSpecs = {
  reports: {
    group: 'Fleet',
    description:
      'Folder with the reports of a fleet, relative to the workspace: `TARGET/report.json`, or, as fleet.yml calls its artifacts, `eks-gateway-report-TARGET/report.json`. Required by `fold`.',
  },
  waves: {
    group: 'Fleet',
    description:
      'The targets in their waves, as given to fleet.yml: a JSON array of up to five arrays of objects with a `name`. Required by `fold`.',
  },
} as const;

export interface FleetInputs {
  readonly reports: string;
  readonly targets: readonly Target[];
}

type FleetInput = keyof typeof fleetSpecs;

interface Reader {
  readonly problems: string[];
  text(name: FleetInput): string | undefined;
}

const most = 5;

/** GitHub's limit of a matrix; each wave is one. */
const mostTargets = 256;

const nameOf = (value: unknown): string | undefined => {
  const name = typeof value === 'object' && value !== null && 'name' in value ? value.name : undefined;
  return typeof name === 'string' && /^\w[\w.-]{0,99}$/.test(name) ? name : undefined;
};

/**
 * Targets in the order of their waves, which count from 1.
 * @throws Problem `input/invalid` with what is wrong
 */
export function parseWaves(text: string): readonly Target[] {
  const invalid = (what: string): Problem => new Problem('input/invalid', `\`waves\` ${what}`);
  let waves: unknown;
  try {
    waves = JSON.parse(text);
  } catch (error) {
    throw new Problem('input/invalid', '`waves` is not JSON', { cause: error });
  }
  if (!Array.isArray(waves) || waves.length === 0 || waves.length > most)
    throw invalid(`is not an array of one to ${most} arrays`);
  const targets = waves.flatMap((wave: unknown, index) => {
    if (!Array.isArray(wave) || wave.length === 0 || wave.length > mostTargets)
      throw invalid(`has no array of 1 to ${mostTargets} targets as wave ${index + 1}`);
    return wave.map((each: unknown) => {
      const name = nameOf(each);
      if (name === undefined)
        throw invalid(
          `has a target without a usable name in wave ${index + 1}; accepted: letters, digits, \`.\`, \`_\`, \`-\`, with a letter, a digit or \`_\` first`,
        );
      return { name, wave: index + 1 };
    });
  });
  const names = targets.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`names the target ${twice} twice`);
  return targets;
}

/** @param needed whether the mode is the one that folds */
export function readFleetInputs(reader: Reader, needed: boolean): FleetInputs {
  const reports = reader.text('reports');
  const waves = reader.text('waves');
  if (!needed) return { reports: reports ?? '', targets: [] };
  if (reports === undefined) reader.problems.push('`reports` is required by `mode: fold`');
  if (waves === undefined) reader.problems.push('`waves` is required by `mode: fold`');
  try {
    return { reports: reports ?? '', targets: waves === undefined ? [] : parseWaves(waves) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    reader.problems.push(error.message);
    return { reports: reports ?? '', targets: [] };
  }
}
