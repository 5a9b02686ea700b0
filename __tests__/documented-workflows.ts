// The workflows that the documents show, for the tests that check workflows.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Every Markdown file of the repository, relative to it. */
export const documents = (): readonly string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(root, path)));

/** Fenced YAML with jobs, by file and number: `docs/previews.md, workflow 1`. */
export const documentedWorkflows = (): readonly { readonly name: string; readonly yaml: string }[] =>
  documents().flatMap((path) =>
    [...readFileSync(join(root, path), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)]
      .map(([, yaml = '']) => yaml)
      .filter((yaml) => /^jobs:/m.test(yaml))
      .map((yaml, index) => ({ name: `${path}, workflow ${index + 1}`, yaml })),
  );
