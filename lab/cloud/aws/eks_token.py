# Tokens of `aws eks get-token`: verified as EKS does, by computing the signature of the presigned URL anew.
from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from urllib.parse import parse_qsl, urlsplit

from lab.cloud.control import knobs

from .layout import CLUSTER
from .sessions import Credentials, find
from .signature import signature

PREFIX = "k8s-aws-v1."
HEADER = "x-k8s-aws-id"
LONGEST = 4096
STS_HOST = re.compile(r"sts(?:-fips)?\.[a-z]{2}(?:-[a-z]+)+-\d\.(?:amazonaws\.com|api\.aws)|sts\.amazonaws\.com")
EMPTY = hashlib.sha256(b"").hexdigest()
ALLOWED = {
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
}


class Refused(Exception):
    """Why the token is not good; the API server is only told 'not authenticated'."""


@dataclass(frozen=True)
class Identity:
    credentials: Credentials

    @property
    def arn(self) -> str:
        return self.credentials.principal.arn


def _decode(token: str) -> str:
    if len(token) > LONGEST:
        raise Refused("token is too large")
    if not token.startswith(PREFIX):
        raise Refused(f'token is missing expected "{PREFIX}" prefix')
    encoded = token.removeprefix(PREFIX)
    if not re.fullmatch(r"[A-Za-z0-9_-]+", encoded):
        raise Refused("token is not unpadded base64url")
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refused("token is not base64url of a text") from error


def verify(token: str, cluster: str = CLUSTER, now: float | None = None) -> Identity:
    moment = time.time() if now is None else now
    url = urlsplit(_decode(token))
    if url.scheme != "https":
        raise Refused(f'unexpected scheme "{url.scheme}" in pre-signed URL')
    if not STS_HOST.fullmatch(url.netloc):
        raise Refused(f'unexpected hostname "{url.netloc}" in pre-signed URL')
    if url.path != "/":
        raise Refused("unexpected path in pre-signed URL")
    pairs = parse_qsl(url.query, keep_blank_values=True, strict_parsing=False)
    values: dict[str, str] = {}
    for name, value in pairs:
        if name.lower() not in ALLOWED:
            raise Refused(f'non-whitelisted query parameter "{name}"')
        if name.lower() in values:
            raise Refused("query parameter with multiple values not supported")
        values[name.lower()] = value
    if values.get("action") != "GetCallerIdentity":
        raise Refused("unexpected action parameter in pre-signed URL")
    signed = values.get("x-amz-signedheaders", "").lower().split(";")
    if HEADER not in signed:
        raise Refused(f"client did not sign the {HEADER} header in the pre-signed URL")
    if not re.fullmatch(r"\d{1,3}", values.get("x-amz-expires", "")) or int(values["x-amz-expires"]) > 900:
        raise Refused("invalid X-Amz-Expires parameter in pre-signed URL")
    date = values.get("x-amz-date", "")
    try:
        signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
    except ValueError as error:
        raise Refused("X-Amz-Date parameter must be present and a date in pre-signed URL") from error
    # STS counts 15 minutes from X-Amz-Date, whatever X-Amz-Expires says.
    if moment - signed_at >= float(knobs.get("eksTokenSeconds")):
        raise Refused(f"X-Amz-Date parameter is expired: {date}")
    if signed_at - moment > 300:
        raise Refused(f"X-Amz-Date parameter lies in the future: {date}")
    return Identity(_signer(values, pairs, signed, url.netloc, cluster, date))


def _signer(
    values: dict[str, str], pairs: list[tuple[str, str]], signed: list[str], host: str, cluster: str, date: str
) -> Credentials:
    scope = values.get("x-amz-credential", "").split("/")
    if len(scope) != 5 or scope[3:] != ["sts", "aws4_request"] or scope[1] != date[:8]:
        raise Refused("X-Amz-Credential is not a scope of STS")
    credentials = find(scope[0])
    if credentials is None:
        raise Refused("the access key is not known")
    if credentials.token != values.get("x-amz-security-token", ""):
        raise Refused("the session token is not that of the access key")
    computed = signature(
        secret=credentials.secret,
        method="GET",
        canonical_path="/",
        query=[pair for pair in pairs if pair[0].lower() != "x-amz-signature"],
        # The cluster puts its own name here: a token made for another one has another signature.
        headers={"host": host, HEADER: cluster},
        signed_headers=signed,
        payload_hash=EMPTY,
        amz_date=date,
        scope="/".join(scope[1:]),
    )
    if not hmac.compare_digest(computed, values.get("x-amz-signature", "")):
        raise Refused("the signature does not match: another cluster's name, another secret, or a changed URL")
    if credentials.expired:
        raise Refused("the session has expired")
    return credentials
