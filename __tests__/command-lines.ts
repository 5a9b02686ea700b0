// What is wrong with a command line that somebody is told to run: asked of the program itself, or, for `aws`, of AWS's own model.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as acm from '@aws-sdk/client-acm';
import * as ec2 from '@aws-sdk/client-ec2';
import * as eks from '@aws-sdk/client-eks';
import * as elbv2 from '@aws-sdk/client-elastic-load-balancing-v2';
import * as iam from '@aws-sdk/client-iam';
import * as route53 from '@aws-sdk/client-route-53';
import * as wafv2 from '@aws-sdk/client-wafv2';
import { toolPath } from '../lab/tools/locations.ts';
import type { ShownCommand } from './documented-blocks.ts';

const root = join(import.meta.dirname, '..');
/** undefined: nothing is wrong. */
type Check = (command: ShownCommand) => string | undefined;

const services: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ...{ acm, ec2, eks, elbv2, iam, route53, wafv2 },
};
/** Options of the AWS CLI itself. */
const global = new Set(['region', 'profile', 'output', 'query', 'endpoint-url', 'no-cli-pager']);

const camel = (name: string): string => name.replaceAll(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** `create-access-entry` as the SDK's schema has it: what its input may hold, which first ones it must. */
function inputOf(service: string, operation: string): { members: string[]; required: string[] } | undefined {
  const name = camel(`-${operation}`).toLowerCase();
  const models = services[service] ?? {};
  const command = Object.keys(models).find((each) => each.toLowerCase() === `${name}command`);
  const model = models[`${command?.replace(/Command$/, '')}$`] as readonly unknown[] | undefined;
  // An operation is [9, namespace, name, traits, input, output]; a structure [3, namespace, name, traits, names, types, how many are required].
  const input = (model?.[4] as (() => readonly unknown[]) | undefined)?.();
  if (input === undefined) return undefined;
  const members = input[4] as string[];
  return { members, required: members.slice(0, (input[6] as number | undefined) ?? 0) };
}

/** Checks service, operation and options against the model from which AWS's own command line is made. */
const awsProblem: Check = ({ words: [, service = '', operation = '', ...rest] }) => {
  if (!(service in services)) return `there is no service ${service} here: add its client`;
  const input = inputOf(service, operation);
  if (input === undefined) return `aws ${service} has no operation ${operation}`;
  const given = rest.filter((word) => word.startsWith('--')).map((word) => word.slice(2).split('=')[0] ?? '');
  const own = given.filter((name) => !global.has(name));
  const fits = (member: string, name: string): boolean =>
    [name, name.replace(/^no-/, '')].some((each) => camel(each).toLowerCase() === member.toLowerCase());
  const unknown = own.filter((name) => !input.members.some((member) => fits(member, name)));
  const missing = input.required.filter((member) => !own.some((name) => fits(member, name)));
  // The CLI makes tokens for idempotence itself.
  const lacking = missing.filter((member) => !/token$|callerReference/i.test(member));
  if (unknown.length > 0) return `aws ${service} ${operation} has no option --${unknown.join(', --')}`;
  return lacking.length > 0 ? `aws ${service} ${operation} lacks ${lacking.join(', ')}` : undefined;
};

/** A Go program's own view: with `--help` at the end it reads all flags, and shows the usage of the command it knows. */
const cobraProblem =
  (...tools: readonly string[]): Check =>
  ({ words: [program = '', ...rest] }) =>
    tools
      .map((tool) => {
        const { status, stdout, stderr } = spawnSync(tool, [...rest, '--help'], { encoding: 'utf8' });
        if (status !== 0) return `${basename(tool)}: ${stderr.trim().split('\n')[0]}`;
        const usage = new RegExp(`Usage:\\s+${program}((?: [a-z][\\w-]*)*)`).exec(stdout)?.[1]?.trim() ?? '';
        const known = usage !== '' && `${rest.join(' ')} `.startsWith(`${usage} `);
        return known ? undefined : `${basename(tool)} does not know ${rest.join(' ')}`;
      })
      .find((problem) => problem !== undefined);

let kinds: ReadonlySet<string> | undefined;
const namesOfKinds = (): ReadonlySet<string> => {
  const { stdout } = spawnSync('kubectl', ['api-resources', '--no-headers'], { encoding: 'utf8' });
  // NAME, perhaps SHORTNAMES, APIVERSION, NAMESPACED, KIND.
  const names = stdout.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const short = columns.length > 4 ? (columns[1] ?? '').split(',') : [];
    return [columns[0] ?? '', ...short, (columns.at(-1) ?? '').toLowerCase()];
  });
  return new Set(names);
};

