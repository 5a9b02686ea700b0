# The REST paths of Amazon EKS: method and path to the name of the call and its path parameters.
from __future__ import annotations

import re
from urllib.parse import unquote

ROUTES = [
    ("GET", "/clusters", "ListClusters"),
    ("POST", "/clusters", "CreateCluster"),
    ("GET", "/clusters/{name}", "DescribeCluster"),
    ("DELETE", "/clusters/{name}", "DeleteCluster"),
    ("POST", "/clusters/{clusterName}/pod-identity-associations", "CreatePodIdentityAssociation"),
    ("GET", "/clusters/{clusterName}/pod-identity-associations", "ListPodIdentityAssociations"),
    ("GET", "/clusters/{clusterName}/pod-identity-associations/{associationId}", "DescribePodIdentityAssociation"),
    ("POST", "/clusters/{clusterName}/pod-identity-associations/{associationId}", "UpdatePodIdentityAssociation"),
    ("DELETE", "/clusters/{clusterName}/pod-identity-associations/{associationId}", "DeletePodIdentityAssociation"),
    ("POST", "/clusters/{clusterName}/access-entries", "CreateAccessEntry"),
    ("GET", "/clusters/{clusterName}/access-entries", "ListAccessEntries"),
    ("GET", "/clusters/{clusterName}/access-entries/{principalArn}", "DescribeAccessEntry"),
    ("POST", "/clusters/{clusterName}/access-entries/{principalArn}", "UpdateAccessEntry"),
    ("DELETE", "/clusters/{clusterName}/access-entries/{principalArn}", "DeleteAccessEntry"),
    ("POST", "/clusters/{clusterName}/access-entries/{principalArn}/access-policies", "AssociateAccessPolicy"),
    ("GET", "/clusters/{clusterName}/access-entries/{principalArn}/access-policies", "ListAssociatedAccessPolicies"),
    (
        "DELETE",
        "/clusters/{clusterName}/access-entries/{principalArn}/access-policies/{policyArn}",
        "DisassociateAccessPolicy",
    ),
    ("GET", "/access-policies", "ListAccessPolicies"),
    ("GET", "/clusters/{clusterName}/addons", "ListAddons"),
    ("POST", "/clusters/{clusterName}/addons", "CreateAddon"),
    ("GET", "/clusters/{clusterName}/addons/{addonName}", "DescribeAddon"),
    ("DELETE", "/clusters/{clusterName}/addons/{addonName}", "DeleteAddon"),
]

_compiled = [
    (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "/?"), name)
    for method, path, name in ROUTES
]


def match(method: str, raw_path: str) -> tuple[str, dict[str, str]]:
    for wanted, pattern, name in _compiled:
        found = pattern.fullmatch(raw_path) if wanted == method else None
        if found:
            return name, {key: unquote(value) for key, value in found.groupdict().items()}
    return "Unknown", {}
