// `npm run action -- --mode deploy --dir PATH --input key=value … --out DIR`: runs the built action against the running lab, as a runner would.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { layout } from './cluster/layout.ts';
import { execInLab } from './cluster/namespace.ts';
import { runAction } from './runner.ts';

const usage = `npm run action -- --dir PATH [--mode deploy] [--input key=value …] [--env NAME=value …] [--event NAME=FILE] [--out DIR]

  --dir PATH           the workspace: a checked-out repository
  --mode MODE          deploy (default)
  --input key=value    an input of the action; cluster, region and roles default to the lab's
  --env NAME=value     a variable of the runner; an empty value removes it
  --event NAME=FILE    name and payload (JSON) of the event; push by default
  --out DIR            gets report.json, summary.md, outputs.json and log.txt (default .lab/action)
`;

const pair = (text: string): [string, string] => {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`${text} is not of the form key=value`);
  return [text.slice(0, at), text.slice(at + 1)];
};

function readArguments() {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      mode: { type: 'string', default: 'deploy' },
      input: { type: 'string', multiple: true, default: [] },
      env: { type: 'string', multiple: true, default: [] },
      event: { type: 'string' },
      out: { type: 'string', default: '.lab/action' },
    },
  });
  if (values.dir === undefined) throw new Error('--dir is missing');
  return { ...values, dir: resolve(values.dir), out: resolve(values.out) };
}

/** The log as GitHub shows it: masks and ends of groups are the runner's, a group has its title. `log.txt` has it as it came. */
function* asShown(): Generator<undefined, void, string> {
  let rest = '';
  for (;;) {
    const lines = (rest + (yield)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (/^::(add-mask|endgroup|stop-commands)::/.test(line)) continue;
      process.stdout.write(`${line.replace(/^::group::/, '▸ ')}\n`);
    }
  }
}

async function main(): Promise<number> {
  const shown = asShown();
  shown.next();
  const args = readArguments();
  const [eventName, eventFile] = args.event === undefined ? [] : pair(args.event);
  const result = await runAction({
    workspace: args.dir,
    inputs: { mode: args.mode, ...Object.fromEntries(args.input.map(pair)) },
    env: Object.fromEntries(args.env.map(pair).map(([name, value]) => [name, value || undefined])),
    ...(eventName !== undefined &&
      eventFile !== undefined && {
        event: { name: eventName, payload: JSON.parse(readFileSync(eventFile, 'utf8')) as unknown },
      }),
    onStart: (child) => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => child.kill(name));
    },
    onOutput: (text) => void shown.next(text),
  });
  mkdirSync(args.out, { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(join(args.out, name), text);
  if (result.report !== undefined) write('report.json', result.report);
  write('summary.md', result.summary);
  write('outputs.json', `${JSON.stringify(result.outputs, null, 2)}\n`);
  write('log.txt', result.log);
  return result.code;
}

try {
  // The lab is a world of its own: what runs against it runs inside its namespaces.
  const inside = readFileSync('/etc/resolv.conf', 'utf8').includes(layout.addresses.resolver);
  process.exitCode = inside
    ? await main()
    : await execInLab(undefined, process.execPath, process.argv.slice(1));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 2;
}
