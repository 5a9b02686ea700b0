// What the cluster holds of the bundle, and how it is taken away again.
import { execFileSync } from 'node:child_process';
import { appNamespace, definition, namespace } from './bundle.ts';

interface Item {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly version?: number;
    readonly holderIdentity?: string;
    readonly template?: { readonly metadata: { readonly annotations: Readonly<Record<string, string>> } };
    readonly versions?: readonly {
      readonly schema: { readonly openAPIV3Schema: { readonly description: string } };
    }[];
  };
}

const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const items = (...args: readonly string[]): readonly Item[] =>
  (JSON.parse(run('kubectl', ['get', ...args, '-o', 'json'])) as { readonly items: readonly Item[] }).items;

/** The version that an object says; a Service says none. */
const versionOf = ({ kind, metadata, data, spec }: Item): string | undefined => {
  if (kind === 'Deployment') return spec?.template?.metadata.annotations['version'];
  if (kind === 'HTTPRoute') return metadata.annotations?.['version'];
  if (kind === 'Widget') return String(spec?.version);
  return data?.['version'];
};

const described = (item: Item): string => {
  const { kind, metadata } = item;
  const version = versionOf(item);
  return `${kind} ${metadata.namespace}/${metadata.name}${version === undefined ? '' : ` ${version}`}`;
};

/** The inventory itself, and what Kubernetes puts into each namespace. */
const notOurs = ({ kind, metadata: { name } }: Item): boolean =>
  kind === 'ConfigMap' && (name === 'kube-root-ca.crt' || name === 'kills');

/** The last revision. */
interface Release {
  readonly status: string;
  readonly chart: string;
}

/** Everything in the two namespaces of the kinds that the bundle has, wherever it comes from; sorted. */
export function held(): readonly string[] {
  const kinds = 'configmaps,deployments,services,httproutes,widgets.kills.example.test';
  const objects = [namespace, appNamespace].flatMap((where) =>
    items(kinds, '-n', where).filter((item) => !notOurs(item)),
  );
  const [crd] = items('crd', '--field-selector', `metadata.name=${definition}`);
  const description = crd?.spec?.versions?.[0]?.schema.openAPIV3Schema.description;
  const history = run('helm', ['history', 'kills', '-n', namespace, '--max', '1', '-o', 'json']);
  const releases = JSON.parse(history) as readonly Release[];
  const [lease] = items('leases', '-n', namespace);
  return [
    `CustomResourceDefinition ${crd?.metadata.name} ${description}`,
    ...objects.map(described),
    ...releases.map(({ status, chart }) => `release kills ${status} ${chart.replace('kills-', '')}`),
    `Lease held by ${lease?.spec?.holderIdentity || 'nobody'}`,
  ].toSorted();
}

/** What a teardown has left in the two namespaces, which stay, as the definition does; sorted. */
export function left(): readonly string[] {
  const kinds = 'configmaps,secrets,deployments,services,httproutes,leases,widgets.kills.example.test';
  const objects = [namespace, appNamespace].flatMap((where) => items(kinds, '-n', where));
  const [crd] = items('crd', '--field-selector', `metadata.name=${definition}`);
  return [
    ...(crd === undefined ? ['no definition'] : []),
    ...objects.filter(({ metadata: { name } }) => name !== 'kube-root-ca.crt').map(described),
  ].toSorted();
}

/** Back to a cluster that has never seen the bundle; without `wait` it is on its way there. */
export function clear({ wait = true } = {}): void {
  const how = ['--ignore-not-found', `--wait=${wait}`];
  run('kubectl', ['delete', 'httproutes', '--all', '-n', appNamespace, ...how]);
  run('kubectl', ['delete', 'namespace', namespace, appNamespace, ...how]);
  run('kubectl', ['delete', 'crd', definition, ...how]);
}
