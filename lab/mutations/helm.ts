// Changes of a release, and of the objects that it installed.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Family, kubectl } from './mutation.ts';

const extra = `apiVersion: v1
kind: ConfigMap
metadata: { name: extra, namespace: {{ .Release.Namespace }} }
data: { installed: "{{ .Release.Revision }}" }
`;

const plain = {
  name: 'plain',
  protocol: 'HTTP',
  port: 8080,
  allowedRoutes: { namespaces: { from: 'Same' } },
};

/** @param workspace the repository with the chart, its dependencies built */
export function helm(workspace: string): readonly Family[] {
  let built = false;
  const own = join(workspace, 'infra');
  const upgrade = (folder: string, ...args: string[]): void => {
    // The action keeps the dependencies in a copy of its own.
    if (!built) execFileSync('helm', ['dependency', 'update', own], { stdio: 'pipe' });
    built = true;
    const values = ['--values', join(own, 'environment.yaml')];
    const chart = ['upgrade', '--install', 'infra', folder, '--namespace', 'infra', '--skip-crds'];
    execFileSync('helm', [...chart, ...values, '--server-side=true', '--force-conflicts', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  };
  const patch = (kind: string, name: string, patches: unknown): void => {
    kubectl('-n', 'infra', 'patch', kind, name, '--type=merge', '-p', JSON.stringify(patches));
  };
  const listener = (operation: unknown): void => {
    kubectl('-n', 'infra', 'patch', 'gateway', 'public', '--type=json', '-p', JSON.stringify([operation]));
  };
  /** The same chart and version, with an object that the repository does not have. */
  const upgradeToAnother = (): void => {
    // Its dependencies are there after the first.
    upgrade(own);
    const folder = mkdtempSync(join(tmpdir(), 'eks-gateway-chart-'));
    try {
      cpSync(own, folder, { recursive: true });
      writeFileSync(join(folder, 'templates/extra.yaml'), extra);
      upgrade(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const mend = (): void => upgrade(own);
  /** Back to a revision that had another value. */
  const rollBack = (): void => {
    upgrade(own, '--set', 'external-dns.logLevel=debug');
    const history = execFileSync('helm', ['history', 'infra', '--namespace', 'infra', '--output', 'json'], {
      encoding: 'utf8',
    });
    const { revision } = (JSON.parse(history) as { revision: number }[]).at(-1) ?? {};
    upgrade(own);
    execFileSync(
      'helm',
      ['rollback', 'infra', String(revision), '--namespace', 'infra', '--force-conflicts'],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
  };
  return [
    {
      name: 'helm-values',
      mend,
      mutations: [
        {
          name: 'helm upgrade --set with another value, and one more',
          layer: 'helm',
          ref: 'Release infra/infra',
          path: 'values.external-dns.logLevel',
          make: () =>
            upgrade(own, '--set', 'external-dns.logLevel=debug', '--set', 'external-dns.txtOwnerId=sample'),
        },
      ],
    },
    {
      name: 'helm-rollback',
      mend,
      mutations: [
        {
          name: 'helm rollback to another value',
          layer: 'helm',
          ref: 'Release infra/infra',
          path: 'values.external-dns.logLevel',
          make: rollBack,
        },
      ],
    },
    {
      name: 'helm-chart',
      mend,
      mutations: [
        {
          name: 'helm upgrade with another chart of the same version',
          layer: 'helm',
          ref: 'ConfigMap infra/extra',
          path: '',
          make: upgradeToAnother,
        },
      ],
    },
    {
      name: 'helm-forgotten',
      mend,
      mutations: [
        {
          name: 'the Secrets are deleted by which Helm knows a release',
          layer: 'helm',
          ref: 'Release infra/infra',
          path: '',
          make: () => {
            kubectl('-n', 'infra', 'delete', 'secret', '-l', 'owner=helm,name=infra');
          },
        },
        {
          name: 'an object is patched of a release that Helm does not know any more',
          layer: 'helm',
          ref: 'ServiceAccount infra/external-dns',
          path: '.automountServiceAccountToken',
          by: 'kubectl-patch',
          make: () => patch('serviceaccount', 'external-dns', { automountServiceAccountToken: false }),
        },
      ],
    },
    {
      name: 'helm-objects',
      mend,
      mutations: [
        {
          name: "a field of a chart's ServiceAccount is patched",
          layer: 'helm',
          ref: 'ServiceAccount infra/external-dns',
          path: '.automountServiceAccountToken',
          by: 'kubectl-patch',
          make: () => patch('serviceaccount', 'external-dns', { automountServiceAccountToken: false }),
        },
        {
          name: "a chart's ServiceAccount loses a label",
          layer: 'helm',
          ref: 'ServiceAccount infra/external-dns',
          path: '.metadata.labels[app.kubernetes.io/name]',
          make: () => {
            kubectl('-n', 'infra', 'label', 'serviceaccount', 'external-dns', 'app.kubernetes.io/name-');
          },
        },
        {
          name: "a listener is added to the chart's Gateway",
          layer: 'helm',
          ref: 'Gateway infra/public',
          path: '.spec.listeners[name="plain"]',
          by: 'kubectl-patch',
          make: () => listener({ op: 'add', path: '/spec/listeners/-', value: plain }),
          mend: () => listener({ op: 'remove', path: '/spec/listeners/1' }),
        },
        {
          name: "the chart's Gateway is only planned any more",
          layer: 'helm',
          ref: 'Gateway infra/public',
          path: '.metadata.annotations[gateway.k8s.aws/dry-run]',
          by: 'kubectl-annotate',
          make: () => {
            kubectl('-n', 'infra', 'annotate', 'gateway', 'public', 'gateway.k8s.aws/dry-run=true');
          },
          mend: () => {
            kubectl('-n', 'infra', 'annotate', 'gateway', 'public', 'gateway.k8s.aws/dry-run-');
          },
        },
      ],
    },
  ];
}
