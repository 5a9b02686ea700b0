// Deployments of previews: all in one environment (a job's token cannot delete environments), told apart by their task.
import type { GitHub, Octokit, Target } from './api.ts';

export interface PreviewDeployment {
  readonly environment: string;
  /** The preview's name: only its own deployments are ever touched. */
  readonly name: string;
}

export interface LiveDeployment extends PreviewDeployment {
  readonly sha: string;
  readonly url: string;
  readonly log?: string;
}

const permission = 'deployments: write';

const taskOf = ({ name }: PreviewDeployment): string => `preview:${name}`;

/** A deployment of this commit that is live; those before it are inactive. @throws Problem `github/*`. */
export async function markLive(github: GitHub, live: LiveDeployment, signal: AbortSignal): Promise<void> {
  await github.call(
    'make a deployment',
    permission,
    async (octokit, target) => {
      const before = await list(octokit, target, live);
      const same = before.find(({ sha, active }) => sha === live.sha && active);
      const id = same?.id ?? (await create(octokit, target, live));
      await octokit.rest.repos.createDeploymentStatus({
        ...target,
        deployment_id: id,
        state: 'success',
        environment: live.environment,
        environment_url: live.url,
        ...(live.log !== undefined && { log_url: live.log }),
        // It would set those of all other pull requests in the environment inactive as well.
        auto_inactive: false,
      });
      await deactivate(
        octokit,
        target,
        before.filter((each) => each.active && each.id !== id),
      );
    },
    signal,
  );
}

/** @throws Problem `github/*`. */
export async function markInactive(
  github: GitHub,
  preview: PreviewDeployment,
  signal: AbortSignal,
): Promise<void> {
  await github.call(
    'set a deployment inactive',
    permission,
    async (octokit, target) => {
      const before = await list(octokit, target, preview);
      await deactivate(
        octokit,
        target,
        before.filter(({ active }) => active),
      );
    },
    signal,
  );
}

interface Listed {
  readonly id: number;
  readonly sha: string;
  readonly active: boolean;
}

/** The newest of the preview, with whether they still count: a pull request of a hundred pushes has them all. */
async function list(octokit: Octokit, target: Target, preview: PreviewDeployment): Promise<Listed[]> {
  const { data } = await octokit.rest.repos.listDeployments({
    ...target,
    environment: preview.environment,
    task: taskOf(preview),
    per_page: 20,
  });
  const listed: Listed[] = [];
  for (const { id, sha } of data) {
    const statuses = await octokit.rest.repos.listDeploymentStatuses({
      ...target,
      deployment_id: id,
      per_page: 1,
    });
    const active = statuses.data[0]?.state !== 'inactive';
    listed.push({ id, sha, active });
    // Behind an inactive one there are only inactive ones.
    if (!active) break;
  }
  return listed;
}

async function create(octokit: Octokit, target: Target, live: LiveDeployment): Promise<number> {
  const { data } = await octokit.rest.repos.createDeployment({
    ...target,
    ref: live.sha,
    task: taskOf(live),
    environment: live.environment,
    description: live.url,
    auto_merge: false,
    required_contexts: [],
    transient_environment: true,
    production_environment: false,
  });
  if (!('id' in data)) throw new Error(data.message ?? 'GitHub made no deployment');
  return data.id;
}

async function deactivate(octokit: Octokit, target: Target, deployments: readonly Listed[]): Promise<void> {
  for (const { id } of deployments) {
    await octokit.rest.repos.createDeploymentStatus({ ...target, deployment_id: id, state: 'inactive' });
  }
}
