// What helm is given for a chart: a folder with its dependencies, and its values files.
import { mkdir, readFile, realpath } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Chart } from '../../bundle/object.ts';
import { linkOutside } from '../../files/links.ts';
import { readAgain } from '../../files/read.ts';
import { writePrivateFile } from '../../files/write.ts';
import { copyChart } from '../../helm/chart-copy.ts';
import { buildDependencies, hasDependencies } from '../../helm/dependencies.ts';
import {
  type KnownRepository,
  neededRepositories,
  passwordsOf,
  repositoriesFile,
} from '../../helm/repositories.ts';
import { secretsIn } from '../../helm/secret-values.ts';
import type { Helm } from '../../helm/version.ts';
import { withoutPasswords } from '../../helm/words.ts';
import type { Run } from '../../run.ts';
import { Problem } from '../../verdict/problem.ts';

/** `infra=environments/prod.yaml` is for the chart `infra` alone. */
const forOne = /^([A-Za-z0-9][\w-]*)=(.+)$/;

/**
 * The files that the user named for each chart, relative to the workspace; later ones win.
 * @throws Problem `input/invalid` for a chart that is not there.
 */
export function valuesFilesOf(
  { inputs }: Run,
  charts: readonly Chart[],
): (chart: Chart) => readonly string[] {
  const files = inputs.valuesFiles.map((line) => {
    const [, chart, file = line] = forOne.exec(line) ?? [];
    return { ...(chart !== undefined && { chart }), file: posix.join(inputs.workingDirectory, file) };
  });
  const unknown = files.find(
    ({ chart }) => chart !== undefined && charts.every(({ name }) => name !== chart),
  );
  if (unknown) {
    throw new Problem(
      'input/invalid',
      `\`values-files\` gives a file to the chart \`${unknown.chart}\`, and there is none; charts: ${charts.map(({ name }) => name).join(', ')}.`,
      { hint: 'Correct the `with:` block of the step that uses the action.' },
    );
  }
  return ({ name }) =>
    files.filter(({ chart }) => chart === undefined || chart === name).map(({ file }) => file);
}

/** Inline values may hold secrets: helm gets them as a file in the private folder. What is named as one is masked. */
export async function inlineValues(run: Run, folder: string): Promise<readonly string[]> {
  const { values } = run.inputs.helm;
  await maskSecrets(run, values);
  if (values === undefined) return [];
  const path = join(folder, 'values.yaml');
  await writePrivateFile(path, values);
  return [path];
}

async function maskSecrets({ inputs, environment, runner }: Run, inline: string | undefined): Promise<void> {
  const paths = inputs.valuesFiles.map((line) => forOne.exec(line)?.[2] ?? line);
  const files = await Promise.all(
    paths.map((path) => readAgain(environment.workspace, posix.join(inputs.workingDirectory, path))),
  );
  const secrets = [inline, ...files].flatMap((text) => (text === undefined ? [] : secretsIn(text)));
  for (const secret of new Set(secrets)) runner.mask(secret);
}

/** Helm follows links, and a template may print what they lead to. */
async function refuseLinks(
  root: string,
  { folder, dependencies }: Chart,
  signal: AbortSignal,
): Promise<void> {
  const local = dependencies.flatMap(({ repository }) => /^file:\/\/([^/].*)$/.exec(repository)?.[1] ?? []);
  for (const path of [folder, ...local.map((each) => posix.join(folder, each))]) {
    const real = await realpath(join(root, path)).catch(() => undefined);
    const link = real === undefined ? undefined : await linkOutside(root, real, signal);
    if (link === undefined) continue;
    throw new Problem(
      'bundle/outside-workspace',
      `${link.path} leads out of the workspace, to ${link.target}.`,
      { hint: 'Helm would read it: copy what is needed into the chart, or remove the link.' },
    );
  }
}

/**
 * The chart's own folder, or, where dependencies have to be fetched, a copy in the private folder with all of them in it.
 * @throws Problem `helm/dependency-failed`, `bundle/outside-workspace`, `bundle/invalid-chart`.
 */
export async function chartPathOf(run: Run, helm: Helm, chart: Chart, folder: string): Promise<string> {
  const { environment, runner, signal } = run;
  const { workspace, registries } = environment;
  const root = await realpath(workspace);
  await refuseLinks(root, chart, signal);
  const own = join(workspace, chart.folder);
  if (await hasDependencies(helm, chart, own, signal)) return own;
  const copies = join(folder, 'charts');
  await mkdir(copies, { recursive: true });
  const copied = await copyChart(root, chart, copies);
  const known = await useRepositories(
    run,
    helm,
    copied.map((each) => each.chart),
  );
  const onLine = (line: string): void => runner.info(`  ${withoutPasswords(line)}`);
  for (const { chart: each, path } of copied)
    await buildDependencies(helm, each, { path, registries, known, onLine }, signal);
  return join(copies, chart.folder);
}

/** What `helm repo add` of an earlier step has left, as far as the charts need it, into helm's own configuration. */
async function useRepositories(
  { environment, runner }: Run,
  helm: Helm,
  charts: readonly Chart[],
): Promise<readonly KnownRepository[]> {
  const { workspace, repositories } = environment;
  const body = repositories && (await readFile(repositories, 'utf8').catch(() => undefined));
  const known = body ? neededRepositories(body, charts, workspace) : [];
  for (const password of passwordsOf(known)) runner.mask(password);
  const folder = helm.environment['HELM_CONFIG_HOME'] ?? '';
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writePrivateFile(join(folder, 'repositories.yaml'), repositoriesFile(known));
  return known;
}
