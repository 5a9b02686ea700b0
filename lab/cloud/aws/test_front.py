# The whole of AWS through its door, over HTTP, with boto3: STS, IAM's answers, EKS, Route 53, ELB, ACM.
from __future__ import annotations

import atexit
import base64
import json
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from lab.cloud.aws import pod_identity
from lab.cloud.aws.eks_state import STATE
from lab.cloud.aws.errors import AwsError
from lab.cloud.aws.front import Front
from lab.cloud.aws.layout import CLUSTER, LAYOUT, REGION
from lab.cloud.aws.seed import seed
from lab.cloud.aws.serve import serve
from lab.cloud.control import knobs, record
from lab.cloud.main import moto_app
from lab.cloud.net import github

Keys = dict[str, str | None]
AUDIENCE = "sts.amazonaws.com"


class Lab:
    """One AWS for all tests of this process; each test mends what it breaks."""

    endpoint: str
    seeded: dict[str, Any]

    @classmethod
    def start(cls) -> None:
        if hasattr(cls, "endpoint"):
            return
        folder = Path(tempfile.mkdtemp(prefix="lab-aws-"))
        # Other files' tests go on with it.
        atexit.register(shutil.rmtree, folder)
        repository = Path(__file__).resolve().parents[3]
        subprocess.run([sys.executable, "lab/pki.py", "--lab-dir", str(folder)], cwd=repository, check=True)
        STATE.lab_dir = folder
        github.configure(folder)
        front = Front()
        front.use(moto_app())
        cls.seeded = seed(folder)
        server = serve(front, "127.0.0.1", 0)
        cls.endpoint = f"http://127.0.0.1:{server.server_port}"


def client(service: str, keys: Keys | None = None, region: str = REGION) -> Any:
    config: dict[str, Any] = {"retries": {"max_attempts": 0}}
    if keys is None:
        config["signature_version"] = UNSIGNED
    given = keys or {}
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=Lab.endpoint,
        config=Config(**config),
        aws_access_key_id=given.get("AccessKeyId", "x"),
        aws_secret_access_key=given.get("SecretAccessKey", "x"),
        aws_session_token=given.get("SessionToken"),
    )


def admin(part: str) -> Keys:
    keys = LAYOUT["admin"][part]
    return {"AccessKeyId": keys["accessKeyId"], "SecretAccessKey": keys["secretAccessKey"], "SessionToken": None}


def by_oidc(role: str, audience: str = AUDIENCE, token: str | None = None, **more: Any) -> Keys:
    issuer = github.configure(STATE.lab_dir)
    return client("sts").assume_role_with_web_identity(
        RoleArn=Lab.seeded["roleArns"][role],
        RoleSessionName="GitHubActions",
        WebIdentityToken=token or issuer.issue(audience),
        **more,
    )["Credentials"]


class FrontTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        Lab.start()
        cls.roles = Lab.seeded["roleArns"]

    def setUp(self) -> None:
        knobs.reset()
        self.addCleanup(knobs.reset)

    def refused(self, code: str, words: str, run: Any) -> None:
        with self.assertRaises(ClientError) as caught:
            run()
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        self.assertIn(words, caught.exception.response["Error"]["Message"])


class WebIdentity(FrontTest):
    def test_both_forms_of_sub(self) -> None:
        for form in ("names", "ids"):
            knobs.set(oidc={"sub": form})
            arn = client("sts", by_oidc("deploy")).get_caller_identity()["Arn"]
            self.assertEqual(arn, f"arn:aws:sts::{LAYOUT['accounts']['eks']}:assumed-role/gateway-deploy/GitHubActions")

    def test_refusals(self) -> None:
        self.refused("InvalidIdentityToken", "Incorrect token audience", lambda: by_oidc("deploy", "other"))
        self.refused("InvalidIdentityToken", "not a valid JWT", lambda: by_oidc("deploy", token="abcd.efgh"))
        knobs.set(oidc={"lifetime": -5})
        self.refused("ExpiredTokenException", "Token expired", lambda: by_oidc("deploy"))
        knobs.set(oidc={"claims": {"sub": "repo:someone/else:ref:refs/heads/main"}})
        self.refused("AccessDenied", "Not authorized to perform", lambda: by_oidc("deploy"))
        self.refused("AccessDenied", "Not authorized to perform", lambda: by_oidc("externalDns"))

    def test_a_changed_token(self) -> None:
        head, body, seal = github.configure(STATE.lab_dir).issue(AUDIENCE).split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=="))
        forged = base64.urlsafe_b64encode(json.dumps({**claims, "actor": "x"}).encode()).decode().rstrip("=")
        self.refused("InvalidIdentityToken", "verification key", lambda: by_oidc("deploy", token=f"{head}.{forged}.{seal}"))

    def test_provider_gone_and_back(self) -> None:
        iam = client("iam", admin("eks"))
        arn = Lab.seeded["oidcProviderArns"]["eks"]
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        self.refused("InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://", lambda: by_oidc("deploy"))
        iam.create_open_id_connect_provider(Url="https://" + arn.split("/", 1)[1], ClientIDList=[AUDIENCE], ThumbprintList=[])
        by_oidc("deploy")

    def test_lifetimes(self) -> None:
        self.refused("ValidationError", "MaxSessionDuration", lambda: by_oidc("deploy", DurationSeconds=7200))
        knobs.set(sessionSeconds=0.2)
        keys = by_oidc("deploy")
        time.sleep(0.3)
        for service, code in (("sts", "ExpiredToken"), ("eks", "ExpiredTokenException"), ("acm", "ExpiredTokenException")):
            call = {"sts": "get_caller_identity", "eks": "list_clusters", "acm": "list_certificates"}[service]
            self.refused(code, "expired", getattr(client(service, keys), call))


