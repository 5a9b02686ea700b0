# Tests of the OIDC issuer's tokens.
import base64
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ..control import knobs, record
from .github import Issuer, claims
from .pki import rsa_key

NAMES = "repo:example-org/sample-app"
IDS = "repo:example-org@9001/sample-app@424242"


def made(sub: str = "names", lifetime: int = 300, **overrides: Any) -> dict[str, Any]:
    return claims("sts.amazonaws.com", 1_000_000, {"sub": sub, "lifetime": lifetime, "claims": overrides})


class Claims(unittest.TestCase):
    def test_subject(self) -> None:
        table: list[tuple[dict[str, Any], str]] = [
            (made(), f"{NAMES}:ref:refs/heads/main"),
            (made("ids"), f"{IDS}:ref:refs/heads/main"),
            (made(event_name="pull_request"), f"{NAMES}:pull_request"),
            (made("ids", environment="production", event_name="pull_request"), f"{IDS}:environment:production"),
            (made(ref="refs/tags/v1"), f"{NAMES}:ref:refs/tags/v1"),
            (made(repository="other/app"), "repo:other/app:ref:refs/heads/main"),
            (made(sub="names"), f"{NAMES}:ref:refs/heads/main"),
            (claims("a", 0, {"sub": "ids", "lifetime": 1, "claims": {"sub": "repo:x"}}), "repo:x"),
        ]
        for payload, wanted in table:
            with self.subTest(sub=wanted):
                self.assertEqual(payload["sub"], wanted)

    def test_times_and_overrides(self) -> None:
        payload = made(lifetime=60, actor=None, extra="x")
        self.assertEqual((payload["exp"] - payload["iat"], payload["aud"]), (60, "sts.amazonaws.com"))
        self.assertLess(payload["nbf"], payload["iat"])
        self.assertNotIn("actor", payload)
        self.assertEqual(payload["extra"], "x")


class Tokens(unittest.TestCase):
    def test_signed_by_the_published_key_and_recorded(self) -> None:
        self.addCleanup(knobs.reset)
        knobs.set(oidc={"sub": "ids"})
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "pki", "oidc.key")
            issuer = Issuer(rsa_key(path), "request-token")
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            self.assertEqual(rsa_key(path).private_numbers(), issuer.key.private_numbers())
        token = issuer.issue("sts.amazonaws.com")
        header, payload, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
        [key] = issuer.keys()["keys"]
        self.assertEqual(json.loads(header)["kid"], key["kid"])
        self.assertTrue(json.loads(payload)["sub"].startswith(IDS))
        numbers = (int.from_bytes(base64.urlsafe_b64decode(key[name] + "=="), "big") for name in ("e", "n"))
        public = rsa.RSAPublicNumbers(*numbers).public_key()
        public.verify(signature, token.rpartition(".")[0].encode(), padding.PKCS1v15(), hashes.SHA256())
        self.assertIn(token, [entry["value"] for entry in record.credentials.list()])


if __name__ == "__main__":
    unittest.main()
