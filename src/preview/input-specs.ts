// The inputs of previews: their table, and how each is read. Part of the one table in src/inputs.ts.
import { parseHeader } from '../chain/https.ts';
import type { Fences } from './fences.ts';
import { type ImageChange, parseImage } from './images.ts';
import { longestName, templateProblem } from './names.ts';
import { defaultKinds } from './policy.ts';
import { type PreviewGateway, parseGateway } from './rewrite.ts';

export const previewSpecs = {
  'preview-domain': {
    group: 'Previews',
    description:
      'Domain under which previews get their hostnames, such as `preview.example.com`; the preview Gateway needs a certificate for `*.` it. Required by `preview` and `sweep`; with it `teardown` removes a preview, without it what the repository deployed.',
  },
  'preview-gateway': {
    group: 'Previews',
    description:
      'Gateway of the previews, `namespace/name` or `namespace/name/listener`: it takes the place of every parentRef. Required by `preview`.',
  },
  'preview-name': {
    group: 'Previews',
    default: 'pr-{number}-{app}',
    description:
      "Name of a preview: its namespace and the first label of its hostname. Placeholders: `{number}`, `{branch}`, `{app}` (the repository's name), `{sha}`. See docs/previews.md.",
  },
  'preview-name-length': {
    group: 'Previews',
    default: String(longestName),
    description:
      "How long the name may get before it is cut and hashed (20 to 57): 57, less the length of ExternalDNS's `--txt-prefix` or `--txt-suffix` if it has one without a dot.",
  },
  images: {
    group: 'Previews',
    description:
      'Images of this pull request, one a line, as `name=registry/name:tag`; `name` is the image as the manifests name it, without its tag.',
  },
  'allowed-kinds': {
    group: 'Previews',
    default: defaultKinds.join(','),
    description:
      'Kinds that a preview may hold, separated by commas: `Kind` of the core group, `Kind.group` of any other.',
  },
  'preview-quota': {
    group: 'Previews',
    description:
      'Limits of a preview as a ResourceQuota, one a line or separated by commas: `pods=10, requests.memory=2Gi`.',
  },
  'preview-networks': {
    group: 'Previews',
    description:
      "Networks of the load balancer (its subnets, as CIDRs). With them a preview gets a default-deny NetworkPolicy: in come only these and its own pods, out go only its own pods, the cluster's DNS and public addresses.",
  },
  'preview-services': {
    group: 'Previews',
    description:
      'Namespace whose Services the previews send to. With it a preview is its routes alone, in that namespace, beside the Services; nothing else of the repository is applied, and the namespace stays when the preview goes.',
  },
  'preview-dns': {
    group: 'Previews',
    default: 'record',
    description:
      'How previews get into DNS: `record` (ExternalDNS writes one for each) or `wildcard` (one standing record `*.` the preview domain points to the load balancer, and no preview waits for DNS).',
  },
  evict: {
    group: 'Previews',
    default: 'none',
    description:
      'What goes when the load balancer has no room for another preview: `none` (the run fails and lists the oldest stale previews) or `stale` (those are removed, as many as are needed).',
  },
  'preview-rule-limit': {
    group: 'Previews',
    default: '100',
    description: "How many rules the load balancer of the previews may have: your account's quota.",
  },
  'expect-header': {
    group: 'Previews',
    description:
      'Header of the app that a preview must answer with, as `Name: value`; `{sha}` stands for the commit of the pull request: then only this very commit counts as live. It goes before `https-header` and its annotation.',
  },
  'expires-in': {
    group: 'Previews',
    default: '7d',
    description: 'How long a preview is kept after its last push (`12h`, `7d`).',
  },
  'preview-environment': {
    group: 'Previews',
    default: 'preview',
    description: 'GitHub environment that all previews share; each live commit becomes a deployment in it.',
  },
  'dry-run': {
    group: 'Previews',
    default: 'false',
    description:
      '`sweep`: say what would be removed, and remove nothing. `preview`: say what would be refused, and give the outputs `preview-name`, `preview-url` and `hostnames`, without AWS and cluster.',
  },
  'sweep-scope': {
    group: 'Previews',
    default: 'repository',
    description:
      "Whose previews `sweep` looks at: those of this `repository`, or all of the `cluster`. Of other repositories' pull requests it learns only what `github-token` may read; without that their previews go when their time is up.",
  },
  'github-token': {
    group: 'Previews',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub's, filled in by the runner
    default: '${{ github.token }}',
    description:
      'Token for the comment, the deployment and the commit status of a preview (permissions `pull-requests`, `deployments` and `statuses`: write), and for the issue of a drift check (`issues: write`). An empty one: nothing is posted.',
  },
} as const;

