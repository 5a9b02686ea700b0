// What is known of built-in kinds without asking: their schemas in the API server are Go code.
import type { Json } from '../bundle/object.ts';
import type { Schema } from './schema.ts';

/** A list of maps with these fields. */
const items = (properties: Schema): Schema => ({ items: { properties } });
const fields = (properties: Schema): Schema => ({ properties });
const fallback = (value: Json): Schema => ({ default: value });

/** Left out by the API server when it is what Go calls zero (k8s.io/api core/v1 types.go, `omitempty`). */
const omitted = fallback(false);
/** kubernetes pkg/apis/admissionregistration/v1/defaults.go. */
const rules = items({ scope: fallback('*') });
const matchResources: Schema = {
  'x-kubernetes-map-type': 'atomic',
  ...fields({
    matchPolicy: fallback('Equivalent'),
    namespaceSelector: fallback({}),
    objectSelector: fallback({}),
    resourceRules: rules,
    excludeResourceRules: rules,
  }),
};
/** kubernetes pkg/apis/networking/v1/defaults.go. */
const networkPorts = items({ ports: items({ protocol: fallback('TCP') }) });

const containers = items({
  stdin: omitted,
  stdinOnce: omitted,
  tty: omitted,
  volumeMounts: items({ readOnly: omitted }),
});
const podFields = {
  hostNetwork: omitted,
  hostPID: omitted,
  hostIPC: omitted,
  containers,
  initContainers: containers,
};
const template = fields({ spec: fields(podFields) });
/** A map whose fields have owners of their own: `kubectl create` prints `strategy: {}`. */
const granular = fields({});
const workload = fields({
  minReadySeconds: fallback(0),
  paused: omitted,
  strategy: granular,
  updateStrategy: granular,
  template,
});

const byApiVersion: Readonly<Record<string, Schema>> = {
  v1: fields({ publishNotReadyAddresses: omitted, ...podFields }),
  'apps/v1': workload,
  'batch/v1': fields({ template, jobTemplate: fields({ spec: fields({ template }) }) }),
  'networking.k8s.io/v1': fields({ ingress: networkPorts, egress: networkPorts }),
  'apiextensions.k8s.io/v1': fields({ preserveUnknownFields: omitted }),
  'admissionregistration.k8s.io/v1': fields({ matchConstraints: matchResources, matchResources }),
};

/**
 * The part of a built-in kind's schema that tells what people often write and the API server keeps in another form. What it
 * does not tell is asked for by a dry run; a default that is not the API server's would be told by the value that stands.
 */
export const builtInSchema = (apiVersion: string): Schema | undefined => {
  const spec = byApiVersion[apiVersion];
  return spec && fields({ spec });
};
