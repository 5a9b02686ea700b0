// Brings one release to what its chart says: nothing where it is so already, and after a failure all that explains it.
import type { Chart, KubernetesObject, Sourced } from '../../bundle/object.ts';
import { parseManifests } from '../../bundle/parse.ts';
import { stuckRollouts, workloadsAmong } from '../../chain/rollout.ts';
import { differencesOf, isAutoscaled } from '../../drift/live-object.ts';
import { bundleLabel } from '../../helm/owner.ts';
import { type Freed, freeRelease } from '../../helm/pending.ts';
import { isSame, previewUpgrade } from '../../helm/plan.ts';
import {
  goodRevision,
  type Release,
  type ReleaseState,
  releaseState,
  rollBack,
  type UpgradeOptions,
  upgradeInstall,
} from '../../helm/release.ts';
import { objectsIn, releaseChanges } from '../../helm/release-changes.ts';
import { revisionObjects } from '../../helm/revision-objects.ts';
import type { Revision } from '../../helm/stored.ts';
import { readRevision } from '../../helm/stored-release.ts';
import { uninstall } from '../../helm/uninstall.ts';
import type { Helm } from '../../helm/version.ts';
import { serverSideApplier } from '../../kube/apply.ts';
import { clusterReader } from '../../kube/reader.ts';
import { removeObject } from '../../kube/remove.ts';
import { changeCounts, changeTitle } from '../../report/release-part.ts';
import type { ReleaseChange, ReportedRelease } from '../../report/report.ts';
import type { Run } from '../../run.ts';
import { Problem } from '../../verdict/problem.ts';
import type { Evidence } from '../../verdict/verdict.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import { hookLogs } from './hook-logs.ts';
import { hiddenRelease, strangeRelease } from './strange-releases.ts';

export interface ChartToInstall {
  readonly chart: Chart;
  readonly release: Release;
  readonly chartPath: string;
  readonly values: readonly string[];
  /** As rendered before. */
  readonly objects: readonly Sourced[];
}

export interface InstalledChart {
  readonly release: Release;
  readonly state: ReleaseState;
  /** What helm keeps as installed; as rendered before, where that cannot be read. */
  readonly objects: readonly Sourced[];
}

/** The bundle that installs. */
export interface Installer {
  /** What names it; a label of each revision. */
  readonly bundle: string;
  /** Whether this run holds the bundle's Lease. */
  readonly guarded: boolean;
  /** Whether what began then belongs to a run of the bundle that died long ago. */
  readonly isAbandoned: (began: Date) => boolean;
}

const secrets = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };
const mostLines = 300;

/** As the inputs have it; a plan previews with the same. */
export const upgradeOptions = (
  { inputs, environment }: Run,
  { chartPath, values }: Pick<ChartToInstall, 'chartPath' | 'values'>,
): UpgradeOptions => ({
  workspace: environment.workspace,
  chartPath,
  values,
  timeout: inputs.helmTimeout,
  createNamespace: inputs.createNamespace,
});

export class ReleaseInstall {
  readonly #run: Run;
  readonly #cluster: Cluster;
  readonly #helm: Helm;
  readonly #installer: Installer;
  readonly #what: ChartToInstall;

  constructor(run: Run, cluster: Cluster, helm: Helm, installer: Installer, what: ChartToInstall) {
    this.#run = run;
    this.#cluster = cluster;
    this.#helm = helm;
    this.#installer = installer;
    this.#what = what;
  }

