// The bundle of a run: found in the working directory, told in the log, refused as a whole when anything in it is wrong.
import { resolve } from 'node:path';
import { collect } from '../../bundle/collect.ts';
import type { Bundle, Chart, Sourced } from '../../bundle/object.ts';
import { findFiles } from '../../files/find.ts';
import type { Run } from '../../run.ts';
import { Problem } from '../../verdict/problem.ts';
import { kustomize } from './kustomizations.ts';

/**
 * `undefined` when something is wrong in it: all of it is then among the findings.
 * @throws Problem `bundle/nothing-found`.
 */
export async function findBundle(run: Run): Promise<Bundle | undefined> {
  const { inputs, environment, runner, draft, signal } = run;
  const { workspace } = environment;
  const found = await findFiles(workspace, inputs.workingDirectory, signal);
  const folder = inputs.workingDirectory.replace(/^\.\//, '').replace(/\/+$/, '') || '.';
  const built = await kustomize(run, found.files, folder);
  const prunes = inputs.mode === 'deploy' && inputs.prune;
  const { bundle, findings: wrong } = collect(found.files, inputs.globs, folder, built, prunes);
  // Where kustomize failed there is nothing to find, and no second complaint about that.
  const findings = [...found.findings, ...built.findings, ...(built.findings.length > 0 ? [] : wrong)];
  draft.findings(findings);
  const line = (
    what: string,
    items: readonly { readonly source: { readonly file: string; readonly line: number } }[],
    name: (index: number) => string,
  ): void => {
    runner.info(`${what}: ${items.length}`);
    items.forEach(({ source }, index) => {
      runner.info(`  ${name(index)}  ${source.file}:${source.line}`);
    });
  };
  const named = (objects: readonly Sourced[]) => (index: number) => {
    const object = objects[index]?.object;
    return object === undefined
      ? ''
      : `${object.kind} ${object.metadata.namespace === undefined ? '' : `${object.metadata.namespace}/`}${object.metadata.name}`;
  };
  line('Custom resource definitions', bundle.crds, named(bundle.crds));
  line('Charts', bundle.charts, (index) => describeChart(bundle.charts[index]));
  line('Manifests', bundle.manifests, named(bundle.manifests));
  line('Routes', bundle.routes, named(bundle.routes));
  const ignored = [...found.ignored, ...bundle.ignored];
  runner.info(`Ignored: ${ignored.length}`);
  for (const { file, why } of ignored) runner.info(`  ${file}: ${why}`);
  if (findings.some(({ severity }) => severity === 'error')) return undefined;
  if (bundle.crds.length + bundle.charts.length + bundle.manifests.length + bundle.routes.length === 0) {
    throw new Problem(
      'bundle/nothing-found',
      `Nothing to deploy was found in ${resolve(workspace, inputs.workingDirectory)}.`,
      {
        hint: 'Check `working-directory`, and that the workflow checks the repository out before this step.',
      },
    );
  }
  return bundle;
}

const describeChart = (chart: Chart | undefined): string =>
  chart === undefined
    ? ''
    : `${chart.name} ${chart.version} (${chart.dependencies.map(({ name, version }) => `${name} ${version}`).join(', ') || 'no dependencies'})`;
