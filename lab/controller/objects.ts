// The Kubernetes objects that the controller reads and writes, as far as it looks at them.
import type { KubeObject } from './kube/api.ts';

export const CONTROLLER = 'gateway.k8s.aws/alb';
export const GATEWAY_GROUP = 'gateway.networking.k8s.io';

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  observedGeneration?: number;
  lastTransitionTime: string;
}

export interface ParametersRef {
  group: string;
  kind: string;
  name: string;
  namespace?: string;
}

export interface GatewayClass extends KubeObject {
  spec: { controllerName: string; parametersRef?: ParametersRef };
  status?: { conditions?: Condition[] };
}

export interface RouteKind {
  group?: string;
  kind: string;
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface Listener {
  name: string;
  hostname?: string;
  port: number;
  protocol: string;
  allowedRoutes?: {
    kinds?: RouteKind[];
    namespaces?: { from?: 'All' | 'Same' | 'Selector' | 'None'; selector?: LabelSelector };
  };
}

export interface ListenerStatus {
  name: string;
  attachedRoutes: number;
  supportedKinds: RouteKind[];
  conditions: Condition[];
}

export interface GatewayStatus {
  addresses?: { type?: string; value: string }[];
  conditions?: Condition[];
  listeners?: ListenerStatus[];
}

export interface Gateway extends KubeObject {
  spec: {
    gatewayClassName: string;
    listeners: Listener[];
    infrastructure?: { parametersRef?: ParametersRef };
  };
  status?: GatewayStatus;
}

export interface ParentRef {
  group?: string;
  kind?: string;
  namespace?: string;
  name: string;
  sectionName?: string;
  port?: number;
}

export interface RouteParentStatus {
  controllerName: string;
  parentRef: ParentRef;
  conditions: Condition[];
}

export interface BackendRef {
  group?: string;
  kind?: string;
  name: string;
  namespace?: string;
  port?: number;
  weight?: number;
}

export interface Named {
  type?: string;
  name: string;
  value: string;
}

export interface HttpMatch {
  path?: { type?: 'Exact' | 'PathPrefix' | 'RegularExpression'; value?: string };
  headers?: Named[];
  queryParams?: Named[];
  /** Of an HTTPRoute the HTTP method, of a GRPCRoute the gRPC one. */
  method?: string | { type?: string; service?: string; method?: string };
}

export interface Redirect {
  scheme?: string;
  hostname?: string;
  port?: number;
  statusCode?: number;
  path?: {
    type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
    replaceFullPath?: string;
    replacePrefixMatch?: string;
  };
}

export interface UrlRewrite {
  hostname?: string;
  path?: {
    type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
    replaceFullPath?: string;
    replacePrefixMatch?: string;
  };
}

export interface RouteFilter {
  type: string;
  requestRedirect?: Redirect;
  urlRewrite?: UrlRewrite;
}

export interface RouteRule {
  matches?: HttpMatch[];
  filters?: RouteFilter[];
  backendRefs?: BackendRef[];
}

export interface Route extends KubeObject {
  spec: { parentRefs?: ParentRef[]; hostnames?: string[]; rules?: RouteRule[] };
  status?: { parents?: RouteParentStatus[] };
}

export interface ServicePort {
  name?: string;
  port: number;
  targetPort?: number | string;
  nodePort?: number;
}

export interface Service extends KubeObject {
  spec: { type?: string; ports?: ServicePort[] };
}

export interface EndpointSlice extends KubeObject {
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[];
  ports?: { name?: string; port?: number }[];
}

export interface Namespace extends KubeObject {
  status?: { phase?: string };
}

export interface ReferenceGrant extends KubeObject {
  spec: {
    from: { group: string; kind: string; namespace: string }[];
    to: { group: string; kind: string; name?: string }[];
  };
}

export interface KeyValue {
  key: string;
  value: string;
}

export interface ListenerConfiguration {
  protocolPort: string;
  defaultCertificate?: string;
  certificates?: string[];
  sslPolicy?: string;
  mutualAuthentication?: {
    mode: 'off' | 'passthrough' | 'verify';
    trustStore?: string;
    ignoreClientCertificateExpiry?: boolean;
    advertiseTrustStoreCaNames?: 'on' | 'off';
  };
  listenerAttributes?: KeyValue[];
}

export interface LoadBalancerConfigurationSpec {
  mergingMode?: 'prefer-gateway' | 'prefer-gateway-class';
  loadBalancerName?: string;
  scheme?: 'internal' | 'internet-facing';
  ipAddressType?: 'ipv4' | 'dualstack' | 'dualstack-without-public-ipv4';
  loadBalancerSubnets?: { identifier: string }[];
  listenerConfigurations?: ListenerConfiguration[];
  securityGroups?: string[];
  loadBalancerAttributes?: KeyValue[];
  tags?: Record<string, string>;
  wafV2?: { webACL?: string };
  defaultTargetGroupConfiguration?: { name: string };
}

export interface LoadBalancerConfiguration extends KubeObject {
  spec: LoadBalancerConfigurationSpec;
}

export interface TargetGroupProps {
  targetType?: 'instance' | 'ip';
  protocol?: string;
  protocolVersion?: 'HTTP1' | 'HTTP2' | 'GRPC';
  targetGroupName?: string;
  healthCheckConfig?: {
    healthyThresholdCount?: number;
    unhealthyThresholdCount?: number;
    healthCheckInterval?: number;
    healthCheckTimeout?: number;
    healthCheckPath?: string;
    healthCheckPort?: string;
    healthCheckProtocol?: string;
    matcher?: { httpCode?: string; grpcCode?: string };
  };
  targetGroupAttributes?: KeyValue[];
  tags?: Record<string, string>;
}

export interface TargetGroupConfiguration extends KubeObject {
  spec: {
    targetReference?: { group?: string; kind?: string; name: string };
    defaultConfiguration?: TargetGroupProps;
    routeConfigurations?: {
      routeIdentifier?: { kind?: string; namespace?: string; name?: string };
      targetGroupProps?: TargetGroupProps;
    }[];
  };
}

export interface TargetGroupBinding extends KubeObject {
  spec: {
    targetGroupARN: string;
    targetType?: 'instance' | 'ip';
    serviceRef: { name: string; port: number | string };
    vpcID?: string;
  };
  status?: { observedGeneration?: number };
}
