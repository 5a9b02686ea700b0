# Which IAM actions on which resources a call needs, and the condition keys it brings.
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from .call import Call, members, structures
from .conditions import Context
from .eks_state import STATE
from .policy import make_context
from .route53_names import normalized

# SigV4 service name → the prefix of its IAM actions, where they differ.
PREFIXES = {"tagging": "tag"}

# Calls that anybody with valid credentials may make.
FREE = {("sts", "GetCallerIdentity")}


@dataclass(frozen=True)
class Demand:
    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)


def demands(call: Call, account: str) -> list[Demand]:
    prefix = PREFIXES.get(call.service, call.service)
    action = f"{prefix}:{call.action}"
    general = {"aws:RequestedRegion": call.region}
    by_service = {
        "eks": _eks,
        "elasticloadbalancing": _elb,
        "ec2": _ec2,
        "route53": _route53,
        "acm": _acm,
        "wafv2": _wafv2,
        "iam": _iam,
    }
    find = by_service.get(call.service)
    rows = find(call, account) if find else [("*", {})]
    return [Demand(action, resource, make_context({**general, **keys})) for resource, keys in rows]


Rows = list[tuple[str, dict[str, Any]]]


def _eks(call: Call, account: str) -> Rows:
    if call.action in ("ListClusters", "ListAccessPolicies"):
        return [("*", {})]
    base = f"arn:aws:eks:{call.region}:{account}"
    cluster = call.path_params.get("name") or call.path_params.get("clusterName", "")
    association = call.path_params.get("associationId")
    if association:
        return [(f"{base}:podidentityassociation/{cluster}/{association}", {})]
    principal = call.path_params.get("principalArn")
    if principal:
        entry = STATE.entries.get(principal)
        kind, _, name = principal.split(":")[-1].partition("/")
        missing = f"{base}:access-entry/{cluster}/{kind}/{principal.split(':')[4] if principal.count(':') >= 5 else account}/{name}/*"
        keys: dict[str, Any] = {"eks:principalArn": principal}
        if call.params.get("policyArn"):
            keys["eks:policyArn"] = call.params["policyArn"]
        return [(entry.arn if entry else missing, keys)]
    addon = call.path_params.get("addonName")
    if addon:
        found = STATE.addons.get(addon, {}).get("addonArn")
        return [(found or f"{base}:addon/{cluster}/{addon}/*", {})]
    return [(f"{base}:cluster/{cluster}", {})]


def _request_tags(call: Call, name: str = "Tags") -> dict[str, Any]:
    tags = structures(call.params, name)
    keys: dict[str, Any] = {f"aws:RequestTag/{tag['Key']}": tag.get("Value", "") for tag in tags if "Key" in tag}
    if tags:
        keys["aws:TagKeys"] = [tag["Key"] for tag in tags if "Key" in tag]
    return keys


def _elb_tags(arn: str, account: str, region: str) -> dict[str, str]:
    from moto.elbv2.models import elbv2_backends

    found = elbv2_backends[account][region].tagging_service.get_tag_dict_for_resource(arn)
    return {f"aws:ResourceTag/{key}": value or "" for key, value in found.items()}


def _elb(call: Call, account: str) -> Rows:
    base = f"arn:aws:elasticloadbalancing:{call.region}:{account}"
    if call.action.startswith("Describe"):
        return [("*", {})]
    tags = _request_tags(call)
    name = call.params.get("Name", "")
    if call.action == "CreateLoadBalancer":
        kind = {"network": "net", "gateway": "gwy"}.get(call.params.get("Type", ""), "app")
        return [(f"{base}:loadbalancer/{kind}/{name}/*", tags)]
    if call.action == "CreateTargetGroup":
        return [(f"{base}:targetgroup/{name}/*", tags)]
    arns = members(call.params, "ResourceArns")
    for key in ("RuleArn", "ListenerArn", "TargetGroupArn", "LoadBalancerArn"):
        if not arns and call.params.get(key):
            arns = [call.params[key]]
    if not arns and call.action == "SetRulePriorities":
        arns = [row["RuleArn"] for row in structures(call.params, "RulePriorities") if "RuleArn" in row]
    return [(arn, {**tags, **_elb_tags(arn, account, call.region)}) for arn in arns] or [("*", tags)]


EC2_IDS = {"sg": "security-group", "subnet": "subnet", "vpc": "vpc", "i": "instance", "eni": "network-interface"}


