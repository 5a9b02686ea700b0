// The runner as the run sees it: log, groups, masks, outputs, state, annotations, summary; over @actions/core.
import * as core from '@actions/core';
import type { Finding } from '../verdict/finding.ts';
import { annotations, endGroup, group, harmless, masks } from './commands.ts';

export interface Runner {
  /** A line of the log; text from outside in it cannot speak to the runner. */
  info(line: string): void;
  group(title: string): void;
  endGroup(): void;
  /** Hides a value in all that is printed from now on. */
  mask(secret: string): void;
  output(name: string, value: string): void;
  saveState(name: string, value: string): void;
  annotate(finding: Finding): void;
  /** Replaces what this step has written to the summary before. */
  summary(markdown: string): Promise<void>;
}

export function actionsRunner(): Runner {
  const annotation = annotations();
  let open = false;
  const info = (line: string): void => core.info(harmless(line));
  const close = (): void => {
    if (open) core.info(endGroup);
    open = false;
  };
  return {
    info,
    group: (title) => {
      close();
      core.info(group(title));
      open = true;
    },
    endGroup: close,
    mask: (secret) => {
      for (const command of masks(secret)) core.info(command);
    },
    output: (name, value) => core.setOutput(name, value),
    saveState: (name, value) => core.saveState(name, value),
    annotate: ({ severity, message, code, source, hint }) => {
      const text = hint === '' ? message : `${message}\n${hint}`;
      const command = annotation({ severity, message: text, title: code, ...source });
      if (command === undefined) info(`${severity}: ${text} [${code}]`);
      else core.info(command);
    },
    summary: async (markdown) => {
      await core.summary.emptyBuffer().addRaw(markdown).write({ overwrite: true });
    },
  };
}
