# Addresses, accounts and names of the lab, read from lab/layout.json (the one place that has them).
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LAYOUT: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "layout.json").read_text()
)

REGION: str = LAYOUT["region"]
EKS_ACCOUNT: str = LAYOUT["accounts"]["eks"]
DNS_ACCOUNT: str = LAYOUT["accounts"]["dns"]
CLUSTER: str = LAYOUT["cluster"]["name"]
CLUSTER_ARN = f"arn:aws:eks:{REGION}:{EKS_ACCOUNT}:cluster/{CLUSTER}"
ROLES: dict[str, str] = LAYOUT["roles"]
GITHUB_ISSUER = "token.actions.githubusercontent.com"

# The namespace that the umbrella chart `infra` is released into.
INFRA_NAMESPACE = "infra"
EXTERNAL_ID = "lab-external-id"


def role_arn(account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:role/{name}"
