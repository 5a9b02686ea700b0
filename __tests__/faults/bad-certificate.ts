// Certificates that nobody should serve, imported into ACM.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { layout } from '../../lab/cluster/layout.ts';

const importer = `
import json, sys, time
from datetime import datetime, timedelta, timezone
import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pathlib import Path
asked = json.load(sys.stdin)
pki = Path(asked["pki"])
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, asked["name"])])
expired = asked["kind"] == "expired"
issuer, signer = name, key
if expired:
    issuer = x509.load_pem_x509_certificate((pki / "ca.crt").read_bytes()).subject
    signer = serialization.load_pem_private_key((pki / "ca.key").read_bytes(), password=None)
# Last, so that it is still valid when it arrives.
acm = boto3.client("acm", region_name=asked["region"], endpoint_url=asked["endpoint"],
    aws_access_key_id=asked["admin"]["accessKeyId"], aws_secret_access_key=asked["admin"]["secretAccessKey"])
now = datetime.now(timezone.utc)
made = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(now - timedelta(days=90))
    .not_valid_after(now + timedelta(seconds=3) if expired else now + timedelta(days=90))
    .add_extension(x509.SubjectAlternativeName([x509.DNSName(asked["name"])]), critical=False)
    .sign(signer, hashes.SHA256()))
pem = serialization.Encoding.PEM
print(acm.import_certificate(Certificate=made.public_bytes(pem), PrivateKey=key.private_bytes(
    pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))["CertificateArn"])
# A quick run would find it valid.
while expired and datetime.now(timezone.utc) <= made.not_valid_after_utc: time.sleep(0.1)
`;

/**
 * A certificate for the name: of the lab's authority and at its end in 3 s (ACM takes none that has expired), or signed by
 * itself. Gives its ARN.
 */
export function makeCertificate(name: string, kind: 'expired' | 'self-signed'): string {
  const asked = {
    name,
    kind,
    region: layout.region,
    admin: layout.admin.eks,
    pki: join(process.env['LAB_DIR'] ?? '', 'pki'),
    endpoint: process.env['AWS_ENDPOINT_URL'],
  };
  return execFileSync(process.env['LAB_PYTHON'] ?? 'python3', ['-c', importer], {
    cwd: join(import.meta.dirname, '../..'),
    input: JSON.stringify(asked),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
  }).trim();
}