  /** @throws Problem `helm/failed`, `cluster/forbidden`. */
  async install(): Promise<InstalledChart> {
    const { release, objects } = this.#what;
    const { signal } = this.#run;
    const last = await this.#free();
    // `--keep-history` leaves the revisions of what is gone.
    const standing = last?.state.status === 'uninstalled' ? undefined : last;
    if (last === undefined) await this.#refuseHidden();
    const before = standing?.state;
    const deployed = standing?.stored;
    const preview = deployed && (await previewUpgrade(this.#helm, release, this.#options(), signal));
    // Where helm refuses, the upgrade itself then says why.
    const planned = preview && 'value' in preview ? preview.value : undefined;
    const changes =
      deployed && planned
        ? releaseChanges(objectsIn(deployed.manifest), objectsIn(planned.manifest), release.namespace)
        : releaseChanges([], before ? [] : objects.map(({ object }) => object), release.namespace);
    if (before && deployed && planned && (await this.#isDone(deployed, planned))) {
      this.#report('unchanged', before.revision, []);
      return this.#installed(before, deployed);
    }
    this.#tell(changes);
    try {
      const state = await upgradeInstall(this.#helm, release, before, this.#options(), signal);
      this.#report(before ? 'upgraded' : 'installed', state.revision, changes);
      return this.#installed(state, await this.#revision(state.revision));
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'helm/failed') throw error;
      this.#report('failed', undefined, changes);
      const explained = await this.#explained(error);
      throw this.#run.inputs.helm.rollback ? await this.#undone(explained, before, changes) : explained;
    }
  }

  #installed(state: ReleaseState, revision: Revision | undefined): InstalledChart {
    const { chart, release, objects } = this.#what;
    return { release, state, objects: revision ? revisionObjects(revision, chart) : objects };
  }

  #options(): UpgradeOptions {
    return {
      ...upgradeOptions(this.#run, this.#what),
      labels: [`${bundleLabel}=${this.#installer.bundle}`],
      onLine: (line) => this.#run.runner.info(`  ${line}`),
    };
  }

  async #free(): Promise<Freed | undefined> {
    const { inputs, clock, runner, signal, environment } = this.#run;
    const { bundle, guarded, isAbandoned } = this.#installer;
    const { chart, release } = this.#what;
    return await freeRelease(
      this.#helm,
      release,
      environment.workspace,
      {
        clock,
        timeout: inputs.helmTimeout,
        revision: (revision) => this.#revision(revision),
        allow: (stored) => this.#refuseStrange(stored),
        isOurs: (stored) => guarded && stored?.labels[bundleLabel] === bundle,
        isAbandoned,
        deleteSecret: (namespace, name, during) =>
          removeObject(this.#cluster.kube, secrets, namespace, name, during),
        uninstall: (during) => uninstall(this.#helm, chart, release, this.#options(), during),
        onLine: (line) => runner.info(line),
      },
      signal,
    );
  }

  /** @throws Problem `helm/not-ours`. */
  #refuseStrange(stored: Revision | undefined): void {
    const problem = strangeRelease(this.#run, this.#what, stored, this.#installer.bundle);
    if (problem) throw problem;
  }

  /** @throws Problem `helm/other-storage`. */
  async #refuseHidden(): Promise<void> {
    const reader = clusterReader(this.#cluster.kube);
    const problem = await hiddenRelease(reader, this.#what.release, this.#run.signal);
    if (problem) throw problem;
  }

  /** `undefined` where it cannot be read: nothing is then known of it, and helm goes its way. */
  #revision(revision: number): Promise<Revision | undefined> {
    const { kube } = this.#cluster;
    return readRevision(
      (namespace, name) => clusterReader(kube).get(secrets, namespace, name, this.#run.signal),
      this.#what.release,
      revision,
    );
  }

  /** The same chart and values, and the cluster still has what they ask for: another revision would say nothing new. */
  async #isDone(deployed: Revision, planned: Revision): Promise<boolean> {
    const { namespace } = this.#what.release;
    if (!isSame(deployed, planned, namespace)) return false;
    const applier = serverSideApplier(this.#cluster.kube, this.#cluster.discovery, { namespace });
    const objects = parseManifests(planned.manifest, '', { rendered: true }).objects;
    const looks = await applier.look(
      objects.map(({ object }) => object),
      this.#run.signal,
    );
    return looks.every((look, index) => {
      const wanted = objects[index]?.object;
      if (wanted === undefined || !('held' in look) || !('value' in look.held)) return false;
      const live = look.held.value;
      return live !== undefined && this.#isMet(wanted, live, look.object.metadata.namespace);
    });
  }

  /** What helm itself wrote last may be written in another way than it reads back; what others wrote is drift. */
  #isMet(object: KubernetesObject, live: KubernetesObject, namespace: string | undefined): boolean {
    const expected = {
      layer: 'helm',
      object,
      namespace,
      source: this.#what.chart.source,
      manager: 'helm',
    } as const;
    return differencesOf(expected, live).every(
      (difference) => difference.owners[0]?.manager === 'helm' || isAutoscaled(difference, live, []),
    );
  }

  #tell(changes: readonly ReleaseChange[]): void {
    const { runner } = this.#run;
    const { namespace, name } = this.#what.release;
    runner.info(`Release ${namespace}/${name}: ${changeCounts(changes)}`);
    const lines = changes.flatMap((each) => [changeTitle(each), ...each.diff.map((line) => `  ${line}`)]);
    for (const line of lines.slice(0, mostLines)) runner.info(`  ${line}`);
    if (lines.length > mostLines) runner.info(`  … and ${lines.length - mostLines} more lines`);
  }

  #report(
    result: ReportedRelease['result'],
    revision: number | undefined,
    changes: readonly ReleaseChange[],
  ): void {
    const { chart, release } = this.#what;
    this.#run.draft.release({
      ...release,
      chart: `${chart.name}-${chart.version}`,
      result,
      ...(revision !== undefined && { revision }),
      changes,
    });
  }

  /** Helm says that something failed or was not ready; the workloads, their pods, hooks and notes say what, and why. */
  async #explained(error: Problem): Promise<Problem> {
    const { release, objects } = this.#what;
    const { signal, environment } = this.#run;
    const reader = clusterReader(this.#cluster.kube);
    const workloads = workloadsAmong(
      objects.map(({ object }) => object),
      release.namespace,
    );
    const stuck = await stuckRollouts(reader, workloads, signal);
    const state = await releaseState(this.#helm, release, environment.workspace, signal).catch(
      () => undefined,
    );
    const failed = state && (await this.#revision(state.revision));
    const hooks = failed ? await hookLogs(reader, failed.hooks, release.namespace, signal) : [];
    const notes: Evidence[] =
      failed && failed.notes.trim() !== '' ? [{ from: 'NOTES.txt', saw: failed.notes.trim() }] : [];
    const names = stuck.map(({ ref, why }) => `${ref} (${why})`).join('; ');
    return new Problem(
      error.code,
      stuck.length === 0 ? error.message : `${error.message} Not rolled out: ${names}.`,
      {
        hint: error.hint,
        evidence: [...error.evidence, ...stuck.flatMap(({ evidence }) => evidence), ...hooks, ...notes],
        cause: error,
      },
    );
  }

  /** Back to the last good revision; a first install that failed leaves none, and is removed. */
  async #undone(
    error: Problem,
    before: ReleaseState | undefined,
    changes: readonly ReleaseChange[],
  ): Promise<Problem> {
    const { chart, release } = this.#what;
    const { signal, runner } = this.#run;
    const options = this.#options();
    const { workspace } = options;
    if ((await releaseState(this.#helm, release, workspace, signal)) === undefined) return error;
    const good =
      before === undefined ? undefined : await goodRevision(this.#helm, release, workspace, signal);
    const then = (sentence: string, cause: unknown): Problem =>
      new Problem(error.code, `${error.message} ${sentence}`, {
        hint: error.hint,
        evidence: error.evidence,
        cause,
      });
    runner.info(good === undefined ? 'Removing the failed release' : `Rolling back to revision ${good}`);
    try {
      if (good === undefined) {
        await uninstall(this.#helm, chart, release, options, signal);
        this.#report('removed', undefined, changes);
        return then('The release, which never was good, was removed (`helm-rollback`).', error);
      }
      await rollBack(this.#helm, release, good, options, signal);
      const state = await releaseState(this.#helm, release, workspace, signal);
      this.#report('rolled-back', state?.revision, changes);
      return then(`It was rolled back to revision ${good} (\`helm-rollback\`).`, error);
    } catch (second) {
      if (!(second instanceof Problem)) throw second;
      return then(second.message, second);
    }
  }
}
