// Runs for pull requests, and the GitHub that they speak to: what tests of previews have in common.
import { ListResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { appFiles, ensureInfra, type Finished, kubectl, lab, layout, run, workspaceOf } from './harness.ts';

/** The sample's infra, no preview of a run that failed in the same lab, and a GitHub that knows nothing. */
export async function freshPreviews(): Promise<void> {
  await ensureInfra();
  kubectl('delete', 'namespace', '-l', 'eks-gateway-action/preview', '--ignore-not-found');
  kubectl('delete', 'httproute', '-A', '-l', 'eks-gateway-action/preview', '--ignore-not-found');
  await lab('DELETE', '/github');
}

const own = { id: 424242, full_name: 'example-org/sample-app' };

export interface Pushed {
  readonly number: number;
  readonly sha: string;
  readonly action?: string;
  readonly branch?: string;
  readonly event?: string;
  /** When GitHub sent it, ISO 8601. */
  readonly at?: string;
  readonly from?: { readonly id: number; readonly full_name: string };
}

export const event = ({
  number,
  sha,
  action = 'opened',
  branch = 'feature/login',
  at,
  event: name,
  from,
}: Pushed) => ({
  name: name ?? 'pull_request',
  payload: {
    action,
    pull_request: {
      number,
      ...(at && { updated_at: at }),
      head: { sha, ref: branch, repo: from ?? own },
      base: { ref: 'main', repo: own },
    },
  },
});

export const shas = { first: 'a'.repeat(40), second: 'b'.repeat(40) };

export interface Options {
  readonly mode?: 'preview' | 'teardown' | 'sweep';
  readonly files?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly onOutput?: (text: string) => void;
}

export async function preview(
  pushed: Pushed,
  { mode = 'preview', files, inputs, env, onOutput }: Options = {},
): Promise<Finished> {
  const workspace = workspaceOf(files ?? appFiles('web'));
  try {
    return await run({
      workspace: workspace.path,
      action: mode,
      event: event(pushed),
      inputs: {
        'preview-domain': 'preview.example.com',
        'preview-gateway': 'infra/public/https',
        'wait-timeout': '60s',
        'github-token': 'lab-github-token-0001',
        ...inputs,
      },
      ...(env && { env }),
      ...(onOutput && { onOutput }),
    });
  } finally {
    workspace.remove();
  }
}

export interface GitHub {
  readonly comments: readonly { readonly id: number; readonly body: string }[];
  readonly deployments: readonly {
    readonly sha: string;
    readonly environment: string;
    readonly statuses: readonly { readonly state: string; readonly environment_url?: string }[];
  }[];
  readonly statuses: readonly { readonly sha: string; readonly state: string; readonly target_url: string }[];
  readonly requests: readonly string[];
}

export const github = async (): Promise<GitHub> => (await lab('GET', '/github')) as GitHub;

/** `aaaaaaa success, inactive`: each deployment with what was said of it. */
export const deployments = ({ deployments: all }: GitHub): string[] =>
  all.map(({ sha, statuses }) => `${sha.slice(0, 7)} ${statuses.map(({ state }) => state).join(', ')}`);

export const namespaceOf = (preview: string): string =>
  kubectl('get', 'namespace', preview, '--ignore-not-found', '-o', 'name').trim();

/** How many ExternalDNS there are: none writes nothing, and removes nothing. */
export function scaleExternalDns(replicas: number): void {
  kubectl('scale', 'deployment', 'infra-external-dns', '-n', 'infra', `--replicas=${replicas}`);
  const pods = ['pod', '-n', 'infra', '-l', 'app.kubernetes.io/name=external-dns', '--timeout=60s'];
  // One that still runs would be quicker than the test.
  if (replicas === 0) kubectl('wait', '--for=delete', ...pods);
}

/** As the lab's GitHub itself is told. */
export async function rest(method: string, path: string, body: object): Promise<void> {
  const response = await fetch(`http://${layout.addresses.github}/api/repos/example-org/sample-app${path}`, {
    method,
    headers: { authorization: 'token lab-github-token-0001' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
}

/** What the zone has below the preview domain, whoever wrote it. */
export async function records(): Promise<string[]> {
  const client = new Route53Client({
    region: layout.region,
    endpoint: `http://${layout.addresses.aws}:${layout.ports.aws}`,
    credentials: layout.admin.dns,
  });
  const zone = process.env['LAB_HOSTED_ZONE_ID'] ?? '';
  const { ResourceRecordSets = [] } = await client.send(
    new ListResourceRecordSetsCommand({ HostedZoneId: zone, MaxItems: 300 }),
  );
  return ResourceRecordSets.map(({ Name = '', Type }) => `${Type} ${Name}`).filter((name) =>
    name.includes('preview.example.com'),
  );
}
