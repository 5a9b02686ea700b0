# The policy documents of the seeded roles: the seed setting's, and the load balancer controller's published needs.
from __future__ import annotations

from typing import Any

from .layout import (
    CLUSTER,
    CLUSTER_ARN,
    DNS_ACCOUNT,
    EKS_ACCOUNT,
    EXTERNAL_ID,
    GITHUB_ISSUER,
    INFRA_NAMESPACE,
    LAYOUT,
    ROLES,
    role_arn,
)

Document = dict[str, Any]
ASSUME = ["sts:AssumeRole", "sts:TagSession"]


def document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions: str | list[str], resources: str | list[str] = "*", condition: Document | None = None) -> Document:
    statement: Document = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def subjects() -> list[str]:
    """Both forms of GitHub's sub: by names, and by names with ids that stay through a rename."""
    repository = LAYOUT["repository"]
    return [
        f"repo:{repository['owner']}/{repository['name']}:*",
        f"repo:{repository['owner']}@{repository['ownerId']}/{repository['name']}@{repository['id']}:*",
    ]


def github_trust(account: str) -> Document:
    return {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{account}:oidc-provider/{GITHUB_ISSUER}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{GITHUB_ISSUER}:aud": "sts.amazonaws.com"},
            "StringLike": {f"{GITHUB_ISSUER}:sub": subjects()},
        },
    }


def pods_trust() -> Document:
    return document({"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ASSUME})


def deploy_policy() -> Document:
    pod_identity = [
        CLUSTER_ARN,
        CLUSTER_ARN.replace(":cluster/", ":podidentityassociation/") + "/*",
        CLUSTER_ARN.replace(":cluster/", ":addon/") + "/*",
    ]
    return document(
        allow("eks:DescribeCluster", CLUSTER_ARN),
        allow(
            ["eks:ListPodIdentityAssociations", "eks:DescribePodIdentityAssociation", "eks:DescribeAddon"],
            pod_identity,
        ),
        allow(["elasticloadbalancing:Describe*", "tag:GetResources", "acm:DescribeCertificate"]),
        allow("sts:AssumeRole", role_arn(DNS_ACCOUNT, ROLES["dnsReader"])),
    )


def dns_reader_trust() -> Document:
    chained = {
        "Effect": "Allow",
        "Principal": {"AWS": role_arn(EKS_ACCOUNT, ROLES["deploy"])},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
    }
    return document(github_trust(DNS_ACCOUNT), chained)


def dns_reader_policy(zone_arn: str) -> Document:
    return document(
        allow(["route53:ListHostedZonesByName", "route53:ListHostedZones"]),
        allow(["route53:GetHostedZone", "route53:ListResourceRecordSets"], zone_arn),
    )


def external_dns_policy() -> Document:
    return document(allow(ASSUME, role_arn(DNS_ACCOUNT, ROLES["externalDnsTarget"])))


def external_dns_target_trust() -> Document:
    """The EKS account, narrowed to ExternalDNS's own pod by the session tags of Pod Identity."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{EKS_ACCOUNT}:root"},
            "Action": ASSUME,
            "Condition": {
                "StringEquals": {
                    "aws:RequestTag/eks-cluster-arn": CLUSTER_ARN,
                    "aws:RequestTag/kubernetes-namespace": INFRA_NAMESPACE,
                    "aws:RequestTag/kubernetes-service-account": "external-dns",
                },
                "ArnEquals": {"aws:PrincipalArn": role_arn(EKS_ACCOUNT, ROLES["externalDns"])},
            },
        }
    )


def external_dns_target_policy(zone_arn: str) -> Document:
    return document(
        allow("route53:ChangeResourceRecordSets", zone_arn),
        allow(["route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ListTagsForResources"]),
    )


def controller_policy() -> Document:
    """What the controller's published policy grants, with its guard by cluster tag."""
    tagged = {"Null": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "false"}}
    tagging = {"Null": {"aws:RequestTag/elbv2.k8s.aws/cluster": "false"}}
    elb = "elasticloadbalancing"
    return document(
        allow(
            "iam:CreateServiceLinkedRole",
            "*",
            {"StringEquals": {"iam:AWSServiceName": f"{elb}.amazonaws.com"}},
        ),
        allow(["ec2:Describe*", "ec2:GetCoipPoolUsage", "ec2:GetSecurityGroupsForVpc", f"{elb}:Describe*"]),
        allow(
            [
                "acm:DescribeCertificate",
                "acm:ListCertificates",
                "iam:GetServerCertificate",
                "iam:ListServerCertificates",
                "cognito-idp:DescribeUserPoolClient",
                "shield:CreateProtection",
                "shield:DeleteProtection",
                "shield:DescribeProtection",
                "shield:GetSubscriptionState",
                "waf-regional:AssociateWebACL",
                "waf-regional:DisassociateWebACL",
                "waf-regional:GetWebACL",
                "waf-regional:GetWebACLForResource",
                "wafv2:AssociateWebACL",
                "wafv2:DisassociateWebACL",
                "wafv2:GetWebACL",
                "wafv2:GetWebACLForResource",
            ]
        ),
        allow(
            [
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:CreateSecurityGroup",
                "ec2:RevokeSecurityGroupIngress",
                "ec2:CreateTags",
                "ec2:DeleteTags",
            ]
        ),
        allow("ec2:DeleteSecurityGroup", "*", tagged),
        allow([f"{elb}:CreateLoadBalancer", f"{elb}:CreateTargetGroup"], "*", tagging),
        allow(
            [
                f"{elb}:AddListenerCertificates",
                f"{elb}:CreateListener",
                f"{elb}:CreateRule",
                f"{elb}:DeleteListener",
                f"{elb}:DeleteRule",
                f"{elb}:ModifyListener",
                f"{elb}:ModifyListenerAttributes",
                f"{elb}:ModifyRule",
                f"{elb}:RemoveListenerCertificates",
                f"{elb}:SetRulePriorities",
                f"{elb}:SetWebAcl",
                f"{elb}:DeregisterTargets",
                f"{elb}:RegisterTargets",
            ]
        ),
        allow([f"{elb}:AddTags", f"{elb}:RemoveTags"], f"arn:aws:{elb}:*:*:*"),
        allow(
            [
                f"{elb}:DeleteLoadBalancer",
                f"{elb}:DeleteTargetGroup",
                f"{elb}:ModifyCapacityReservation",
                f"{elb}:ModifyIpPools",
                f"{elb}:ModifyLoadBalancerAttributes",
                f"{elb}:ModifyTargetGroup",
                f"{elb}:ModifyTargetGroupAttributes",
                f"{elb}:SetIpAddressType",
                f"{elb}:SetSecurityGroups",
                f"{elb}:SetSubnets",
            ],
            "*",
            tagged,
        ),
    )


def cluster_tag() -> dict[str, str]:
    return {"Key": f"kubernetes.io/cluster/{CLUSTER}", "Value": "owned"}
