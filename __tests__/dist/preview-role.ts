// The role of previews as docs/permissions.md and policy/previews.yaml have it, made in the lab.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documented } from '../../lab/documented.ts';
import { eks, iam, trustPolicy } from './admin.ts';
import { kubectlApply, layout } from './harness.ts';

const root = join(import.meta.dirname, '../..');
const role = 'gateway-preview';

export const previewPrincipal = `arn:aws:iam::${layout.accounts.eks}:role/${role}`;

/** Trusts whom the role of deployments trusts; in the cluster it has its group and nothing else. */
export async function previewRole(): Promise<void> {
  kubectlApply(readFileSync(join(root, 'policy/previews.yaml'), 'utf8'));
  const trust = await trustPolicy('eks', layout.roles.deploy);
  // A test before this one may have made it in the same lab.
  await iam('eks', 'CreateRole', { RoleName: role, AssumeRolePolicyDocument: trust }).catch(() => undefined);
  await iam('eks', 'PutRolePolicy', {
    RoleName: role,
    PolicyName: 'preview',
    PolicyDocument: documented('permissions.md', 'run-eks'),
  });
  const entry = { principalArn: previewPrincipal, kubernetesGroups: ['eks-gateway-preview'] };
  await eks('POST', 'access-entries', entry).catch(() => undefined);
}
