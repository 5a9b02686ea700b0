# GitHub's side of a workflow run: the OIDC issuer, and the REST API (github_api.py) below /api.
import base64
import hashlib
import json
import secrets
import socket
import threading
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ..control import knobs, record
from . import github_api
from .http_server import Exchange, HttpServer
from .layout import ADDRESSES, LAYOUT, PORTS
from .pki import rsa_key, write_private

ISSUER = "https://token.actions.githubusercontent.com"
# A runner's token is valid from some minutes ago, for clocks that are behind.
_NOT_BEFORE_SECONDS = 300

_REPOSITORY = LAYOUT["repository"]
_FULL_NAME = f"{_REPOSITORY['owner']}/{_REPOSITORY['name']}"

_lock = threading.Lock()
_issuer: "Issuer | None" = None


class Issuer:
    """Signs tokens of the run that the lab plays."""

    def __init__(self, key: rsa.RSAPrivateKey, request_token: str) -> None:
        self.key = key
        self.request_token = request_token
        spki = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.key_id = hashlib.sha256(spki).hexdigest()[:40].upper()

    def issue(self, audience: str, now: float | None = None) -> str:
        """A token for an audience, with what the knob `oidc` asks for."""
        issued = int(time.time() if now is None else now)
        token = self.sign(claims(audience, issued, knobs.get("oidc")))
        record.secret("oidc-token", token)
        return token

    def sign(self, payload: dict[str, Any]) -> str:
        header = {"typ": "JWT", "alg": "RS256", "x5t": self.key_id, "kid": self.key_id}
        signed = f"{_encoded(header)}.{_encoded(payload)}".encode()
        signature = self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return f"{signed.decode()}.{_base64url(signature)}"

    def keys(self) -> dict[str, Any]:
        numbers = self.key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "alg": "RS256",
                    "use": "sig",
                    "kid": self.key_id,
                    "n": _base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
                    "e": _base64url(numbers.e.to_bytes(3, "big")),
                }
            ]
        }


def claims(audience: str, issued: int, knob: dict[str, Any]) -> dict[str, Any]:
    """The claims of a token. Overrides of the knob win; an override of None takes a claim out;
    `sub` follows from the others unless it is overridden itself."""
    owner, owner_id = _REPOSITORY["owner"], _REPOSITORY["ownerId"]
    ref = "refs/heads/main"
    workflow = f"{_FULL_NAME}/.github/workflows/deploy.yml@{ref}"
    sha = hashlib.sha1(_FULL_NAME.encode()).hexdigest()
    made: dict[str, Any] = {
        "actor": "octocat",
        "actor_id": "583231",
        "aud": audience,
        "base_ref": "",
        "check_run_id": "9001001",
        "event_name": "push",
        "exp": issued + int(knob["lifetime"]),
        "head_ref": "",
        "iat": issued,
        "iss": ISSUER,
        "job_workflow_ref": workflow,
        "job_workflow_sha": sha,
        "jti": str(uuid.uuid4()),
        "nbf": issued - _NOT_BEFORE_SECONDS,
        "ref": ref,
        "ref_protected": "true",
        "ref_type": "branch",
        "repository": _FULL_NAME,
        "repository_id": _REPOSITORY["id"],
        "repository_owner": owner,
        "repository_owner_id": owner_id,
        "repository_visibility": "private",
        "run_attempt": "1",
        "run_id": "1001",
        "run_number": "1",
        "runner_environment": "github-hosted",
        "sha": sha,
        "workflow": "deploy",
        "workflow_ref": workflow,
        "workflow_sha": sha,
        **knob["claims"],
    }
    made = {name: value for name, value in made.items() if value is not None}
    if "sub" not in knob["claims"]:
        made["sub"] = _subject(made, knob["sub"])
    return dict(sorted(made.items()))


