// Fills a workspace with an example that has charts, as its users would: the definitions fetched, the environment's values written.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

interface Seeded {
  readonly certificateArn: string;
  readonly webAclArn: string;
  readonly vpcId: string;
}

/** Where the values of the environment stand, by example. */
const environments: Readonly<Record<string, string>> = {
  'sample-app': 'infra/environment.yaml',
  platform: 'environment.yaml',
};

const root = join(import.meta.dirname, '..');

/** Inputs of a run that installs the sample's umbrella chart: LBC, ExternalDNS and the Gateway. */
export const sampleInputs = {
  namespace: 'infra',
  'create-namespace': 'true',
  'values-files': 'infra/environment.yaml',
};

/** `lab` is the lab's folder; its seeded.json has the ARNs that a user would have from Terraform. */
export function prepareExample(example: string, workspace: string, lab: string): void {
  cpSync(join(root, 'examples', example), workspace, { recursive: true });
  execFileSync(join(workspace, 'fetch-crds.sh'), { stdio: ['ignore', 'ignore', 'inherit'] });
  const seeded = JSON.parse(readFileSync(join(lab, 'seeded.json'), 'utf8')) as Seeded;
  const file = join(workspace, environments[example] ?? '');
  const values = parseDocument(readFileSync(file, 'utf8'));
  values.setIn(['aws-load-balancer-controller', 'vpcId'], seeded.vpcId);
  values.setIn(['gateway', 'certificateArn'], seeded.certificateArn);
  values.setIn(['gateway', 'webAclArn'], seeded.webAclArn);
  writeFileSync(file, values.toString());
}

export const prepareSample = (workspace: string, lab: string): void =>
  prepareExample('sample-app', workspace, lab);
