// A manifest as the API server would store it, as far as that is known without asking it.
import { field, isMap, list } from '../bundle/field.ts';
import type { Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import { lastApplied, serverOwned } from '../compare/server-owned.ts';

const without = (object: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** Written by controllers; in a manifest it is a copy of what once was. */
const copied = [lastApplied, 'deployment.kubernetes.io/revision'];

const metadataOf = ({ metadata }: KubernetesObject, namespace: string | undefined) => {
  const { name } = metadata;
  const { annotations, ...rest } = without(metadata, [...serverOwned, 'namespace', 'ownerReferences']);
  return {
    ...rest,
    name,
    ...(namespace !== undefined && { namespace }),
    ...(isMap(annotations) && { annotations: without(annotations, copied) }),
  };
};

const encoded = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

const withoutBreaks = (base64: string): string => base64.replaceAll(/\s/g, '');

/** `stringData` is written into `data`; base64 comes back without line breaks. */
const secretData = ({ data, stringData }: JsonObject): JsonObject => {
  const texts = (value: Json | undefined, change: (text: string) => string): [string, Json][] =>
    Object.entries(isMap(value) ? value : {}).flatMap(([name, text]): [string, Json][] =>
      typeof text === 'string' ? [[name, change(text)]] : [],
    );
  return Object.fromEntries([...texts(data, withoutBreaks), ...texts(stringData, encoded)]);
};

/** Certificates that something injects: cert-manager, the API server's own, a chart's hook. */
const withoutBundles = (value: Json): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => withoutBundles(item));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'caBundle')
      .map(([name, inner]) => [name, inner === undefined ? inner : withoutBundles(inner)]),
  );
};

const takesBundles = [
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'APIService',
  'CustomResourceDefinition',
];

const restartable = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** `kubectl rollout restart` writes the moment, over one in the manifest too; it is never a wish for that very moment. */
export const restartedAt = 'kubectl.kubernetes.io/restartedAt';

const withoutRestart = (object: KubernetesObject): KubernetesObject => {
  const [spec, template] = [object['spec'], field(object, 'spec', 'template')];
  const metadata = field(template, 'metadata');
  const annotations = field(metadata, 'annotations');
  if (!isMap(spec) || !isMap(template) || !isMap(metadata) || !isMap(annotations)) return object;
  const rest = { ...metadata, annotations: without(annotations, [restartedAt]) };
  return { ...object, spec: { ...spec, template: { ...template, metadata: rest } } };
};

/** What tells one metric of an autoscaler from another. */
const metricOf = (metric: Json): string => {
  const type = field(metric, 'type');
  const source = Object.values(isMap(metric) ? metric : {}).find(isMap);
  return JSON.stringify([
    type,
    field(source, 'name') ?? field(source, 'metric', 'name'),
    field(source, 'container'),
  ]);
};

/**
 * Metrics of an autoscaler come back in another order where the cluster stores it as autoscaling/v1
 * (kubernetes pkg/apis/autoscaling/v1/conversion.go), and their order means nothing.
 */
export const inOrderOf = (live: KubernetesObject, wanted: KubernetesObject): KubernetesObject => {
  const spec = wanted['spec'];
  if (wanted.kind !== 'HorizontalPodAutoscaler' || !isMap(spec)) return wanted;
  const places = list(live, 'spec', 'metrics').map(metricOf);
  const place = (metric: Json): number => {
    const found = places.indexOf(metricOf(metric));
    return found === -1 ? places.length : found;
  };
  const metrics = list(wanted, 'spec', 'metrics').toSorted((one, other) => place(one) - place(other));
  return metrics.length === 0 ? wanted : { ...wanted, spec: { ...spec, metrics } };
};

/** The kinds whose manifest says less than it seems to. */
const specific = (object: KubernetesObject): KubernetesObject => {
  const { kind } = object;
  if (kind === 'Secret' && object.apiVersion === 'v1') {
    const data = secretData(object);
    return { ...object, stringData: undefined, ...(Object.keys(data).length > 0 && { data }) };
  }
  if (kind === 'ConfigMap' && isMap(object['binaryData'])) {
    const data = Object.entries(object['binaryData']).map(([name, value]): [string, Json | undefined] => [
      name,
      typeof value === 'string' ? withoutBreaks(value) : value,
    ]);
    return { ...object, binaryData: Object.fromEntries(data) };
  }
  if (restartable.includes(kind)) return withoutRestart(object);
  // Filled in by a controller from other roles.
  if (kind === 'ClusterRole' && isMap(field(object, 'aggregationRule')))
    return { ...object, rules: undefined };
  if (!takesBundles.includes(kind)) return object;
  const spec = object['spec'];
  const webhooks = object['webhooks'];
  return {
    ...object,
    ...(kind === 'CustomResourceDefinition' && isMap(spec)
      ? { spec: { ...spec, ...conversionOf(spec) } }
      : spec !== undefined && { spec: withoutBundles(spec) }),
    ...(webhooks !== undefined && { webhooks: withoutBundles(webhooks) }),
  };
};

/** A definition's schema may have a property that is called caBundle: only its conversion is looked at. */
const conversionOf = (spec: JsonObject): JsonObject =>
  spec['conversion'] === undefined ? {} : { conversion: withoutBundles(spec['conversion']) };

/** @param namespace `undefined` for an object of the cluster */
export const wantedForm = (object: KubernetesObject, namespace: string | undefined): KubernetesObject =>
  specific({
    ...object,
    status: undefined,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: metadataOf(object, namespace),
  });