class Chaining(FrontTest):
    def chain(self, **more: Any) -> Any:
        deploy = client("sts", by_oidc("deploy"))
        return deploy.assume_role(RoleArn=self.roles["dnsReader"], RoleSessionName="run", **more)

    def test_external_id(self) -> None:
        keys = self.chain(ExternalId=Lab.seeded["externalId"])["Credentials"]
        zone = client("route53", keys).get_hosted_zone(Id=Lab.seeded["zoneId"])["HostedZone"]
        self.assertEqual(zone["Name"], "example.com.")
        self.refused("AccessDenied", "sts:AssumeRole on resource", self.chain)
        self.refused("AccessDenied", "sts:AssumeRole", lambda: self.chain(ExternalId="wrong"))

    def test_tags_need_tag_session(self) -> None:
        tags = [{"Key": "a", "Value": "b"}]
        self.refused("AccessDenied", "sts:TagSession", lambda: self.chain(ExternalId="lab-external-id", Tags=tags))

    def test_one_hour_at_most(self) -> None:
        self.refused(
            "ValidationError", "role chaining", lambda: self.chain(ExternalId="lab-external-id", DurationSeconds=7200)
        )


class PodIdentity(FrontTest):
    claims = {"kubernetes.io": {
        "namespace": "infra", "serviceaccount": {"name": "external-dns"}, "pod": {"name": "external-dns-1", "uid": "u"},
    }}

    def refused_for_pod(self, words: str) -> None:
        with self.assertRaises(AwsError) as caught:
            pod_identity.credentials_for(self.claims)
        self.assertIn(words, caught.exception.message)

    def test_target_role_with_session_tags(self) -> None:
        given, _ = pod_identity.credentials_for(self.claims)
        self.assertEqual(given.principal.role_arn, self.roles["externalDnsTarget"])
        self.assertEqual(given.principal.tags["kubernetes-namespace"], "infra")
        self.assertIn("eks-cluster-arn", given.principal.transitive)

    def test_tags_off_never_match_a_trust_that_tests_tags(self) -> None:
        eks, id_ = client("eks", admin("eks")), Lab.seeded["associationIds"]["external-dns"]
        eks.update_pod_identity_association(clusterName=CLUSTER, associationId=id_, disableSessionTags=True)
        try:
            self.refused_for_pod("sts:AssumeRole on resource")
        finally:
            eks.update_pod_identity_association(clusterName=CLUSTER, associationId=id_, disableSessionTags=False)
        pod_identity.credentials_for(self.claims)

    def test_trust_without_tag_session(self) -> None:
        iam, name = client("iam", admin("dns")), LAYOUT["roles"]["externalDnsTarget"]
        good = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        bad = {**good, "Statement": [{**good["Statement"][0], "Action": "sts:AssumeRole"}]}
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(bad))
        try:
            self.refused_for_pod("sts:TagSession on resource")
        finally:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(good))
        pod_identity.credentials_for(self.claims)

    def test_no_association(self) -> None:
        eks = client("eks", admin("eks"))
        self.assertIsNone(STATE.association_for("other", "external-dns"))
        made = eks.create_pod_identity_association(
            clusterName=CLUSTER, namespace="other", serviceAccount="external-dns", roleArn=self.roles["externalDns"]
        )["association"]
        self.assertIsNotNone(STATE.association_for("other", "external-dns"))
        eks.delete_pod_identity_association(clusterName=CLUSTER, associationId=made["associationId"])
        self.assertIsNone(STATE.association_for("other", "external-dns"))


