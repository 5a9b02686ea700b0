// Installs or upgrades a release, and tells in which state it is.
import { runChild } from '../child.ts';
import { Problem } from '../verdict/problem.ts';
import { flagsOf, type Helm } from './version.ts';
import { helmWords } from './words.ts';

export interface Release {
  readonly name: string;
  readonly namespace: string;
}

/** A release's last revision, as `helm history` has it. */
export interface ReleaseState {
  /** `deployed`, `failed`, `pending-install`, `pending-upgrade`, `pending-rollback`, `uninstalling`, … */
  readonly status: string;
  readonly revision: number;
  /** `umbrella-0.1.0`. */
  readonly chart: string;
  /** `Upgrade complete`, or why it failed. */
  readonly description: string;
  readonly updated: string;
}

export interface UpgradeOptions {
  /** The workspace's absolute path; values files are relative to it. */
  readonly workspace: string;
  /** The chart's folder, which may be a copy. */
  readonly chartPath: string;
  readonly values: readonly string[];
  /** Seconds for which helm waits until what it installed is ready. */
  readonly timeout: number;
  readonly createNamespace?: boolean;
  /** `key=value`, kept on the revision's Secret. */
  readonly labels?: readonly string[];
  readonly onLine?: (line: string) => void;
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** @throws Problem `helm/failed` where it is none: a wrapper or a plugin that prints beside helm. */
const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem('helm/failed', 'helm history printed no JSON.', {
      hint: 'Something prints beside helm: see what `helm` is on this runner.',
      evidence: [{ from: 'helm history', saw: text.slice(0, 500) }],
      cause,
    });
  }
};

const parseHistory = (text: string): ReleaseState | undefined => {
  const history = jsonOf(text);
  const last: unknown = Array.isArray(history) ? history.at(-1) : undefined;
  if (!isFields(last)) return undefined;
  return {
    status: textOf(last['status']),
    revision: Number(last['revision']),
    chart: textOf(last['chart']),
    description: textOf(last['description']),
    updated: textOf(last['updated']),
  };
};

/** The last revision that was good: it is in place, or was until the one after it was. */
const goodIn = (text: string): number | undefined => {
  const history = jsonOf(text);
  const rows = (Array.isArray(history) ? history : []).filter(isFields);
  const last = (status: string): number | undefined => {
    const found = rows.findLast((row) => row['status'] === status);
    return found === undefined ? undefined : Number(found['revision']);
  };
  return last('deployed') ?? last('superseded');
};

/** `undefined` where the release never was deployed, or where that cannot be read. */
export const goodRevision = async (
  helm: Helm,
  release: Release,
  cwd: string,
  signal: AbortSignal,
): Promise<number | undefined> => {
  const args = ['history', release.name, '--namespace', release.namespace, '--output', 'json'];
  const end = await runChild('helm', args, { cwd, environment: helm.environment }, signal);
  return end.code === 0 ? goodIn(end.stdout) : undefined;
};

/**
 * `helm rollback`, which waits as the upgrade did.
 * @throws Problem `helm/failed`; the signal's reason on abort.
 */
export const rollBack = async (
  helm: Helm,
  release: Release,
  revision: number,
  { workspace: cwd, timeout, onLine }: Pick<UpgradeOptions, 'workspace' | 'timeout' | 'onLine'>,
  signal: AbortSignal,
): Promise<void> => {
  const { wait } = flagsOf(helm.version);
  const args = ['rollback', release.name, String(revision), '--namespace', release.namespace, ...wait];
  const end = await runChild(
    'helm',
    [...args, '--timeout', `${Math.max(1, Math.ceil(timeout))}s`],
    { cwd, environment: helm.environment, ...(onLine && { onLine }) },
    signal,
  );
  if (end.code !== 0)
    throw new Problem(
      'helm/failed',
      `The roll-back to revision ${revision} failed as well: ${helmWords(end)}`,
    );
};

