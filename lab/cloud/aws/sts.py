# AWS STS: who may assume which role, with which session tags, and for how long.
from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from xml.sax.saxutils import escape

from . import oidc
from .access import refusal
from .call import Call, members, structures
from .demands import Demand
from .errors import AwsError, Response, render_query
from .policy import Principal, evaluate_trust, make_context, principal_context
from .roles import Role, find_role
from .sessions import Credentials, issue

SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")
EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}")
ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/\S+")


@dataclass(frozen=True)
class Wanted:
    """What an AssumeRole asks for."""

    role_arn: str
    session_name: str
    seconds: int | None = None
    external_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    transitive: frozenset[str] = frozenset()
    source_identity: str | None = None
    policies: tuple[dict[str, Any], ...] | None = None


def denied(message: str) -> AwsError:
    return AwsError("AccessDenied", message, 403)


def constraint(value: object, name: str, rule: str) -> AwsError:
    return AwsError(
        "ValidationError",
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {rule}",
    )


def _validate(wanted: Wanted) -> str:
    if not ROLE_ARN.fullmatch(wanted.role_arn):
        raise AwsError("ValidationError", f"{wanted.role_arn} is invalid")
    if not SESSION_NAME.fullmatch(wanted.session_name):
        rule = "Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        raise constraint(wanted.session_name, "roleSessionName", rule)
    if wanted.external_id is not None and not EXTERNAL_ID.fullmatch(wanted.external_id):
        rule = "Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*"
        raise constraint(wanted.external_id, "externalId", rule)
    if wanted.seconds is not None and wanted.seconds < 900:
        raise constraint(wanted.seconds, "durationSeconds", "Member must have value greater than or equal to 900")
    if wanted.seconds is not None and wanted.seconds > 43200:
        raise constraint(wanted.seconds, "durationSeconds", "Member must have value less than or equal to 43200")
    return wanted.role_arn.split(":")[4]


def _lifetime(wanted: Wanted, role: Role, chained: bool) -> int:
    seconds = wanted.seconds if wanted.seconds is not None else 3600
    if chained and seconds > 3600:
        raise AwsError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        )
    if seconds > role.max_session_seconds:
        raise AwsError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return seconds


def _session_of(role: Role, name: str, tags: dict[str, str], transitive: frozenset[str]) -> Principal:
    # A session's ARN has the role's name without its path.
    arn = f"arn:aws:sts::{role.account}:assumed-role/{role.name}/{name}"
    return Principal("session", role.account, arn, role.name, role.arn, name, tags, transitive)


def assume(
    caller: Principal, credentials: Credentials | None, wanted: Wanted, more: dict[str, str] | None = None
) -> tuple[Credentials, Role]:
    """AssumeRole by a session, by an administrator, or (credentials None) by an AWS service."""
    account = _validate(wanted)
    role = find_role(wanted.role_arn)
    inherited = {key: value for key, value in caller.tags.items() if key in caller.transitive}
    for key in wanted.tags:
        if key in inherited and wanted.tags[key] != inherited[key]:
            raise AwsError(
                "InvalidParameterValue",
                f"One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session: {key}",
            )
    # Tags that are transitive come along by themselves, and count as tags of this request.
    tags = {**inherited, **wanted.tags}
    context = {
        **principal_context(caller),
        **make_context(
            {
                **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
                "aws:TagKeys": sorted(tags) if tags else None,
                "sts:TransitiveTagKeys": sorted(wanted.transitive) if wanted.transitive else None,
                "sts:ExternalId": wanted.external_id,
                "sts:RoleSessionName": wanted.session_name,
                "sts:SourceIdentity": wanted.source_identity,
                **(more or {}),
            }
        ),
    }
    actions = ["sts:AssumeRole"]
    if tags:
        actions.append("sts:TagSession")
    if wanted.source_identity:
        actions.append("sts:SetSourceIdentity")
    for action in actions:
        message = f"User: {caller.arn} is not authorized to perform: {action} on resource: {wanted.role_arn}"
        if role is None:
            raise denied(message)
        trusted, named = evaluate_trust(role.trust, caller, action, context)
        if trusted == "deny":
            raise denied(f"{message} with an explicit deny in a resource-based policy")
        if trusted != "allow":
            raise denied(message)
        if credentials is None:
            continue
        own = refusal(credentials, Demand(action, wanted.role_arn), context)
        if own == "explicit":
            raise denied(f"{message} with an explicit deny in an identity-based policy")
        # Named by its ARN in its own account, the caller needs no policy of its own.
        if own is not None and (caller.account != account or named == "account"):
            raise denied(f"{message} because no identity-based policy allows the {action} action")
    assert role is not None
    seconds = _lifetime(wanted, role, chained=caller.kind == "session")
    session = _session_of(role, wanted.session_name, tags, frozenset(inherited) | wanted.transitive)
    return issue(session, role.id, seconds, wanted.policies), role