const kubectlProblem: Check = (command) => {
  const problem = cobraProblem('kubectl')(command);
  const [, verb = '', what = ''] = command.words;
  if (problem !== undefined || !['get', 'describe', 'delete'].includes(verb)) return problem;
  kinds ??= namesOfKinds();
  const unknown = what.split(',').filter((each) => !kinds?.has(each.split('/')[0] ?? ''));
  return unknown.length > 0 ? `the cluster has no ${unknown.join(', ')}` : undefined;
};

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** npm's own commands list their options: `[-w|--workspace <name>]`. */
function npmOptions(verb: string, args: readonly string[]): string | undefined {
  if (args.every((word) => !word.startsWith('-'))) return undefined;
  const { stdout } = spawnSync('npm', [verb, '--help'], { encoding: 'utf8' });
  const unknown = args.filter(
    (word) => word.startsWith('-') && !new RegExp(`[[|]${word}[ \\]]`).test(stdout),
  );
  return unknown.length > 0 ? `npm ${verb} has no option ${unknown.join(', ')}` : undefined;
}

const npmProblem: Check = ({ words: [, verb = '', ...rest] }) => {
  if (['ci', 'sbom'].includes(verb)) return npmOptions(verb, rest);
  const [name = '', ...args] = verb === 'run' ? rest : [verb, ...rest];
  const script = scripts[name];
  if (script === undefined) return `package.json has no script ${name}`;
  const source = readFileSync(join(root, /^node (\S+\.ts)/.exec(script)?.[1] ?? 'package.json'), 'utf8');
  // `npm run lab exec -- kubectl …`: behind the lab's own verb stands somebody else's command.
  const own = args[0] === 'exec' ? args.slice(0, 1) : args;
  const flags = own.filter((word) => /^--\w/.test(word));
  const unread = flags.filter((flag) => !new RegExp(`\\b${flag.slice(2)}\\b`).test(source));
  if (unread.length > 0) return `${name} does not read ${unread.join(', ')}`;
  if (name !== 'lab') return undefined;
  return new RegExp(`^  ${own[0]} `, 'm').test(source) ? undefined : `the lab has no command ${own[0]}`;
};

const fileProblem: Check = ({ where, words: [, file = ''] }) => {
  const near = join(root, dirname(where.split(':')[0] ?? ''), file);
  const placeholder = /^[A-Z]+$/.test(file);
  return placeholder || existsSync(join(root, file)) || existsSync(near) ? undefined : `there is no ${file}`;
};

/** Curl's code for arguments that it cannot use is 2; nothing outside can be reached in the lab. */
const curlProblem: Check = ({ words: [, ...args] }) => {
  const { status, stderr } = spawnSync('curl', args, { cwd: tmpdir(), encoding: 'utf8' });
  return status === 2 ? stderr.trim() : undefined;
};

/**
 * Programs that the tests cannot ask, by why. `gh`: it and what it talks to are GitHub's.
 * `terraform`: the modules need a provider that is downloaded; CI initializes and validates them.
 */
const unasked: Readonly<Record<string, RegExp>> = {
  gh: /^gh (api repos\/OWNER\/NAME --jq \S|release download v\d|attestation verify \S)/,
  terraform: /^terraform (init|plan|apply)$/,
};

const checks: Readonly<Record<string, Check>> = {
  aws: awsProblem,
  kubectl: kubectlProblem,
  helm: cobraProblem('helm', toolPath('helm3')),
  npm: npmProblem,
  npx: ({ words: [, ...rest], ...command }) =>
    rest[0] === 'node' ? fileProblem({ ...command, words: rest }) : `npx ${rest[0]} is not ours`,
  node: fileProblem,
  cd: fileProblem,
  curl: curlProblem,
};

/** undefined: the command can be given as it stands. */
export const commandProblem: Check = (command) => {
  const program = command.words[0] ?? '';
  if (program.startsWith('./')) return fileProblem({ ...command, words: ['', program] });
  const form = unasked[program];
  if (form !== undefined) return form.test(command.line) ? undefined : `an unknown use of ${program}`;
  return program in checks ? checks[program]?.(command) : `an unknown program: ${program}`;
};
