// The repository's objects → the same app as a preview: another namespace, hosts, Gateway and images. No file is edited.
import { field, isMap, list, text, textMap } from '../bundle/field.ts';
import type { Bundle, Json, JsonObject, KubernetesObject, Sourced } from '../bundle/object.ts';
import { probeAnnotations } from '../gateway/probe.ts';
import { hostnamesOf } from '../gateway/shapes.ts';
import { type Fences, fencesOf } from './fences.ts';
import { previewAnnotations, previewLabel } from './identity.ts';
import { type ImageChange, withImages } from './images.ts';
import { previewHosts } from './names.ts';

/** The one parent of every route of a preview. */
export interface PreviewGateway {
  readonly namespace: string;
  readonly name: string;
  /** Without it: every listener that fits. */
  readonly section?: string;
}

/** `namespace/name` or `namespace/name/section`; `undefined` for anything else. */
export const parseGateway = (value: string): PreviewGateway | undefined => {
  const label = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?';
  const [, namespace, name, section] =
    new RegExp(`^(${label})/(${label})(?:/(${label}))?$`).exec(value) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  return { namespace, name, ...(section !== undefined && { section }) };
};

export interface PreviewPlan {
  /** The first label of its first host, and its namespace. */
  readonly name: string;
  /** What the name was made from. */
  readonly template: string;
  readonly domain: string;
  readonly longestName: number;
  readonly gateway: PreviewGateway;
  readonly images: readonly ImageChange[];
  readonly fences: Fences;
  /** Namespace whose Services the preview's routes send to: then it is routes alone, beside them. */
  readonly shared?: string;
  /** ExternalDNS is to leave the routes alone: a standing wildcard record serves them. */
  readonly wildcard: boolean;
  /** Header that every host must answer with, `Name: value`. */
  readonly header?: string;
  readonly repository: string;
  readonly number: number;
  readonly branch: string;
  readonly commit: string;
  readonly expiresAt: Date;
  /** Namespace of objects that name none. */
  readonly defaultNamespace: string;
}

export interface Preview {
  /** Made by the action; never the repository's. Absent where the preview is routes alone, in a namespace of others. */
  readonly namespace?: KubernetesObject;
  /** Around it: quota and network policy, where they are asked for. */
  readonly fences: readonly KubernetesObject[];
  readonly manifests: readonly Sourced[];
  readonly routes: readonly Sourced[];
  /** The repository's hosts with the preview's. */
  readonly hosts: ReadonlyMap<string, string>;
  /** Namespaces of the repository that the preview's own takes the place of; of a preview of routes, all but these. */
  readonly replaced: readonly Sourced[];
}

/** A route without hostnames takes its listener's: for a preview it counts as one that names this. */
const unnamed = 'unnamed';

export const rewrite = (bundle: Pick<Bundle, 'manifests' | 'routes'>, plan: PreviewPlan): Preview => {
  const isNamespace = ({ object }: Sourced): boolean =>
    object.kind === 'Namespace' && object.apiVersion === 'v1';
  const manifests = plan.shared === undefined ? bundle.manifests.filter((each) => !isNamespace(each)) : [];
  const named = bundle.routes.flatMap(({ object }) => {
    const own = hostnamesOf(object);
    return own.length === 0 ? [unnamed] : own;
  });
  const hosts = previewHosts(plan.name, named, plan.domain, plan.longestName);
  const homes = new Set(
    plan.shared === undefined
      ? [...manifests, ...bundle.routes].map(
          ({ object }) => object.metadata.namespace ?? plan.defaultNamespace,
        )
      : [plan.shared],
  );
  const place = (change: (object: KubernetesObject) => KubernetesObject) => (each: Sourced) => ({
    object: change(each.object),
    source: each.source,
  });
  return {
    ...(plan.shared === undefined && { namespace: namespaceOf(plan, [...hosts.values()]) }),
    fences:
      plan.shared === undefined ? fencesOf(plan.fences, { namespace: plan.name, number: plan.number }) : [],
    manifests: manifests.map(place((object) => moved(object, plan))),
    routes: bundle.routes.map(place((object) => routed(moved(object, plan), { plan, hosts, homes }))),
    hosts,
    replaced: plan.shared === undefined ? bundle.manifests.filter(isNamespace) : bundle.manifests,
  };
};

const annotationsOf = (plan: PreviewPlan, hosts: readonly string[]): Readonly<Record<string, string>> => ({
  [previewAnnotations.repository]: plan.repository,
  [previewAnnotations.branch]: plan.branch,
  [previewAnnotations.template]: plan.template,
  [previewAnnotations.commit]: plan.commit,
  [previewAnnotations.expiresAt]: plan.expiresAt.toISOString(),
  [previewAnnotations.hosts]: hosts.join(','),
});