def _policies(call: Call) -> tuple[dict[str, Any], ...] | None:
    found: list[dict[str, Any]] = []
    if call.params.get("Policy"):
        try:
            found.append(json.loads(call.params["Policy"]))
        except ValueError as error:
            raise AwsError("MalformedPolicyDocument", "This policy contains invalid Json") from error
    arns = [row.get("arn", "") for row in structures(call.params, "PolicyArns")]
    if arns:
        raise AwsError("InvalidAction", "The lab has no managed session policies (PolicyArns).")
    return tuple(found) or None


def _wanted(call: Call) -> Wanted:
    seconds = call.params.get("DurationSeconds")
    return Wanted(
        role_arn=call.params.get("RoleArn", ""),
        session_name=call.params.get("RoleSessionName", ""),
        seconds=int(seconds) if seconds else None,
        external_id=call.params.get("ExternalId"),
        tags={row["Key"]: row.get("Value", "") for row in structures(call.params, "Tags") if "Key" in row},
        transitive=frozenset(members(call.params, "TransitiveTagKeys")),
        source_identity=call.params.get("SourceIdentity"),
        policies=_policies(call),
    )


def iso(moment: float | None) -> str:
    return datetime.fromtimestamp(moment or 0, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _credentials_xml(given: Credentials) -> str:
    return (
        f"<Credentials><AccessKeyId>{given.access_key}</AccessKeyId>"
        f"<SecretAccessKey>{escape(given.secret)}</SecretAccessKey>"
        f"<SessionToken>{escape(given.token)}</SessionToken>"
        f"<Expiration>{iso(given.expires)}</Expiration></Credentials>"
        f"<AssumedRoleUser><AssumedRoleId>{escape(given.user_id)}</AssumedRoleId>"
        f"<Arn>{escape(given.principal.arn)}</Arn></AssumedRoleUser>"
    )


def assume_role(call: Call, credentials: Credentials) -> Response:
    given, _ = assume(credentials.principal, credentials, _wanted(call))
    tags = given.principal.tags
    size = f"<PackedPolicySize>{min(99, 1 + sum(map(len, tags)))}</PackedPolicySize>" if tags else ""
    return render_query("sts", "AssumeRole", _credentials_xml(given) + size)


def web_identity_subject(call: Call) -> str:
    """For the record of calls: whom the token speaks of, verified or not."""
    try:
        return str(oidc.read_jwt(call.params.get("WebIdentityToken", ""))[1].get("sub", "?"))
    except ValueError:
        return "?"


def assume_role_with_web_identity(call: Call) -> Response:
    wanted = _wanted(call)
    account = _validate(wanted)
    provider, issuer, claims = oidc.verify(call.params.get("WebIdentityToken", ""), account)
    values: dict[str, Any] = {f"{issuer}:{name}": str(claims[name]) for name in oidc.CLAIMS if name in claims}
    values[f"{issuer}:aud"] = oidc.audiences(claims)
    values["sts:RoleSessionName"] = wanted.session_name
    values["aws:FederatedProvider"] = provider
    refused = denied("Not authorized to perform sts:AssumeRoleWithWebIdentity")
    role = find_role(wanted.role_arn)
    if role is None:
        raise refused
    caller = Principal("federated", account, provider)
    decision, _ = evaluate_trust(role.trust, caller, "sts:AssumeRoleWithWebIdentity", make_context(values))
    if decision != "allow":
        raise refused
    seconds = _lifetime(wanted, role, chained=False)
    given = issue(_session_of(role, wanted.session_name, {}, frozenset()), role.id, seconds, wanted.policies)
    xml = (
        _credentials_xml(given)
        + f"<SubjectFromWebIdentityToken>{escape(str(claims.get('sub', '')))}</SubjectFromWebIdentityToken>"
        + f"<Audience>{escape(oidc.audiences(claims)[0])}</Audience>"
        + f"<Provider>{escape(provider)}</Provider>"
    )
    return render_query("sts", "AssumeRoleWithWebIdentity", xml)


def get_caller_identity(credentials: Credentials) -> Response:
    xml = (
        f"<Arn>{escape(credentials.principal.arn)}</Arn><UserId>{escape(credentials.user_id)}</UserId>"
        f"<Account>{credentials.principal.account}</Account>"
    )
    return render_query("sts", "GetCallerIdentity", xml)
