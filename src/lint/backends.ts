// Backends: the Service behind a route, its port, and the port on which the containers listen.
import { field, list, number, text, textMap } from '../bundle/field.ts';
import { type Json, type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import { noBackendHint, rulesToNowhere } from '../gateway/backend-refs.ts';
import { namespaceOf } from '../gateway/shapes.ts';
import { type Finding, finding } from '../verdict/finding.ts';
import { comesFromElsewhere } from './elsewhere.ts';
import { type LintInput, named, ofKind } from './input.ts';

export const lintBackends = (input: LintInput): readonly Finding[] => [
  ...lintPorts(input),
  ...input.routes.flatMap((route) => namedPorts(route, input)),
  ...input.routes.flatMap(toNowhere),
];

const toNowhere = ({ object, source }: Sourced): readonly Finding[] => {
  const ref = refOf(object);
  return rulesToNowhere(object).map((rule) =>
    finding(
      'warning',
      'route/no-backend',
      `${ref}, rule ${rule}, has no backend with a weight: the load balancer answers its requests with an error.`,
      { source, ref, hint: noBackendHint },
    ),
  );
};

const lintPorts = (input: LintInput): readonly Finding[] => {
  const seen = new Set<string>();
  return input.routes.flatMap((route) =>
    backendsOf(route, input.namespace).flatMap((backend) => {
      const service = named(input, 'Service', backend.namespace, backend.name);
      if (service === undefined) return missing(route, backend, input);
      if (text(service.object, 'spec', 'type') === 'ExternalName') return [withoutPods(route, service)];
      const port = list(service.object, 'spec', 'ports').find(
        (each) => number(each, 'port') === backend.port,
      );
      if (port === undefined) return [noSuchPort(route, backend, service)];
      const key = `${backend.namespace}/${backend.name}/${backend.port}`;
      if (seen.has(key)) return [];
      seen.add(key);
      return containerPort(service, port, input);
    }),
  );
};

interface Backend {
  readonly namespace: string;
  readonly name: string;
  readonly port: number | undefined;
  /** As it was written. */
  readonly written: Json | undefined;
}

const backendsOf = ({ object }: Sourced, namespace: string): readonly Backend[] =>
  list(object, 'spec', 'rules')
    .flatMap((rule) => list(rule, 'backendRefs'))
    .filter((backend) => (text(backend, 'kind') ?? 'Service') === 'Service')
    .map((backend) => ({
      namespace: text(backend, 'namespace') ?? namespaceOf(object, namespace),
      name: text(backend, 'name') ?? '',
      port: number(backend, 'port'),
      written: field(backend, 'port'),
    }));

/** Only where the repository brings workloads into that namespace itself: else the Service may be another repository's. */
const missing = (route: Sourced, backend: Backend, input: LintInput): Finding[] => {
  const ours = ofKind(input, 'Service').some(
    ({ object }) => namespaceOf(object, input.namespace) === backend.namespace,
  );
  if (!ours || comesFromElsewhere(input)) return [];
  const ref = refOf(route.object);
  return [
    finding(
      'warning',
      'lint/backend-missing',
      `${ref} sends to Service ${backend.namespace}/${backend.name}, which the repository does not have.`,
      {
        source: route.source,
        ref,
        hint: 'Correct the name, or leave it if the Service comes from elsewhere.',
      },
    ),
  ];
};

const noSuchPort = (route: Sourced, backend: Backend, service: Sourced): Finding => {
  const ref = refOf(route.object);
  const ports = list(service.object, 'spec', 'ports').map((each) => number(each, 'port'));
  const [sends, hint] = sayPort(backend);
  return finding(
    'error',
    'lint/service-port-missing',
    `${ref} sends to ${sends} of ${refOf(service.object)} (${service.source.file}:${service.source.line}), which has ${ports.join(', ') || 'no port'}.`,
    { source: route.source, ref, hint },
  );
};

const sayPort = ({ port, written }: Backend): readonly [string, string] => {
  if (port !== undefined)
    return [`port ${port}`, "`backendRefs[].port` is the Service's port, not the container's."];
  if (written === undefined || written === null)
    return [
      'no port',
      "Gateway API demands `backendRefs[].port` for a Service: write the number of the Service's port.",
    ];
  return [
    `port ${JSON.stringify(written)}, which is no number,`,
    "`backendRefs[].port` is the number of the Service's port: without quotes, and not its name.",
  ];
};

const withoutPods = (route: Sourced, service: Sourced): Finding => {
  const ref = refOf(route.object);
  return finding(
    'error',
    'workload/no-pods',
    `${ref} sends to ${refOf(service.object)} (${service.source.file}:${service.source.line}), which is of type ExternalName: it has no pods, so the load balancer would have no target.`,
    {
      source: route.source,
      ref,
      hint: 'Send to a Service with pods of this cluster (a proxy, for one), or redirect to the other name.',
    },
  );
};

/**
 * Of ip targets LBC (2.13 … 3.5.0) makes the name of a target group out of route, Service and port, where every targetPort that
 * is a name counts as 1 (pkg/gateway/model/model_build_target_group.go; mended after v3.5.0, #4876; lbc-transcripts:
 * named-ports-collide).
 */
const namedPorts = (route: Sourced, input: LintInput): readonly Finding[] => {
  const backends = Map.groupBy(
    backendsOf(route, input.namespace),
    ({ namespace, name }) => `${namespace}/${name}`,
  );
  return [...backends.values()].flatMap((all) => {
    const service = all[0] && named(input, 'Service', all[0].namespace, all[0].name);
    const ports = list(service?.object, 'spec', 'ports').filter((each) =>
      all.some(({ port }) => port === number(each, 'port')),
    );
    const names = new Set(ports.flatMap((port) => text(port, 'targetPort') ?? []));
    if (service === undefined || names.size < 2) return [];
    const ref = refOf(route.object);
    return [
      finding(
        'warning',
        'lint/named-ports-collide',
        `${ref} sends to ${[...names].join(' and ')} of ${refOf(service.object)} (${service.source.file}:${service.source.line}): the controller (up to 3.5.0) gives both target groups one name, AWS refuses the second, and no change of any route of the Gateway takes effect.`,
        {
          source: route.source,
          ref,
          hint: 'Write the numbers of the ports as `targetPort`.',
        },
      ),
    ];
  });
};

interface Container {
  readonly workload: Sourced;
  readonly ports: readonly { readonly name: string | undefined; readonly port: number | undefined }[];
}

const templates = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

const selects = (
  selector: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean =>
  Object.keys(selector).length > 0 && Object.entries(selector).every(([key, value]) => labels[key] === value);

const containersBehind = (
  service: KubernetesObject,
  { objects, namespace }: LintInput,
): readonly Container[] => {
  const selector = textMap(service, 'spec', 'selector');
  return objects
    .filter(
      ({ object }) =>
        templates.has(object.kind) &&
        namespaceOf(object, namespace) === namespaceOf(service, namespace) &&
        selects(selector, textMap(object, 'spec', 'template', 'metadata', 'labels')),
    )
    .map((workload) => ({
      workload,
      // A sidecar may stand among the init containers (Kubernetes 1.29).
      ports: ['containers', 'initContainers']
        .flatMap((kind) => list(workload.object, 'spec', 'template', 'spec', kind))
        .flatMap((container) => list(container, 'ports'))
        .map((each) => ({ name: text(each, 'name'), port: number(each, 'containerPort') })),
    }));
};

/**
 * A Service's targetPort against the ports that the containers declare. Declaring ports is optional in Kubernetes, so a
 * number that is not declared is only a warning; a name that no container has can never be resolved.
 */
function containerPort(service: Sourced, port: Json, input: LintInput): Finding[] {
  const name = text(port, 'targetPort');
  const wanted = number(port, 'targetPort') ?? number(port, 'port');
  return containersBehind(service.object, input).flatMap(({ workload, ports }) => {
    if (ports.length === 0) return [];
    const fits = ports.some((each) => (name === undefined ? each.port === wanted : each.name === name));
    if (fits) return [];
    const said = ports.map((each) =>
      each.name === undefined ? `${each.port}` : `${each.port} (${each.name})`,
    );
    const ref = refOf(service.object);
    return [
      finding(
        name === undefined ? 'warning' : 'error',
        'lint/target-port-unknown',
        `${ref} sends to port ${name ?? wanted} of the pods, but ${refOf(workload.object)} (${workload.source.file}:${workload.source.line}) listens on ${said.join(', ')}: the load balancer would answer 502.`,
        {
          source: service.source,
          ref,
          hint: "Set the Service's `targetPort` to a port that the container has.",
        },
      ),
    ];
  });
}
