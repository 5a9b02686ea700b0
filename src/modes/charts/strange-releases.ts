// Releases that a deploy does not touch: somebody else's, and those that are kept where helm does not look.
import type { Chart } from '../../bundle/object.ts';
import { otherStorage } from '../../helm/environment.ts';
import { whyNotOurs } from '../../helm/owner.ts';
import type { Release } from '../../helm/release.ts';
import type { Revision } from '../../helm/stored.ts';
import { readStoredRelease } from '../../helm/stored-release.ts';
import type { KubeReader } from '../../kube/reader.ts';
import type { Run } from '../../run.ts';
import { type Finding, findingOf } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import type { Seen } from '../../verdict/seen.ts';

export interface ChartRelease {
  readonly chart: Chart;
  readonly release: Release;
}

const secrets = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };
const configMaps = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };

/** `helm/not-ours`: helm would remove what the other one installed. @param bundle what names this one */
export const strangeRelease = (
  { inputs }: Pick<Run, 'inputs'>,
  { chart, release }: ChartRelease,
  stored: Revision | undefined,
  bundle: string,
): Problem | undefined => {
  const why = stored && whyNotOurs(stored, chart, bundle);
  if (why === undefined || inputs.takeOver.includes('helm')) return undefined;
  return new Problem(
    'helm/not-ours',
    `Release ${release.namespace}/${release.name} is somebody else's: ${why}. A deploy touches nothing of it.`,
    {
      hint: "Give this one another name (`release-name`) or namespace. If it is to become this bundle's, objects that the chart no longer has are removed: run once with `take-over: helm`.",
    },
  );
};

/** `helm/other-storage`: helm would install a second release over the same objects. */
export const hiddenRelease = async (
  reader: Pick<KubeReader, 'select'>,
  { name, namespace }: Release,
  signal: AbortSignal,
): Promise<Problem | undefined> => {
  const seen = await reader.select(
    configMaps,
    namespace,
    { labelSelector: `owner=helm,name=${name}` },
    signal,
  );
  if (!('value' in seen) || seen.value.length === 0) return undefined;
  return new Problem(
    'helm/other-storage',
    `Release ${namespace}/${name} is kept in ConfigMaps (HELM_DRIVER=configmap); here releases are kept in Secrets, and it would be installed a second time.`,
    { hint: otherStorage },
  );
};

/** The last revision, as far as the role may read it; `uninstall --keep-history` leaves those of what is gone. */
export const lastRevision = (
  reader: Pick<KubeReader, 'select'>,
  release: Release,
  signal: AbortSignal,
): Promise<Seen<Revision | undefined>> =>
  readStoredRelease(
    (namespace, labelSelector) => reader.select(secrets, namespace, { labelSelector }, signal),
    release,
  );

/** Why a deploy would refuse the release, whatever the chart says; whoever may not look hears it from helm. */
export async function whyRefused(
  run: Pick<Run, 'inputs' | 'signal'>,
  reader: Pick<KubeReader, 'select'>,
  each: ChartRelease,
  stored: Seen<Revision | undefined>,
  bundle: string,
): Promise<Problem | undefined> {
  if (!('value' in stored)) return undefined;
  return stored.value === undefined
    ? await hiddenRelease(reader, each.release, run.signal)
    : stored.value.status === 'uninstalled'
      ? undefined
      : strangeRelease(run, each, stored.value, bundle);
}

export const refusalFinding = ({ chart }: ChartRelease, problem: Problem): Finding => ({
  ...findingOf(problem),
  source: chart.source,
});
