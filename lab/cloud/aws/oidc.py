# Web identity tokens: is this JWT GitHub's, unexpired, and known to a provider of the account?
from __future__ import annotations

import base64
import binascii
import json
import time
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from lab.cloud.net import github

from .errors import AwsError

NOT_A_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"

# The claims of GitHub's tokens that a trust policy can test as <issuer>:<claim>.
CLAIMS = (
    "aud",
    "sub",
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "workflow",
)


def invalid(message: str) -> AwsError:
    return AwsError("InvalidIdentityToken", message, 400)


def decode_part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read_jwt(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, signature, and what was signed; raises ValueError when it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError("a JWT has three parts")
    try:
        header, claims = json.loads(decode_part(parts[0])), json.loads(decode_part(parts[1]))
        sealed = decode_part(parts[2])
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("a part of the JWT is not base64url") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise ValueError("a part of the JWT is not an object")
    return header, claims, sealed, f"{parts[0]}.{parts[1]}".encode()


def rs256_holds(key: Any, sealed: bytes, signed: bytes) -> bool:
    try:
        key.verify(sealed, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def audiences(claims: dict[str, Any]) -> list[str]:
    value = claims.get("aud", [])
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def verify(token: str, account: str) -> tuple[str, str, dict[str, Any]]:
    """The provider's ARN, the issuer as condition keys name it, and the claims."""
    from moto.iam.models import iam_backends

    try:
        header, claims, sealed, signed = read_jwt(token)
    except ValueError as error:
        raise invalid(NOT_A_JWT) from error
    url = str(claims.get("iss", ""))
    issuer = url.removeprefix("https://")
    providers = iam_backends[account]["aws"].open_id_providers.values()
    provider = next((one for one in providers if one.url.rstrip("/") == issuer.rstrip("/")), None)
    if provider is None:
        raise invalid(f"No OpenIDConnect provider found in your account for {url}")
    if header.get("alg") != "RS256" or not rs256_holds(github.public_key(), sealed, signed):
        raise invalid(
            "Couldn't retrieve verification key from your identity provider, "
            "please reference AssumeRoleWithWebIdentity documentation for requirements"
        )
    now = int(time.time())
    if now >= float(claims.get("exp", 0)):
        raise AwsError(
            "ExpiredTokenException",
            f"Token expired: current date/time {now} must be before the expiration date/time {int(claims.get('exp', 0))}",
            400,
        )
    if not set(audiences(claims)) & set(provider.client_id_list):
        raise invalid("Incorrect token audience")
    return provider.arn, issuer, claims
