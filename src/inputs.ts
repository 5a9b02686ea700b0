// Every input of the action, once: name, meaning, default and how it is read. action.yml, the reusable workflows and docs/inputs.md are generated from here.
import { type AccessInputs, accessSpecs, readAccessInputs } from './access/input-specs.ts';
import { type HeaderWant, parseHeader, parseStatuses, type StatusRange } from './chain/https.ts';
import { type NamedServer, parseServer } from './dns/server.ts';
import { type DriftInputs, driftSpecs, readDriftInputs } from './drift/input-specs.ts';
import { type FleetInputs, fleetSpecs, readFleetInputs } from './fleet/input-specs.ts';
import { type HelmInputs, helmSpecs, readHelmInputs } from './helm/input-specs.ts';
import { InputReader, type InputSpec, quote } from './input-reader.ts';
import { type PreviewInputs, previewSpecs, readPreviewInputs } from './preview/input-specs.ts';
import { Problem } from './verdict/problem.ts';

export const inputSpecs = {
  mode: {
    group: 'AWS',
    default: 'deploy',
    description:
      'What to do: `deploy`; `plan` (what a deploy would change and break; writes nothing); `verify` (the chain alone, read-only); `preview` (a hostname for a pull request); `teardown` (the end of a preview, or, without `preview-domain`, of what the repository deployed); `sweep` (removes previews that nobody needs any more); `drift` (what has changed since, in the cluster, Helm, Route 53 and AWS); `doctor` (a read-only look at AWS and the cluster before anything is applied); `lint` (the files alone, without AWS and cluster); `fold` (the reports of a fleet as one summary).',
  },
  ...accessSpecs,
  'working-directory': {
    group: 'Repository',
    default: '.',
    description: 'Folder that is searched, relative to the workspace.',
  },
  crds: {
    group: 'Repository',
    description:
      'Globs, one a line, of the files with custom resource definitions. Default: found by content.',
  },
  charts: {
    group: 'Repository',
    description:
      'Folders (globs, one a line) of the charts to install. Default: every folder with a Chart.yaml.',
  },
  manifests: {
    group: 'Repository',
    description:
      'Globs, one a line, of other manifests (Deployments, Services, Gateways …), applied before the routes, or folders with a kustomization.yaml to build. Default: found by content.',
  },
  routes: {
    group: 'Repository',
    description: 'Globs, one a line, of the files with HTTPRoutes and GRPCRoutes. Default: found by content.',
  },
  namespace: {
    group: 'Helm',
    default: 'default',
    description: 'Namespace of the Helm release, and of manifests that name none.',
  },
  'create-namespace': {
    group: 'Helm',
    default: 'false',
    description: 'Create the namespace of the release when it does not exist.',
  },
  'release-name': {
    group: 'Helm',
    description: "Name of the Helm release. Default: the chart's name. With several charts leave it empty.",
  },
  'values-files': {
    group: 'Helm',
    description:
      'Values files, one a line, relative to the working directory; later ones win. With several charts `CHART=FILE` gives a file to one of them.',
  },
  ...helmSpecs,
  'helm-timeout': { group: 'Helm', default: '10m', description: 'How long `helm upgrade --wait` may take.' },
  'take-over': {
    group: 'Advanced',
    description:
      'Field managers, separated by commas, from which fields are taken over for good, such as `kubectl-client-side-apply,helm`. Default: a field that another manager set to another value is a conflict.',
  },
  prune: {
    group: 'Advanced',
    default: 'false',
    description:
      'Remove what left the repository: objects that earlier runs with `prune: true` applied and that are in it no more. Never custom resource definitions, namespaces, or what charts brought.',
  },
  'prune-limit': {
    group: 'Advanced',
    default: '50',
    description: 'The largest part of its objects, in percent, that one run may remove (1 to 100).',
  },
  inventory: {
    group: 'Advanced',
    description:
      "Name of the ConfigMap in `namespace` that keeps, for `prune`, where the repository's objects are. Default: made from repository and working directory; give one where several workflows deploy parts of one folder.",
  },
  'wait-timeout': {
    group: 'Waiting',
    default: '15m',
    description: 'How long the hostnames may take to come alive (`90s`, `15m`, `1h`).',
  },
  'https-path': {
    group: 'Waiting',
    description: "Path that is probed. Default: taken from the route's own matches.",
  },
  'https-header': {
    group: 'Waiting',
    description: 'Header that the answer must carry, as `Name: value`.',
  },
  'https-status': {
    group: 'Waiting',
    default: '200-399',
    description: 'Statuses that are accepted: single ones and ranges, separated by commas.',
  },
  'https-successes': {
    group: 'Waiting',
    default: '3',
    description: 'How many rounds in a row every address of a hostname must answer well (1 to 20).',
  },
  ...previewSpecs,
  ...driftSpecs,
  ...fleetSpecs,
  'hosted-zone-id': {
    group: 'Advanced',
    description:
      'Id of the hosted zone. Default: the public zone with the longest name that fits the hostname.',
  },
  'name-servers': {
    group: 'Advanced',
    description:
      "Name servers to ask (`ip`, `ip:port` or name, separated by commas) instead of the zone's own.",
  },
  'test-dns-answer': {
    group: 'Advanced',
    default: 'false',
    description:
      "Ask Route 53's API (route53:TestDNSAnswer) what its name servers would answer, instead of asking them: only for runners that cannot reach port 53. The delegation of the zone is not proved then.",
  },
} as const satisfies Record<string, InputSpec>;

