# Roles and their policies as IAM knows them, read from moto; late by iamDelaySeconds when a test wants that.
from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from lab.cloud.control import knobs

from .layout import DNS_ACCOUNT, EKS_ACCOUNT


@dataclass(frozen=True)
class Role:
    account: str
    name: str
    arn: str
    id: str
    trust: dict[str, Any]
    documents: tuple[dict[str, Any], ...]
    boundary: dict[str, Any] | None
    max_session_seconds: int


Roles = dict[str, Role]


def parse_document(text: Any) -> dict[str, Any]:
    if isinstance(text, dict):
        return text
    if not text:
        return {}
    document: dict[str, Any] = json.loads(text if text.lstrip().startswith("{") else unquote(text))
    return document


def _document_of(managed: Any) -> dict[str, Any]:
    for version in managed.versions:
        if version.version_id == managed.default_version_id:
            return parse_document(version.document)
    return {}


def _read_now() -> Roles:
    from moto.iam.models import iam_backends

    roles: Roles = {}
    for account in (EKS_ACCOUNT, DNS_ACCOUNT):
        backend = iam_backends[account]["aws"]
        for role in list(backend.roles.values()):
            documents = [parse_document(text) for text in role.policies.values()]
            documents += [_document_of(policy) for policy in role.managed_policies.values()]
            boundary = None
            if role.permissions_boundary_arn:
                managed = backend.managed_policies.get(role.permissions_boundary_arn)
                boundary = _document_of(managed) if managed else {}
            roles[role.arn] = Role(
                account=account,
                name=role.name,
                arn=role.arn,
                id=role.id,
                trust=parse_document(role.assume_role_policy_document),
                documents=tuple(documents),
                boundary=boundary,
                max_session_seconds=int(role.max_session_duration or 3600),
            )
    return roles


_lock = threading.Lock()
_history: deque[tuple[float, Roles]] = deque(maxlen=500)


def remember() -> None:
    """To be called after each write to IAM: the state from this moment on."""
    with _lock:
        _history.append((time.time(), _read_now()))


def effective_since(delay: float) -> float:
    """Only what was written before this moment counts."""
    return time.time() - delay


def roles() -> Roles:
    delay = float(knobs.get("iamDelaySeconds"))
    if delay <= 0:
        return _read_now()
    moment = effective_since(delay)
    with _lock:
        past = [state for at, state in _history if at <= moment]
        if past:
            return past[-1]
        return _history[0][1] if _history else _read_now()


def find_role(arn: str) -> Role | None:
    return roles().get(arn)
