# May this caller do this? Identity policies, boundary and session policies, in AWS's order and wording.
from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from lab.cloud.control import knobs

from .conditions import Context
from .demands import FREE, Demand
from .policy import evaluate, principal_context
from .roles import find_role
from .sessions import Credentials

Refusal = Literal["explicit", "identity", "boundary", "session", "no-role"]


def refusal(credentials: Credentials, demand: Demand, more: Context | None = None) -> Refusal | None:
    """None when the caller's own policies allow it, otherwise which of them does not."""
    if demand.action in knobs.get("deniedActions"):
        return "explicit"
    if credentials.administrator:
        return None
    role = find_role(credentials.principal.role_arn)
    if role is None:
        return "no-role"
    context: Mapping[str, object] = {**principal_context(credentials.principal), **demand.context, **(more or {})}

    def decide(documents: object) -> str:
        return evaluate(documents, demand.action, demand.resource, context)  # type: ignore[arg-type]

    identity = decide(role.documents)
    boundary = "allow" if role.boundary is None else decide([role.boundary])
    session = "allow" if credentials.policies is None else decide(credentials.policies)
    if "deny" in (identity, boundary, session):
        return "explicit"
    if identity != "allow":
        return "identity"
    if boundary != "allow":
        return "boundary"
    return None if session == "allow" else "session"


def sentence(credentials: Credentials, demand: Demand, why: Refusal) -> str:
    text = f"User: {credentials.principal.arn} is not authorized to perform: {demand.action}"
    if demand.resource != "*":
        text += f" on resource: {demand.resource}"
    if why == "explicit":
        return f"{text} with an explicit deny in an identity-based policy"
    if why == "boundary":
        return f"{text} because no permissions boundary allows the {demand.action} action"
    if why == "session":
        return f"{text} because no session policy allows the {demand.action} action"
    return f"{text} because no identity-based policy allows the {demand.action} action"


def is_free(service: str, action: str) -> bool:
    return (service, action) in FREE