def _ec2_resource(id_: str, call: Call, account: str) -> tuple[str, dict[str, Any]]:
    from moto.ec2.models import ec2_backends

    kind = EC2_IDS.get(id_.rsplit("-", 1)[0], "*")
    tags = ec2_backends[account][call.region].tags.get(id_, {})
    keys = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    return f"arn:aws:ec2:{call.region}:{account}:{kind}/{id_}", keys


def _ec2(call: Call, account: str) -> Rows:
    base = f"arn:aws:ec2:{call.region}:{account}"
    if call.action.startswith(("Describe", "Get")):
        return [("*", {})]
    if call.action == "CreateSecurityGroup":
        specified = {
            f"aws:RequestTag/{value}": call.params.get(key.removesuffix("Key") + "Value", "")
            for key, value in call.params.items()
            if re.fullmatch(r"TagSpecification\.\d+\.Tag\.\d+\.Key", key)
        }
        vpc, keys = _ec2_resource(call.params.get("VpcId", "vpc-"), call, account)
        return [(f"{base}:security-group/*", specified), (vpc, keys)]
    tags = _request_tags(call, "Tag")
    ids = members(call.params, "ResourceId") + members(call.params, "GroupId")
    rows = [_ec2_resource(id_, call, account) for id_ in ids]
    return [(arn, {**tags, **keys}) for arn, keys in rows] or [("*", tags)]


def _route53(call: Call, account: str) -> Rows:
    rest = call.raw_path.split("/")
    if call.action in ("ListHostedZones", "ListHostedZonesByName", "CreateHostedZone", "GetHostedZoneCount", "Unknown"):
        return [("*", {})]
    if call.action == "GetChange":
        return [(f"arn:aws:route53:::change/{rest[3]}", {})]
    if call.action == "ListTagsForResources":
        ids = [one.text or "" for one in _elements(call.body, "ResourceId")]
        return [(f"arn:aws:route53:::hostedzone/{id_}", {}) for id_ in ids] or [("*", {})]
    if call.action in ("ListTagsForResource", "ChangeTagsForResource"):
        return [(f"arn:aws:route53:::hostedzone/{rest[4]}", {})]
    if call.action in ("TestDNSAnswer", "ListHostedZonesByVPC"):
        return [("*", {})]
    keys = _change_keys(call.body) if call.action == "ChangeResourceRecordSets" else {}
    return [(f"arn:aws:route53:::hostedzone/{rest[3]}", keys)]


def _elements(body: bytes, name: str) -> list[ElementTree.Element]:
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return []
    return [one for one in root.iter() if one.tag.rsplit("}", 1)[-1] == name]


def _change_keys(body: bytes) -> dict[str, Any]:
    """The three keys that narrow changes of records; names without the trailing dot, * as \\052."""
    names, types, actions = set(), set(), set()
    for change in _elements(body, "Change"):
        for element in change.iter():
            tag, text = element.tag.rsplit("}", 1)[-1], (element.text or "").strip()
            if tag == "Name":
                names.add(normalized(text).rstrip("."))
            elif tag == "Type":
                types.add(text)
            elif tag == "Action":
                actions.add(text)
    prefix = "route53:ChangeResourceRecordSets"
    return {
        f"{prefix}NormalizedRecordNames": sorted(names),
        f"{prefix}RecordTypes": sorted(types),
        f"{prefix}Actions": sorted(actions),
    }


def _acm(call: Call, account: str) -> Rows:
    return [(call.params.get("CertificateArn") or "*", {})]


def _wafv2(call: Call, account: str) -> Rows:
    arns = [call.params[key] for key in ("WebACLArn", "ARN", "ResourceArn", "ResourceARN") if call.params.get(key)]
    if not arns and call.params.get("Id"):
        scope = "global" if call.params.get("Scope") == "CLOUDFRONT" else "regional"
        name, id_ = call.params.get("Name", "*"), call.params["Id"]
        arns = [f"arn:aws:wafv2:{call.region}:{account}:{scope}/webacl/{name}/{id_}"]
    return [(arn, {}) for arn in arns] or [("*", {})]


def _iam(call: Call, account: str) -> Rows:
    base = f"arn:aws:iam::{account}"
    if call.params.get("RoleName"):
        name = call.params["RoleName"]
        from .roles import roles

        known = [role.arn for role in roles().values() if (role.account, role.name) == (account, name)]
        return [(known[0] if known else f"{base}:role/{name}", {})]
    for key in ("PolicyArn", "OpenIDConnectProviderArn", "PolicySourceArn"):
        if call.params.get(key):
            return [(call.params[key], {})]
    return [("*", {})]