type PreviewInput = keyof typeof previewSpecs;

export interface PreviewInputs {
  /** Lower case; empty where the mode needs none. */
  readonly domain: string;
  readonly gateway?: PreviewGateway;
  readonly nameTemplate: string;
  readonly longestName: number;
  readonly images: readonly ImageChange[];
  readonly allowedKinds: readonly string[];
  /** `Name: value`, with `{sha}` as it was written. */
  readonly expectHeader?: string;
  readonly fences: Fences;
  /** Seconds. */
  readonly expiresIn: number;
  readonly environment: string;
  readonly dryRun: boolean;
  /** Namespace of the Services where a preview is routes alone. */
  readonly shared?: string;
  /** One standing record serves all previews. */
  readonly wildcard: boolean;
  /** Stale previews go when there is no room. */
  readonly evict: boolean;
  readonly ruleLimit: number;
  /** Other repositories' previews too. */
  readonly sweepCluster: boolean;
  /** Absent: nothing is told to GitHub. */
  readonly token?: string;
}

/** What `Inputs` reads by. */
export interface InputReader {
  readonly problems: string[];
  text(name: PreviewInput): string | undefined;
  flag(name: PreviewInput): boolean;
  list(name: PreviewInput): string[];
  lines(name: PreviewInput): string[];
  matching(name: PreviewInput, pattern: RegExp, accepted: string): string | undefined;
  whole(name: PreviewInput, from: number, to: number): number | undefined;
  parsed<Value>(
    name: PreviewInput,
    parse: (text: string) => Value | undefined,
    accepted: string,
  ): Value | undefined;
}

const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const domainForm = new RegExp(`^${label}(\\.${label})+$`, 'i');
const kindForm = /^[A-Z][A-Za-z0-9]*(\.[a-z0-9.-]+)?$/;

/** Seconds of `90m`, `12h`, `7d`. */
const parseAge = (text: string): number | undefined => {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const seconds = Number(count) * ({ m: 60, h: 3_600, d: 86_400 }[unit] ?? Number.NaN);
  return seconds > 0 && seconds <= 365 * 86_400 ? seconds : undefined;
};

const octet = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const ipv4Network = new RegExp(`^${octet}(\\.${octet}){3}/(3[0-2]|[12]?\\d)$`);

/** A network of IPv4 or IPv6; of the latter the API server looks closer. */
const isNetwork = (text: string): boolean =>
  ipv4Network.test(text) || /^[0-9a-f]*:[0-9a-f:]*\/(12[0-8]|1[01]\d|[1-9]?\d)$/i.test(text);

const readQuota = (reader: InputReader): Readonly<Record<string, string>> =>
  Object.fromEntries(
    reader.list('preview-quota').flatMap((text) => {
      const [, name, amount] = /^([a-z][a-z0-9./-]*)=(\d+(?:\.\d+)?[a-zA-Z]{0,2})$/.exec(text) ?? [];
      if (name !== undefined && amount !== undefined) return [[name, amount]];
      reader.problems.push(
        `\`preview-quota\` holds \`${text.slice(0, 200)}\`; accepted: \`pods=10\`, \`requests.memory=2Gi\``,
      );
      return [];
    }),
  );

