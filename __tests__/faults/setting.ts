// The working setting that every fault is injected into: the sample, deployed; and the role of least privilege.
import { documented } from '../../lab/documented.ts';
import { type ActionResult, runAction } from '../../lab/runner.ts';
import { prepareSample, sampleInputs } from '../../lab/sample.ts';
import type { Report } from '../../src/report/report.ts';
import { deleteAccessEntry, deployPrincipal, eks } from '../dist/admin.ts';
import { kubectlApply, workspaceOf } from '../dist/lab-control.ts';
import type { Files } from './fault.ts';

export interface Finished extends Omit<ActionResult, 'report'> {
  readonly report: Report;
}

/** Runs the built action on a repository with these files. */
export async function deploy(
  files: Files | undefined,
  inputs: Readonly<Record<string, string>>,
): Promise<Finished> {
  const workspace = workspaceOf(files ?? {});
  try {
    if (files === undefined) prepareSample(workspace.path, process.env['LAB_DIR'] ?? '');
    const { report, ...rest } = await runAction({ workspace: workspace.path, inputs });
    if (report === undefined) throw new Error(`the run left no report:\n${rest.log}`);
    return { ...rest, report: JSON.parse(report) as Report };
  } finally {
    workspace.remove();
  }
}

const group = 'eks-gateway-deployers';

/** The access entry of the role that deploys: no policy, a group, and to it what is documented. */
async function narrowAccess(): Promise<void> {
  const role = documented('permissions.md', 'deploy-cluster-role');
  const name = /^ {2}name: (\S+)$/m.exec(role)?.[1] ?? '';
  kubectlApply(`${role}---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: ${name} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${name} }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: ${group} }]
`);
  await deleteAccessEntry();
  await eks('POST', 'access-entries', { principalArn: deployPrincipal, kubernetesGroups: [group] });
}

/** Installs the sample as an administrator would, and leaves the role with what deploying an app needs. */
export async function makeSetting(): Promise<Report> {
  const { report, log } = await deploy(undefined, { ...sampleInputs, 'wait-timeout': '4m' });
  if (report.outcome !== 'live') throw new Error(`the sample did not come alive:\n${log}`);
  await narrowAccess();
  return report;
}
