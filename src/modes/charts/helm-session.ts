// Helm with a home of its own in a private folder, and a kubeconfig that lives as long as helm runs.
import type { Chart } from '../../bundle/object.ts';
import { createPrivateFolder, privateFiles, removePrivateFolder } from '../../files/temp.ts';
import { checkStorage, helmEnvironment } from '../../helm/environment.ts';
import { writeKubeconfig } from '../../helm/kubeconfig.ts';
import type { Release } from '../../helm/release.ts';
import { findHelm, type Helm } from '../../helm/version.ts';
import type { Run } from '../../run.ts';
import { Problem } from '../../verdict/problem.ts';
import type { Cluster } from '../access/reach-cluster.ts';

export interface HelmSession {
  /** Without a cluster: renders, fetches. */
  readonly helm: Helm;
  /** The private folder. */
  readonly folder: string;
  /** Helm with the cluster; its token stays fresh while `work` runs. */
  connected<Result>(work: (helm: Helm) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** @throws Problem `helm/missing`, `helm/too-old`, `helm/other-storage`. */
export async function openHelm(run: Run, cluster: Cluster): Promise<HelmSession> {
  const { environment, runner, draft, clock, signal } = run;
  checkStorage(environment.helmDriver);
  const folder = await createPrivateFolder(environment.temp);
  runner.saveState('private-folder', folder);
  const close = (): Promise<void> => removePrivateFolder(folder, environment.temp);
  const connected: HelmSession['connected'] = async (work) => {
    const kubeconfig = await writeKubeconfig(
      {
        endpoint: cluster.description.endpoint,
        caData: cluster.description.caData,
        token: cluster.freshToken,
        now: () => clock.now(),
      },
      privateFiles(folder),
    );
    try {
      const withCluster = helmEnvironment(environment.child, folder, kubeconfig.path);
      return await kubeconfig.keepFresh(() => work({ ...helm, environment: withCluster }));
    } finally {
      await kubeconfig.remove();
    }
  };
  let helm: Helm;
  try {
    helm = await findHelm(helmEnvironment(environment.child, folder), signal);
    runner.info(`helm ${helm.version.text}`);
    draft.version('helm', helm.version.text);
  } catch (error) {
    await close();
    throw error;
  }
  return { helm, folder, connected, close };
}

/** @throws Problem `input/invalid`. */
export function releasesOf(
  { inputs }: Run,
  charts: readonly Chart[],
): readonly { readonly chart: Chart; readonly release: Release }[] {
  if (inputs.releaseName !== undefined && charts.length > 1) {
    throw new Problem(
      'input/invalid',
      `\`release-name\` is given, but there are ${charts.length} charts: ${charts.map(({ folder }) => folder).join(', ')}.`,
      {
        hint: 'Leave `release-name` empty (each release is then named after its chart), or name one chart in `charts`.',
      },
    );
  }
  const twice = charts.find(({ name }, index) => charts.findIndex((other) => other.name === name) !== index);
  if (twice) {
    const folders = charts.filter(({ name }) => name === twice.name).map(({ folder }) => folder);
    throw new Problem(
      'input/invalid',
      `Two charts are called ${twice.name} (${folders.join(', ')}): their releases would be the same.`,
      { hint: 'Rename one of them, or name one in `charts` and deploy the other in a step of its own.' },
    );
  }
  return charts.map((chart) => {
    const name = inputs.releaseName ?? chart.name;
    const wrong = wrongName(name);
    if (wrong !== undefined)
      throw new Problem('input/invalid', `The chart's name ${name} cannot be that of a release: ${wrong}.`, {
        hint: `A release is named after its chart (${chart.folder}); give it another name with \`release-name\`.`,
      });
    return { chart, release: { name, namespace: inputs.namespace } };
  });
}

/** Helm's rule (pkg/chart/v2/util/validate_name.go): its objects' names often begin with it. */
const wrongName = (name: string): string | undefined => {
  if (name.length > 53) return `it has ${name.length} characters, and may have 53`;
  const part = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
  return new RegExp(`^${part}(\\.${part})*$`).test(name)
    ? undefined
    : 'only small letters, digits, `-` and `.` may be in it, with a letter or digit at each end';
};