class Answers(FrontTest):
    def test_denied_in_the_shape_of_each_protocol(self) -> None:
        keys = by_oidc("deploy")
        rows = [
            ("elbv2", "create_load_balancer", {"Name": "x"}, "AccessDenied", "elasticloadbalancing:CreateLoadBalancer"),
            ("ec2", "describe_subnets", {}, "UnauthorizedOperation", "ec2:DescribeSubnets"),
            ("route53", "list_hosted_zones", {}, "AccessDenied", "route53:ListHostedZones"),
            ("acm", "list_certificates", {}, "AccessDeniedException", "acm:ListCertificates"),
            ("eks", "describe_cluster", {"name": "other"}, "AccessDeniedException", "eks:DescribeCluster"),
            ("iam", "get_role", {"RoleName": "external-dns"}, "AccessDenied", "iam:GetRole"),
        ]
        for service, call, arguments, code, action in rows:
            with self.subTest(service):
                words = f"is not authorized to perform: {action}"
                self.refused(code, words, lambda: getattr(client(service, keys), call)(**arguments))

    def test_denied_to_administrators_too(self) -> None:
        elb = client("elbv2", admin("eks"))
        knobs.set(deniedActions=["elasticloadbalancing:DescribeLoadBalancers"])
        words = "elasticloadbalancing:DescribeLoadBalancers with an explicit deny"
        self.refused("AccessDenied", words, elb.describe_load_balancers)
        elb.describe_target_groups()

    def test_credentials(self) -> None:
        keys = by_oidc("deploy")
        ask = lambda **change: client("sts", {**keys, **change}).get_caller_identity()  # noqa: E731
        self.refused("SignatureDoesNotMatch", "signature", lambda: ask(SecretAccessKey="wrong"))
        self.refused("InvalidClientTokenId", "invalid", lambda: ask(SessionToken="wrong"))
        self.refused("InvalidClientTokenId", "invalid", lambda: ask(AccessKeyId="ASIAAAAAAAAAAAAAAAAA"))

    def test_cluster(self) -> None:
        keys = by_oidc("deploy")
        cluster = client("eks", keys).describe_cluster(name=CLUSTER)["cluster"]
        self.assertEqual(cluster["endpoint"], f"https://{LAYOUT['cluster']['host']}")
        self.assertIn(b"BEGIN CERTIFICATE", base64.b64decode(cluster["certificateAuthority"]["data"]))
        knobs.set(endpointPublicAccess=False)
        config = client("eks", keys).describe_cluster(name=CLUSTER)["cluster"]["resourcesVpcConfig"]
        self.assertFalse(config["endpointPublicAccess"])
        for name, region in (("other", REGION), (CLUSTER, "eu-west-1")):
            eks = client("eks", admin("eks"), region)
            words = f"No cluster found for name: {name}."
            self.refused("ResourceNotFoundException", words, lambda: eks.describe_cluster(name=name))

    def test_not_implemented_is_400(self) -> None:
        self.refused("InvalidAction", "does not implement", client("sts", admin("eks")).get_session_token)
        self.refused("InvalidAction", "does not implement", client("route53", admin("dns")).list_traffic_policies)

    def test_calls_are_recorded(self) -> None:
        keys = by_oidc("deploy")
        record.calls.clear()
        client("elbv2", keys).describe_load_balancers()
        [call] = record.calls.list()
        self.assertEqual((call["action"], call["allowed"], call["status"]), ("DescribeLoadBalancers", True, 200))
        self.assertIn("gateway-deploy", call["principal"])
        self.assertIn(keys["SessionToken"], [one["value"] for one in record.credentials.list()])

    def test_certificates_by_key_type(self) -> None:
        acm = client("acm", admin("eks"))
        listed = lambda **i: [c["CertificateArn"] for c in acm.list_certificates(**i)["CertificateSummaryList"]]  # noqa: E731
        self.assertEqual(listed(), [Lab.seeded["certificateArn"]])
        self.assertEqual(listed(Includes={"keyTypes": ["RSA_2048", "EC_prime256v1"]}), [Lab.seeded["certificateArn"]])
        self.assertEqual(listed(Includes={"keyTypes": ["EC_prime256v1"]}), [])

    def test_load_balancer_takes_its_time(self) -> None:
        elb = client("elbv2", admin("eks"))
        knobs.set(loadBalancerActiveSeconds=600)
        made = elb.create_load_balancer(Name="slow", Subnets=Lab.seeded["subnetIds"])["LoadBalancers"][0]
        states = lambda: elb.describe_load_balancers(Names=["slow"])["LoadBalancers"][0]["State"]["Code"]  # noqa: E731
        self.assertEqual((made["State"]["Code"], states()), ("provisioning", "provisioning"))
        self.assertEqual(made["CanonicalHostedZoneId"], "Z35SXDOTRQ7X7K")
        knobs.set(loadBalancerActiveSeconds=0)
        self.assertEqual(states(), "active")
        elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])

    def test_rules_move_together_and_put_groups_to_use(self) -> None:
        elb = client("elbv2", admin("eks"))
        balancer = elb.create_load_balancer(Name="moves", Subnets=Lab.seeded["subnetIds"])["LoadBalancers"][0]
        common = {"Protocol": "HTTP", "Port": 80, "VpcId": Lab.seeded["vpcId"], "TargetType": "ip"}
        groups = [elb.create_target_group(Name=name, **common)["TargetGroups"][0]["TargetGroupArn"] for name in "ab"]
        nothing = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
        listener = elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=nothing
        )["Listeners"][0]["ListenerArn"]
        rules = [
            elb.create_rule(
                ListenerArn=listener,
                Priority=priority,
                Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": [f"{priority}.example.com"]}}],
                Actions=[{"Type": "forward", "TargetGroupArn": groups[0]}],
            )["Rules"][0]["RuleArn"]
            for priority in (1, 2)
        ]
        elb.set_rule_priorities(
            RulePriorities=[{"RuleArn": rules[1], "Priority": 1}, {"RuleArn": rules[0], "Priority": 3}]
        )
        shown = {one["RuleArn"]: one["Priority"] for one in elb.describe_rules(ListenerArn=listener)["Rules"]}
        self.assertEqual([shown[arn] for arn in rules], ["3", "1"])
        self.refused(
            "PriorityInUse",
            "in use",
            lambda: elb.set_rule_priorities(RulePriorities=[{"RuleArn": rules[0], "Priority": 1}]),
        )
        # An address of this machine on which nothing listens: asked, and refused.
        for arn in groups:
            elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "127.0.0.1", "Port": 9}])
        for arn in rules:
            elb.modify_rule(RuleArn=arn, Actions=[{"Type": "forward", "TargetGroupArn": groups[1]}])
        reasons = [
            elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"]
            for arn in groups
        ]
        self.assertEqual(reasons, ["Target.NotInUse", "Target.FailedHealthChecks"])
        elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])


