// teardown of a deploy: routes → records gone → Gateways gone → class and configurations → the rest → charts.
import { leftovers } from '../../aws/leftovers.ts';
import type { Bundle, Chart, KubernetesObject, Sourced } from '../../bundle/object.ts';
import { type Kind, kinds } from '../../chain/cluster.ts';
import { hostsOf } from '../../gateway/hosts.ts';
import { whyNotOurs } from '../../helm/owner.ts';
import { type ReleaseState, releaseState } from '../../helm/release.ts';
import { readRevision } from '../../helm/stored-release.ts';
import { installedObjects, uninstall } from '../../helm/uninstall.ts';
import { inventoryMembers } from '../../kube/members.ts';
import { clusterReader, type KubeReader } from '../../kube/reader.ts';
import type { Outcome } from '../../report/report.ts';
import type { Run } from '../../run.ts';
import { rarelyAttached, stillInUse } from '../../teardown/in-use.ts';
import { type Steps, stepsOf, wouldNotStay } from '../../teardown/order.ts';
import type { Named } from '../../teardown/ours.ts';
import { protectedGateways } from '../../teardown/protected.ts';
import { finding } from '../../verdict/finding.ts';
import { Problem } from '../../verdict/problem.ts';
import type { Cluster } from '../access/reach-cluster.ts';
import type { SignedIn } from '../access/sign-in.ts';
import { zonesOf } from '../access/zones.ts';
import { turnOf } from '../apply/turn.ts';
import { ownInventory, writerOf } from '../apply/write.ts';
import { findBundle } from '../bundle/find.ts';
import { type HelmSession, openHelm, releasesOf } from '../charts/helm-session.ts';
import { begin } from '../phase.ts';
import { withCluster } from '../steps.ts';
import { complaintsAbout, controllerTrouble } from './held.ts';
import { endInventory } from './inventory-end.ts';
import { type RecordsLeft, recordEvidence, recordsGone } from './records-gone.ts';
import { Removal, saying } from './removal.ts';

/** @throws Problem for all expected trouble; the signal's reason on abort. */
export async function teardownDeploy(run: Run): Promise<Outcome> {
  begin(run, 'Find what was deployed');
  const bundle = await findBundle(run);
  if (bundle === undefined) return 'failed';
  return await withCluster(run, async (signedIn, cluster) => {
    // A deploy of the same bundle would put back what this run removes.
    const turn = turnOf(run, cluster, ownInventory(run));
    const session = bundle.charts.length === 0 ? undefined : await openHelm(run, cluster);
    try {
      await turn.take();
      const outcome = await new Teardown(turn.run, signedIn, cluster, bundle, session).everything();
      if (outcome === 'removed') await turn.end('last');
      return outcome;
    } finally {
      await turn.end();
      await session?.close();
    }
  });
}

const secrets = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };

interface Installed {
  readonly chart: Chart;
  readonly release: { readonly name: string; readonly namespace: string };
  readonly objects: readonly Named[];
}

class Teardown {
  readonly #run: Run;
  readonly #signedIn: SignedIn;
  readonly #bundle: Bundle;
  readonly #session: HelmSession | undefined;
  readonly #reader: KubeReader;
  readonly #removal: Removal;
  readonly #deadline: number;
  readonly #endInventory: () => Promise<void>;

  constructor(
    run: Run,
    signedIn: SignedIn,
    cluster: Cluster,
    bundle: Bundle,
    session: HelmSession | undefined,
  ) {
    const { inputs, clock } = run;
    this.#run = run;
    this.#signedIn = signedIn;
    this.#bundle = bundle;
    this.#session = session;
    this.#reader = clusterReader(cluster.kube);
    this.#deadline = clock.monotonic() + inputs.waitTimeout * 1_000;
    const { applier, inventory } = writerOf(run, cluster);
    const members = inventoryMembers(cluster.kube, cluster.discovery, { milliseconds: 30_000 });
    this.#endInventory = () => endInventory(run, inventory, applier, members);
    this.#removal = new Removal(run, {
      applier,
      members,
      owners: { inventory: inventory.id, takeOver: inputs.takeOver },
      deadline: this.#deadline,
      isHopeless: async (left, signal) =>
        (await controllerTrouble(this.#reader, left, signal))?.forGood === true,
    });
  }

