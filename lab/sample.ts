// Fills a workspace with examples/sample-app as its users would: the definitions fetched, the environment's values written.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

interface Seeded {
  readonly certificateArn: string;
  readonly webAclArn: string;
  readonly vpcId: string;
}

const root = join(import.meta.dirname, '..');

/** `lab` is the lab's folder; its seeded.json has the ARNs that a user would have from Terraform. */
export function prepareSample(workspace: string, lab: string): void {
  cpSync(join(root, 'examples/sample-app'), workspace, { recursive: true });
  execFileSync(join(workspace, 'fetch-crds.sh'), { stdio: ['ignore', 'ignore', 'inherit'] });
  const seeded = JSON.parse(readFileSync(join(lab, 'seeded.json'), 'utf8')) as Seeded;
  const file = join(workspace, 'infra/environment.yaml');
  const values = parseDocument(readFileSync(file, 'utf8'));
  values.setIn(['aws-load-balancer-controller', 'vpcId'], seeded.vpcId);
  values.setIn(['gateway', 'certificateArn'], seeded.certificateArn);
  values.setIn(['gateway', 'webAclArn'], seeded.webAclArn);
  writeFileSync(file, values.toString());
}
