// `npm run demo`: starts the lab, runs the built action on examples/sample-app, shows its job summary, stops the lab.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Marked, marked } from 'marked';
import { markedTerminal } from 'marked-terminal';
import { startLab, stopLab } from './cluster/lab.ts';
import { prepareSample } from './sample.ts';

const root = join(import.meta.dirname, '..');
const keep = process.argv.includes('--keep');
const say = (line: string): void => console.log(line);

/** A page that shows the summary as GitHub's would, near enough; no request leaves it. */
const page = (body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Job summary</title><style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; display: block; overflow-x: auto } th, td { border: 1px solid #8884; padding: .4rem .8rem }
code { background: #8882; padding: .1em .35em; border-radius: 4px } details { margin: 1rem 0 }
</style></head><body>
${body}
</body></html>
`;

/** In a terminal nothing folds: of what the page folds, the title stays. */
function show(summary: string, out: string): void {
  const forTerminal = new Marked();
  forTerminal.use(markedTerminal({ width: 110, reflowText: false }));
  const titles = summary
    .replaceAll(/<details>\s*<summary>(.*?)<\/summary>[\s\S]*?<\/details>/g, '▸ $1')
    .replaceAll('&nbsp;', ' ');
  const text = forTerminal.parse(titles.replaceAll('<br>', ' '), { async: false });
  say(`\n${process.stdout.isTTY ? text : stripVTControlCharacters(text)}`);
  writeFileSync(join(out, 'summary.html'), page(marked.parse(summary, { async: false })));
}

async function demo(): Promise<number> {
  const lab = await startLab({ log: say });
  const out = join(lab.path, 'demo');
  const workspace = join(out, 'workspace');
  let code = 1;
  try {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(workspace, { recursive: true });
    prepareSample(workspace, lab.path);
    say('\nThe action, as a runner starts it:\n');
    const inputs = [
      'namespace=infra',
      'create-namespace=true',
      'values-files=infra/environment.yaml',
      'wait-timeout=5m',
    ];
    const flags = ['--dir', workspace, '--out', out, ...inputs.flatMap((input) => ['--input', input])];
    code =
      spawnSync(process.execPath, [join(root, 'lab/action.ts'), ...flags], { stdio: 'inherit' }).status ?? 1;
    show(readFileSync(join(out, 'summary.md'), 'utf8'), out);
    say(
      `Written: ${['summary.md', 'summary.html', 'report.json'].map((name) => join(out, name)).join(', ')}`,
    );
  } finally {
    if (keep)
      say(
        'The lab stays up: `npm run lab exec -- kubectl get gateway -A`, and `npm run lab down` to end it.',
      );
    else await stopLab(lab.path);
  }
  return code;
}

try {
  process.exitCode = await demo();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
