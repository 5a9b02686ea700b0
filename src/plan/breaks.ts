// What a deploy would break: the rules of Gateway API and LBC, asked about the world as it would be.
import { type KubernetesObject, refOf } from '../bundle/object.ts';
import { judgeClassIdentity } from '../chain/class.ts';
import { attach, misfitHints } from '../gateway/attachment.ts';
import { backendRefsOf } from '../gateway/backend-refs.ts';
import { fatalIn } from '../gateway/fatal.ts';
import { isOfGateway, namespaceOf, type ParentRef, parentRefsOf, sayParent } from '../gateway/shapes.ts';
import { type RulesContext, ruleKey, type WantedRule, wantedRules } from '../gateway/wanted-rules.ts';
import { type Finding, finding, type Source } from '../verdict/finding.ts';
import { foreignClass, isRoute, publications, type Step, type World } from './world.ts';

const gatewayOf = (world: World, { name, namespace }: ParentRef): KubernetesObject | undefined =>
  world.gateways.find((each) => each.metadata.name === name && namespaceOf(each) === namespace);

export interface Breaks {
  readonly before: World;
  readonly after: World;
  readonly steps: readonly Step[];
  /** Where an object stands in the repository. */
  readonly sourceOf: (object: KubernetesObject) => Source | undefined;
  readonly rules: RulesContext;
}

const place = (given: Breaks, object: KubernetesObject): { ref: string; source?: Source } => {
  const source = given.sourceOf(object);
  return { ref: refOf(object), ...(source && { source }) };
};

const isForeign = (world: World, gateway: KubernetesObject | undefined): boolean =>
  foreignClass(world, gateway) !== undefined;

/** Those that AWS Load Balancer Controller is going to look at. */
const albRoutes = (given: Breaks): readonly KubernetesObject[] =>
  touchedRoutes(given).filter((route) =>
    parentRefsOf(route).some((parent) => !isForeign(given.after, gatewayOf(given.after, parent))),
  );

const touchedRoutes = ({ steps }: Breaks): readonly KubernetesObject[] =>
  steps.flatMap(({ after }) => (after !== undefined && isRoute(after) ? [after] : []));

/** Our routes at their parents, and other teams' routes at Gateways that change. */
const judgeAttachment = (given: Breaks): readonly Finding[] => {
  const { before, after } = given;
  const ours = new Set(touchedRoutes(given).map(refOf));
  return after.routes.flatMap((route) =>
    parentRefsOf(route)
      .filter(isOfGateway)
      .flatMap((parent): readonly Finding[] => {
        const own = ours.has(refOf(route));
        const gateway = gatewayOf(after, parent);
        const had = gatewayOf(before, parent);
        if (gateway === undefined) {
          if (!own && had === undefined) return [];
          const message = `${refOf(route)} names ${sayParent(parent)} as its parent, which ${had === undefined ? 'does not exist' : 'would be gone'}.`;
          return [finding('error', 'route/parent-missing', message, place(given, route))];
        }
        const attached = attach(route, parent, gateway, after.labelsOf);
        if ('attachments' in attached) return [];
        const broke = had !== undefined && 'attachments' in attach(route, parent, had, before.labelsOf);
        if (!own && !broke) return [];
        const message = own
          ? attached.reason
          : `The change takes a route off its Gateway: ${attached.reason}`;
        const hint = misfitHints[attached.code];
        return [finding('error', attached.code, message, { ...place(given, route), hint })];
      }),
  );
};

/** A deploy would wait for a controller that never comes. */
const judgeClasses = (given: Breaks): readonly Finding[] =>
  touchedRoutes(given).flatMap((route) =>
    parentRefsOf(route).flatMap((parent): readonly Finding[] => {
      const foreign = foreignClass(given.after, gatewayOf(given.after, parent));
      const verdict = foreign && judgeClassIdentity(foreign.metadata.name, foreign);
      if (verdict === undefined) return [];
      const message = `${refOf(route)} names ${sayParent(parent)} as its parent. ${verdict.message}`;
      return [
        finding('error', verdict.code, message, {
          ...place(given, route),
          hint: verdict.hint,
          evidence: verdict.evidence,
        }),
      ];
    }),
  );

