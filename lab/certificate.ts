// A certificate of the lab's authority, made while the lab runs and imported into ACM.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { layout } from './cluster/layout.ts';

const root = join(import.meta.dirname, '..');

const importer = `
import json, sys
from pathlib import Path
import boto3
from lab.cloud.aws.seed import certificate_for
asked = json.load(sys.stdin)
certificate, key = certificate_for(asked["names"], Path(asked["pki"]))
acm = boto3.client("acm", region_name=asked["region"], endpoint_url=asked["endpoint"],
    aws_access_key_id=asked["admin"]["accessKeyId"], aws_secret_access_key=asked["admin"]["secretAccessKey"])
again = {"CertificateArn": asked["arn"]} if "arn" in asked else {}
print(acm.import_certificate(Certificate=certificate, PrivateKey=key, **again)["CertificateArn"])
`;

/**
 * For these names, in the EKS account; gives its ARN. To be called inside a lab.
 * @param arn of a certificate that it succeeds
 */
export function importCertificate(names: readonly string[], arn?: string): string {
  const asked = {
    names,
    ...(arn !== undefined && { arn }),
    region: layout.region,
    admin: layout.admin.eks,
    pki: join(process.env['LAB_DIR'] ?? '', 'pki'),
    endpoint: process.env['AWS_ENDPOINT_URL'],
  };
  return execFileSync(process.env['LAB_PYTHON'] ?? 'python3', ['-c', importer], {
    cwd: root,
    input: JSON.stringify(asked),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
  }).trim();
}
