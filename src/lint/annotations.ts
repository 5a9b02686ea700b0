// Annotations of Ingress on objects of Gateway API: the controller reads none of them.
import { textMap } from '../bundle/field.ts';
import { refOf, type Sourced } from '../bundle/object.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { foreignClass } from './classes.ts';
import { type LintInput, ofKind } from './input.ts';

/** For Ingresses, and for Services of type LoadBalancer. */
const prefixes = ['alb.ingress.kubernetes.io/', 'service.beta.kubernetes.io/aws-load-balancer-'];

/** Where Gateway API has what an annotation meant (aws-load-balancer-controller v3.5.0, docs/guide/gateway). */
const places: readonly (readonly [RegExp, string])[] = [
  [
    /certificate-arn$|ssl-cert$/,
    '`listenerConfigurations[].defaultCertificate` of a LoadBalancerConfiguration',
  ],
  [
    /ssl-policy$|ssl-negotiation-policy$/,
    '`listenerConfigurations[].sslPolicy` of a LoadBalancerConfiguration',
  ],
  [/\/listen-ports$/, 'the listeners of the Gateway'],
  [/\/ssl-redirect$/, 'a route at the HTTP listener with a RequestRedirect filter'],
  [/\/group\.(name|order)$/, 'one Gateway that several routes name as their parent'],
  [/(\/|-)target-type$/, '`defaultConfiguration.targetType` of a TargetGroupConfiguration'],
  [
    /(\/|-)target-group-attributes$/,
    '`defaultConfiguration.targetGroupAttributes` of a TargetGroupConfiguration',
  ],
  [
    /healthcheck|success-codes$|threshold-count$/,
    '`defaultConfiguration.healthCheckConfig` of a TargetGroupConfiguration',
  ],
  [/\/backend-protocol/, '`defaultConfiguration` of a TargetGroupConfiguration'],
  [/\/(actions|conditions|auth-)/, 'a ListenerRuleConfiguration'],
];

const placeOf = (annotation: string): string =>
  places.find(([pattern]) => pattern.test(annotation))?.[1] ?? 'a LoadBalancerConfiguration';

/**
 * LBC (2.14 … 3.5.0, pkg/gateway) builds its model from Gateway API and its own kinds; of annotations it knows
 * `gateway.k8s.aws/…` alone. An internet-facing scheme that is asked for so ends as an internal load balancer.
 */
export const lintAnnotations = (input: LintInput): readonly Finding[] =>
  [
    ...input.routes,
    ...ofKind(input, 'Gateway').filter(({ object }) => foreignClass(input, object) === undefined),
  ].flatMap(({ object, source }: Sourced) => {
    const vain = Object.keys(textMap(object.metadata, 'annotations')).filter((name) =>
      prefixes.some((prefix) => name.startsWith(prefix)),
    );
    if (vain.length === 0) return [];
    const ref = refOf(object);
    return [
      finding(
        'warning',
        'lint/ingress-annotation',
        `${ref} has ${vain.join(', ')}: the controller reads such annotations at Ingresses and Services, not here.`,
        {
          source,
          ref,
          hint: `Use ${[...new Set(vain.map(placeOf))].join('; ')}.`,
        },
      ),
    ];
  });
