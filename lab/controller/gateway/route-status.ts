// Writes what the routes are told, from a queue of its own: a route's status does not wait for the load balancer.

import { condition, withCondition } from '../conditions.ts';
import { isNotFound } from '../kube/api.ts';
import type { Log } from '../log.ts';
import {
  CONTROLLER,
  type Condition,
  type ParentRef,
  type Route,
  type RouteParentStatus,
} from '../objects.ts';
import type { World } from '../world.ts';
import type { RouteVerdict } from './attachment.ts';

const sameParent = (one: ParentRef, other: ParentRef): boolean =>
  one.name === other.name &&
  one.namespace === other.namespace &&
  one.sectionName === other.sectionName &&
  one.port === other.port &&
  (one.kind ?? 'Gateway') === (other.kind ?? 'Gateway');

export class RouteStatusWriter {
  readonly #world: World;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();

  constructor(world: World, log: Log) {
    this.#world = world;
    this.#log = log;
  }

  enqueue(verdicts: RouteVerdict[]): void {
    this.#last = this.#last.then(async () => {
      for (const verdict of verdicts) {
        try {
          await this.#write(verdict);
        } catch (error) {
          if (!isNotFound(error))
            this.#log.error('Failed to update route status', error, { route: verdict.route.metadata.name });
        }
      }
    });
  }

  async #write(verdict: RouteVerdict): Promise<void> {
    const cache = verdict.kind === 'HTTPRoute' ? this.#world.httpRoutes : this.#world.grpcRoutes;
    const route = cache.get(verdict.route.metadata.namespace, verdict.route.metadata.name);
    if (!route) return;
    const parents = route.status?.parents ?? [];
    const isOurs = (parent: RouteParentStatus): boolean =>
      parent.controllerName === CONTROLLER && sameParent(parent.parentRef, verdict.parentRef);
    const known = parents.find(isOurs);
    const conditions = conditionsOf(verdict, known?.conditions ?? []);
    if (known && conditions === known.conditions) return;
    const own: RouteParentStatus = { parentRef: verdict.parentRef, controllerName: CONTROLLER, conditions };
    // Entries of ours for parents that the route no longer names go with this write.
    const others = parents.filter(
      (parent) =>
        !isOurs(parent) &&
        (parent.controllerName !== CONTROLLER ||
          route.spec.parentRefs?.some((ref) => sameParent(ref, parent.parentRef))),
    );
    const written = await this.#world.api.merge<Route>(cache.path(route, 'status'), {
      status: { parents: [...others, own] },
    });
    cache.remember(written);
  }
}

function conditionsOf({ route, accepted, resolved }: RouteVerdict, known: Condition[]): Condition[] {
  const { generation } = route.metadata;
  const verdict = (
    type: string,
    good: string,
    refusal: { reason: string; message: string } | undefined,
  ): Condition =>
    refusal
      ? condition(type, 'False', refusal.reason, refusal.message, generation)
      : condition(type, 'True', good, '', generation);
  const withResolved = withCondition(known, verdict('ResolvedRefs', 'ResolvedRefs', resolved));
  return withCondition(withResolved, verdict('Accepted', 'Accepted', accepted));
}
