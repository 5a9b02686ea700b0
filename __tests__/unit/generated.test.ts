// One table of inputs: action.yml, docs/inputs.md, the reusable workflows and the examples agree with it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { generated } from '../../scripts/generate.ts';
import type { InputSpec } from '../../src/input-reader.ts';
import { inputSpecs, modesOfFiles, readInputs, runModes } from '../../src/inputs.ts';
import { documentedWorkflows } from '../documented-workflows.ts';

const read = (path: string): string => readFileSync(path, 'utf8');

describe('generated files are what src/ says (npm run generate)', () => {
  test.each(Object.entries(generated()))('%s', (path, content) => {
    expect(read(path)).toBe(content);
  });
});

interface Action {
  readonly description: string;
  readonly branding: { readonly icon: string; readonly color: string };
  readonly inputs: Readonly<Record<string, { readonly required: boolean; readonly default?: string }>>;
  readonly runs: { readonly using: string; readonly main: string; readonly post: string };
}

describe.each(['.', ...runModes])('the action of %s', (folder) => {
  const action = parse(read(join(folder, 'action.yml'))) as Action;

  test('runs the one bundle under Node 24, before and after', () => {
    const bundle = join(folder, action.runs.main);
    expect({ ...action.runs, main: bundle }).toEqual({
      using: 'node24',
      main: 'dist/index.js',
      post: action.runs.main,
    });
    expect(existsSync(bundle)).toBe(true);
  });

  test('says what it is in as many characters as the Marketplace takes', () => {
    expect(action.description.length).toBeLessThanOrEqual(125);
    expect(action.branding).toEqual({ icon: 'globe', color: 'orange' });
  });

  test('has every input, and its own mode', () => {
    expect(Object.keys(action.inputs)).toEqual(Object.keys(inputSpecs));
    expect(action.inputs['mode']?.default).toBe(folder === '.' ? 'deploy' : folder);
  });
});

test('every input of the table is read', () => {
  const asked = new Set<string>();
  const raw = (name: string): string => {
    asked.add(name);
    return '';
  };
  expect(() => readInputs(raw)).toThrow(/required/);
  expect(Object.keys(inputSpecs).filter((name) => !asked.has(name))).toEqual([]);
});

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Workflow {
  readonly on: {
    readonly workflow_call?: { readonly inputs: Readonly<Record<string, { readonly required?: boolean }>> };
  };
  readonly jobs: Readonly<Record<string, Step & { readonly steps?: readonly Step[] }>>;
}

const examples = readdirSync('examples').flatMap((name) => {
  const folder = join('examples', name, '.github/workflows');
  return existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [];
});
/** Workflows whose jobs write to a cluster, a comment or an issue that belongs to a cluster. */
const ofClusters = ['deploy', 'drift', 'fleet-wave', 'plan', 'preview'];

test.each(ofClusters)('%s.yml: clusters of one name in two regions do not wait for each other', (name) => {
  const { jobs } = parse(read(`.github/workflows/${name}.yml`)) as {
    readonly jobs: Readonly<Record<string, { readonly concurrency: { readonly group: string } }>>;
  };
  for (const { concurrency } of Object.values(jobs)) {
    expect(concurrency.group).toMatch(/\.aws-region \}\}-\$\{\{ \S+\.cluster-name \}\}/);
  }
});

const reusable = readdirSync('.github/workflows').map((file) => join('.github/workflows', file));
const documented = documentedWorkflows();
/** Inputs of the reusable workflows, which hand them on to the action. */
const ofWorkflows = new Map(
  reusable.map((path) => [
    path,
    Object.entries((parse(read(path)) as Workflow).on.workflow_call?.inputs ?? {}),
  ]),
);

const callsOf = (yaml: string): { readonly mode: string; readonly given: readonly string[] }[] =>
  Object.values((parse(yaml) as Workflow).jobs)
    .flatMap((job) => job.steps ?? [])
    .flatMap(({ uses = '', with: given = {} }) => {
      const [, own, other] =
        /^(?:\$\/([\w-]+)|org\/eks-gateway-action\/?([\w-]*)@(?:v1|[0-9a-f]{40}))$/.exec(uses) ?? [];
      return (own ?? other) === undefined
        ? []
        : [{ mode: own || other || 'deploy', given: Object.keys(given) }];
    });

const workflowCallsOf = (yaml: string) =>
  Object.values((parse(yaml) as Workflow).jobs).flatMap(({ uses = '', with: given = {} }) => {
    const file = /^org\/eks-gateway-action\/(\.github\/workflows\/[\w-]+\.yml)@v1$/.exec(uses)?.[1];
    return file === undefined ? [] : [{ inputs: ofWorkflows.get(file) ?? [], given: Object.keys(given) }];
  });

describe.each([
  ...[...examples, ...reusable].map((path) => [path, read(path)] as const),
  ...documented.map(({ name, yaml }) => [name, yaml] as const),
])('%s', (path, yaml) => {
  const calls = callsOf(yaml);

  test('calls the action with inputs that it has, and with all that it needs', () => {
    // Other workflows of ours keep the repository and call nothing.
    const isForOthers = !path.startsWith('.github/') || /^ {2}workflow_call:/m.test(yaml);
    expect(calls.length + workflowCallsOf(yaml).length > 0).toBe(isForOthers);
    const required = Object.entries<InputSpec>(inputSpecs).filter(([, spec]) => spec.required);
    for (const { mode, given } of calls) {
      expect(given.filter((name) => !(name in inputSpecs))).toEqual([]);
      const needed = modesOfFiles.some((each) => each === mode) ? [] : required.map(([name]) => name);
      expect(needed.filter((name) => !given.includes(name))).toEqual([]);
    }
  });

  test('calls reusable workflows with inputs that they have, and with all that they need', () => {
    for (const { inputs, given } of workflowCallsOf(yaml)) {
      expect(given.filter((name) => !inputs.some(([known]) => known === name))).toEqual([]);
      const needed = inputs.filter(([, { required }]) => required === true).map(([name]) => name);
      expect(needed.filter((name) => !given.includes(name))).toEqual([]);
    }
  });

  test('hands on every input of its own', () => {
    const own = Object.keys((parse(yaml) as Workflow).on.workflow_call?.inputs ?? {});
    const handed = new Set(calls.flatMap(({ given }) => given));
    // The environment is the job's; a fleet's targets become a matrix.
    const used = (name: string): boolean => handed.has(name) || yaml.includes(`inputs.${name}`);
    expect(own.filter((name) => !used(name))).toEqual([]);
  });
});

test('there are workflows to look at', () => {
  expect(examples.length * reusable.length * documented.length).toBeGreaterThan(0);
});
