// The runner as the run sees it: log, groups, masks, outputs, state, annotations, summary.
import type { Finding } from '../verdict/finding.ts';
import { appendValue, type CommandFiles, replaceSummary } from './command-files.ts';
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
  /** The finding as an annotation, its evidence as lines of the log below it. */
  annotate(finding: Finding): void;
  /** Replaces what this step has written to the summary before. */
  summary(markdown: string): Promise<void>;
}

export function actionsRunner(files: CommandFiles): Runner {
  const annotation = annotations();
  let open = false;
  const print = (line: string): void => console.log(line);
  const info = (line: string): void => print(harmless(line));
  const close = (): void => {
    if (open) print(endGroup);
    open = false;
  };
  return {
    info,
    group: (title) => {
      close();
      print(group(title));
      open = true;
    },
    endGroup: close,
    mask: (secret) => {
      for (const command of masks(secret)) print(command);
    },
    output: (name, value) => appendValue(files.output, name, value),
    saveState: (name, value) => appendValue(files.state, name, value),
    annotate: ({ severity, message, code, source, hint, evidence = [] }) => {
      const text = hint === '' ? message : `${message}\n${hint}`;
      const command = annotation({ severity, message: text, title: code, ...source });
      if (command === undefined) info(`${severity}: ${text} [${code}]`);
      else print(command);
      for (const { from, saw } of evidence) info(`  ${from}: ${saw}`);
    },
    summary: (markdown) => replaceSummary(files.summary, markdown),
  };
}
