// References by name that lead to nothing, where the repository brings others of that kind into the same namespace.
import { field, list, text } from '../bundle/field.ts';
import { type Json, type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import { isOfGateway, namespaceOf, parentRefsOf } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { selfMadeClass } from './classes.ts';
import { comesFromElsewhere } from './elsewhere.ts';
import { type LintedKind, type LintInput, named, ofKind } from './input.ts';

interface Reference {
  readonly from: Sourced;
  /** `spec.gatewayClassName`. */
  readonly path: string;
  readonly kind: LintedKind;
  /** Absent: of the whole cluster. */
  readonly namespace?: string;
  readonly name: string | undefined;
}

const awsGroup = 'gateway.k8s.aws';

const isTo = (kind: LintedKind, reference: Json | undefined): boolean =>
  text(reference, 'group') === awsGroup && text(reference, 'kind') === kind;

const ofRoutes = ({ routes, namespace }: LintInput): readonly Reference[] =>
  routes.flatMap((from): readonly Reference[] => {
    const home = namespaceOf(from.object, namespace);
    const parents = parentRefsOf(from.object, home).filter(isOfGateway);
    const extensions = list(from.object, 'spec', 'rules')
      .flatMap((rule) => list(rule, 'filters'))
      .map((filter) => field(filter, 'extensionRef'))
      .filter((reference) => isTo('ListenerRuleConfiguration', reference));
    return [
      ...parents.map(
        (parent): Reference => ({
          from,
          path: 'spec.parentRefs',
          kind: 'Gateway',
          namespace: parent.namespace,
          name: parent.name,
        }),
      ),
      ...extensions.map(
        (reference): Reference => ({
          from,
          path: 'spec.rules[].filters[].extensionRef',
          kind: 'ListenerRuleConfiguration',
          namespace: home,
          name: text(reference, 'name'),
        }),
      ),
    ];
  });

const configurationOf = (
  from: Sourced,
  path: readonly string[],
  namespace: string | undefined,
): readonly Reference[] => {
  const reference = field(from.object, ...path);
  if (!isTo('LoadBalancerConfiguration', reference) || namespace === undefined) return [];
  const kind = 'LoadBalancerConfiguration';
  return [{ from, path: path.join('.'), kind, namespace, name: text(reference, 'name') }];
};

const ofGateways = (input: LintInput): readonly Reference[] => [
  ...ofKind(input, 'Gateway').flatMap((from): readonly Reference[] => [
    {
      from,
      path: 'spec.gatewayClassName',
      kind: 'GatewayClass',
      name: text(from.object, 'spec', 'gatewayClassName'),
    },
    ...configurationOf(
      from,
      ['spec', 'infrastructure', 'parametersRef'],
      namespaceOf(from.object, input.namespace),
    ),
  ]),
  ...ofKind(input, 'GatewayClass').flatMap((from) =>
    configurationOf(from, ['spec', 'parametersRef'], text(from.object, 'spec', 'parametersRef', 'namespace')),
  ),
];

const ofTargetGroups = (input: LintInput): readonly Reference[] =>
  ofKind(input, 'TargetGroupConfiguration').map((from) => ({
    from,
    path: 'spec.targetReference',
    kind: 'Service',
    namespace: namespaceOf(from.object, input.namespace),
    name: text(from.object, 'spec', 'targetReference', 'name'),
  }));

const others = (input: LintInput, { kind, namespace }: Reference): readonly KubernetesObject[] =>
  ofKind(input, kind)
    .map(({ object }) => object)
    .filter((object) => namespace === undefined || namespaceOf(object, input.namespace) === namespace);

const judge = (input: LintInput, reference: Reference): readonly Finding[] => {
  const { from, path, kind, namespace, name } = reference;
  const there = others(input, reference);
  if (name === undefined || there.length === 0) return [];
  if (kind === 'GatewayClass' && selfMadeClass(name) !== undefined) return [];
  const found =
    namespace === undefined
      ? there.some(({ metadata }) => metadata.name === name)
      : named(input, kind, namespace, name) !== undefined;
  if (found) return [];
  const ref = refOf(from.object);
  const wanted = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
  const brought = there.slice(0, 3).map(({ metadata }) => metadata.name);
  return [
    finding(
      'warning',
      'lint/reference-missing',
      `${ref} names ${wanted} in ${path}, which the repository does not have; it has ${brought.join(', ')}${there.length > 3 ? ' …' : ''}.`,
      {
        source: from.source,
        ref,
        hint: 'Correct the name, or leave it if the object comes from elsewhere.',
      },
    ),
  ];
};

export const lintReferences = (input: LintInput): readonly Finding[] =>
  comesFromElsewhere(input)
    ? []
    : [...ofRoutes(input), ...ofGateways(input), ...ofTargetGroups(input)].flatMap((reference) =>
        judge(input, reference),
      );
