// The runner's environment, read once: the only place that touches process.env and INPUT_*.
import { join, resolve } from 'node:path';
import { type InputName, inputSpecs, type RawInput } from './inputs.ts';

export interface Environment {
  readonly raw: RawInput;
  /** Inputs that were given but that the action does not have, in lower case: the runner forgets how they were written. */
  readonly unknownInputs: readonly string[];
  /** What was given for one of them. */
  readonly unknownRaw: (name: string) => string;
  readonly workspace: string;
  /** The runner's temp folder; emptied after the job. */
  readonly temp: string;
  readonly files: { readonly summary?: string; readonly output?: string; readonly state?: string };
  readonly event: { readonly name: string; readonly payloadFile?: string };
  readonly repository: string;
  /** Root of GitHub's REST API. */
  readonly api: string;
  readonly runUrl?: string;
  /** The workflow run, who started it; absent outside of GitHub. */
  readonly workflow: {
    readonly run?: { readonly id: string; readonly attempt: number };
    readonly actor?: string;
  };
  /** Address of the action's own repository at the version that runs; absent where the action is called by a path. */
  readonly documentation?: string;
  readonly oidc: { readonly url?: string; readonly token?: string };
  readonly proxy: { readonly https?: string; readonly http?: string; readonly none?: string };
  /** What child processes (helm) may have of our environment; credentials are never among it. */
  readonly child: Readonly<Record<string, string>>;
  /**
   * Variables that say where `helm registry login` and `docker login` of earlier steps have left what registries take;
   * for fetching dependencies alone.
   */
  readonly registries: Readonly<Record<string, string>>;
  /** File in which `helm repo add` of earlier steps has left chart repositories and their passwords; may not exist. */
  readonly repositories?: string;
  /** Where helm of earlier steps keeps releases. */
  readonly helmDriver?: string;
  /** State saved by the main step: present only in `post`. */
  readonly post: boolean;
  /** The private folder that the main step made, for `post` to remove. */
  readonly privateFolder?: string;
  readonly debug: boolean;
  /** Whether the job had turned off the check of certificates for all that Node does. */
  readonly uncheckedTls: boolean;
}

/** Names that helm needs to find itself, its certificates and its way out. */
const forChildren = [
  'PATH',
  'TMPDIR',
  'LANG',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'no_proxy',
];

/**
 * Node looks at the variable for each connection: with it, whoever sits on the way, or is the proxy of an earlier step, gets
 * tokens and answers for AWS and the cluster.
 */
function checkCertificates(env: NodeJS.ProcessEnv): boolean {
  const unchecked = env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0';
  delete env['NODE_TLS_REJECT_UNAUTHORIZED'];
  return unchecked;
}

/** A variable's value; empty is as good as absent. */
type Text = (name: string) => string | undefined;

const optional = <Key extends string>(key: Key, value: string | undefined): { [K in Key]?: string } =>
  value === undefined ? {} : ({ [key]: value } as { [K in Key]: string });