export const grant =
  'Give the role that permission by an access policy of its access entry, or by a ClusterRole bound to a group of the entry.';

/**
 * The missing permission, where that is why helm failed. What helm passes on of the API server's refusals: `… is forbidden: User "u" cannot list resource "secrets" in API
 * group "" in the namespace "infra"` (kubernetes/apiserver responsewriters/errors.go).
 */
export const deniedIn = (
  words: string,
): { readonly user: string; readonly permission: string } | undefined => {
  const found =
    /User "([^"]*)" cannot (\S+) resource "([^"]*)"(?: in API group "([^"]*)")?(?: in the namespace "([^"]*)")?/.exec(
      words,
    );
  if (!found) return undefined;
  const [, user = '', verb = '', resource = '', group = '', namespace] = found;
  const where = namespace === undefined ? 'at the cluster scope' : `in namespace ${namespace}`;
  return { user, permission: `${verb} ${resource}${group === '' ? '' : `.${group}`} ${where}` };
};

const forbidden = (words: string, release: Release): Problem | undefined => {
  const denied = deniedIn(words);
  return (
    denied &&
    new Problem(
      'cluster/forbidden',
      `helm cannot read release ${release.name}: ${denied.user} may not ${denied.permission}.`,
      { hint: grant, evidence: [{ from: 'helm history', saw: words }] },
    )
  );
};

/**
 * `undefined` when there is no such release. Read from `helm history`, which, unlike `helm status`, prints neither
 * manifests nor values.
 * @throws Problem `cluster/forbidden`, `helm/failed`; the signal's reason on abort.
 */
export const releaseState = async (
  helm: Helm,
  release: Release,
  cwd: string,
  signal: AbortSignal,
): Promise<ReleaseState | undefined> => {
  const args = ['history', release.name, '--namespace', release.namespace, '--max', '1', '--output', 'json'];
  const end = await runChild('helm', args, { cwd, environment: helm.environment }, signal);
  if (end.code === 0) return parseHistory(end.stdout);
  if (/release: not found/.test(end.stderr)) return undefined;
  const words = helmWords(end);
  throw (
    forbidden(words, release) ??
    new Problem('helm/failed', `helm cannot read release ${release.name}: ${words}`, {
      hint: "The role needs to get and list Secrets in the release's namespace: Helm keeps its releases there.",
    })
  );
};

const stateText = (release: Release, state: ReleaseState | undefined): string =>
  state === undefined
    ? `There is no release ${release.name} in namespace ${release.namespace}.`
    : `Release ${release.name} is ${state.status} at revision ${state.revision}.`;

/** What Helm 4 and 3 say when `--timeout` has passed. */
const late = /context deadline exceeded|timed out waiting for the condition/;

/** What to do about helm's words. */
export const hintFor = (state: ReleaseState | undefined, words: string, release: Release): string => {
  const { name, namespace } = release;
  if (state?.status.startsWith('pending-') === true) {
    return `A helm that was ended in the middle, or one that still runs elsewhere, holds the release. If none runs: helm rollback ${name} --namespace ${namespace} (or, at revision 1, helm uninstall), then run again.`;
  }
  if (/namespaces? "?[^"\s]+"? not found/.test(words)) {
    return `Create the namespace ${namespace} first, or set \`create-namespace: true\`.`;
  }
  if (/invalid ownership metadata/.test(words)) {
    return `An object of the chart is in the cluster already and does not belong to the release: take it out of the chart or out of the cluster, or give it the labels and annotations that helm names.`;
  }
  if (/conflict/i.test(words)) {
    return 'Another manager owns a field that the chart sets: let go of it there, or take it out of the chart.';
  }
  const webhook = /failed calling webhook "[^"]*".*?https:\/\/([\w-]+)\.([\w-]+)\.svc/s.exec(words);
  if (webhook) {
    const [, service = '', where = ''] = webhook;
    return `A webhook that fails closed had no pod to answer: kubectl --namespace ${where} get endpointslices -l kubernetes.io/service-name=${service} shows whether one is ready. Run again once it is.`;
  }
  if (late.test(words)) {
    return `Look at the pods of the release: kubectl --namespace ${namespace} get pods,events.`;
  }
  if (/is forbidden: User/.test(words)) return grant;
  const unserved = /no matches for kind "[^"]*" in version "([^/"]*)/.exec(words);
  if (unserved) {
    return `The cluster does not serve that kind in that version: write one that it serves (kubectl api-resources --api-group=${unserved[1]} lists them), or put its custom resource definition into the repository (input \`crds\`) or into the chart.`;
  }
  return state === undefined
    ? 'Correct what helm names, and run again.'
    : `Correct what helm names, and run again; helm history ${name} --namespace ${namespace} shows what came before.`;
};

/** The state after a failure; the failure itself matters more than not being able to read it. */
const stateAfter = async (
  helm: Helm,
  release: Release,
  cwd: string,
  signal: AbortSignal,
): Promise<ReleaseState | undefined | 'unreadable'> => {
  try {
    return await releaseState(helm, release, cwd, signal);
  } catch (error) {
    if (error instanceof Problem) return 'unreadable';
    throw error;
  }
};

/** Without the chart's CRDs: those are applied before by us, and Helm 4 fails on CRDs that somebody else applied. */
export const upgradeArguments = (
  helm: Helm,
  release: Release,
  options: UpgradeOptions,
): readonly string[] => {
  const { wait, upgrade } = flagsOf(helm.version);
  const { labels = [] } = options;
  return [
    'upgrade',
    '--install',
    release.name,
    options.chartPath,
    '--namespace',
    release.namespace,
    '--skip-crds',
    '--hide-notes',
    ...wait,
    '--timeout',
    `${Math.max(1, Math.ceil(options.timeout))}s`,
    ...upgrade,
    ...options.values.flatMap((file) => ['--values', file]),
    ...(labels.length > 0 ? ['--labels', labels.join(',')] : []),
    ...(options.createNamespace === true ? ['--create-namespace'] : []),
  ];
};

/**
 * `helm upgrade --install`. Never `--debug`: it prints values.
 * @param before the state of the release before: without one this is its first install
 * @throws Problem `helm/failed` with helm's words and the release's state; the signal's reason on abort, after helm
 * was given 3 s to mark the release as failed.
 */
export const upgradeInstall = async (
  helm: Helm,
  release: Release,
  before: ReleaseState | undefined,
  options: UpgradeOptions,
  signal: AbortSignal,
): Promise<ReleaseState> => {
  const cwd = options.workspace;
  const args = upgradeArguments(helm, release, options);
  const end = await runChild(
    'helm',
    args,
    { cwd, environment: helm.environment, ...(options.onLine && { onLine: options.onLine }) },
    signal,
  );
  const state = await stateAfter(helm, release, cwd, signal);
  if (end.code === 0 && state !== undefined && state !== 'unreadable') return state;

  const known = state === 'unreadable' ? undefined : state;
  const words = end.code === null ? 'helm was ended from outside' : helmWords(end);
  const meaning =
    late.test(words) && !/failed calling webhook/.test(words)
      ? `what the chart installs was not ready within ${Math.ceil(options.timeout)} s (${words}).`
      : words.replace(/\.?$/, '.');
  const where =
    state === 'unreadable' ? 'The state of the release cannot be read.' : stateText(release, known);
  const what =
    before === undefined
      ? `The first install of release ${release.name} failed`
      : `The upgrade of release ${release.name} from revision ${before.revision} failed`;
  throw new Problem('helm/failed', `${what}: ${meaning} ${where}`, {
    hint: hintFor(known, words, release),
    evidence: [
      { from: `helm upgrade --install ${release.name}`, saw: words },
      ...(known
        ? [
            {
              from: `helm history ${release.name}`,
              saw: `${known.status}, revision ${known.revision}, chart ${known.chart}: ${known.description}`,
            },
          ]
        : []),
    ],
  });
};
