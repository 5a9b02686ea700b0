# One AWS request, read: which service and action it means, with which parameters, signed by which key.
from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from . import errors, eks_routes
from .errors import PROTOCOLS, Protocol
from .sessions import Credentials
from .signature import signature

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/,\s]+)/(?P<scope>[^,\s]+)\s*,\s*"
    r"SignedHeaders=(?P<headers>[^,\s]+)\s*,\s*Signature=(?P<signature>[0-9a-f]+)"
)

# Route 53's calls: method and path. Anything else is left to moto under the name "Unknown".
ROUTE53_CALLS = [
    ("GET", r"hostedzone/?", "ListHostedZones"),
    ("POST", r"hostedzone/?", "CreateHostedZone"),
    ("GET", r"hostedzone/[^/]+/?", "GetHostedZone"),
    ("DELETE", r"hostedzone/[^/]+/?", "DeleteHostedZone"),
    ("POST", r"hostedzone/[^/]+/?", "UpdateHostedZoneComment"),
    ("GET", r"hostedzone/[^/]+/rrset/?", "ListResourceRecordSets"),
    ("POST", r"hostedzone/[^/]+/rrset/?", "ChangeResourceRecordSets"),
    ("GET", r"hostedzonesbyname/?", "ListHostedZonesByName"),
    ("GET", r"hostedzonesbyvpc/?", "ListHostedZonesByVPC"),
    ("GET", r"hostedzonecount/?", "GetHostedZoneCount"),
    ("GET", r"hostedzone/[^/]+/dnssec/?", "GetDNSSEC"),
    ("GET", r"change/[^/]+/?", "GetChange"),
    ("GET", r"tags/hostedzone/[^/]+/?", "ListTagsForResource"),
    ("POST", r"tags/hostedzone/[^/]+/?", "ChangeTagsForResource"),
    ("POST", r"tags/hostedzone/?", "ListTagsForResources"),
    ("GET", r"testdnsanswer/?", "TestDNSAnswer"),
]


@dataclass
class Call:
    method: str
    raw_path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    service: str = ""
    region: str = ""
    protocol: Protocol = "query"
    action: str = ""
    access_key: str = ""
    scope: str = ""
    signed_headers: list[str] = field(default_factory=list)
    given_signature: str = ""
    # Flat for query calls (Tags.member.1.Key), decoded JSON for the others.
    params: dict[str, Any] = field(default_factory=dict)
    path_params: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return unquote(self.raw_path)


def read_call(method: str, raw_uri: str, headers: dict[str, str], body: bytes) -> Call:
    parts = urlsplit(raw_uri)
    call = Call(method, parts.path or "/", parse_qsl(parts.query, keep_blank_values=True), headers, body)
    found = AUTHORIZATION.match(headers.get("authorization", ""))
    if found:
        call.access_key = found["key"]
        call.scope = found["scope"]
        call.signed_headers = found["headers"].lower().split(";")
        call.given_signature = found["signature"]
        scope = call.scope.split("/")
        if len(scope) == 4:
            call.region, call.service = scope[1], scope[2]
    form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    flat = dict(call.query)
    if form:
        flat.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    if not call.service:
        # Unsigned calls: only STS has them.
        call.service, call.region = "sts", "us-east-1"
    call.protocol = PROTOCOLS.get(call.service, "query")
    _read_action(call, flat)
    return call


def _read_action(call: Call, flat: dict[str, str]) -> None:
    if call.protocol in ("query", "ec2"):
        call.params = dict(flat)
        call.action = flat.get("Action", "Unknown")
    elif call.protocol == "json":
        call.params = _json(call.body)
        call.action = call.headers.get("x-amz-target", "Unknown").rsplit(".", 1)[-1]
    elif call.protocol == "rest-json":
        call.params = {**dict(call.query), **_json(call.body)}
        call.action, call.path_params = eks_routes.match(call.method, call.raw_path)
    else:
        rest = re.sub(r"^/[\d-]+/", "", call.raw_path)
        call.params = dict(call.query)
        call.action = next(
            (name for method, path, name in ROUTE53_CALLS if method == call.method and re.fullmatch(path, rest)),
            "Unknown",
        )


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def members(params: dict[str, Any], name: str) -> list[str]:
    """The values of a list in a query call: Name.member.N, Name.N, or the name alone."""
    pattern = re.compile(rf"{re.escape(name)}(?:\.member)?\.(\d+)")
    found = [(int(m.group(1)), value) for key, value in params.items() if (m := pattern.fullmatch(key))]
    return [value for _, value in sorted(found)] or ([params[name]] if name in params else [])


def structures(params: dict[str, Any], name: str) -> list[dict[str, str]]:
    """A list of structures in a query call, e.g. Tags.member.1.Key."""
    pattern = re.compile(rf"{re.escape(name)}(?:\.member)?\.(\d+)\.(.+)")
    rows: dict[int, dict[str, str]] = {}
    for key, value in params.items():
        match = pattern.fullmatch(key)
        if match:
            rows.setdefault(int(match.group(1)), {})[match.group(2)] = value
    return [rows[index] for index in sorted(rows)]


def check_signature(call: Call, credentials: Credentials) -> None:
    """The caller must have the secret, and the session token that belongs to the key."""
    if credentials.token and not hmac.compare_digest(
        call.headers.get("x-amz-security-token", ""), credentials.token
    ):
        raise errors.unknown_key(call.protocol)
    digest = hashlib.sha256(call.body).hexdigest()
    stated = call.headers.get("x-amz-content-sha256", digest)
    if stated not in (digest, "UNSIGNED-PAYLOAD"):
        raise errors.bad_signature(call.protocol)
    # Every service but S3 encodes the path once more than it was sent.
    computed = signature(
        secret=credentials.secret,
        method=call.method,
        canonical_path=quote(call.raw_path, safe="/-_.~"),
        query=call.query,
        headers=call.headers,
        signed_headers=call.signed_headers,
        payload_hash=stated,
        amz_date=call.headers.get("x-amz-date", ""),
        scope=call.scope,
    )
    if "host" not in call.signed_headers or not hmac.compare_digest(computed, call.given_signature):
        raise errors.bad_signature(call.protocol)
