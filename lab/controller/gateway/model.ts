// The model of one Gateway: the load balancer, listeners, rules and target groups that it asks for. Nothing is written here.
import { createHash } from 'node:crypto';
import type { Scheme } from '../aws/subnets.ts';
import type {
  Gateway,
  KeyValue,
  ListenerConfiguration,
  LoadBalancerConfigurationSpec,
  TargetGroupProps,
} from '../objects.ts';
import type { Attachment } from './attachment.ts';
import type { Backend } from './backends.ts';
import { isValid, type JudgedListener } from './listeners.ts';
import { type PlannedRule, planRules } from './rules.ts';

export interface PlannedListener {
  port: number;
  protocol: 'HTTP' | 'HTTPS';
  certificates: string[];
  sslPolicy: string;
  /** Left as it is where the configuration says nothing. */
  mutualAuthentication: ListenerConfiguration['mutualAuthentication'];
  attributes: KeyValue[];
  rules: PlannedRule[];
}

export interface PlannedTargetGroup {
  name: string;
  /** By what its tag tells it from the Gateway's others. */
  resource: string;
  protocol: string;
  protocolVersion: string;
  port: number;
  targetType: 'instance' | 'ip';
  props: TargetGroupProps;
  serviceNamespace: string;
  serviceName: string;
  servicePort: number;
}

export interface Model {
  name: string;
  scheme: Scheme;
  subnets: string[];
  configuration: LoadBalancerConfigurationSpec;
  listeners: PlannedListener[];
  /** By resource. */
  targetGroups: Map<string, PlannedTargetGroup>;
}

/** What the model needs to know from outside the cluster. */
export interface Surroundings {
  clusterName: string;
  defaultTargetType: 'instance' | 'ip';
  defaultScheme: Scheme;
  subnets: (scheme: Scheme, named: readonly string[]) => Promise<string[]>;
  certificates: (hosts: string[]) => Promise<string[]>;
}

const DEFAULT_SSL_POLICY = 'ELBSecurityPolicy-2016-08';

const hash = (...parts: string[]): string =>
  createHash('sha256').update(parts.join('')).digest('hex').slice(0, 10);
/** The first eight letters and digits, as in every name that the controller makes. */
const short = (name: string): string => name.replace(/[^A-Za-z0-9]/g, '').slice(0, 8);

export async function buildModel(
  gateway: Gateway,
  listeners: JudgedListener[],
  attachments: Attachment[],
  configuration: LoadBalancerConfigurationSpec,
  around: Surroundings,
): Promise<Model> {
  const { name = '', namespace = '', uid } = gateway.metadata;
  const scheme = configuration.scheme ?? around.defaultScheme;
  const named = configuration.loadBalancerSubnets?.map((subnet) => subnet.identifier);
  const model: Model = {
    name:
      configuration.loadBalancerName ??
      `k8s-${short(namespace)}-${short(name)}-${hash(around.clusterName, uid, scheme)}`,
    scheme,
    subnets: await around.subnets(scheme, named ?? []),
    configuration,
    listeners: [],
    targetGroups: new Map(),
  };
  const groupKey = (attachment: Attachment, backend: Backend): string =>
    addTargetGroup(model, gateway, attachment, backend, around);
  const ports = [...new Set(listeners.filter(isValid).map(({ listener }) => listener.port))].sort(
    (one, other) => one - other,
  );
  for (const port of ports) {
    const attached = attachments.filter(({ listener }) => listener.port === port);
    // A port that no route uses gets no listener: so the recordings say.
    const [first] = attached;
    if (!first) continue;
    const protocol = first.listener.protocol === 'HTTPS' ? 'HTTPS' : 'HTTP';
    const own = configuration.listenerConfigurations?.find(
      (each) => each.protocolPort === `${protocol}:${port}`,
    );
    const explicit = [own?.defaultCertificate, ...(own?.certificates ?? [])].filter(
      (arn) => arn !== undefined,
    );
    const hosts = [
      ...new Set(attached.flatMap((each) => (each.hostnames.length > 0 ? each.hostnames : []))),
    ].sort();
    model.listeners.push({
      port,
      protocol,
      certificates: protocol === 'HTTP' ? [] : explicit.length > 0 ? explicit : await discover(hosts, around),
      sslPolicy: own?.sslPolicy ?? DEFAULT_SSL_POLICY,
      mutualAuthentication: protocol === 'HTTP' ? undefined : own?.mutualAuthentication,
      attributes: own?.listenerAttributes ?? [],
      rules: planRules(attached, groupKey),
    });
  }
  return model;
}

async function discover(hosts: string[], around: Surroundings): Promise<string[]> {
  if (hosts.length === 0) throw new Error('No hostnames found for TLS cert discovery');
  return await around.certificates(hosts);
}

function addTargetGroup(
  model: Model,
  gateway: Gateway,
  { kind, route }: Attachment,
  { service, port, props }: Backend,
  around: Surroundings,
): string {
  const targetType = props.targetType ?? around.defaultTargetType;
  if (targetType === 'instance' && !port.nodePort) {
    throw new Error(
      "TargetGroup port is empty. When using Instance targets, your service must be of type 'NodePort' or 'LoadBalancer'",
    );
  }
  const { name, namespace = '' } = service.metadata;
  const owner = { namespace: gateway.metadata.namespace ?? '', name: gateway.metadata.name };
  const own = { namespace: route.metadata.namespace ?? '', name: route.metadata.name };
  const targetPort = port.targetPort ?? port.port;
  const key = `${owner.namespace}/${owner.name}:${own.namespace}-${own.name}:${kind}-${namespace}-${name}:${targetPort}`;
  if (model.targetGroups.has(key)) return key;
  // With ip targets the port only stands in for targets that bring none; they all bring theirs.
  const groupPort =
    targetType === 'instance' ? (port.nodePort ?? 1) : typeof targetPort === 'number' ? targetPort : 1;
  const protocol = props.protocol ?? 'HTTP';
  const protocolVersion = props.protocolVersion ?? (kind === 'GRPCRoute' ? 'GRPC' : 'HTTP1');
  // A port that has a name goes into the name as 1: those of two such ports are the same, and AWS refuses the second.
  const tail = hash(
    around.clusterName,
    ...[owner.namespace, owner.name, own.namespace, own.name, kind, namespace, name],
    ...[String(groupPort), targetType, protocol, protocolVersion],
  );
  model.targetGroups.set(key, {
    name: props.targetGroupName ?? `k8s-${short(own.namespace)}-${short(own.name)}-${tail}`,
    resource: key,
    protocol,
    protocolVersion,
    port: groupPort,
    targetType,
    props,
    serviceNamespace: namespace,
    serviceName: name,
    servicePort: port.port,
  });
  return key;
}

/** The plan that a dry run leaves on the Gateway. */
export const describeModel = (gateway: Gateway, model: Model): string =>
  JSON.stringify({
    id: `${gateway.metadata.namespace}/${gateway.metadata.name}`,
    resources: {
      'AWS::ElasticLoadBalancingV2::Listener': Object.fromEntries(
        model.listeners.map(({ port, protocol }) => [String(port), { spec: { port, protocol } }]),
      ),
      'AWS::ElasticLoadBalancingV2::LoadBalancer': {
        LoadBalancer: { spec: { name: model.name, type: 'application', scheme: model.scheme } },
      },
      'AWS::ElasticLoadBalancingV2::TargetGroup': Object.fromEntries(
        [...model.targetGroups.values()].map(({ name, targetType }) => [
          name,
          { spec: { name, targetType } },
        ]),
      ),
    },
  });