export type InputName = keyof typeof inputSpecs;

export const runModes = [
  'deploy',
  'plan',
  'verify',
  'preview',
  'teardown',
  'sweep',
  'drift',
  'doctor',
  'lint',
  'fold',
] as const;
export type RunMode = (typeof runModes)[number];

/** Modes that read files alone: nothing of AWS or a cluster is asked of whoever runs them. */
export const modesOfFiles: readonly RunMode[] = ['lint', 'fold'];

/** What is written, and how. */
interface ApplyInputs {
  readonly namespace: string;
  readonly createNamespace: boolean;
  readonly releaseName?: string;
  readonly valuesFiles: readonly string[];
  readonly helm: HelmInputs;
  /** Seconds. */
  readonly helmTimeout: number;
  /** Field managers that may lose fields to us. */
  readonly takeOver: readonly string[];
  readonly prune: boolean;
  /** Percent. */
  readonly pruneLimit: number;
  readonly inventory?: string;
}

/** What a host has to answer. */
interface HttpsInputs {
  readonly path?: string;
  readonly header?: HeaderWant;
  readonly status: readonly StatusRange[];
  readonly successes: number;
}

/** Where records are looked at. */
interface ZoneInputs {
  readonly hostedZoneId?: string;
  readonly nameServers: readonly NamedServer[];
  /** Route 53's API stands in for the name servers. */
  readonly testDnsAnswer: boolean;
}

export interface Inputs extends AccessInputs, ApplyInputs, ZoneInputs {
  readonly mode: RunMode;
  readonly workingDirectory: string;
  readonly globs: {
    readonly crds: readonly string[];
    readonly charts: readonly string[];
    readonly manifests: readonly string[];
    readonly routes: readonly string[];
  };
  /** Seconds. */
  readonly waitTimeout: number;
  readonly https: HttpsInputs;
  readonly preview: PreviewInputs;
  readonly drift: DriftInputs;
  readonly fleet: FleetInputs;
}

/** Reads one raw input; the empty string when it was not given. */
export type RawInput = (name: InputName) => string;

/** What is required of the other inputs depends on it: linting needs no AWS. */
function modeOf(reader: InputReader<InputName>): RunMode {
  const value = reader.text('mode');
  const mode = runModes.find((each) => each === value);
  if (mode === undefined) {
    const accepted = runModes.map((each) => `\`${each}\``).join(', ');
    reader.problems.push(`\`mode\` is ${quote(value ?? '')}; accepted: ${accepted}`);
  }
  reader.demanding = mode === undefined || !modesOfFiles.includes(mode);
  return mode ?? 'deploy';
}

