# IAM policy documents: which of them allow or deny an action on a resource, and for whom.
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .conditions import Context, as_list, condition_holds, glob_match, substitute

Decision = Literal["allow", "deny", "none"]


@dataclass(frozen=True)
class Principal:
    """Who calls: a session of a role, an administrator of the lab, or an AWS service."""

    kind: Literal["session", "user", "service", "federated"]
    account: str
    arn: str
    role_name: str = ""
    role_arn: str = ""
    session_name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: frozenset[str] = frozenset()

    @property
    def principal_arn(self) -> str:
        """aws:PrincipalArn: for a session the ARN of its role."""
        return self.role_arn or self.arn


def make_context(values: Mapping[str, str | Iterable[str] | None]) -> dict[str, list[str]]:
    context: dict[str, list[str]] = {}
    for key, value in values.items():
        if value is not None:
            context[key.lower()] = [value] if isinstance(value, str) else list(value)
    return context


def principal_context(principal: Principal) -> dict[str, list[str]]:
    if principal.kind == "federated":
        return {}
    if principal.kind == "service":
        return make_context({"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": principal.arn})
    values: dict[str, str] = {
        "aws:PrincipalArn": principal.principal_arn,
        "aws:PrincipalAccount": principal.account,
        "aws:PrincipalType": "AssumedRole" if principal.kind == "session" else "User",
        "aws:PrincipalIsAWSService": "false",
    }
    for key, value in principal.tags.items():
        values[f"aws:PrincipalTag/{key}"] = value
    return make_context(values)


def statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def action_matches(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(glob_match(p, action, True) for p in as_list(statement["NotAction"]))
    return any(glob_match(p, action, True) for p in as_list(statement.get("Action", [])))


def resource_matches(statement: Mapping[str, Any], resource: str, context: Context) -> bool:
    def any_of(patterns: Any) -> bool:
        for pattern in as_list(patterns):
            replaced = substitute(pattern, context)
            if replaced is not None and glob_match(replaced, resource):
                return True
        return False

    if "NotResource" in statement:
        return not any_of(statement["NotResource"])
    return any_of(statement.get("Resource", []))


def evaluate(
    documents: Iterable[Mapping[str, Any]], action: str, resource: str, context: Context
) -> Decision:
    """Identity policies: a deny wins, then an allow, otherwise nothing was said."""
    decision: Decision = "none"
    for document in documents:
        for statement in statements(document):
            if (
                action_matches(statement, action)
                and resource_matches(statement, resource, context)
                and condition_holds(statement.get("Condition"), context)
            ):
                if statement.get("Effect") == "Deny":
                    return "deny"
                decision = "allow"
    return decision


# How a trust policy names the caller: by itself, or only through its account (then the
# account's own policies must allow the call too).
Naming = Literal["direct", "account", "no"]


def names_principal(statement: Mapping[str, Any], principal: Principal) -> Naming:
    wanted = statement.get("Principal")
    if wanted == "*":
        return "direct"
    if not isinstance(wanted, Mapping):
        return "no"
    if principal.kind == "service":
        return "direct" if principal.arn in as_list(wanted.get("Service", [])) else "no"
    if principal.kind == "federated":
        return "direct" if principal.arn in as_list(wanted.get("Federated", [])) else "no"
    found: Naming = "no"
    for name in as_list(wanted.get("AWS", [])):
        if name in ("*", principal.arn, principal.principal_arn):
            return "direct"
        if name in (principal.account, f"arn:aws:iam::{principal.account}:root"):
            found = "account"
    return found


def evaluate_trust(
    document: Mapping[str, Any], principal: Principal, action: str, context: Context
) -> tuple[Decision, Naming]:
    """A trust policy: what it says about this caller, and how it named it."""
    decision: Decision = "none"
    naming: Naming = "no"
    for statement in statements(document):
        named = names_principal(statement, principal)
        if (
            named == "no"
            or not action_matches(statement, action)
            or not condition_holds(statement.get("Condition"), context)
        ):
            continue
        if statement.get("Effect") == "Deny":
            return "deny", named
        decision = "allow"
        if naming != "direct":
            naming = named
    return decision, naming