const judgeFatal = (given: Breaks): readonly Finding[] =>
  albRoutes(given).flatMap((route) => {
    const own = fatalIn(route);
    const parents = parentRefsOf(route).filter(
      (parent) => !isForeign(given.after, gatewayOf(given.after, parent)),
    );
    if (own !== undefined) {
      const message = `${refOf(route)} would stop the controller for every route of ${parents.map(sayParent).join(', ')}: ${own.why}.`;
      return [
        finding('error', 'route/unsupported-value', message, { ...place(given, route), hint: own.hint }),
      ];
    }
    const blocker = given.after.routes.find(
      (other) =>
        fatalIn(other) !== undefined &&
        parentRefsOf(other).some((one) =>
          parents.some(({ name, namespace }) => one.name === name && one.namespace === namespace),
        ),
    );
    if (blocker === undefined) return [];
    const message = `${refOf(blocker)} stops the controller for every route of the Gateway, so ${refOf(route)} would not be looked at: ${fatalIn(blocker)?.why ?? ''}.`;
    const hint = `Ask the owners of ${refOf(blocker)} to mend or remove it.`;
    return [finding('error', 'route/blocked-by-other', message, { ...place(given, route), hint })];
  });

const judgeBackends = (given: Breaks): readonly Finding[] => {
  const { services } = given.after;
  if (services === undefined) return [];
  const there = new Set(services.map((service) => `${namespaceOf(service)}/${service.metadata.name}`));
  return albRoutes(given).flatMap((route) =>
    backendRefsOf(route)
      .filter(({ namespace, name }) => !there.has(`${namespace}/${name}`))
      .map(({ namespace, name }) => {
        const message = `${refOf(route)} sends to Service ${namespace}/${name}, which would not exist.`;
        const hint =
          'Add it to the repository, or correct backendRefs; until then the load balancer answers 500.';
        return finding('error', 'route/backend-not-found', message, { ...place(given, route), hint });
      }),
  );
};

const madeAt = ({ metadata }: KubernetesObject): string => String(metadata['creationTimestamp'] ?? '9999');

/** Of two routes with the same host and match the older one wins (routeutils/route_rule_precedence.go, v3.5.0). */
const judgeShadows = (given: Breaks): readonly Finding[] => {
  const { after, rules } = given;
  const ours = new Set(touchedRoutes(given).map(refOf));
  const ofAlbs = after.gateways.filter((gateway) => !isForeign(after, gateway));
  return ofAlbs.flatMap((gateway) => {
    const all = wantedRules(gateway, after.routes, { ...rules, labelsOf: after.labelsOf });
    const groups = [...Map.groupBy(all, ruleKey).values()];
    const said = new Set<string>();
    return groups.flatMap((group: readonly WantedRule[]): readonly Finding[] => {
      const byAge = group.toSorted((one, other) => madeAt(one.route).localeCompare(madeAt(other.route)));
      const [winner, ...others] = byAge;
      const loser = others.find(({ route }) => winner && refOf(route) !== refOf(winner.route));
      if (winner === undefined || loser === undefined) return [];
      const pair = `${refOf(winner.route)} ${refOf(loser.route)}`;
      if (said.has(pair) || ![winner, loser].some(({ route }) => ours.has(refOf(route)))) return [];
      said.add(pair);
      const message = `${refOf(winner.route)} and ${refOf(loser.route)} both match ${winner.host} ${winner.match} at ${refOf(gateway)}: the older one wins, and ${refOf(loser.route)} is never asked.`;
      const hint = 'Give the hostname or the path to one of them; no condition says so later.';
      const named = ours.has(refOf(loser.route)) ? loser.route : winner.route;
      return [finding('error', 'rule/shadowed', message, { ...place(given, named), hint })];
    });
  });
};

/** Hosts that go offline, each with a route that publishes it today. */
export const hostsGone = (before: World, after: World): ReadonlyMap<string, KubernetesObject> => {
  const now = publications(after);
  return new Map(
    [...publications(before)].flatMap(([host, [first]]) =>
      now.has(host) || first === undefined ? [] : [[host, first.route] as const],
    ),
  );
};

/** Meant or not, somebody may still be calling. */
const judgeHostsGone = (given: Breaks): readonly Finding[] =>
  [...hostsGone(given.before, given.after)].map(([host, route]) => {
    const message = `${host} goes offline: ${refOf(route)} publishes it today, and no route would any more.`;
    const hint =
      'If that is meant, nothing has to be done; its record is removed where ExternalDNS runs with --policy=sync.';
    return finding('warning', 'plan/host-removed', message, { ...place(given, route), hint });
  });

/** Every rule asked about what would be; nothing of it is read from the outside. */
export const judgeBreaks = (given: Breaks): readonly Finding[] => [
  ...judgeAttachment(given),
  ...judgeClasses(given),
  ...judgeFatal(given),
  ...judgeBackends(given),
  ...judgeShadows(given),
  ...judgeHostsGone(given),
];
