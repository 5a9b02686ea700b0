// The role of a drift check exactly as the documents have it: AWS policies, and a ClusterRole that may only get and list.
import { execFileSync } from 'node:child_process';
import { CreateAccessEntryCommand, EKSClient } from '@aws-sdk/client-eks';
import {
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { layout } from '../cluster/layout.ts';
import { documented } from '../documented.ts';
import { asAdmin } from './mutation.ts';

export const driftRole = 'gateway-drift';
export const driftRoleArn = `arn:aws:iam::${layout.accounts.eks}:role/${driftRole}`;

const isThere = (error: unknown): boolean =>
  error instanceof Error && /AlreadyExists|ResourceInUse/.test(error.name);

/** Makes it once; the second time it is there. The zone's reader may say who changed a record as well. */
export async function makeDriftRole(): Promise<void> {
  const iam = new IAMClient(asAdmin('eks'));
  const dns = new IAMClient(asAdmin('dns'));
  const eks = new EKSClient(asAdmin('eks'));
  const trust = documented('permissions.md', 'deploy-trust');
  const tolerate = (error: unknown): void => {
    if (!isThere(error)) throw error;
  };
  await iam
    .send(new CreateRoleCommand({ RoleName: driftRole, AssumeRolePolicyDocument: trust }))
    .then(() => undefined, tolerate);
  for (const [name, page, mark] of [
    ['run', 'permissions.md', 'run-eks'],
    ['drift', 'drift.md', 'drift-eks'],
    ['authors', 'drift.md', 'drift-authors'],
  ] as const) {
    const PolicyDocument = documented(page, mark);
    await iam.send(new PutRolePolicyCommand({ RoleName: driftRole, PolicyName: name, PolicyDocument }));
  }
  await dns.send(
    new PutRolePolicyCommand({
      RoleName: layout.roles.dnsReader,
      PolicyName: 'authors',
      PolicyDocument: documented('drift.md', 'drift-authors'),
    }),
  );
  await eks
    .send(
      new CreateAccessEntryCommand({
        clusterName: layout.cluster.name,
        principalArn: driftRoleArn,
        kubernetesGroups: ['gateway-drift'],
      }),
    )
    .then(() => undefined, tolerate);
  execFileSync('kubectl', ['apply', '-f', '-'], {
    input: documented('permissions.md', 'drift-reader'),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
}

/** Who changed something is optional: a check does without. */
export async function forbidAuthors(): Promise<void> {
  const PolicyName = 'authors';
  await new IAMClient(asAdmin('eks')).send(new DeleteRolePolicyCommand({ RoleName: driftRole, PolicyName }));
  const RoleName = layout.roles.dnsReader;
  await new IAMClient(asAdmin('dns')).send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
}
