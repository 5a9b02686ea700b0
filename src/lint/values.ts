// The controllers of an umbrella chart, told from its values alone: where helm is absent, and for the line of each value.
import { field, isMap, list, text, texts } from '../bundle/field.ts';
import type { Chart, Json, JsonObject, KubernetesObject } from '../bundle/object.ts';
import { readYaml, type YamlDocument } from '../bundle/yaml.ts';
import { settingsOf } from '../externaldns/settings.ts';
import type { Workload } from '../preflight/workloads.ts';
import type { Code } from '../verdict/codes.ts';
import type { Finding, Source } from '../verdict/finding.ts';

export interface ValuesFile {
  /** Relative to the workspace; absent: the input `values`, which has no place in the repository. */
  readonly path?: string;
  readonly text: string;
}

interface Layer {
  readonly path?: string;
  readonly document: YamlDocument;
}

/** A controller as the chart would install it, and where what a finding is about stands. */
export interface ValuedWorkload {
  readonly workload: Workload;
  readonly sourceOf: (found: Finding) => Source;
}

const merged = (below: Json | undefined, above: Json | undefined): Json | undefined => {
  if (!isMap(below) || !isMap(above)) return above === undefined ? below : above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  const values = [...keys].map((key): [string, Json | undefined] => [key, merged(below[key], above[key])]);
  // Helm: a null takes the value below it away.
  return Object.fromEntries(values.filter(([, value]) => value !== null));
};

/** The charts whose values are known here, by name and by the home of their repository. */
const known = {
  'external-dns': { controller: 'externalDns', home: /kubernetes-sigs/ },
  'aws-load-balancer-controller': { controller: 'lbc', home: /eks-charts/ },
} as const;

/** Helm's rule (pkg/chart/v2/util/dependencies.go): the first condition that is there decides, else the tags. */
const isOn = (
  { condition = '', tags = [] }: Chart['dependencies'][number],
  values: Json | undefined,
): boolean => {
  const said = condition
    .split(',')
    .map((path) => field(values, ...path.trim().split('.')))
    .find((value) => typeof value === 'boolean');
  if (said !== undefined) return said === true;
  const set = tags.map((tag) => field(values, 'tags', tag)).filter((value) => typeof value === 'boolean');
  return set.length === 0 || set.includes(true);
};

const deployment = (
  name: string,
  namespace: string,
  image: string,
  { args, env }: { readonly args: readonly string[]; readonly env: readonly Json[] },
): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: { template: { spec: { containers: [{ name, image, args, env }] } } },
});

const flag = (name: string, value: Json | undefined): readonly string[] =>
  value === undefined || value === '' || isMap(value) || Array.isArray(value)
    ? []
    : [`--${name}=${String(value)}`];

/** templates/deployment.yaml and values.yaml of chart external-dns 1.19 (kubernetes-sigs). */
const externalDnsArgs = (values: JsonObject): readonly string[] => {
  const provider = text(values, 'provider', 'name') ?? text(values, 'provider') ?? 'aws';
  const sources = field(values, 'sources') === undefined ? ['service', 'ingress'] : texts(values, 'sources');
  const many = (name: string, key: string): readonly string[] =>
    texts(values, key).map((each) => `--${name}=${each}`);
  const extra = field(values, 'extraArgs');
  const named = isMap(extra) ? Object.entries(extra).flatMap(([name, value]) => flag(name, value)) : [];
  return [
    ...sources.map((source) => `--source=${source}`),
    `--policy=${text(values, 'policy') ?? 'upsert-only'}`,
    `--registry=${text(values, 'registry') ?? 'txt'}`,
    ...flag('txt-owner-id', field(values, 'txtOwnerId')),
    ...flag('txt-prefix', field(values, 'txtPrefix')),
    ...flag('txt-suffix', field(values, 'txtSuffix')),
    ...flag('label-filter', field(values, 'labelFilter')),
    ...flag('annotation-filter', field(values, 'annotationFilter')),
    ...many('domain-filter', 'domainFilters'),
    ...many('exclude-domains', 'excludeDomains'),
    ...flag('provider', provider),
    ...texts(extra),
    ...named,
  ];
};