def _subject(made: dict[str, Any], form: str) -> str:
    """`sub` as GitHub writes it: with names, or, for repositories made since 2026-07-15, ids as well."""
    repository = str(made.get("repository", _FULL_NAME))
    if form == "ids":
        owner, _, name = repository.partition("/")
        repository = f"{owner}@{made.get('repository_owner_id')}/{name}@{made.get('repository_id')}"
    if made.get("environment"):
        return f"repo:{repository}:environment:{made['environment']}"
    if made.get("event_name") == "pull_request":
        return f"repo:{repository}:pull_request"
    return f"repo:{repository}:ref:{made.get('ref')}"


def configure(lab_dir: str | Path) -> Issuer:
    """The issuer of a lab: key and request token are read from its folder, or made there."""
    global _issuer
    with _lock:
        if _issuer is None:
            folder = Path(lab_dir)
            _issuer = Issuer(rsa_key(folder / "pki" / "oidc.key"), _request_token(folder / "oidc-request-token"))
        return _issuer


def public_key() -> rsa.RSAPublicKey:
    """The key that verifies the issuer's tokens."""
    return _configured().key.public_key()


def key_id() -> str:
    """The `kid` of the issuer's key."""
    return _configured().key_id


def start(lab_dir: str | Path) -> HttpServer:
    issuer = configure(lab_dir)

    def serve(connection: socket.socket, client: tuple[str, int]) -> None:
        _Connection(issuer, connection, client)

    return HttpServer(ADDRESSES["github"], PORTS["github"], serve)


def _configured() -> Issuer:
    if _issuer is None:
        raise RuntimeError("lab.cloud.net.github.configure(lab_dir) has not been called")
    return _issuer


def _request_token(path: Path) -> str:
    if path.exists():
        token = path.read_text().strip()
    else:
        token = f"lab-request-token-{secrets.token_urlsafe(24)}"
        write_private(path, f"{token}\n".encode())
    record.secret("oidc-request-token", token)
    return token


class _Connection(Exchange):
    def __init__(self, issuer: Issuer, connection: socket.socket, client: tuple[str, int]) -> None:
        self.issuer = issuer
        super().__init__(connection, client)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.startswith("/api/"):
            return self._rest()
        match url.path:
            case "/token":
                self._token(parse_qs(url.query))
            case "/.well-known/jwks":
                self._json(200, self.issuer.keys())
            case "/.well-known/openid-configuration":
                self._json(200, _configuration())
            case _:
                self._json(404, {"message": "Not Found"})

    do_HEAD = do_GET

    def _rest(self) -> None:
        authorization = self.headers.get("Authorization", "")
        path = self.path.removeprefix("/api")
        status, value, headers = github_api.hub.handle(self.command, path, authorization, self.body())
        # The address of the next page is this one's with another query.
        here = f"http://{ADDRESSES['github']}{urlsplit(self.path).path}"
        if "Link" in headers:
            headers["Link"] = headers["Link"].replace("<?", f"<{here}?")
        self.answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})

    do_POST = do_PATCH = do_DELETE = _rest

    def _token(self, query: dict[str, list[str]]) -> None:
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(
            given.strip().encode(), self.issuer.request_token.encode()
        ):
            return self._json(401, {"message": "Unauthorized"})
        status = int(knobs.get("oidc")["status"])
        if status != 200:
            return self._json(status, {"message": f"The lab answers {status}"})
        audience = query.get("audience", [f"https://github.com/{_REPOSITORY['owner']}"])[0]
        token = self.issuer.issue(audience)
        return self._json(200, {"count": len(token), "value": token})

    def _json(self, status: int, value: Any) -> None:
        self.answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _configuration() -> dict[str, Any]:
    known = [*claims("", 0, {"sub": "names", "lifetime": 0, "claims": {"environment": "x"}})]
    return {
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}/.well-known/jwks",
        "subject_types_supported": ["public", "pairwise"],
        "response_types_supported": ["id_token"],
        "claims_supported": sorted(known),
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
    }


def _encoded(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
