"""Makes the lab's certificate authority and every key pair it signs, into LAB_DIR/pki."""

import argparse
import datetime
import ipaddress
import json
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LAYOUT = json.loads((Path(__file__).parent / "layout.json").read_text())

# A lab lives for hours; nothing should outlive it for long, and clocks may be a little apart.
NOT_BEFORE = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
NOT_AFTER = NOT_BEFORE + datetime.timedelta(days=30)


def write_private(path, key):
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)


def write_certificate(path, certificate):
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def name(common_name, organization=None):
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def alternative(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


class Authority:
    """The CA. RSA because what it signs for load balancers is imported into ACM, which wants RSA chains."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.name = name("EKS Gateway Lab CA", "EKS Gateway Lab")
        self.identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        self.certificate = (
            self._builder(self.name, self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(self.identifier, critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def _builder(self, subject, public_key):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOT_BEFORE)
            .not_valid_after(NOT_AFTER)
        )

    def _leaf(self, subject, key, usage):
        return (
            self._builder(subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self.identifier),
                critical=False,
            )
        )

    def server(self, folder, file, alternatives):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._leaf(name(alternatives[0][:64]), key, ExtendedKeyUsageOID.SERVER_AUTH)
            .add_extension(
                x509.SubjectAlternativeName([alternative(text) for text in alternatives]),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        write_private(folder / f"{file}.key", key)
        write_certificate(folder / f"{file}.crt", certificate)

    def client(self, folder, file, user, group=None):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._leaf(name(user, group), key, ExtendedKeyUsageOID.CLIENT_AUTH).sign(
            self.key, hashes.SHA256()
        )
        write_private(folder / f"{file}.key", key)
        write_certificate(folder / f"{file}.crt", certificate)


def key_usage(**wanted):
    every = [
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    ]
    return x509.KeyUsage(**{usage: wanted.get(usage, False) for usage in every})


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--lab-dir", required=True, type=Path)
    folder = arguments.parse_args().lab_dir / "pki"
    folder.mkdir(parents=True, exist_ok=True)
    addresses = LAYOUT["addresses"]
    service_network = ipaddress.ip_network(LAYOUT["serviceCidr"])

    authority = Authority()
    write_private(folder / "ca.key", authority.key)
    write_certificate(folder / "ca.crt", authority.certificate)

    authority.server(
        folder,
        "apiserver",
        [
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            LAYOUT["cluster"]["host"].lower(),
            addresses["apiServer"],
            str(service_network[1]),
            "localhost",
            "127.0.0.1",
        ],
    )
    authority.server(folder, "kubelet-server", [addresses["node"]])
    authority.server(folder, "webhooks", [addresses["webhooks"]])
    registries = [LAYOUT["registries"][guard] for guard in ("tokens", "basic", "classic")]
    authority.server(
        folder, "charts", ["aws.github.io", "kubernetes-sigs.github.io", *registries, addresses["charts"]]
    )

    authority.client(folder, "admin", "lab-admin", "system:masters")
    authority.client(folder, "kubelet-client", "kube-apiserver-kubelet-client", "system:masters")
    authority.client(folder, "controller-manager", "system:kube-controller-manager")
    authority.client(folder, "scheduler", "system:kube-scheduler")
    authority.client(folder, "kwok", "kwok", "system:masters")

    # RSA, as EKS signs its service account tokens.
    service_account = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    write_private(folder / "service-account.key", service_account)
    (folder / "service-account.pub").write_bytes(
        service_account.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


if __name__ == "__main__":
    main()