function readHttps(reader: InputReader<InputName>): HttpsInputs {
  const path = reader.matching('https-path', /^\/\S*$/, 'a path that begins with `/`');
  const header = reader.parsed('https-header', parseHeader, '`Name: value`');
  const status = reader.parsed('https-status', parseStatuses, 'statuses and ranges such as `200`, `200-399`');
  return {
    ...(path !== undefined && { path }),
    ...(header !== undefined && { header }),
    status: status ?? [],
    successes: reader.whole('https-successes', 1, 20) ?? 0,
  };
}

function readZone(reader: InputReader<InputName>): ZoneInputs {
  const hostedZoneId = reader.matching(
    'hosted-zone-id',
    /^(\/hostedzone\/)?[A-Z0-9]{1,32}$/,
    'an id such as `Z0123456789ABC`',
  );
  return {
    ...(hostedZoneId !== undefined && { hostedZoneId: hostedZoneId.replace('/hostedzone/', '') }),
    nameServers: reader.listed('name-servers', parseServer, '`ip`, `ip:port` or a name'),
    testDnsAnswer: reader.flag('test-dns-answer'),
  };
}

function readApply(reader: InputReader<InputName>): ApplyInputs {
  const releaseName = reader.matching(
    'release-name',
    /^[a-z0-9]([a-z0-9.-]{0,51}[a-z0-9])?$/,
    'lower-case letters, digits, `-`, `.`; at most 53',
  );
  const namespace = reader.matching(
    'namespace',
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'the name of a namespace',
  );
  const inventory = reader.matching(
    'inventory',
    /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
    'the name of a ConfigMap',
  );
  return {
    namespace: namespace ?? '',
    createNamespace: reader.flag('create-namespace'),
    ...(releaseName !== undefined && { releaseName }),
    valuesFiles: reader.lines('values-files'),
    helm: readHelmInputs(reader),
    helmTimeout: reader.seconds('helm-timeout'),
    takeOver: reader.list('take-over'),
    prune: reader.flag('prune'),
    pruneLimit: reader.whole('prune-limit', 1, 100) ?? 0,
    ...(inventory !== undefined && { inventory }),
  };
}

/** Where a run would write although its inputs say that it should not, or elsewhere. */
const wrongMode = (mode: RunMode, raw: RawInput): readonly string[] => {
  const problems: string[] = [];
  if (/^true$/i.test(raw('dry-run').trim()) && (mode === 'deploy' || mode === 'teardown'))
    problems.push(
      `\`dry-run\` is read by \`preview\` and \`sweep\` alone, and \`mode: ${mode}\` would write; \`mode: plan\` says what a deploy would do`,
    );
  if (mode === 'deploy')
    for (const name of ['preview-domain', 'preview-gateway'] as const)
      if (raw(name).trim() !== '')
        problems.push(
          `\`${name}\` is of \`mode: preview\`, and \`mode: deploy\` would publish the hostnames of the repository themselves`,
        );
  return problems;
};

/**
 * Reads and checks all inputs.
 * @throws Problem `input/invalid` that lists every wrong input at once, with the accepted values.
 */
export function readInputs(raw: RawInput): Inputs {
  const reader = new InputReader(raw, inputSpecs);
  const mode = modeOf(reader);
  const inputs: Inputs = {
    mode,
    ...readAccessInputs(reader),
    workingDirectory: reader.text('working-directory') ?? '.',
    globs: {
      crds: reader.lines('crds'),
      charts: reader.lines('charts'),
      manifests: reader.lines('manifests'),
      routes: reader.lines('routes'),
    },
    ...readApply(reader),
    waitTimeout: reader.seconds('wait-timeout'),
    https: readHttps(reader),
    preview: readPreviewInputs(reader, mode),
    drift: readDriftInputs(reader),
    fleet: readFleetInputs(reader, mode === 'fold'),
    ...readZone(reader),
  };
  reader.problems.push(...wrongMode(mode, raw));
  if (reader.problems.length > 0) {
    const count = reader.problems.length;
    throw new Problem(
      'input/invalid',
      `${count === 1 ? 'An input is' : `${count} inputs are`} wrong:\n${reader.problems.map((line) => `- ${line}`).join('\n')}`,
      {
        hint: 'Correct the `with:` block of the step that uses the action.',
      },
    );
  }
  return inputs;
}
