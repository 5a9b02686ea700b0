// What the documents show works as it stands: every block parses and is what it says, every command can be given.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import * as eks from '@aws-sdk/client-eks';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parseSync } from '@swc/core';
import { parse, parseAllDocuments } from 'yaml';
import { layout } from '../../lab/cluster/layout.ts';
import { asAdmin } from '../../lab/mutations/mutation.ts';
import { parseIgnoreRules } from '../../src/drift/ignore.ts';
import { parseWaves } from '../../src/fleet/input-specs.ts';
import { commandProblem } from '../command-lines.ts';
import { documentedBlocks, documentedCommands, shellLanguages } from '../documented-blocks.ts';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'eks-gateway-documents-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const { inputs } = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as {
  readonly inputs: Readonly<Record<string, unknown>>;
};
type Fields = Readonly<Record<string, unknown>>;
const unknownInputs = (given: Fields): readonly string[] =>
  Object.keys(given).filter((name) => !(name in inputs));

/** Waves of a fleet stand as JSON in a workflow's inputs. */
function wavesOf(workflow: Fields): readonly string[] {
  const jobs = Object.values(workflow['jobs'] as Record<string, { readonly with?: Fields }>);
  return jobs.flatMap((job) => (typeof job.with?.['waves'] === 'string' ? [job.with['waves']] : []));
}

