// Routes against the Gateways of the bundle, against each other, and against what an ALB can do.
import { list, number, text, textMap } from '../bundle/field.ts';
import { refOf, type Sourced } from '../bundle/object.ts';
import { judgeNoGateway } from '../chain/route.ts';
import { attach, misfitHints } from '../gateway/attachment.ts';
import { fatalsOf, maxWeight } from '../gateway/fatal.ts';
import {
  hostnamesOf,
  isOfGateway,
  isOfListenerSet,
  namespaceOf,
  parentRefsOf,
  sayParent,
} from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { gatewayOf, type LintInput, ofKind } from './input.ts';

export const lintRoutes = (input: LintInput): readonly Finding[] => [
  ...input.routes.flatMap((route) => [
    ...lintParents(route, input),
    ...lintWeights(route),
    ...lintFatals(route),
  ]),
  ...lintDuplicates(input),
];

function lintParents({ object, source }: Sourced, input: LintInput): Finding[] {
  const { namespace } = input;
  const ref = refOf(object);
  const home = namespaceOf(object, namespace);
  const parents = parentRefsOf(object, home);
  if (parents.length === 0) {
    return [
      finding('error', 'lint/no-parent', `${ref} has no parentRefs: no Gateway will serve it.`, {
        source,
        ref,
        hint: 'Add `spec.parentRefs` with the name (and namespace) of the Gateway.',
      }),
    ];
  }
  if (!parents.some(isOfGateway)) {
    const { code, message, hint } = judgeNoGateway(object, ref);
    if (!parents.some(isOfListenerSet)) return [finding('error', code, message, { source, ref, hint })];
    const perhaps = `${ref} names ${parents.map(sayParent).join(', ')} as its parent: it is served only where the controller follows ListenerSets.`;
    return [finding('warning', code, perhaps, { source, ref, hint })];
  }
  const labels = new Map(
    ofKind(input, 'Namespace').map((each) => [
      each.object.metadata.name,
      textMap(each.object, 'metadata', 'labels'),
    ]),
  );
  return parents.flatMap((parent) => {
    const gateway = gatewayOf(input, parent);
    // A Gateway of another repository is nothing to complain about.
    if (gateway === undefined) return [];
    const attached = attach(object, parent, gateway.object, (name) => labels.get(name), home);
    if ('attachments' in attached) return [];
    const where = `${sayParent(parent)}, ${gateway.source.file}:${gateway.source.line}`;
    const message = `${attached.reason.replace(/\.$/, '')} (${where}).`;
    return [finding('error', attached.code, message, { source, ref, hint: misfitHints[attached.code] })];
  });
}

const lintWeights = ({ object, source }: Sourced): Finding[] =>
  list(object, 'spec', 'rules').flatMap((rule, index) =>
    list(rule, 'backendRefs')
      .filter((backend) => (number(backend, 'weight') ?? 1) > maxWeight)
      .map((backend) =>
        finding(
          'error',
          'lint/weight-too-high',
          `${refOf(object)}, rule ${index + 1}: the weight of backend ${text(backend, 'name') ?? ''} is ${number(backend, 'weight')}; an ALB takes at most ${maxWeight}, and the controller stops serving every route of the Gateway without a word.`,
          { source, ref: refOf(object), hint: `Scale the weights down to 0…${maxWeight}.` },
        ),
      ),
  );

/** What keeps every version of the controller from building the load balancer; of weights the finding above tells. */
const lintFatals = ({ object, source }: Sourced): Finding[] =>
  fatalsOf(object)
    .filter(({ says, until }) => says !== undefined && until === undefined)
    .map(({ why, hint }) =>
      finding(
        'error',
        'lint/stops-gateway',
        `${refOf(object)}: ${why}. The controller then changes nothing for any route of the Gateway.`,
        { source, ref: refOf(object), hint },
      ),
    );

interface Claim {
  readonly key: string;
  readonly said: string;
  readonly route: Sourced;
}

/** One claim for each host and match: the older of two routes with the same one wins, the other is shadowed without a condition. */
const claimsOf = (route: Sourced, namespace: string): readonly Claim[] => {
  const { object } = route;
  const named = hostnamesOf(object);
  // Without hostnames it takes every request of the listener.
  const hosts = named.length > 0 ? named : ['every host'];
  const parents = parentRefsOf(object, namespaceOf(object, namespace));
  const rules = list(object, 'spec', 'rules');
  return (rules.length > 0 ? rules : [{}]).flatMap((rule) => {
    const matches = list(rule, 'matches');
    return (matches.length > 0 ? matches : [{}]).flatMap((match) => {
      const type = text(match, 'path', 'type') ?? 'PathPrefix';
      const path = text(match, 'path', 'value') ?? '/';
      const rest = JSON.stringify([
        list(match, 'headers'),
        list(match, 'queryParams'),
        text(match, 'method') ?? '',
        text(match, 'method', 'service') ?? '',
      ]);
      return parents.flatMap((parent) =>
        hosts.map((host) => ({
          key: [sayParent(parent), host, type, path, rest].join('\n'),
          said: `${host}, ${type} ${path}`,
          route,
        })),
      );
    });
  });
};

export function lintDuplicates({ routes, namespace }: Pick<LintInput, 'routes' | 'namespace'>): Finding[] {
  const first = new Map<string, Sourced>();
  return routes.flatMap((route) =>
    claimsOf(route, namespace).flatMap(({ key, said }) => {
      const before = first.get(key);
      if (before === undefined) first.set(key, route);
      if (before === undefined || before === route) return [];
      const ref = refOf(route.object);
      return [
        finding(
          'warning',
          'lint/duplicate-match',
          `${ref} matches ${said}, and so does ${refOf(before.object)} (${before.source.file}:${before.source.line}): the older of the two wins, the other is never asked, and no condition says so.`,
          { source: route.source, ref, hint: 'Give one of them another hostname or path.' },
        ),
      ];
    }),
  );
}
