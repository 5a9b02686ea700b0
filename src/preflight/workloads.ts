// The two controllers as preflight sees them: those that run in the cluster, and those that the charts would install.
import { text } from '../bundle/field.ts';
import { type KubernetesObject, refOf, type Sourced } from '../bundle/object.ts';
import { type Controllers, controllersOf } from '../chain/release.ts';
import type { ExternalDnsSettings } from '../externaldns/settings.ts';
import type { Source } from '../verdict/finding.ts';

export const controllerNames = {
  lbc: 'AWS Load Balancer Controller',
  externalDns: 'ExternalDNS',
} as const;

export interface Workload {
  readonly controller: keyof typeof controllerNames;
  readonly deployment: KubernetesObject;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** From the image's tag. */
  readonly version?: string;
  readonly settings?: ExternalDnsSettings;
  /** It runs in the cluster; otherwise the chart would install it. */
  readonly installed: boolean;
  /** Where the chart that brings it stands. */
  readonly source?: Source;
}

/** `ExternalDNS (Deployment infra/external-dns)`. */
export const sayWorkload = ({ controller, deployment }: Workload): string =>
  `${controllerNames[controller]} (${refOf(deployment)})`;

const accountOf = (deployment: KubernetesObject): string =>
  text(deployment, 'spec', 'template', 'spec', 'serviceAccountName') ??
  text(deployment, 'spec', 'template', 'spec', 'serviceAccount') ??
  'default';

function workloadsIn(
  found: Controllers,
  installed: boolean,
  sourceOf: (of: KubernetesObject) => Source | undefined,
) {
  return (['lbc', 'externalDns'] as const).flatMap((controller): readonly Workload[] => {
    const each = found[controller];
    if (each === undefined) return [];
    const source = sourceOf(each.deployment);
    return [
      {
        controller,
        deployment: each.deployment,
        namespace: each.namespace,
        serviceAccount: accountOf(each.deployment),
        ...(each.version !== undefined && { version: each.version }),
        ...('settings' in each && { settings: each.settings }),
        installed,
        ...(source && { source }),
      },
    ];
  });
}

export interface WorkloadsFound {
  /** What runs now. */
  readonly running: readonly Workload[];
  /** What will run after the next deploy: the chart's, and what runs where no chart brings it. */
  readonly coming: readonly Workload[];
}

/**
 * @param deployments of the cluster, all namespaces
 * @param rendered of the charts, each with its namespace
 */
export function workloadsOf(
  deployments: readonly KubernetesObject[],
  rendered: readonly Sourced[],
): WorkloadsFound {
  const running = workloadsIn(controllersOf(deployments), true, () => undefined);
  const brought = rendered.filter(({ object }) => object.kind === 'Deployment');
  const fromCharts = workloadsIn(
    controllersOf(brought.map(({ object }) => object)),
    false,
    (deployment) => brought.find(({ object }) => object === deployment)?.source,
  );
  const kept = running.filter(({ controller }) => fromCharts.every((each) => each.controller !== controller));
  return { running, coming: [...fromCharts, ...kept] };
}

/** Every service account that needs an identity, once: of what runs and of what will. */
export function identitiesOf({ running, coming }: WorkloadsFound): readonly Workload[] {
  const known = new Map<string, Workload>();
  for (const workload of [...running, ...coming]) {
    const key = `${workload.controller} ${workload.namespace}/${workload.serviceAccount}`;
    if (!known.has(key)) known.set(key, workload);
  }
  return [...known.values()];
}