/** Each form of YAML that the documents have, by a field that only it has; workflows are linted by lint.test.ts. */
const forms: Readonly<Record<string, (value: Fields, text: string) => void>> = {
  jobs: (value) => {
    for (const waves of wavesOf(value)) expect(parseWaves(waves)).not.toEqual([]);
  },
  apiVersion: (_value, text) => {
    const args = ['create', '--dry-run=client', '--validate=strict', '-f', '-'];
    const { status, stderr } = spawnSync('kubectl', args, { input: text, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  },
  with: (value) => expect(unknownInputs(value['with'] as Fields)).toEqual([]),
  ignore: (_value, text) => expect(parseIgnoreRules(text, 'drift-ignore.yaml').findings).toEqual([]),
};

function checkYaml(text: string): void {
  const documents = parseAllDocuments(text, { version: '1.2' });
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  const value = documents[0]?.toJS() as Fields;
  const form = Object.keys(forms).find((name) => name in value);
  // A form that nothing checks is to be added here, with its check.
  expect({ fields: Object.keys(value), form }).toMatchObject({ form: expect.any(String) });
  forms[form ?? '']?.(value, text);
}

/** Parses, and imports what the module has. */
async function checkTypeScript(text: string, where: string): Promise<void> {
  const { body } = parseSync(text, { syntax: 'typescript', target: 'es2024' });
  for (const item of body) {
    if (item.type !== 'ImportDeclaration') continue;
    // Shown from a test's folder.
    const path = normalize(join(root, '__tests__/lab', item.source.value));
    expect({ where, path, is: existsSync(path) }).toMatchObject({ is: true });
    const module = (await import(path)) as Fields;
    const names = item.specifiers.map(({ local }) => local.value);
    expect(names.filter((name) => !(name in module))).toEqual([]);
  }
}

const checkShell = (text: string): void => {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
};

const languages: Readonly<Record<string, (text: string, where: string) => unknown>> = {
  ...Object.fromEntries(shellLanguages.map((language) => [language, checkShell])),
  yaml: checkYaml,
  // Policies: unit/permissions.test.ts compares them with Terraform's, dist/permissions.test.ts runs with them.
  json: (text) => expect(JSON.parse(text)).toEqual(expect.any(Object)),
  ts: checkTypeScript,
  // What a log shows, and a drawing: nothing that anybody would run.
  text: (text) => expect(text).not.toBe(''),
  mermaid: (text) => expect(text).toMatch(/^flowchart LR\n/),
};

test.each(documentedBlocks())(
  '$where: a block of $language parses, and is what it says',
  async ({ language, text, where }) => {
    expect(Object.keys(languages)).toContain(language);
    await languages[language]?.(text, where);
  },
);

const commands = documentedCommands();

test('commands are found: in blocks, in tables and in sentences', () => {
  const found = commands.map(({ where, line }) => `${where.split(':')[0]} ${line}`);
  expect(found).toEqual(
    expect.arrayContaining([
      'README.md npm run demo',
      'lab/README.md npm run lab up',
      'CONTRIBUTING.md npm run test:full',
      'docs/codes/workload.md kubectl logs --previous',
      'terraform/README.md terraform apply',
    ]),
  );
});

/** Many are said more than once. */
const each = new Map(commands.map((command) => [command.line, command]));

test.each([...each.values()])('$where: $line', (command) => {
  expect(commandProblem(command)).toBeUndefined();
});

describe('a command that cannot be given is seen', () => {
  test.each([
    ['npm run no-such', 'package.json has no script no-such'],
    ['npm run demo -- --kept', 'demo does not read --kept'],
    ['npm run lab upp', 'the lab has no command upp'],
    ['kubectl logs --before', 'kubectl: error: unknown flag: --before'],
    ['kubectl describe gatewayz', 'the cluster has no gatewayz'],
    ['kubectl roll restart', 'kubectl: error: unknown command "roll" for "kubectl"'],
    ['helm upgrade --installed', 'helm: Error: unknown flag: --installed'],
    [
      'aws eks create-access-entry --cluster-name a --groups b',
      'aws eks create-access-entry has no option --groups',
    ],
    ['aws eks create-access-entry --cluster-name a', 'aws eks create-access-entry lacks principalArn'],
    ['aws eks make-entry --cluster-name a', 'aws eks has no operation make-entry'],
    ['cd terraform/examples', 'there is no terraform/examples'],
    ['terraform aply', 'an unknown use of terraform'],
    ['curl --no-such-flag https://example.com', expect.stringContaining('--no-such-flag')],
    ['eksctl get cluster', 'an unknown program: eksctl'],
  ])('%s', (line, problem) => {
    expect(commandProblem({ where: 'README.md:1', line, words: line.split(' ') })).toEqual(problem);
  });
});

const only = (start: string) => {
  const found = commands.find(({ line }) => line.startsWith(start));
  if (found === undefined) throw new Error(`the documents have no command ${start}`);
  return found;
};

/** `--kubernetes-groups a b` as the SDK's input: `{ kubernetesGroups: ['a', 'b'] }` where the model has a list. */
function inputOf(words: readonly string[]): Record<string, string | string[]> {
  const pairs = words
    .join(' ')
    .split(/(?:^| )--/)
    .slice(1)
    .map((option) => option.split(' '));
  return Object.fromEntries(
    pairs.map(([name = '', ...values]) => [
      name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
      name.endsWith('s') ? values : values.join(' '),
    ]),
  );
}

test('the access entry of previews, as the page has it, is one that the cluster takes', async () => {
  const { words } = only('aws eks create-access-entry');
  const client = new eks.EKSClient(asAdmin('eks'));
  const input = inputOf(words.slice(3)) as unknown as eks.CreateAccessEntryCommandInput;
  const which = { clusterName: layout.cluster.name, principalArn: input.principalArn };
  const gone = () => client.send(new eks.DeleteAccessEntryCommand(which)).catch(() => undefined);
  await gone();
  const { accessEntry } = await client.send(new eks.CreateAccessEntryCommand(input));
  await gone();
  expect(accessEntry?.kubernetesGroups).toEqual(['eks-gateway-preview']);
  const policy = readFileSync(join(root, 'policy/previews.yaml'), 'utf8');
  expect(policy).toContain('name: eks-gateway-preview');
});

test('`npm run action` runs the built action, with its placeholders filled in', () => {
  const { words } = only('npm run action');
  const filled: Readonly<Record<string, string>> = {
    PATH: join(root, 'examples/app-team'),
    'key=value': 'mode=lint',
    DIR: join(scratch, 'out'),
  };
  const [program = '', ...args] = words.map((word) => filled[word] ?? word);
  const { status, stdout } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  expect({ status, stdout }).toMatchObject({ status: 0 });
  expect(readFileSync(join(scratch, 'out/summary.md'), 'utf8')).toContain('##');
});