/** Takes `NODE_TLS_REJECT_UNAUTHORIZED` out of the environment that it is given. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const text: Text = (name) => env[name] || undefined;
  const server = text('GITHUB_SERVER_URL');
  const run = text('GITHUB_RUN_ID');
  const repository = text('GITHUB_REPOSITORY') ?? '';
  const known = new Set(Object.keys(inputSpecs).map(variableOf));
  return {
    raw: (name: InputName) => env[variableOf(name)] ?? '',
    unknownInputs: Object.keys(env)
      .filter((name) => name.startsWith('INPUT_') && !known.has(name))
      .map((name) => name.slice('INPUT_'.length).toLowerCase()),
    unknownRaw: (name: string) => env[`INPUT_${name.toUpperCase()}`] ?? '',
    workspace: text('GITHUB_WORKSPACE') ?? process.cwd(),
    temp: text('RUNNER_TEMP') ?? text('TMPDIR') ?? '/tmp',
    files: {
      ...optional('summary', text('GITHUB_STEP_SUMMARY')),
      ...optional('output', text('GITHUB_OUTPUT')),
      ...optional('state', text('GITHUB_STATE')),
    },
    event: { name: text('GITHUB_EVENT_NAME') ?? '', ...optional('payloadFile', text('GITHUB_EVENT_PATH')) },
    repository,
    api: text('GITHUB_API_URL') ?? 'https://api.github.com',
    ...optional('runUrl', server && run ? `${server}/${repository}/actions/runs/${run}` : undefined),
    workflow: workflowIn(text),
    ...optional(
      'documentation',
      documentationOf(server, text('GITHUB_ACTION_REPOSITORY'), text('GITHUB_ACTION_REF')),
    ),
    oidc: {
      ...optional('url', text('ACTIONS_ID_TOKEN_REQUEST_URL')),
      ...optional('token', text('ACTIONS_ID_TOKEN_REQUEST_TOKEN')),
    },
    proxy: proxyIn(text),
    child: childIn(text),
    ...helmFilesIn(text),
    ...optional('helmDriver', text('HELM_DRIVER')),
    post: text('STATE_started') === 'true',
    ...optional('privateFolder', text('STATE_private-folder')),
    debug: text('RUNNER_DEBUG') === '1',
    uncheckedTls: checkCertificates(env),
  };
}

function workflowIn(text: Text): Environment['workflow'] {
  const run = text('GITHUB_RUN_ID');
  return {
    ...(run !== undefined && { run: { id: run, attempt: Number(text('GITHUB_RUN_ATTEMPT') ?? 1) } }),
    ...optional('actor', text('GITHUB_TRIGGERING_ACTOR') ?? text('GITHUB_ACTOR')),
  };
}

const proxyIn = (text: Text): Environment['proxy'] => ({
  ...optional('https', text('HTTPS_PROXY') ?? text('https_proxy')),
  ...optional('http', text('HTTP_PROXY') ?? text('http_proxy')),
  ...optional('none', text('NO_PROXY') ?? text('no_proxy')),
});

const childIn = (text: Text): Environment['child'] =>
  Object.fromEntries(
    forChildren.flatMap((name) => {
      const value = text(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Their defaults are in the user's home, and helm gets another one (helm pkg/helmpath, docker cli config). */
function helmFilesIn(text: Text): Pick<Environment, 'registries' | 'repositories'> {
  const home = text('HOME');
  const settings = text('XDG_CONFIG_HOME') ?? (home === undefined ? undefined : join(home, '.config'));
  const helm = text('HELM_CONFIG_HOME') ?? (settings === undefined ? undefined : join(settings, 'helm'));
  const inHelm = (name: string): string | undefined => (helm === undefined ? undefined : join(helm, name));
  const registries = {
    HELM_REGISTRY_CONFIG: text('HELM_REGISTRY_CONFIG') ?? inHelm('registry/config.json'),
    DOCKER_CONFIG: text('DOCKER_CONFIG') ?? (home === undefined ? undefined : join(home, '.docker')),
  };
  const repositories = text('HELM_REPOSITORY_CONFIG') ?? inHelm('repositories.yaml');
  return {
    registries: Object.fromEntries(
      Object.entries(registries).flatMap(([name, path]) =>
        path === undefined ? [] : [[name, resolve(path)]],
      ),
    ),
    ...(repositories !== undefined && { repositories: resolve(repositories) }),
  };
}

/** Only names of the usual form: they end up in links. */
function documentationOf(server = '', repository = '', ref = ''): string | undefined {
  const usual = /^[\w.-]+\/[\w.-]+$/.test(repository) && /^[\w./-]+$/.test(ref);
  return usual && /^https:\/\/[\w.:-]+$/.test(server) ? `${server}/${repository}/blob/${ref}` : undefined;
}

/** The variable in which the runner hands over an input: upper case, blanks to `_`, hyphens kept. */
function variableOf(name: string): string {
  return `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`;
}
