// The inputs of drift checks: their table, and how each is read. Part of the one table in src/inputs.ts.
import { type DriftLayer, driftLayers } from './item.ts';

export const driftSpecs = {
  'fail-on': {
    group: 'Drift',
    default: 'error',
    description:
      'When a drift check fails the job: `drift` (on drift, and when something could not be checked), `error` (only when something could not be checked), `never`.',
  },
  'drift-layers': {
    group: 'Drift',
    default: driftLayers.join(','),
    description: `What a drift check looks at, separated by commas: ${driftLayers.map((each) => `\`${each}\``).join(', ')}.`,
  },
  'drift-compare': {
    group: 'Drift',
    default: 'readonly',
    description:
      "How objects are compared: `readonly` (each field that the repository sets, from one LIST a kind; needs no right to write) or `exact` (the API server's dry run of each object; needs `patch`, falls back to `readonly` without it).",
  },
  'drift-ignore': {
    group: 'Drift',
    description:
      'File with rules for what is not drift, relative to the workspace. See docs/drift.md for its form.',
  },
  'drift-recheck': {
    group: 'Drift',
    default: '90s',
    description:
      'How long something that a controller will put back by itself may take (`30s`, `2m`) until it counts as drift.',
  },
  'drift-issue': {
    group: 'Drift',
    default: 'true',
    description:
      'Keep one GitHub issue for the target: opened on drift, updated, closed when all is clean (permission `issues: write`).',
  },
} as const;

type DriftInput = keyof typeof driftSpecs;

const failOn = ['drift', 'error', 'never'] as const;
export type FailOn = (typeof failOn)[number];

export interface DriftInputs {
  readonly failOn: FailOn;
  readonly layers: readonly DriftLayer[];
  readonly compare: 'readonly' | 'exact';
  readonly ignoreFile?: string;
  /** Seconds. */
  readonly recheck: number;
  readonly issue: boolean;
}

/** What `Inputs` reads by. */
export interface InputReader {
  text(name: DriftInput): string | undefined;
  flag(name: DriftInput): boolean;
  seconds(name: DriftInput): number;
  parsed<Value>(
    name: DriftInput,
    parse: (text: string) => Value | undefined,
    accepted: string,
  ): Value | undefined;
  listed<Value>(
    name: DriftInput,
    parse: (text: string) => Value | undefined,
    accepted: string,
  ): readonly Value[];
}

const oneOf =
  <Value extends string>(values: readonly Value[]) =>
  (text: string): Value | undefined =>
    values.find((each) => each === text.toLowerCase());

const said = (values: readonly string[]): string => values.map((each) => `\`${each}\``).join(', ');

export const readDriftInputs = (reader: InputReader): DriftInputs => {
  const ignoreFile = reader.text('drift-ignore');
  const compare = ['readonly', 'exact'] as const;
  return {
    failOn: reader.parsed('fail-on', oneOf(failOn), said(failOn)) ?? 'error',
    layers: [...new Set(reader.listed('drift-layers', oneOf(driftLayers), said(driftLayers)))],
    compare: reader.parsed('drift-compare', oneOf(compare), said(compare)) ?? 'readonly',
    ...(ignoreFile !== undefined && { ignoreFile }),
    recheck: reader.seconds('drift-recheck'),
    issue: reader.flag('drift-issue'),
  };
};
