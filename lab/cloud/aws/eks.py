# Amazon EKS's API, as far as the action, Terraform and tests use it; moto's has neither our endpoint nor identities.
from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from .call import Call
from .eks_state import ACCESS_POLICIES, POLICIES, STATE, AccessEntry, Association
from .errors import AwsError, Response, render_json
from .layout import CLUSTER, EKS_ACCOUNT, REGION

Json = dict[str, Any]


def not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message, 404)


def _cluster_here(call: Call, account: str, name: str) -> None:
    if (account, call.region, name) != (EKS_ACCOUNT, REGION, CLUSTER):
        raise not_found(f"No cluster found for name: {name}.")


def _entry(call: Call) -> AccessEntry:
    principal = call.path_params["principalArn"]
    entry = STATE.entries.get(principal)
    if entry is None:
        raise not_found(
            "The specified principalArn could not be found. "
            "You can view your available access entries with 'list-access-entries'."
        )
    return entry


def _association(call: Call) -> Association:
    wanted = call.path_params["associationId"]
    found = STATE.associations.get(wanted)
    if found is None:
        raise not_found(f"The association {wanted} was not found.")
    return found


def describe_cluster(call: Call) -> Json:
    return {"cluster": STATE.cluster()}


def _page(call: Call, key: str, rows: list[Any]) -> Json:
    """Pages as EKS gives them: maxResults of them, and a token for the rest."""
    size = int(call.params.get("maxResults") or 100)
    start = int(call.params.get("nextToken") or 0)
    answer: Json = {key: rows[start : start + size]}
    if start + size < len(rows):
        answer["nextToken"] = str(start + size)
    return answer


def create_association(call: Call) -> Json:
    body = dict(call.params)
    namespace, account = body.pop("namespace", ""), body.pop("serviceAccount", "")
    role = body.pop("roleArn", "")
    if not (namespace and account and role):
        raise AwsError("InvalidParameterException", "namespace, serviceAccount and roleArn are required.", 400)
    if role.split(":")[4:5] != [EKS_ACCOUNT]:
        raise AwsError("InvalidParameterException", "Cross-account pass role is not allowed.", 400)
    for one in STATE.associations.values():
        if (one.namespace, one.service_account) == (namespace, account):
            raise AwsError("ResourceInUseException", f"Association already exists: {one.id}", 409)
    if body.get("policy") and not body.get("disableSessionTags"):
        raise AwsError("InvalidParameterException", "policy requires disableSessionTags to be true.", 400)
    return {"association": STATE.add_association(namespace, account, role, **body).as_json()}


def list_associations(call: Call) -> Json:
    wanted = (call.params.get("namespace"), call.params.get("serviceAccount"))
    rows = [
        one.summary()
        for one in STATE.associations.values()
        if wanted[0] in (None, one.namespace) and wanted[1] in (None, one.service_account)
    ]
    return _page(call, "associations", rows)


def update_association(call: Call) -> Json:
    one = _association(call)
    if "roleArn" in call.params:
        one.role_arn = call.params["roleArn"]
    if "targetRoleArn" in call.params:
        one.target_role_arn = call.params["targetRoleArn"] or None
    if "disableSessionTags" in call.params:
        one.disable_session_tags = bool(call.params["disableSessionTags"])
    if "policy" in call.params:
        one.policy = call.params["policy"] or None
    one.modified = time.time()
    return {"association": one.as_json()}


def delete_association(call: Call) -> Json:
    return {"association": STATE.associations.pop(_association(call).id).as_json()}


def create_entry(call: Call) -> Json:
    principal = call.params.get("principalArn", "")
    if not re.fullmatch(r"arn:aws:iam::\d{12}:(role|user)/.+", principal):
        raise AwsError("InvalidParameterException", "The principalArn parameter format is not valid", 400)
    if principal in STATE.entries:
        raise AwsError(
            "ResourceInUseException",
            "The specified access entry resource is already in use on this cluster.",
            409,
        )
    entry = STATE.add_entry(
        principal,
        list(call.params.get("kubernetesGroups") or []),
        call.params.get("username") or "",
        call.params.get("type") or "STANDARD",
        call.params.get("tags") or {},
    )
    return {"accessEntry": entry.as_json()}


def list_entries(call: Call) -> Json:
    wanted = call.params.get("associatedPolicyArn")
    rows = [arn for arn, one in STATE.entries.items() if wanted is None or wanted in one.policies]
    return _page(call, "accessEntries", rows)