const namespaceOf = (plan: PreviewPlan, hosts: readonly string[]): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: plan.name,
    labels: {
      [previewLabel]: String(plan.number),
      // The API server itself refuses what the policy refuses, whoever applies it.
      'pod-security.kubernetes.io/enforce': 'baseline',
    },
    annotations: annotationsOf(plan, hosts),
  },
});

/** Groups whose objects hold pods; in others a field of theirs may mean something else. */
const podKinds = /^(v1|(apps|batch)\/.+)$/;

/** Pods get no token of their service account: it would have no rights, and what has no token cannot be given any. */
const withoutTokens = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(withoutTokens);
  if (!isMap(value)) return value;
  const inner = Object.entries(value).map(([key, each]): [string, Json | undefined] => [
    key,
    each === undefined ? undefined : withoutTokens(each),
  ]);
  const pod = Array.isArray(value['containers']) ? { automountServiceAccountToken: false } : {};
  return { ...Object.fromEntries(inner), ...pod };
};

/** Into the preview's namespace, labelled, with its images. */
const moved = (object: KubernetesObject, plan: PreviewPlan): KubernetesObject => {
  const { metadata, ...rest } = object;
  const imaged = withImages(rest, plan.images);
  const body = podKinds.test(object.apiVersion) ? withoutTokens(imaged) : imaged;
  return {
    ...(isMap(body) ? body : rest),
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      ...metadata,
      namespace: plan.shared ?? plan.name,
      labels: { ...textMap(metadata, 'labels'), [previewLabel]: String(plan.number) },
    },
  };
};

/**
 * ExternalDNS leaves alone what names another controller than itself (docs/annotations; source/gateway.go). The prefix of
 * its annotations is another one from 0.22 on.
 */
const unrecorded = {
  'external-dns.alpha.kubernetes.io/controller': 'eks-gateway-action',
  'external-dns.kubernetes.io/controller': 'eks-gateway-action',
};

/** Beside the routes of other previews, and those that were there before. */
const sharedName = (preview: string, route: string): string => `${preview}-${route}`.slice(0, 253);

interface Routing {
  readonly plan: PreviewPlan;
  readonly hosts: ReadonlyMap<string, string>;
  /** Namespaces that the bundle's objects are in: references into them follow. */
  readonly homes: ReadonlySet<string>;
}

const routed = (route: KubernetesObject, { plan, hosts, homes }: Routing): KubernetesObject => {
  const { gateway } = plan;
  const own = hostnamesOf(route);
  const hostnames = (own.length === 0 ? [unnamed] : own).map((host) => hosts.get(host) ?? host);
  const annotations = textMap(route, 'metadata', 'annotations');
  const spec = field(route, 'spec');
  return {
    ...route,
    metadata: {
      ...route.metadata,
      annotations: {
        ...annotations,
        ...(plan.wildcard && unrecorded),
        ...(plan.header !== undefined && { [probeAnnotations.header]: plan.header }),
        [previewAnnotations.repository]: plan.repository,
        ...(plan.shared !== undefined && {
          ...annotationsOf(plan, [...new Set(hostnames)]),
          [previewAnnotations.name]: plan.name,
        }),
      },
      ...(plan.shared !== undefined && { name: sharedName(plan.name, route.metadata.name) }),
    },
    spec: {
      ...(isMap(spec) ? spec : {}),
      hostnames: [...new Set(hostnames)],
      parentRefs: [
        {
          namespace: gateway.namespace,
          name: gateway.name,
          ...(gateway.section !== undefined && { sectionName: gateway.section }),
        },
      ],
      rules: list(spec, 'rules').map((rule) => following(rule, homes)),
    },
  };
};

/** References to a backend in one of the bundle's own namespaces lose it: the backend has moved along. */
const following = (value: Json, homes: ReadonlySet<string>): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => following(item, homes));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]): [string, Json | undefined] => {
      if (key === 'backendRefs')
        return [key, list(value, key).map((ref) => followed(following(ref, homes), homes))];
      if (key === 'backendRef' && isMap(each)) return [key, followed(each, homes)];
      return [key, each === undefined ? undefined : following(each, homes)];
    }),
  );
};

const followed = (ref: Json, homes: ReadonlySet<string>): Json => {
  const namespace = text(ref, 'namespace');
  if (!isMap(ref) || namespace === undefined || !homes.has(namespace)) return ref;
  const { namespace: _, ...rest } = ref;
  return rest satisfies JsonObject;
};
