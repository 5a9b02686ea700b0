# The cluster's authentication webhook: EKS token to user and groups, by the access entries.
from __future__ import annotations

from typing import Any

from lab.cloud.control import record

from .eks_state import POLICIES, STATE, AccessEntry
from .eks_token import PREFIX, Refused, verify
from .layout import CLUSTER_ARN, EKS_ACCOUNT
from .log import say
from .sessions import Credentials

# EKS lets an authorizer of its own decide by access policy. The lab's API server has RBAC alone,
# so a policy becomes a group: system:masters, or one that the lab binds to a cluster role.
GROUPS = {
    "AmazonEKSClusterAdminPolicy": "system:masters",
    "AmazonEKSAdminPolicy": "eks:admin",
    "AmazonEKSEditPolicy": "eks:edit",
    "AmazonEKSViewPolicy": "eks:view",
    "AmazonEKSAdminViewPolicy": "eks:admin-view",
}


def groups_of(entry: AccessEntry) -> list[str]:
    groups = list(entry.groups)
    for arn, association in entry.policies.items():
        name = arn.removeprefix(POLICIES)
        scope = association["accessScope"]
        if name not in GROUPS:
            continue
        if scope["type"] == "cluster":
            groups.append(GROUPS[name])
        else:
            # eks:admin:team-a, for a RoleBinding in the namespace team-a.
            level = "admin" if name == "AmazonEKSClusterAdminPolicy" else GROUPS[name].removeprefix("eks:")
            groups += [f"eks:{level}:{namespace}" for namespace in scope["namespaces"]]
    return sorted(set(groups))


def username_of(entry: AccessEntry, credentials: Credentials) -> str:
    principal = credentials.principal
    return (
        entry.username.replace("{{SessionName}}", principal.session_name)
        .replace("{{SessionNameRaw}}", principal.session_name)
        .replace("{{AccountID}}", principal.account)
    )


_seen: set[str] = set()


def _remember(token: str) -> None:
    """A token that opens the cluster is a secret, although the caller made it."""
    if token not in _seen:
        _seen.add(token)
        record.secret("eks-token", token)


def _user(credentials: Credentials, entry: AccessEntry) -> dict[str, Any]:
    principal, id_ = credentials.principal, credentials.user_id.split(":")[0]
    return {
        "username": username_of(entry, credentials),
        "uid": f"aws-iam-authenticator:{principal.account}:{id_}",
        "groups": [*groups_of(entry), "system:authenticated"],
        "extra": {
            "arn": [principal.arn],
            "canonicalArn": [principal.principal_arn],
            "principalId": [id_],
            "sessionName": [principal.session_name],
            "accessKeyId": [credentials.access_key],
        },
    }


def review(body: dict[str, Any]) -> dict[str, Any]:
    """A TokenReview with its status; an answer of no is no error, or the API server would ask again."""
    spec = body.get("spec") or {}
    token = str(spec.get("token", ""))
    status: dict[str, Any] = {"authenticated": False}
    # Others' tokens (service accounts that the API server did not recognise) are not ours to judge.
    if token.startswith(PREFIX):
        who, why = "?", None
        try:
            credentials = verify(token).credentials
            who = credentials.principal.arn
            _remember(token)
            entry = STATE.entry_for(credentials.principal.principal_arn)
            if entry is None:
                raise Refused(f"no access entry for {credentials.principal.principal_arn}")
            status = {"authenticated": True, "user": _user(credentials, entry)}
            if spec.get("audiences"):
                status["audiences"] = spec["audiences"]
        except Refused as refused:
            why = str(refused)
            say(f"token refused: {why}")
        record.call(
            account=EKS_ACCOUNT,
            principal=who,
            service="eks",
            action="TokenReview",
            resource=CLUSTER_ARN,
            allowed=why is None,
            status=200,
            error=why,
        )
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}
