# TLS of a load balancer's listener: the certificate by SNI among those of the listener.
import ssl
import tempfile
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certificates:
    """TLS contexts of ACM certificates, made once for each import."""

    def __init__(self, certificate: Callable[[str], Any | None]) -> None:
        self._certificate = certificate
        self._lock = threading.Lock()
        # By ARN: moto's CertBundle, which is another one after a re-import, its names, its context.
        self._made: dict[str, tuple[Any, list[str], ssl.SSLContext]] = {}
        self._stranger: ssl.SSLContext | None = None

    def choose(self, default: str | None, arns: Iterable[str], server_name: str | None) -> ssl.SSLContext | None:
        """The context for a name: an exact match, else a wildcard's, else the default certificate."""
        if server_name is not None:
            wanted = server_name.lower()
            made = [entry for arn in arns if (entry := self._context(arn)) is not None]
            for pattern in (wanted, f"*.{wanted.partition('.')[2]}"):
                for _bundle, names, context in made:
                    if pattern in names:
                        return context
        entry = self._context(default) if default is not None else None
        return None if entry is None else entry[2]

    def stranger(self) -> ssl.SSLContext:
        """A certificate for default.invalid that nobody trusts."""
        with self._lock:
            if self._stranger is None:
                self._stranger = context_of(*_self_made("default.invalid"))
            return self._stranger

    def _context(self, arn: str) -> tuple[Any, list[str], ssl.SSLContext] | None:
        bundle = self._certificate(arn)
        if bundle is None:
            return None
        with self._lock:
            made = self._made.get(arn)
            if made is None or made[0] is not bundle:
                chain = bundle.cert.rstrip() + b"\n" + _sent_chain(bundle)
                made = (bundle, _names(bundle.cert), context_of(chain, bundle.key))
                self._made[arn] = made
            return made


def by_server_name(choose: Callable[[str | None], ssl.SSLContext | None]) -> ssl.SSLContext:
    """A context that asks `choose` for the context at each handshake."""
    context = _context()

    def chosen(connection: ssl.SSLObject, server_name: str | None, _first: ssl.SSLContext) -> int | None:
        context = choose(server_name)
        if context is None:
            return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
        connection.context = context
        return None

    context.sni_callback = chosen
    return context


def context_of(chain: bytes, key: bytes) -> ssl.SSLContext:
    """A server's context out of a certificate chain and a key, both PEM."""
    context = _context()
    # The ssl module reads certificates and keys from files only.
    with tempfile.TemporaryDirectory(prefix="lab-tls-") as folder:
        certificate, private = Path(folder, "chain.pem"), Path(folder, "key.pem")
        certificate.write_bytes(chain)
        private.write_bytes(key)
        context.load_cert_chain(certificate, private)
    return context


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # A resumed session would show no certificate, and a changed one late.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return context


def _names(certificate: bytes) -> list[str]:
    parsed = x509.load_pem_x509_certificate(certificate)
    try:
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in names.get_values_for_type(x509.DNSName)]


def _sent_chain(bundle: Any) -> bytes:
    """The chain as it was imported: moto puts Amazon's root behind it, which no server sends."""
    from moto.acm.models import AWS_ROOT_CA

    return bundle.chain.replace(AWS_ROOT_CA, b"").strip() + b"\n"


def _self_made(name: str) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
