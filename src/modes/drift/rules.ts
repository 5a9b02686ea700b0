// The file that says what is not drift: read, and refused as a whole when anything in it is wrong.
import { posix } from 'node:path';
import { type IgnoreRule, parseIgnoreRules } from '../../drift/ignore.ts';
import { readAgain } from '../../files/read.ts';
import type { Run } from '../../run.ts';
import { Problem } from '../../verdict/problem.ts';

/**
 * `undefined` when something is wrong in the file: all of it is then among the findings.
 * @throws Problem `input/invalid` where there is no such file.
 */
export async function readRules({
  inputs,
  environment,
  draft,
}: Run): Promise<readonly IgnoreRule[] | undefined> {
  const { ignoreFile } = inputs.drift;
  if (ignoreFile === undefined) return [];
  const text = await readAgain(environment.workspace, ignoreFile);
  if (text === undefined) {
    throw new Problem('input/invalid', `\`drift-ignore\` names ${ignoreFile}, which cannot be read.`, {
      hint: 'Give its path relative to the workspace, or leave the input empty.',
    });
  }
  const { rules, findings } = parseIgnoreRules(text, posix.normalize(ignoreFile));
  draft.findings(findings);
  return findings.length > 0 ? undefined : rules;
}
