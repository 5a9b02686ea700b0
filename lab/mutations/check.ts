// One drift check of the repository, by the built action; and whether it says of a mutation what is so.
import type { DriftItem } from '../../src/drift/item.ts';
import { type ActionResult, runAction } from '../runner.ts';
import type { Mutation } from './mutation.ts';
import { driftRoleArn } from './role.ts';

export interface Checked {
  readonly items: readonly DriftItem[];
  readonly result: ActionResult;
}

/** What the example's workflow gives, and whatever else. */
export const repositoryInputs = {
  namespace: 'infra',
  'values-files': 'infra/environment.yaml',
} as const;

/** Of the deploy before the first check. */
export const deployInputs = {
  ...repositoryInputs,
  'create-namespace': 'true',
  'wait-timeout': '3m',
  prune: 'true',
} as const;

export async function check(
  workspace: string,
  inputs: Readonly<Record<string, string>> = {},
): Promise<Checked> {
  const result = await runAction({
    workspace,
    action: 'drift',
    inputs: {
      ...repositoryInputs,
      'role-to-assume': driftRoleArn,
      'drift-recheck': '1s',
      'drift-issue': 'false',
      ...inputs,
    },
  });
  if (result.report === undefined) throw new Error(`no report:\n${result.log}`);
  const { drift } = JSON.parse(result.report) as { drift: readonly DriftItem[] };
  return { items: drift, result };
}

const fits = (wanted: string | RegExp, value: string): boolean =>
  typeof wanted === 'string' ? wanted === value : wanted.test(value);

/** The item that is about the mutation, whatever else it says. */
export const itemFor = ({ layer, ref, path }: Mutation, items: readonly DriftItem[]): DriftItem | undefined =>
  items.find((item) => item.layer === layer && fits(ref, item.ref) && fits(path, item.path));

/** What is wrong with what was said; empty where all is right. */
export function faults(mutation: Mutation, items: readonly DriftItem[]): readonly string[] {
  const item = itemFor(mutation, items);
  if (item === undefined) return ['not found'];
  const healer = item.heals === false ? undefined : item.heals.by;
  return [
    ...(item.by === mutation.by ? [] : [`by ${item.by ?? 'nobody'}, not ${mutation.by ?? 'nobody'}`]),
    ...(healer === mutation.heals
      ? []
      : [`heals by ${healer ?? 'nobody'}, not ${mutation.heals ?? 'nobody'}`]),
  ];
}
