# The token webhook's verification, with tokens as botocore makes them.
from __future__ import annotations

import base64
import time
import unittest
from urllib.parse import parse_qsl, urlencode, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from lab.cloud.aws.eks_token import HEADER, PREFIX, Refused, verify
from lab.cloud.aws.layout import CLUSTER, EKS_ACCOUNT
from lab.cloud.aws.policy import Principal
from lab.cloud.aws.sessions import Credentials, issue
from lab.cloud.control import knobs

URL = "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"


def session(seconds: int = 3600) -> Credentials:
    arn = f"arn:aws:sts::{EKS_ACCOUNT}:assumed-role/deploy/run"
    role = f"arn:aws:iam::{EKS_ACCOUNT}:role/deploy"
    return issue(Principal("session", EKS_ACCOUNT, arn, "deploy", role, "run"), "AROA", seconds)


def presigned(given: Credentials, headers: dict[str, str] | None = None, url: str = URL, expires: int = 60) -> str:
    request = AWSRequest("GET", url, headers={HEADER: CLUSTER} if headers is None else headers)
    keys = BotoCredentials(given.access_key, given.secret, given.token)
    SigV4QueryAuth(keys, "sts", "us-east-1", expires=expires).add_auth(request)
    return str(request.url)


def token_of(url: str) -> str:
    return PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def changed(url: str, **values: str) -> str:
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), **{key.replace("_", "-"): value for key, value in values.items()}}
    return parts._replace(query=urlencode(query)).geturl()


class Verify(unittest.TestCase):
    def setUp(self) -> None:
        self.given = session()
        self.addCleanup(knobs.reset)

    def refused(self, token: str, words: str, now: float | None = None) -> None:
        with self.assertRaisesRegex(Refused, words):
            verify(token, now=now)

    def test_good(self) -> None:
        self.assertEqual(verify(token_of(presigned(self.given))).arn, self.given.principal.arn)

    def test_other_sts_hosts(self) -> None:
        for host, good in [
            ("sts.amazonaws.com", True),
            ("sts.eu-central-1.amazonaws.com", True),
            ("sts.us-east-1.amazonaws.com.example.com", False),
            ("127.42.0.3:4566", False),
        ]:
            token = token_of(presigned(self.given, url=URL.replace("sts.us-east-1.amazonaws.com", host)))
            with self.subTest(host):
                if good:
                    verify(token)
                else:
                    self.refused(token, "unexpected hostname")

    def test_wrong_cluster_is_a_wrong_signature(self) -> None:
        self.refused(token_of(presigned(self.given, {HEADER: "other"})), "signature does not match")

    def test_header_not_signed(self) -> None:
        self.refused(token_of(presigned(self.given, {})), "did not sign")

    def test_secret_of_another(self) -> None:
        stolen = Credentials(self.given.access_key, "wrong", self.given.principal, self.given.token)
        self.refused(token_of(presigned(stolen)), "signature does not match")

    def test_tampered(self) -> None:
        url = presigned(self.given)
        self.refused(token_of(changed(url, X_Amz_Expires="61")), "signature does not match")
        self.refused(token_of(changed(url, Action="GetSessionToken")), "unexpected action")
        self.refused(token_of(changed(url, Foo="1")), "non-whitelisted")
        self.refused(token_of(url + "&Action=GetCallerIdentity"), "multiple values")
        self.refused(token_of(changed(url, X_Amz_Security_Token="x")), "session token")
        self.refused(token_of(url.replace("https:", "http:")), "scheme")
        self.refused(token_of(url.replace("/?", "/x?")), "path")
        self.refused(token_of(presigned(self.given, expires=901)), "X-Amz-Expires")

    def test_form(self) -> None:
        self.refused("abc", "prefix")
        self.refused(PREFIX + "a+b", "base64url")
        self.refused(token_of(presigned(self.given)) + "==", "base64url")
        self.refused(PREFIX + "a" * 4096, "too large")

    def test_age(self) -> None:
        token = token_of(presigned(self.given))
        verify(token, now=time.time() + 890)
        self.refused(token, "expired", time.time() + 901)
        self.refused(token, "future", time.time() - 400)
        knobs.set(eksTokenSeconds=20)
        verify(token, now=time.time() + 15)
        self.refused(token, "expired", time.time() + 21)

    def test_session_over(self) -> None:
        self.refused(token_of(presigned(session(-1))), "session has expired")

    def test_unknown_key(self) -> None:
        stranger = Credentials("ASIA" + "A" * 16, "s", self.given.principal, "t")
        self.refused(token_of(presigned(stranger)), "not known")


if __name__ == "__main__":
    unittest.main()
