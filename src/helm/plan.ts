// What an upgrade would make of a release: rendered by the cluster's own answers, without writing anything.

import type { Json } from '../bundle/object.ts';
import { runChild } from '../child.ts';
import { equal } from '../compare/equal.ts';
import { type Release, type UpgradeOptions, upgradeArguments } from './release.ts';
import { objectsIn, releaseChanges } from './release-changes.ts';
import { type Revision, revisionOf } from './stored.ts';
import type { Helm } from './version.ts';

/**
 * `helm upgrade --install --dry-run=server`: unlike `helm template` it lets templates look into the cluster, so that
 * certificates which a chart makes once, say, come out as they are. `undefined` where helm refuses: the upgrade itself
 * then says why.
 * @throws the signal's reason on abort.
 */
export const plannedRevision = async (
  helm: Helm,
  release: Release,
  options: UpgradeOptions,
  signal: AbortSignal,
): Promise<Revision | undefined> => {
  const args = [...upgradeArguments(helm, release, options), '--dry-run=server', '--output', 'json'];
  const end = await runChild('helm', args, { cwd: options.workspace, environment: helm.environment }, signal);
  if (end.code !== 0 || end.cut) return undefined;
  try {
    return revisionOf(JSON.parse(end.stdout) as Json);
  } catch {
    return undefined;
  }
};

const hooksOf = ({ hooks }: Revision): Json => hooks.map(({ manifest }) => manifest.trim()).toSorted();

/** Whether an upgrade would only write another revision of the same: chart, values, objects and hooks. */
export const isSame = (deployed: Revision, planned: Revision, namespace: string): boolean =>
  deployed.status === 'deployed' &&
  equal(deployed.chart, planned.chart) &&
  equal(deployed.values, planned.values) &&
  equal(hooksOf(deployed), hooksOf(planned)) &&
  releaseChanges(objectsIn(deployed.manifest), objectsIn(planned.manifest), namespace).length === 0;
