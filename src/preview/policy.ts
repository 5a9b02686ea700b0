// What a pull request's manifests may hold: they are untrusted text, applied by a role that can write DNS.
import { field, list, text, textMap, texts } from '../bundle/field.ts';
import { groupOf, type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import { fatalIn } from '../gateway/fatal.ts';
import type { Code } from '../verdict/codes.ts';
import { podWrongs } from './pod-policy.ts';
import type { PreviewGateway } from './rewrite.ts';
import { type Path, type Wrong, when, withKey } from './wrong.ts';

export interface Rules {
  /** The preview's only namespace. */
  readonly namespace: string;
  readonly domain: string;
  readonly gateway: PreviewGateway;
  /** `Kind` of the core group, `Kind.group` of any other. */
  readonly allowedKinds: readonly string[];
}

/** What the policy refuses, with the field that it concerns. */
export interface Violation {
  readonly each: Sourced;
  readonly path: Path;
  readonly code: Code;
  readonly message: string;
  readonly hint: string;
}

/** What an app is made of. Nothing that reaches beyond its namespace, and nothing that would loosen its limits. */
export const defaultKinds: readonly string[] = [
  'ConfigMap',
  'Secret',
  'Service',
  'ServiceAccount',
  'PersistentVolumeClaim',
  'Deployment.apps',
  'StatefulSet.apps',
  'Job.batch',
  'CronJob.batch',
  'HorizontalPodAutoscaler.autoscaling',
  'PodDisruptionBudget.policy',
  'HTTPRoute.gateway.networking.k8s.io',
  'GRPCRoute.gateway.networking.k8s.io',
];

/** `Service`, `Deployment.apps`. */
const kindName = (object: KubernetesObject): string => {
  const group = groupOf(object.apiVersion);
  return group === '' ? object.kind : `${object.kind}.${group}`;
};

/** Kinds of Kubernetes and Gateway API without a namespace; of others the API server is asked before anything is applied. */
const clusterScoped = new Set([
  'Namespace',
  'Node',
  'PersistentVolume',
  'APIService.apiregistration.k8s.io',
  'CertificateSigningRequest.certificates.k8s.io',
  'ClusterRole.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
  'ClusterTrustBundle.certificates.k8s.io',
  'CSIDriver.storage.k8s.io',
  'CustomResourceDefinition.apiextensions.k8s.io',
  'FlowSchema.flowcontrol.apiserver.k8s.io',
  'GatewayClass.gateway.networking.k8s.io',
  'IngressClass.networking.k8s.io',
  'MutatingAdmissionPolicy.admissionregistration.k8s.io',
  'MutatingAdmissionPolicyBinding.admissionregistration.k8s.io',
  'MutatingWebhookConfiguration.admissionregistration.k8s.io',
  'PriorityClass.scheduling.k8s.io',
  'PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io',
  'RuntimeClass.node.k8s.io',
  'StorageClass.storage.k8s.io',
  'ValidatingAdmissionPolicy.admissionregistration.k8s.io',
  'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io',
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
]);

/**
 * Everything that a preview may not hold, all at once.
 * @param objects as they would be applied, after rewriting
 */
export const violations = (objects: readonly Sourced[], rules: Rules): readonly Violation[] => [
  ...clashes(objects),
  ...objects.flatMap((each) =>
    checks.flatMap((check) =>
      check(each.object, rules).map(({ hint = '', path, code, message }) => ({
        each,
        path,
        code,
        message: `${refOf(each.object)}: ${message}.`,
        hint,
      })),
    ),
  ),
];

type Check = (object: KubernetesObject, rules: Rules) => readonly Wrong[];

/** Two objects of different namespaces would be one in the preview's. */
function clashes(objects: readonly Sourced[]): readonly Violation[] {
  const first = new Map<string, Sourced>();
  return objects.flatMap((each) => {
    const key = `${kindName(each.object)} ${each.object.metadata.name}`;
    const before = first.get(key);
    if (before === undefined) first.set(key, each);
    if (before === undefined) return [];
    const { file, line } = before.source;
    return [
      {
        each,
        path: ['metadata', 'name'],
        code: 'preview/name-clash' as const,
        message: `${refOf(each.object)} would be the same object as the one in ${file}:${line}: a preview has one namespace.`,
        hint: 'Rename one of them, or leave its file out with the globs.',
      },
    ];
  });
}

const kinds: Check = (object, { allowedKinds }) => {
  const name = kindName(object);
  if (clusterScoped.has(name))
    return [
      {
        path: ['kind'],
        code: 'preview/cluster-scoped',
        message: `a ${name} is of the whole cluster, not of a preview`,
        hint: 'Leave its file out with the globs; what is of the cluster is the job of `mode: deploy`.',
      },
    ];
  return when(!allowedKinds.includes(name), {
    path: ['kind'],
    code: 'preview/kind-not-allowed',
    message: `${name} is not among the kinds that a preview may hold`,
    hint: 'Leave its file out with the globs, or allow the kind with the input `allowed-kinds`.',
  });
};

const placement: Check = (object, { namespace }) => [
  ...when(object.metadata.namespace !== namespace, {
    path: ['metadata', 'namespace'],
    code: 'preview/other-namespace',
    message: `it would be applied to namespace ${object.metadata.namespace ?? '(none)'}, not to ${namespace}`,
  }),
  ...when(list(object, 'metadata', 'finalizers').length > 0, {
    path: ['metadata', 'finalizers'],
    code: 'preview/finalizer',
    message: 'a finalizer would keep the preview from being removed',
    hint: 'Remove metadata.finalizers: whoever needs one adds it at run time.',
  }),
];

const isUnder = (host: string, domain: string): boolean => {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name.endsWith(`.${domain}`) && !name.slice(0, -domain.length - 1).includes('*');
};

/** Where kinds that publish names keep them; routes first, the others in case `allowed-kinds` lets them in. */
const hostFields: readonly {
  readonly kinds: RegExp;
  readonly hosts: (object: KubernetesObject) => readonly Named[];
}[] = [
  {
    kinds: /^(HTTP|GRPC|TLS)Route$/,
    hosts: (object) =>
      texts(object, 'spec', 'hostnames').map((host, at) => ({ host, path: ['spec', 'hostnames', at] })),
  },
  {
    kinds: /^(Gateway|ListenerSet|XListenerSet)$/,
    hosts: (object) =>
      list(object, 'spec', 'listeners').map((listener, at) => ({
        host: text(listener, 'hostname') ?? '',
        path: ['spec', 'listeners', at, 'hostname'],
      })),
  },
  {
    kinds: /^Ingress$/,
    hosts: (object) =>
      list(object, 'spec', 'rules').map((rule, at) => ({
        host: text(rule, 'host') ?? '',
        path: ['spec', 'rules', at, 'host'],
      })),
  },
  {
    kinds: /^DNSEndpoint$/,
    hosts: (object) =>
      list(object, 'spec', 'endpoints').map((endpoint, at) => ({
        host: text(endpoint, 'dnsName') ?? '',
        path: ['spec', 'endpoints', at, 'dnsName'],
      })),
  },
];

interface Named {
  readonly host: string;
  readonly path: Path;
}

const hostnames: Check = (object, { domain }) =>
  hostFields
    .filter(({ kinds: of }) => of.test(object.kind))
    .flatMap(({ hosts }) => hosts(object))
    .filter(({ host }) => !isUnder(host, domain))
    .map(({ host, path }) => ({
      path,
      code: 'preview/hostname-outside-domain' as const,
      message: `${host === '' ? 'every hostname' : host} is not under ${domain}`,
      hint: 'A preview publishes names under `preview-domain` alone.',
    }));

/** ExternalDNS reads names and targets from annotations too, on routes and on Services (docs/annotations). */
const dnsAnnotations: Check = (object) =>
  Object.entries(textMap(object, 'metadata', 'annotations'))
    .filter(([key]) => /(^|[.-])external-?dns[./]/i.test(key))
    // Whatever names another controller is left alone: that is how a wildcard record serves a preview.
    .filter(([key, value]) => !(key.endsWith('/controller') && value !== 'dns-controller'))
    .map(([key]) => ({
      path: ['metadata', 'annotations', key],
      code: 'preview/dns-annotation' as const,
      message: `the annotation ${key} tells ExternalDNS which records to write`,
      hint: 'Remove it: the names of a preview are made by the action.',
    }));

const parents: Check = (object, { gateway }) =>
  /Route$/.test(object.kind)
    ? list(object, 'spec', 'parentRefs').flatMap((parent, at) =>
        when(
          text(parent, 'namespace') !== gateway.namespace ||
            text(parent, 'name') !== gateway.name ||
            (text(parent, 'kind') ?? 'Gateway') !== 'Gateway',
          {
            path: ['spec', 'parentRefs', at],
            code: 'preview/other-gateway',
            message: `it attaches to ${text(parent, 'namespace') ?? ''}/${text(parent, 'name') ?? ''}, not to the preview Gateway ${gateway.namespace}/${gateway.name}`,
          },
        ),
      )
    : [];

const backends: Check = (object, { namespace }) =>
  /Route$/.test(object.kind)
    ? ['backendRefs', 'backendRef'].flatMap((key) =>
        [...withKey(object, key)].flatMap(([holder, path]) => {
          const refs = key === 'backendRef' ? [field(holder, key) ?? null] : list(holder, key);
          return refs.flatMap((ref, at) => {
            const [other = namespace, kind = 'Service'] = [text(ref, 'namespace'), text(ref, 'kind')];
            return when(other !== namespace || kind !== 'Service', {
              path: [...path, key, ...(key === 'backendRef' ? [] : [at])],
              code: 'preview/foreign-backend',
              message: `it sends to ${kind} ${other}/${text(ref, 'name') ?? ''}, which is not a Service of the preview`,
              hint: 'A preview publishes its own Services alone.',
            });
          });
        }),
      )
    : [];

/** What a route names by ExtensionRef does as that kind pleases; one that is missing stops the controller. */
const extensions: Check = (object, { allowedKinds }) =>
  /Route$/.test(object.kind)
    ? [...withKey(object, 'extensionRef')].flatMap(([holder, path]) => {
        const [kind = '', group = ''] = ['kind', 'group'].map((key) => text(holder, 'extensionRef', key));
        const name = group === '' ? kind : `${kind}.${group}`;
        return when(!allowedKinds.includes(name), {
          path: [...path, 'extensionRef'],
          code: 'preview/kind-not-allowed',
          message: `it uses a ${name}, which is not among the kinds that a preview may hold`,
          hint: 'Remove the filter, or allow the kind with the input `allowed-kinds`.',
        });
      })
    : [];

/** Every preview hangs on the one Gateway. */
const blockers: Check = (object) => {
  const fatal = /Route$/.test(object.kind) ? fatalIn(object) : undefined;
  return fatal === undefined
    ? []
    : [
        {
          path: ['spec', 'rules'],
          code: 'preview/blocks-others',
          message: `the controller would stop for all routes of the Gateway: ${fatal.why}`,
          hint: fatal.hint,
        },
      ];
};

/** By a role's ARN on a service account (IRSA), or a role's name on a pod, wherever it is wrapped (kube2iam, kiam). */
const accounts: Check = (object) =>
  [...withKey(object, 'annotations')].flatMap(([holder, path]) =>
    Object.keys(textMap(holder, 'annotations'))
      .filter((key) =>
        object.kind === 'ServiceAccount' ? /amazonaws\.com\//.test(key) : /^iam\.amazonaws\.com\//.test(key),
      )
      .map((key) => ({
        path: [...path, 'annotations', key],
        code: 'preview/aws-access' as const,
        message: `the annotation ${key} gives it a role in AWS`,
        hint: 'Previews have no AWS permissions.',
      })),
  );

const services: Check = (object) => {
  if (kindName(object) !== 'Service') return [];
  const type = text(object, 'spec', 'type') ?? 'ClusterIP';
  return [
    ...when(type !== 'ClusterIP', {
      path: ['spec', 'type'],
      code: 'preview/exposed-service',
      message: `a Service of type ${type} opens a way around the preview's Gateway`,
      hint: 'Use type ClusterIP; the route publishes it.',
    }),
    ...when(list(object, 'spec', 'externalIPs').length > 0, {
      path: ['spec', 'externalIPs'],
      code: 'preview/exposed-service',
      message: 'externalIPs take traffic that is meant for others',
      hint: 'Remove them; the route publishes the Service.',
    }),
  ];
};

const secrets: Check = (object) =>
  when(kindName(object) === 'Secret' && text(object, 'type') === 'kubernetes.io/service-account-token', {
    path: ['type'],
    code: 'preview/token',
    message: 'the cluster would write a token of a service account into it',
    hint: 'Remove it: pods of a preview get no token, since who holds one may be given rights.',
  });

/** A claim that names its volume takes one that was made, and perhaps written, for somebody else. */
const claims: Check = (object) =>
  kindName(object) === 'PersistentVolumeClaim'
    ? [
        ...when(text(object, 'spec', 'volumeName') !== undefined, {
          path: ['spec', 'volumeName'],
          code: 'preview/foreign-volume',
          message: `it claims the volume ${text(object, 'spec', 'volumeName')} of the cluster`,
          hint: 'Leave spec.volumeName out: the claim then gets a volume that is made for it.',
        }),
        ...when(text(object, 'spec', 'dataSourceRef', 'namespace') !== undefined, {
          path: ['spec', 'dataSourceRef', 'namespace'],
          code: 'preview/foreign-volume',
          message: `it copies a volume of namespace ${text(object, 'spec', 'dataSourceRef', 'namespace')}`,
          hint: 'A preview has data of its own.',
        }),
      ]
    : [];

const checks: readonly Check[] = [
  kinds,
  placement,
  hostnames,
  dnsAnnotations,
  parents,
  backends,
  extensions,
  blockers,
  podWrongs,
  accounts,
  services,
  secrets,
  claims,
];