  async everything(): Promise<Outcome> {
    begin(this.#run, 'Look at what is there');
    const installed = await this.#installed();
    const { manifests, routes } = this.#bundle;
    const steps = stepsOf([...manifests, ...routes, ...installed.flatMap(({ objects }) => objects)]);
    if (!(await this.#mayGo(steps, installed))) return 'failed';

    begin(this.#run, 'Remove the routes');
    const hosts = await this.#hosts(steps);
    if (!(await this.#allGone(await this.#removal.remove(steps.routes)))) return 'failed';

    begin(this.#run, 'Wait until the records are gone');
    const zones = zonesOf(this.#run, this.#signedIn);
    const records = await recordsGone(this.#run, this.#reader, zones, hosts, this.#deadline);
    this.#tellRecords(records);
    // Whoever could still remove them must not be taken away; where nobody will, waiting helps nobody.
    if (records.left.length > 0 && records.never === undefined) return 'failed';

    begin(this.#run, 'Remove the Gateways');
    if (!(await this.#gatewaysGone(steps))) return 'failed';

    begin(this.#run, 'Remove classes and configurations');
    for (const step of [steps.classes, steps.configurations]) {
      if (!(await this.#allGone(await this.#removal.remove(step)))) return 'failed';
    }
    begin(this.#run, 'Remove the rest');
    for (const rank of steps.rest) {
      if (!(await this.#allGone(await this.#removal.remove(rank)))) return 'failed';
    }
    await this.#uninstall(installed);
    await this.#endInventory();
    return records.left.length === 0 ? 'removed' : 'failed';
  }

  /** What the releases of the charts hold; a release of another chart that has the name is none of ours. */
  async #installed(): Promise<readonly Installed[]> {
    const session = this.#session;
    if (session === undefined) return [];
    const { signal, environment } = this.#run;
    const { workspace } = environment;
    return await session.connected(async (helm) => {
      const found: Installed[] = [];
      for (const { chart, release } of releasesOf(this.#run, this.#bundle.charts)) {
        const objects = await installedObjects(helm, chart, release, workspace, signal);
        if (objects === undefined) continue;
        const state = await releaseState(helm, release, workspace, signal);
        if (state?.status === 'uninstalled') continue;
        const why = await this.#whyNotOurs(release, chart, state);
        if (why === undefined)
          found.push({ chart, release, objects: objects.map((each) => ({ ...each, release })) });
        else this.#tellNotOurs(release, chart, why);
      }
      return found;
    });
  }

  async #whyNotOurs(
    release: Installed['release'],
    chart: Chart,
    state: ReleaseState | undefined,
  ): Promise<string | undefined> {
    const { signal, inputs } = this.#run;
    const stored =
      state &&
      (await readRevision(
        (namespace, name) => this.#reader.get(secrets, namespace, name, signal),
        release,
        state.revision,
      ));
    if (stored)
      return inputs.takeOver.includes('helm')
        ? undefined
        : whyNotOurs(stored, chart, ownInventory(this.#run).id);
    return state?.chart.startsWith(`${chart.name}-`) === true
      ? undefined
      : `it is of ${state?.chart ?? 'another chart'}, not of ${chart.name}`;
  }

  #tellNotOurs({ name, namespace }: Installed['release'], { source }: Chart, why: string) {
    this.#run.draft.findings([
      finding('warning', 'teardown/not-ours', `Release ${namespace}/${name} stays: ${why}.`, {
        source,
        hint: 'Set `release-name`, or `charts`, so that they name what is to go.',
      }),
    ]);
  }

  /** Said before anything is removed: what others need, what AWS keeps, and what Helm would delete although it is to stay. */
  async #mayGo(steps: Steps, installed: readonly Installed[]): Promise<boolean> {
    const { draft } = this.#run;
    const live = async (named: readonly Named[]): Promise<readonly KubernetesObject[]> =>
      (await this.#removal.find(named)).map((each) => each.live);
    const [routes, gateways, classes] = [
      await live(steps.routes),
      await live(steps.gateways.filter(({ object }) => object.kind === 'Gateway')),
      await live(steps.classes),
    ];
    const own = [...this.#bundle.manifests, ...installed.flatMap(({ objects }) => objects)];
    const used = stillInUse(
      { routes: [...routes, ...own.map(({ object }) => this.#placed(object))], gateways, classes },
      {
        routes: [
          ...(await this.#all(kinds.httpRoute)),
          ...(await this.#all(kinds.grpcRoute)),
          ...(await this.#seen(gateways.length > 0 ? rarelyAttached : [])),
        ],
        gateways: await this.#all(kinds.gateway),
      },
    );
    const wrong = [
      ...used.map(({ ref, by }) =>
        finding('error', 'teardown/still-used', `${ref} is still used by ${by.join(', ')}.`, {
          ref,
          hint: 'Nothing was removed. Remove those first, or move them to another one.',
        }),
      ),
      ...installed.flatMap(({ objects, release }) => wouldNotStay(objects, release.name)),
      ...(gateways.length === 0
        ? []
        : protectedGateways(
            gateways,
            await this.#seen([kinds.gatewayClass]),
            await this.#seen([kinds.loadBalancerConfiguration]),
          )),
    ];
    draft.findings(wrong);
    return wrong.length === 0;
  }

  #placed(object: KubernetesObject): KubernetesObject {
    const { namespace } = this.#run.inputs;
    return { ...object, metadata: { namespace, ...object.metadata } };
  }

  /** Whatever of these kinds may be seen. */
  async #seen(wanted: readonly Kind[]): Promise<readonly KubernetesObject[]> {
    const found: KubernetesObject[] = [];
    for (const kind of wanted) {
      const seen = await this.#reader.list(kind, undefined, this.#run.signal);
      if ('value' in seen) found.push(...seen.value);
    }
    return found;
  }

  /** @throws Problem `cluster/forbidden`, `look/failed`: what others need must be known. */
  async #all(kind: (typeof kinds)[keyof typeof kinds]): Promise<readonly KubernetesObject[]> {
    const seen = await this.#reader.list(kind, undefined, this.#run.signal);
    if ('value' in seen) return seen.value;
    if ('denied' in seen) {
      throw new Problem(
        'cluster/forbidden',
        `The role may not ${seen.denied}: whether others use the Gateways is not known.`,
        { hint: 'Give the role that permission.' },
      );
    }
    throw new Problem('look/failed', `The ${kind.plural} could not be read: ${seen.failed}.`);
  }

  /** Hosts that nobody publishes once our routes are gone. */
  async #hosts(steps: Steps): Promise<readonly string[]> {
    const { inputs, runner } = this.#run;
    const gateways = await this.#all(kinds.gateway);
    const known = [...gateways, ...steps.gateways.map(({ object }) => object)];
    const namesOf = (routes: readonly Sourced[]): ReadonlySet<string> =>
      new Set(hostsOf(routes, known, { namespace: inputs.namespace }).map(({ host }) => host));
    const all = [...(await this.#all(kinds.httpRoute)), ...(await this.#all(kinds.grpcRoute))];
    const doomed = new Set((await this.#removal.find(steps.routes)).map(({ live }) => live.metadata['uid']));
    const source = { file: '', line: 0 };
    const others = namesOf(
      all.filter(({ metadata }) => !doomed.has(metadata['uid'])).map((object) => ({ object, source })),
    );
    const hosts = [...namesOf(steps.routes)];
    for (const host of hosts.filter((each) => others.has(each)))
      runner.info(`${host} is published by another route as well: its record stays.`);
    return hosts.filter((host) => !others.has(host));
  }

  async #gatewaysGone(steps: Steps): Promise<boolean> {
    const left = await this.#removal.remove(steps.gateways);
    if (await this.#allGone(left)) return true;
    for (const gateway of left.filter(({ kind }) => kind === 'Gateway')) await this.#tellLeftovers(gateway);
    return false;
  }

  async #tellLeftovers(gateway: KubernetesObject): Promise<void> {
    const { draft, inputs, clock, signal } = this.#run;
    const { aws, cluster: credentials } = this.#signedIn;
    const stack = `${gateway.metadata.namespace ?? inputs.namespace}/${gateway.metadata.name}`;
    const seen = await leftovers({ aws, credentials, clock }).find(inputs.clusterName, stack, signal);
    if (!('value' in seen)) {
      const why = 'denied' in seen ? `the role may not ${seen.denied}` : seen.failed;
      draft.findings([
        finding('notice', 'look/denied', `What Gateway ${stack} still holds in AWS is not known: ${why}.`, {
          hint: 'With tag:GetResources it is listed here.',
        }),
      ]);
      return;
    }
    if (seen.value.length === 0) return;
    draft.findings([
      finding(
        'error',
        'teardown/resources-left',
        `${seen.value.length} ${seen.value.length === 1 ? 'resource' : 'resources'} of Gateway ${stack} still stand in AWS.`,
        {
          ref: `Gateway ${stack}`,
          hint: 'The controller removes them while the Gateway waits for it; by hand only once the controller is gone for good.',
          evidence: seen.value.map(({ what, arn }) => ({ from: what, saw: arn })),
        },
      ),
    ]);
  }

  #tellRecords({ left, never, stopped }: RecordsLeft): void {
    const still = 'the Gateways and the charts are still there, so it can still remove them.';
    const hint =
      never === undefined
        ? `${stopped === undefined ? 'See the log of ExternalDNS' : `${stopped}: scale it up`}, then run again: ${still}`
        : `They will not go by themselves: ${never}. Delete them by hand.`;
    this.#run.draft.findings(
      left.map(({ host, records }) =>
        finding(
          'error',
          'teardown/records-left',
          `${records.length} ${records.length === 1 ? 'record' : 'records'} of ${host} still stand in Route 53.`,
          { hint, evidence: recordEvidence(records) },
        ),
      ),
    );
  }

  /** True when nothing is left; otherwise what holds it is said. */
  async #allGone(left: readonly KubernetesObject[]): Promise<boolean> {
    if (left.length === 0) return true;
    const { draft, signal } = this.#run;
    const trouble = await controllerTrouble(this.#reader, left, signal);
    const { evidence, hint } = await complaintsAbout(this.#reader, left, signal);
    const sentence = `${left.length} ${left.length === 1 ? 'object is' : 'objects are'} still there: ${left.map(saying).join('; ')}.`;
    draft.findings([
      finding(
        'error',
        'teardown/objects-left',
        trouble === undefined ? sentence : `${sentence} ${trouble.says}`,
        {
          hint:
            trouble === undefined
              ? `${hint} A finalizer is its controller’s time to clean up, and is never taken away here: see the events of the object and whether the controller runs. Run again afterwards: it goes on where this run ended.`.trim()
              : 'A finalizer is its controller’s time to clean up, and is never taken away here. Bring the controller back to work, then run again: it goes on where this run ended.',
          evidence,
        },
      ),
    ]);
    return false;
  }

  async #uninstall(installed: readonly Installed[]): Promise<void> {
    const session = this.#session;
    if (session === undefined || installed.length === 0) return;
    begin(this.#run, 'Uninstall the charts');
    const { inputs, runner, draft, signal, environment } = this.#run;
    const options = {
      workspace: environment.workspace,
      timeout: inputs.helmTimeout,
      onLine: (line: string): void => runner.info(`  ${line}`),
    };
    await session.connected(async (helm) => {
      // What was installed last may need what was installed first.
      for (const { chart, release } of installed.toReversed()) {
        await uninstall(helm, chart, release, options, signal);
        draft.objects([
          { ref: `Release ${release.namespace}/${release.name}`, source: chart.source, result: 'pruned' },
        ]);
        runner.info(`Release ${release.namespace}/${release.name} uninstalled`);
      }
    });
  }
}
