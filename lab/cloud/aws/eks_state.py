# What EKS keeps for the lab's cluster: its record, add-ons, pod identity associations, access entries.
from __future__ import annotations

import base64
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.cloud.control import knobs

from .layout import CLUSTER, CLUSTER_ARN, EKS_ACCOUNT, LAYOUT, REGION
from .roles import effective_since, find_role

POLICIES = "arn:aws:eks::aws:cluster-access-policy/"
ACCESS_POLICIES = (
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
    "AmazonEKSAdminViewPolicy",
)


@dataclass
class AccessEntry:
    principal_arn: str
    arn: str
    groups: list[str]
    username: str
    kind: str
    tags: dict[str, str]
    # EKS remembers the role's id: a role that was deleted and made anew is another role.
    role_id: str
    created: float
    modified: float
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "clusterName": CLUSTER,
            "principalArn": self.principal_arn,
            "kubernetesGroups": self.groups,
            "accessEntryArn": self.arn,
            "createdAt": self.created,
            "modifiedAt": self.modified,
            "tags": self.tags,
            "username": self.username,
            "type": self.kind,
        }


@dataclass
class Association:
    id: str
    namespace: str
    service_account: str
    role_arn: str
    target_role_arn: str | None
    disable_session_tags: bool
    policy: str | None
    tags: dict[str, str]
    created: float
    modified: float

    @property
    def arn(self) -> str:
        return f"arn:aws:eks:{REGION}:{EKS_ACCOUNT}:podidentityassociation/{CLUSTER}/{self.id}"

    @property
    def external_id(self) -> str:
        return f"{REGION}/{EKS_ACCOUNT}/{CLUSTER}/{self.namespace}/{self.service_account}"

    def summary(self) -> dict[str, Any]:
        return {
            "clusterName": CLUSTER,
            "namespace": self.namespace,
            "serviceAccount": self.service_account,
            "associationArn": self.arn,
            "associationId": self.id,
        }

    def as_json(self) -> dict[str, Any]:
        value: dict[str, Any] = {
            **self.summary(),
            "roleArn": self.role_arn,
            "tags": self.tags,
            "createdAt": self.created,
            "modifiedAt": self.modified,
            "disableSessionTags": self.disable_session_tags,
        }
        if self.target_role_arn:
            value["targetRoleArn"] = self.target_role_arn
            value["externalId"] = self.external_id
        if self.policy:
            value["policy"] = self.policy
        return value


class EksState:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.lab_dir = Path(".lab")
        self.created = time.time()
        self.subnet_ids: list[str] = []
        self.vpc_id = ""
        self.security_group_id = ""
        self.associations: dict[str, Association] = {}
        self.entries: dict[str, AccessEntry] = {}
        self.addons: dict[str, dict[str, Any]] = {}

    def cluster(self) -> dict[str, Any]:
        authority = base64.b64encode((self.lab_dir / "pki" / "ca.crt").read_bytes()).decode()
        minor = ".".join(LAYOUT["cluster"]["kubernetes"].split(".")[:2])
        public = bool(knobs.get("endpointPublicAccess"))
        return {
            "name": CLUSTER,
            "arn": CLUSTER_ARN,
            "createdAt": self.created,
            "version": minor,
            "endpoint": f"https://{LAYOUT['cluster']['host']}",
            "roleArn": f"arn:aws:iam::{EKS_ACCOUNT}:role/eks-cluster",
            "resourcesVpcConfig": {
                "subnetIds": self.subnet_ids,
                "securityGroupIds": [],
                "clusterSecurityGroupId": self.security_group_id,
                "vpcId": self.vpc_id,
                "endpointPublicAccess": public,
                "endpointPrivateAccess": not public,
                "publicAccessCidrs": list(knobs.get("publicAccessCidrs")) if public else [],
            },
            "kubernetesNetworkConfig": {
                "serviceIpv4Cidr": LAYOUT["serviceCidr"],
                "ipFamily": "ipv4",
                "elasticLoadBalancing": {"enabled": False},
            },
            "logging": {"clusterLogging": []},
            "identity": {"oidc": {"issuer": f"https://oidc.eks.{REGION}.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"}},
            "status": "ACTIVE",
            "certificateAuthority": {"data": authority},
            "platformVersion": "eks.1",
            "tags": {},
            "health": {"issues": []},
            "accessConfig": {"bootstrapClusterCreatorAdminPermissions": False, "authenticationMode": "API"},
            "upgradePolicy": {"supportType": "STANDARD"},
            "computeConfig": {"enabled": False, "nodePools": []},
            "deletionProtection": False,
        }

    def add_entry(
        self, principal_arn: str, groups: list[str], username: str = "", kind: str = "STANDARD", tags: dict[str, str] | None = None
    ) -> AccessEntry:
        account, name = principal_arn.split(":")[4], principal_arn.split("/")[-1]
        kind_of_principal = principal_arn.split(":")[5].split("/")[0]
        role = find_role(principal_arn)
        # {{SessionName}} stays as it is; it is filled in when somebody comes.
        session = f"arn:aws:sts::{account}:assumed-role/{name}/" + "{{SessionName}}"
        shown = session if kind_of_principal == "role" else principal_arn
        now = time.time()
        entry = AccessEntry(
            principal_arn=principal_arn,
            arn=f"arn:aws:eks:{REGION}:{EKS_ACCOUNT}:access-entry/{CLUSTER}/{kind_of_principal}/{account}/{name}/{uuid.uuid4()}",
            groups=groups,
            username=username or shown,
            kind=kind,
            tags=tags or {},
            role_id=role.id if role else "",
            created=now,
            modified=now,
        )
        with self.lock:
            self.entries[principal_arn] = entry
        return entry

    def associate_policy(self, entry: AccessEntry, policy: str, scope: dict[str, Any]) -> dict[str, Any]:
        now = time.time()
        before = entry.policies.get(policy)
        row = {
            "policyArn": policy,
            "accessScope": {"type": scope.get("type", "cluster"), "namespaces": scope.get("namespaces", [])},
            "associatedAt": before["associatedAt"] if before else now,
            "modifiedAt": now,
        }
        entry.policies[policy] = row
        return row

    def add_association(self, namespace: str, service_account: str, role_arn: str, **more: Any) -> Association:
        now = time.time()
        association = Association(
            id="a-" + uuid.uuid4().hex[:17],
            namespace=namespace,
            service_account=service_account,
            role_arn=role_arn,
            target_role_arn=more.get("targetRoleArn"),
            disable_session_tags=bool(more.get("disableSessionTags", False)),
            policy=more.get("policy"),
            tags=more.get("tags") or {},
            created=now,
            modified=now,
        )
        with self.lock:
            self.associations[association.id] = association
        return association

    def association_for(self, namespace: str, service_account: str) -> Association | None:
        """As the pods see it: eventually consistent like IAM."""
        latest = effective_since(float(knobs.get("iamDelaySeconds")))
        with self.lock:
            for one in self.associations.values():
                if (one.namespace, one.service_account) == (namespace, service_account) and one.created <= latest:
                    return one
        return None

    def entry_for(self, principal_arn: str) -> AccessEntry | None:
        """As the cluster sees it: eventually consistent, and only for the role it was made for."""
        latest = effective_since(float(knobs.get("iamDelaySeconds")))
        with self.lock:
            entry = self.entries.get(principal_arn)
        if entry is None or entry.created > latest:
            return None
        if ":user/" in principal_arn:
            return entry
        role = find_role(principal_arn)
        return entry if role and entry.role_id in ("", role.id) else None


STATE = EksState()
