// What an upgrade would make of a release: rendered by the cluster's own answers, without writing anything.

import type { Json } from '../bundle/object.ts';
import { runChild } from '../child.ts';
import { equal } from '../compare/equal.ts';
import { deniedIn, type Release, type UpgradeOptions, upgradeArguments } from './release.ts';
import { objectsIn, releaseChanges } from './release-changes.ts';
import { type Revision, revisionOf } from './stored.ts';
import type { Helm } from './version.ts';
import { helmWords } from './words.ts';

/** `denied`: the missing permission. `failed`: helm's words. `coming`: a kind that has to be served first. */
export type Previewed<Value> =
  | { readonly value: Value }
  | { readonly coming: string }
  | { readonly denied: string }
  | { readonly failed: string };

/**
 * `helm upgrade --install --dry-run=server`: unlike `helm template` it lets templates look into the cluster, so that
 * certificates which a chart makes once, say, come out as they are. Of helm's output nothing is shown: it has values too.
 * @throws the signal's reason on abort.
 */
export const previewUpgrade = async (
  helm: Helm,
  release: Release,
  options: UpgradeOptions,
  signal: AbortSignal,
): Promise<Previewed<Revision>> => {
  const args = [...upgradeArguments(helm, release, options), '--dry-run=server', '--output', 'json'];
  const end = await runChild('helm', args, { cwd: options.workspace, environment: helm.environment }, signal);
  if (end.cut) return { failed: 'it printed too much' };
  if (end.code !== 0) {
    const denied = deniedIn(end.stderr);
    return denied ? { denied: denied.permission } : { failed: helmWords(end) };
  }
  try {
    return { value: revisionOf(JSON.parse(end.stdout) as Json) };
  } catch {
    return { failed: 'helm printed no release' };
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
