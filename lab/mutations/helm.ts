// Changes of a release, and of the objects that it installed.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type Family, kubectl } from './mutation.ts';

/** @param workspace the repository with the chart, its dependencies built */
export function helm(workspace: string): readonly Family[] {
  let built = false;
  const upgrade = (...args: string[]): void => {
    // The action keeps the dependencies in a copy of its own.
    if (!built) execFileSync('helm', ['dependency', 'update', join(workspace, 'infra')], { stdio: 'pipe' });
    built = true;
    const values = ['--values', join(workspace, 'infra/environment.yaml')];
    const chart = ['upgrade', 'infra', join(workspace, 'infra'), '--namespace', 'infra', '--skip-crds'];
    execFileSync('helm', [...chart, ...values, '--server-side=true', '--force-conflicts', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  };
  const patch = (kind: string, name: string, patches: unknown): void => {
    kubectl('-n', 'infra', 'patch', kind, name, '--type=merge', '-p', JSON.stringify(patches));
  };
  const mend = (): void => upgrade();
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
            upgrade('--set', 'external-dns.logLevel=debug', '--set', 'external-dns.txtOwnerId=sample'),
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
      ],
    },
  ];
}
