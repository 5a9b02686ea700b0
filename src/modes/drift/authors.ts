// Who changed what has drifted in AWS and Route 53: asked of CloudTrail at the end, and only where something has.
import { route53TrailRegion, trailReader } from '../../aws/cloudtrail.ts';
import type { KubernetesObject } from '../../bundle/object.ts';
import type { Kind } from '../../chain/cluster.ts';
import { observeRelease } from '../../chain/release.ts';
import {
  type ControllerIdentity,
  identityOf,
  isControllers,
  serviceAccountOf,
} from '../../drift/controllers.ts';
import type { Sighting } from '../../drift/item.ts';
import { authorsUnknown } from '../../drift/notes.ts';
import { type Author, authorOf, type Trace, type TrailEvent, type TrailReader } from '../../drift/trail.ts';
import type { Finding } from '../../verdict/finding.ts';
import type { Seen } from '../../verdict/seen.ts';
import type { DriftContext } from './context.ts';

const serviceAccount: Kind = { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' };

/** What can be known of the controllers' identities; without it their sessions and user agents have to do. */
async function controllers({ ports, run }: DriftContext): Promise<readonly ControllerIdentity[]> {
  const release = await observeRelease(ports.cluster, run.signal);
  if (!('value' in release)) return [];
  const { lbc, externalDns } = release.value.controllers;
  const identity = async (deployment: KubernetesObject, assumed?: string): Promise<ControllerIdentity> => {
    const { namespace } = deployment.metadata;
    const name = serviceAccountOf(deployment);
    const seen = await ports.cluster.get(serviceAccount, namespace, name, run.signal);
    return identityOf(deployment, 'value' in seen ? seen.value : undefined, assumed);
  };
  return await Promise.all([
    ...(lbc ? [identity(lbc.deployment).then((its) => ({ ...its, saysItsName: true as const }))] : []),
    ...(externalDns ? [identity(externalDns.deployment, externalDns.settings.assumeRole)] : []),
  ]);
}

type NotSeen = Exclude<Seen<unknown>, { readonly value: unknown }>;

/** One account's event history, and why it could not be read. */
export class History {
  readonly #reader: TrailReader;
  readonly #isController: (event: TrailEvent) => boolean;
  readonly #signal: AbortSignal;
  unread: NotSeen | undefined;

  constructor(reader: TrailReader, isController: (event: TrailEvent) => boolean, signal: AbortSignal) {
    this.#reader = reader;
    this.#isController = isController;
    this.#signal = signal;
  }

  /** By the resource first: of one resource there are few events. What is gone has no name, so its calls are looked at. */
  async authorOf(trace: Trace): Promise<Author | undefined> {
    const ways = [
      trace.resources.map((resource) => ({ resource })),
      Object.keys(trace.calls).map((event) => ({ event })),
    ];
    const events = new Map<string, TrailEvent>();
    for (const keys of ways) {
      for (const key of keys) {
        const seen = await this.#reader.lookUp(key, this.#signal);
        if (!('value' in seen)) {
          this.unread = seen;
          return undefined;
        }
        for (const event of seen.value) events.set(event.id, event);
      }
      const author = authorOf(trace, [...events.values()], this.#isController);
      if (author !== undefined) return author;
    }
    return undefined;
  }
}

/** The sightings with their authors, as far as CloudTrail knows them, and a note where it may not be asked. */
export async function withAuthors(
  context: DriftContext,
  sightings: readonly Sighting[],
): Promise<{ readonly sightings: readonly Sighting[]; readonly notes: readonly Finding[] }> {
  if (!sightings.some(({ trace }) => trace !== undefined)) return { sightings, notes: [] };
  const { run, applied } = context;
  const { aws, cluster, dns } = applied.signedIn;
  const isController = isControllers(run.inputs.clusterName, await controllers(context));
  const history = (region: string, credentials: typeof cluster): History =>
    new History(
      trailReader({ aws: { ...aws, region }, credentials, clock: run.clock }),
      isController,
      run.signal,
    );
  const histories = {
    eks: history(aws.region, cluster),
    dns: history(route53TrailRegion(aws.region), dns),
  };
  const of = async (account: Trace['account']): Promise<ReadonlyMap<Sighting, Author>> => {
    const found = new Map<Sighting, Author>();
    for (const sighting of sightings) {
      if (sighting.trace?.account !== account) continue;
      const author = await histories[account].authorOf(sighting.trace);
      if (author !== undefined) found.set(sighting, author);
    }
    return found;
  };
  const authors = new Map((await Promise.all([of('eks'), of('dns')])).flatMap((found) => [...found]));
  const unread = (['eks', 'dns'] as const).flatMap((account) => {
    const why = histories[account].unread;
    return why === undefined ? [] : [{ account, why }];
  });
  return {
    sightings: sightings.map((each) => ({ ...each, ...authors.get(each) })),
    notes: unread.length === 0 ? [] : [authorsUnknown(unread)],
  };
}
