# Credentials in force: the administrators' keys of layout.json and the sessions that STS issued.
from __future__ import annotations

import base64
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from lab.cloud.control import knobs, record

from .layout import DNS_ACCOUNT, EKS_ACCOUNT, LAYOUT
from .policy import Principal

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret: str
    principal: Principal
    token: str = ""
    user_id: str = ""
    issued: float = 0.0
    expires: float | None = None
    # Session policies: a call must also be allowed by one of these, when there are any.
    policies: tuple[dict[str, Any], ...] | None = None

    @property
    def administrator(self) -> bool:
        return self.principal.kind == "user"

    @property
    def expired(self) -> bool:
        return self.expires is not None and time.time() >= self.expires


@dataclass
class _Store:
    lock: threading.Lock = field(default_factory=threading.Lock)
    by_key: dict[str, Credentials] = field(default_factory=dict)


_store = _Store()


def _administrators() -> None:
    for part, account in (("eks", EKS_ACCOUNT), ("dns", DNS_ACCOUNT)):
        keys = LAYOUT["admin"][part]
        _store.by_key[keys["accessKeyId"]] = Credentials(
            access_key=keys["accessKeyId"],
            secret=keys["secretAccessKey"],
            principal=Principal("user", account, f"arn:aws:iam::{account}:user/lab-admin"),
            user_id="AIDALABADMINISTRATOR",
        )


_administrators()


def find(access_key: str) -> Credentials | None:
    with _store.lock:
        return _store.by_key.get(access_key)


def issue(
    principal: Principal,
    role_id: str,
    seconds: int,
    policies: tuple[dict[str, Any], ...] | None = None,
) -> Credentials:
    """A new session with keys of its own; the knob sessionSeconds overrides its lifetime."""
    forced = knobs.get("sessionSeconds")
    now = time.time()
    credentials = Credentials(
        access_key="ASIA" + "".join(secrets.choice(BASE32) for _ in range(16)),
        secret=base64.b64encode(secrets.token_bytes(30)).decode(),
        token="IQoJb3JpZ2luX2Vj" + base64.b64encode(secrets.token_bytes(360)).decode(),
        principal=principal,
        user_id=f"{role_id}:{principal.session_name}",
        issued=now,
        expires=now + float(forced if forced is not None else seconds),
        policies=policies,
    )
    with _store.lock:
        _store.by_key[credentials.access_key] = credentials
    record.secret("sts-secret-access-key", credentials.secret)
    record.secret("sts-session-token", credentials.token)
    return credentials
