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
  /** The text with `***` in the place of what is masked: the runner hides it in the log alone. */
  hide(text: string): string;
  output(name: string, value: string): void;
  saveState(name: string, value: string): void;
  /** The finding as an annotation, its evidence as lines of the log below it. */
  annotate(finding: Finding): void;
  /** Replaces what this step has written to the summary before. */
  summary(markdown: string): Promise<void>;
}

/** A shorter one stands in the middle of other words. */
const shortestHidden = 6;

export function actionsRunner(files: CommandFiles): Runner {
  const annotation = annotations();
  let open = false;
  const hidden = new Set<string>();
  const hide = (text: string): string => {
    let shown = text;
    for (const secret of hidden) shown = shown.replaceAll(secret, '***');
    return shown;
  };
  const print = (line: string): void => console.log(line);
  const info = (line: string): void => print(harmless(hide(line)));
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
      for (const part of [secret, ...secret.split(/\r?\n/)])
        if (part.trim().length >= shortestHidden) hidden.add(part);
    },
    hide,
    output: (name, value) => appendValue(files.output, name, value),
    saveState: (name, value) => appendValue(files.state, name, value),
    annotate: ({ severity, message, code, source, hint, evidence = [] }) => {
      const text = hide(hint === '' ? message : `${message}\n${hint}`);
      const command = annotation({ severity, message: text, title: code, ...source });
      if (command === undefined) info(`${severity}: ${text} [${code}]`);
      else print(command);
      for (const { from, saw } of evidence) info(`  ${from}: ${saw}`);
    },
    summary: (markdown) => replaceSummary(files.summary, markdown),
  };
}
