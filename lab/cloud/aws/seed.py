# Puts the seed article's setting into both accounts: network, zone, certificate, web ACL, roles, associations.
from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from . import seed_policies as policies
from .eks import add_addon
from .eks_state import POLICIES, STATE
from .layout import (
    CLUSTER,
    CLUSTER_ARN,
    DNS_ACCOUNT,
    EKS_ACCOUNT,
    EXTERNAL_ID,
    GITHUB_ISSUER,
    INFRA_NAMESPACE,
    LAYOUT,
    REGION,
    ROLES,
    role_arn,
)
from .roles import remember


def certificate_for(names: list[str], pki: Path) -> tuple[bytes, bytes]:
    """A server certificate of the lab's CA, PEM, with its RSA key."""
    ca = x509.load_pem_x509_certificate((pki / "ca.crt").read_bytes())
    ca_key = serialization.load_pem_private_key((pki / "ca.key").read_bytes(), password=None)
    assert isinstance(ca_key, rsa.RSAPrivateKey)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=200))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(pem), private


def _network() -> tuple[str, list[str], str]:
    """The default VPC with two public subnets; the others stay untagged, so that they are not chosen."""
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends[EKS_ACCOUNT][REGION]
    vpc = next(iter(ec2.vpcs.values()))
    subnets = sorted(
        (one for by_zone in ec2.subnets.values() for one in by_zone.values() if one.vpc_id == vpc.id),
        key=lambda one: one.availability_zone,
    )[:2]
    tag = policies.cluster_tag()
    for subnet in subnets:
        ec2.create_tags([subnet.id], {"kubernetes.io/role/elb": "1", tag["Key"]: "shared"})
    gateway = ec2.create_internet_gateway()
    ec2.attach_internet_gateway(gateway.id, vpc.id)
    tables = ec2.describe_route_tables(filters={"vpc-id": [vpc.id]})
    ec2.create_route(tables[0].id, "0.0.0.0/0", gateway_id=gateway.id)
    group = ec2.create_security_group(f"eks-cluster-sg-{CLUSTER}", "EKS created security group", vpc.id)
    ec2.create_tags([group.id], {tag["Key"]: tag["Value"]})
    return vpc.id, [one.id for one in subnets], group.id


def _role(account: str, name: str, trust: policies.Document, policy: policies.Document | None) -> str:
    from moto.iam.models import iam_backends

    backend = iam_backends[account]["aws"]
    backend.create_role(
        role_name=name,
        assume_role_policy_document=json.dumps(trust),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    if policy is not None:
        backend.put_role_policy(name, f"{name}-policy", json.dumps(policy))
    return role_arn(account, name)


def _roles(zone_arn: str) -> dict[str, str]:
    from moto.iam.models import iam_backends

    for account in (EKS_ACCOUNT, DNS_ACCOUNT):
        iam_backends[account]["aws"].create_open_id_connect_provider(
            url=f"https://{GITHUB_ISSUER}", thumbprint_list=[], client_id_list=["sts.amazonaws.com"], tags=[]
        )
    made = {
        "deploy": _role(
            EKS_ACCOUNT,
            ROLES["deploy"],
            policies.document(policies.github_trust(EKS_ACCOUNT)),
            policies.deploy_policy(),
        ),
        "externalDns": _role(
            EKS_ACCOUNT, ROLES["externalDns"], policies.pods_trust(), policies.external_dns_policy()
        ),
        "loadBalancerController": _role(
            EKS_ACCOUNT, ROLES["loadBalancerController"], policies.pods_trust(), policies.controller_policy()
        ),
        "dnsReader": _role(
            DNS_ACCOUNT, ROLES["dnsReader"], policies.dns_reader_trust(), policies.dns_reader_policy(zone_arn)
        ),
        "externalDnsTarget": _role(
            DNS_ACCOUNT,
            ROLES["externalDnsTarget"],
            policies.external_dns_target_trust(),
            policies.external_dns_target_policy(zone_arn),
        ),
    }
    remember()
    return made


def _zone() -> Any:
    from moto.route53.models import route53_backends

    return route53_backends[DNS_ACCOUNT]["aws"].create_hosted_zone(
        name=f"{LAYOUT['zone']}.", private_zone=False, caller_reference="lab", comment="the lab's zone"
    )


def _certificate(lab_dir: Path) -> str:
    from moto.acm.models import acm_backends

    zone = LAYOUT["zone"]
    certificate, key = certificate_for([zone, f"*.{zone}", f"*.preview.{zone}"], lab_dir / "pki")
    return acm_backends[EKS_ACCOUNT][REGION].import_certificate(certificate, key, chain=None, arn=None, tags=[])


def _web_acl() -> str:
    from moto.wafv2.models import wafv2_backends

    acl = wafv2_backends[EKS_ACCOUNT][REGION].create_web_acl(
        name="sample",
        visibility_config={"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "sample"},
        default_action={"Allow": {}},
        scope="REGIONAL",
        description="",
        tags=[],
        rules=[],
        association_config=None,
        captcha_config=None,
        challenge_config=None,
        custom_response_bodies=None,
        token_domains=None,
    )
    return acl.arn


def seed(lab_dir: Path) -> dict[str, Any]:
    vpc_id, subnet_ids, security_group_id = _network()
    STATE.vpc_id, STATE.subnet_ids, STATE.security_group_id = vpc_id, subnet_ids, security_group_id
    zone = _zone()
    roles = _roles(f"arn:aws:route53:::hostedzone/{zone.resource_id}")
    certificate_arn, web_acl_arn = _certificate(lab_dir), _web_acl()
    add_addon("eks-pod-identity-agent")
    associations = {
        "external-dns": STATE.add_association(
            INFRA_NAMESPACE, "external-dns", roles["externalDns"], targetRoleArn=roles["externalDnsTarget"]
        ).id,
        "aws-load-balancer-controller": STATE.add_association(
            INFRA_NAMESPACE, "aws-load-balancer-controller", roles["loadBalancerController"]
        ).id,
    }
    entry = STATE.add_entry(roles["deploy"], [])
    STATE.associate_policy(entry, POLICIES + "AmazonEKSClusterAdminPolicy", {"type": "cluster"})
    seeded = {
        "region": REGION,
        "accounts": LAYOUT["accounts"],
        "clusterName": CLUSTER,
        "clusterArn": CLUSTER_ARN,
        "zone": LAYOUT["zone"],
        "zoneId": zone.resource_id,
        "nameServers": list(zone.delegation_set.name_servers),
        "certificateArn": certificate_arn,
        "webAclArn": web_acl_arn,
        "vpcId": vpc_id,
        "subnetIds": subnet_ids,
        "securityGroupId": security_group_id,
        "roleArns": roles,
        "externalId": EXTERNAL_ID,
        "associationIds": associations,
        "oidcProviderArns": {
            part: f"arn:aws:iam::{account}:oidc-provider/{GITHUB_ISSUER}"
            for part, account in LAYOUT["accounts"].items()
        },
        "subjects": policies.subjects(),
        "namespace": INFRA_NAMESPACE,
    }
    (lab_dir / "seeded.json").write_text(json.dumps(seeded, indent=2) + "\n")
    return seeded