/** What is required in this mode and was not given; one that was given wrong is complained of already. */
const demand = (reader: InputReader, name: PreviewInput, given: boolean): void => {
  if (given || reader.text(name) !== undefined) return;
  reader.problems.push(`\`${name}\` is required: ${previewSpecs[name].description}`);
};

const readNameTemplate = (reader: InputReader): string => {
  const template = reader.text('preview-name') ?? '';
  const wrong = templateProblem(template);
  if (wrong !== undefined)
    reader.problems.push(`\`preview-name\` is \`${template.slice(0, 200)}\`; accepted: ${wrong}`);
  return template;
};

const readImages = (reader: InputReader): PreviewInputs['images'] =>
  reader.lines('images').flatMap((line) => {
    const image = parseImage(line);
    if (image === undefined)
      reader.problems.push(
        `\`images\` holds \`${line.slice(0, 200)}\`; accepted: \`name=registry/name:tag\``,
      );
    return image ?? [];
  });

/** All that were given: whoever reads the problems wants to see the list as it is. */
const readList = (
  reader: InputReader,
  name: PreviewInput,
  isAccepted: (text: string) => boolean,
  accepted: string,
): readonly string[] => {
  const texts = reader.list(name);
  for (const text of texts.filter((each) => !isAccepted(each)))
    reader.problems.push(`\`${name}\` holds \`${text.slice(0, 200)}\`; accepted: ${accepted}`);
  return texts;
};

/** @param mode which of the inputs are required depends on it */
export const readPreviewInputs = (reader: InputReader, mode: string): PreviewInputs => {
  const domain = reader.matching('preview-domain', domainForm, 'a domain such as `preview.example.com`');
  const gateway = reader.parsed(
    'preview-gateway',
    parseGateway,
    '`namespace/name` or `namespace/name/listener`',
  );
  // `teardown` without it takes down a deploy (modes/teardown.ts).
  if (mode === 'preview' || mode === 'sweep') demand(reader, 'preview-domain', domain !== undefined);
  if (mode === 'preview') demand(reader, 'preview-gateway', gateway !== undefined);
  const nameTemplate = readNameTemplate(reader);
  const images = readImages(reader);
  const allowedKinds = readList(
    reader,
    'allowed-kinds',
    (kind) => kindForm.test(kind),
    '`Service`, `Deployment.apps`',
  );
  const expectHeader = reader.parsed(
    'expect-header',
    (value) => (parseHeader(value) === undefined ? undefined : value),
    '`Name: value`, such as `X-Commit: {sha}`',
  );
  const shared = reader.matching('preview-services', new RegExp(`^${label}$`), 'the name of a namespace');
  const networks = readList(reader, 'preview-networks', isNetwork, 'CIDRs such as `10.0.0.0/20`');
  const token = reader.text('github-token') ?? '';
  return {
    domain: (domain ?? '').toLowerCase(),
    ...(gateway && { gateway }),
    nameTemplate,
    longestName: reader.whole('preview-name-length', 20, longestName) ?? longestName,
    images,
    allowedKinds,
    ...(expectHeader !== undefined && { expectHeader }),
    fences: { quota: readQuota(reader), networks },
    expiresIn: reader.parsed('expires-in', parseAge, 'a time from `1m` to `365d`, such as `12h`, `7d`') ?? 0,
    environment:
      reader.matching('preview-environment', /^[^\r\n]{1,255}$/, 'the name of an environment') ?? '',
    ...(shared !== undefined && { shared }),
    wildcard: reader.matching('preview-dns', /^(record|wildcard)$/, '`record`, `wildcard`') === 'wildcard',
    evict: reader.matching('evict', /^(none|stale)$/, '`none`, `stale`') === 'stale',
    ruleLimit: reader.whole('preview-rule-limit', 1, 10_000) ?? 0,
    dryRun: reader.flag('dry-run'),
    sweepCluster:
      reader.matching('sweep-scope', /^(repository|cluster)$/, '`repository`, `cluster`') === 'cluster',
    // Outside a runner nobody fills the default in.
    ...(token !== '' && !token.startsWith('${{') && { token }),
  };
};