class Records(FrontTest):
    record = {"Name": "*.W.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}

    def change(self, action: str, **more: Any) -> None:
        changes = [{"Action": action, "ResourceRecordSet": {**self.record, **more}}]
        client("route53", admin("dns")).change_resource_record_sets(
            HostedZoneId=Lab.seeded["zoneId"], ChangeBatch={"Changes": changes}
        )

    def test_changes(self) -> None:
        self.change("CREATE")
        listed = client("route53", admin("dns")).list_resource_record_sets(HostedZoneId=Lab.seeded["zoneId"])
        self.assertIn("\\052.w.example.com.", [one["Name"] for one in listed["ResourceRecordSets"]])
        weighted: dict[str, Any] = {"Name": "v.example.com", "SetIdentifier": "a", "Weight": 1}
        self.change("CREATE", **weighted)
        cname: dict[str, Any] = {"Type": "CNAME", "ResourceRecords": [{"Value": "a.example.org"}]}
        for words, run in [
            ("but it already exists", lambda: self.change("CREATE")),
            ("do not match the current values", lambda: self.change("DELETE", TTL=61)),
            ("but it was not found", lambda: self.change("DELETE", Name="no.example.com")),
            ("conflicts with other records", lambda: self.change("CREATE", **cname)),
            ("is not permitted in zone", lambda: self.change("CREATE", Name="a.example.org")),
            ("as other RRSets exist", lambda: self.change("CREATE", Name="v.example.com")),
            ("as a non-weighted set exists", lambda: self.change("CREATE", SetIdentifier="a", Weight=1)),
            ("at apex", lambda: self.change("CREATE", **{**cname, "Name": "example.com"})),
        ]:
            with self.subTest(words):
                self.refused("InvalidChangeBatch", words, run)
        self.change("DELETE", **weighted)
        self.change("DELETE")

    def test_soa_and_name_servers(self) -> None:
        rows = client("route53", admin("dns")).list_resource_record_sets(HostedZoneId=Lab.seeded["zoneId"])
        values = {one["Type"]: [v["Value"] for v in one["ResourceRecords"]] for one in rows["ResourceRecordSets"][:2]}
        self.assertEqual(len(values["SOA"][0].split()), 7)
        self.assertEqual(values["NS"], [f"{name}." for name in LAYOUT["nameServerNames"]])


if __name__ == "__main__":
    unittest.main()