/** templates/deployment.yaml of chart aws-load-balancer-controller 1.14 and 3.5 (eks-charts). */
const lbcArgs = (values: JsonObject): readonly string[] => {
  const gates = field(values, 'controllerConfig', 'featureGates');
  const pairs = isMap(gates) ? Object.entries(gates).map(([name, value]) => `${name}=${String(value)}`) : [];
  const tags = field(values, 'vpcTags');
  const cluster = text(values, 'clusterName');
  return [
    // What a template makes of other values is not known here.
    ...(cluster === undefined ? [] : [`--cluster-name=${cluster.includes('{{') ? '$(TEMPLATE)' : cluster}`]),
    ...flag('aws-region', field(values, 'region')),
    ...flag('aws-vpc-id', field(values, 'vpcId')),
    ...(isMap(tags) && Object.keys(tags).length > 0 ? ['--aws-vpc-tags=given'] : []),
    ...flag('default-target-type', field(values, 'defaultTargetType')),
    ...(pairs.length > 0 ? [`--feature-gates=${pairs.join(',')}`] : []),
  ];
};

/** Chart 1.14 of LBC brings 2.14, from 3 on both are the same; chart 1.19 of ExternalDNS brings 0.19. */
const appVersion = (name: keyof typeof known, chart: string): string | undefined => {
  const [, major, minor, patch] = /^[v^~]?(\d+)\.(\d+)\.(\d+)/.exec(chart) ?? [];
  if (major === undefined) return undefined;
  if (name === 'external-dns') return major === '1' ? `0.${minor}.0` : undefined;
  return `${major === '1' ? '2' : major}.${minor}.${patch}`;
};

const places: Readonly<Partial<Record<Code, readonly string[]>>> = {
  'externaldns/owner-id-default': ['txtOwnerId'],
  'externaldns/policy': ['policy'],
  'externaldns/registry': ['registry'],
  'externaldns/extra-hop': ['extraArgs'],
  'controller/gate-off': ['controllerConfig', 'featureGates'],
  'controller/gate-unknown': ['controllerConfig', 'featureGates'],
  'controller/no-region': ['region'],
  'controller/cluster-name': ['clusterName'],
};

/** Which value gives the flag that a sentence names. */
const flags: Readonly<Record<string, string>> = {
  source: 'sources',
  'domain-filter': 'domainFilters',
  'exclude-domains': 'excludeDomains',
  'label-filter': 'labelFilter',
  'annotation-filter': 'annotationFilter',
  provider: 'provider',
};

const placeOf = ({ code, message }: Finding): readonly string[] | undefined => {
  if (code !== 'record/external-dns-excludes') return places[code];
  const name = /--([a-z-]+)/.exec(message)?.[1] ?? '';
  return [flags[name] ?? 'extraArgs'];
};

/** The last file that says it wins; where none does, the part of the values that should. */
const sourceIn = (layers: readonly Layer[], path: readonly string[], chart: Chart): Source => {
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length);
    const layer = layers.findLast(({ document }) => field(document.value, ...part) !== undefined);
    if (layer?.path !== undefined) return { file: layer.path, line: layer.document.lineAt(part) };
  }
  return chart.source;
};

/**
 * The controllers among the chart's dependencies.
 * @param files the chart's own values.yaml first, then the values files, later ones win
 * @param namespace of the release
 */
export const workloadsInValues = (
  chart: Chart,
  files: readonly ValuesFile[],
  namespace: string,
): readonly ValuedWorkload[] => {
  const layers = files.flatMap(({ path, text: body }): readonly Layer[] => {
    const [document] = readYaml(body);
    if (document === undefined || document.problems.length > 0) return [];
    return [{ ...(path !== undefined && { path }), document }];
  });
  const all = layers.reduce<Json | undefined>((below, { document }) => merged(below, document.value), {});
  return chart.dependencies.flatMap((dependency): readonly ValuedWorkload[] => {
    const { name, version, repository, alias: key = name } = dependency;
    if (name !== 'external-dns' && name !== 'aws-load-balancer-controller') return [];
    const { controller, home } = known[name];
    const own = field(all, key) ?? {};
    if (!home.test(repository) || !isMap(own) || !isOn(dependency, all)) return [];
    const app = text(own, 'image', 'tag')?.replace(/^v/, '') ?? appVersion(name, version);
    const args = controller === 'lbc' ? lbcArgs(own) : externalDnsArgs(own);
    const image = `${name}${app === undefined ? '' : `:v${app}`}`;
    const env = list(own, 'env');
    const object = deployment(key, namespace, image, { args, env });
    const workload: Workload = {
      controller,
      deployment: object,
      namespace,
      serviceAccount: text(own, 'serviceAccount', 'name') ?? name,
      ...(app !== undefined && { version: app }),
      ...(controller === 'externalDns' && { settings: settingsOf(object, app) }),
      installed: false,
      source: sourceIn(layers, [key], chart),
    };
    const sourceOf = (found: Finding): Source => {
      const place = placeOf(found);
      return place === undefined ? chart.source : sourceIn(layers, [key, ...place], chart);
    };
    return [{ workload, sourceOf }];
  });
};
