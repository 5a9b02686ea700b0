# SigV4, computed the way AWS does it, for signed requests and for presigned URLs.
from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import quote

SAFE = "-_.~"


def encode(text: str) -> str:
    return quote(text, safe=SAFE)


def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def canonical_query(pairs: Sequence[tuple[str, str]]) -> str:
    encoded = sorted((encode(name), encode(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def signature(
    *,
    secret: str,
    method: str,
    canonical_path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    signed_headers: Sequence[str],
    payload_hash: str,
    amz_date: str,
    scope: str,
) -> str:
    """headers by lower-case name; scope is date/region/service/aws4_request."""
    lines = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signed_headers)
    request = "\n".join(
        [method, canonical_path, canonical_query(query), lines, ";".join(signed_headers), payload_hash]
    )
    to_sign = "\n".join(
        ["AWS4-HMAC-SHA256", amz_date, scope, hashlib.sha256(request.encode()).hexdigest()]
    )
    date, region, service, _ = scope.split("/")
    return hmac.new(
        signing_key(secret, date, region, service), to_sign.encode(), hashlib.sha256
    ).hexdigest()