def update_entry(call: Call) -> Json:
    entry = _entry(call)
    if "kubernetesGroups" in call.params:
        entry.groups = list(call.params["kubernetesGroups"] or [])
    if call.params.get("username"):
        entry.username = call.params["username"]
    entry.modified = time.time()
    return {"accessEntry": entry.as_json()}


def delete_entry(call: Call) -> Json:
    del STATE.entries[_entry(call).principal_arn]
    return {}


def associate_policy(call: Call) -> Json:
    entry = _entry(call)
    policy = call.params.get("policyArn", "")
    if policy.removeprefix(POLICIES) not in ACCESS_POLICIES:
        raise AwsError("InvalidParameterException", "The policyArn parameter format is not valid", 400)
    row = STATE.associate_policy(entry, policy, call.params.get("accessScope") or {})
    return {"clusterName": CLUSTER, "principalArn": entry.principal_arn, "associatedAccessPolicy": row}


def list_policies_of_entry(call: Call) -> Json:
    entry = _entry(call)
    page = _page(call, "associatedAccessPolicies", list(entry.policies.values()))
    return {"clusterName": CLUSTER, "principalArn": entry.principal_arn, **page}


def disassociate_policy(call: Call) -> Json:
    entry = _entry(call)
    if entry.policies.pop(call.path_params["policyArn"], None) is None:
        raise not_found("The specified policyArn is not associated with this access entry.")
    return {}


def create_addon(call: Call) -> Json:
    name = call.params.get("addonName", "")
    if name in STATE.addons:
        raise AwsError("ResourceInUseException", "Addon already exists.", 409)
    return {"addon": add_addon(name)}


def add_addon(name: str) -> Json:
    now = time.time()
    STATE.addons[name] = {
        "addonName": name,
        "clusterName": CLUSTER,
        "status": "ACTIVE",
        "addonVersion": "v1.3.9-eksbuild.1",
        "health": {"issues": []},
        "addonArn": f"arn:aws:eks:{REGION}:{EKS_ACCOUNT}:addon/{CLUSTER}/{name}/{uuid.uuid4()}",
        "createdAt": now,
        "modifiedAt": now,
        "tags": {},
    }
    return STATE.addons[name]


def _addon(call: Call) -> Json:
    name = call.path_params["addonName"]
    if name not in STATE.addons:
        raise not_found(f"No addon: {name} found in cluster: {CLUSTER}")
    return STATE.addons[name]


CALLS: dict[str, Callable[[Call], Json]] = {
    "DescribeCluster": describe_cluster,
    "CreatePodIdentityAssociation": create_association,
    "ListPodIdentityAssociations": list_associations,
    "DescribePodIdentityAssociation": lambda call: {"association": _association(call).as_json()},
    "UpdatePodIdentityAssociation": update_association,
    "DeletePodIdentityAssociation": delete_association,
    "CreateAccessEntry": create_entry,
    "ListAccessEntries": list_entries,
    "DescribeAccessEntry": lambda call: {"accessEntry": _entry(call).as_json()},
    "UpdateAccessEntry": update_entry,
    "DeleteAccessEntry": delete_entry,
    "AssociateAccessPolicy": associate_policy,
    "ListAssociatedAccessPolicies": list_policies_of_entry,
    "DisassociateAccessPolicy": disassociate_policy,
    "ListAddons": lambda call: _page(call, "addons", list(STATE.addons)),
    "CreateAddon": create_addon,
    "DescribeAddon": lambda call: {"addon": _addon(call)},
    "DeleteAddon": lambda call: {"addon": STATE.addons.pop(_addon(call)["addonName"])},
}


def answer(call: Call, account: str) -> Response | None:
    """None when EKS has such a call but the lab has not."""
    if call.action == "ListClusters":
        here = (account, call.region) == (EKS_ACCOUNT, REGION)
        return render_json(_page(call, "clusters", [CLUSTER] if here else []))
    if call.action == "ListAccessPolicies":
        rows = [{"name": name, "arn": POLICIES + name} for name in ACCESS_POLICIES]
        return render_json(_page(call, "accessPolicies", rows))
    run = CALLS.get(call.action)
    if run is None:
        return None
    _cluster_here(call, account, call.path_params.get("name") or call.path_params.get("clusterName", ""))
    with STATE.lock:
        return render_json(run(call))
