# What a load balancer keeps of its listeners' mutual TLS and of its rules' transforms, as clients of AWS see it.
from __future__ import annotations

import unittest
from typing import Any

from .test_front import FrontTest, Lab, admin, client

NOTHING = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
REWRITE = {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "(^/a(/)?)", "Replace": "/b$2"}]}}
HOST = {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": ".*", "Replace": "in"}]}}


class Settings(FrontTest):
    def setUp(self) -> None:
        super().setUp()
        self.elb = client("elbv2", admin("eks"))
        made = self.elb.create_load_balancer(Name="settings", Subnets=Lab.seeded["subnetIds"])
        self.balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
        self.addCleanup(self.elb.delete_load_balancer, LoadBalancerArn=self.balancer)

    def listener(self, **more: Any) -> str:
        made = self.elb.create_listener(LoadBalancerArn=self.balancer, DefaultActions=NOTHING, **more)
        return made["Listeners"][0]["ListenerArn"]

    def shown(self, listener: str) -> Any:
        return self.elb.describe_listeners(ListenerArns=[listener])["Listeners"][0].get("MutualAuthentication")

    def test_clients_certificates(self) -> None:
        certificates = [{"CertificateArn": Lab.seeded["certificateArn"]}]
        listener = self.listener(Protocol="HTTPS", Port=443, Certificates=certificates)
        self.assertEqual(self.shown(listener), {"Mode": "off"})
        self.elb.modify_listener(ListenerArn=listener, MutualAuthentication={"Mode": "passthrough"})
        self.assertEqual(self.shown(listener), {"Mode": "passthrough"})
        # Another change leaves it.
        self.elb.modify_listener(ListenerArn=listener, DefaultActions=NOTHING)
        self.assertEqual(self.shown(listener), {"Mode": "passthrough"})
        for code, words, wanted in [
            ("ValidationError", "must be specified", {"Mode": "verify"}),
            ("TrustStoreNotFound", "not found", {"Mode": "verify", "TrustStoreArn": "arn:none"}),
            ("ValidationError", "cannot be specified", {"Mode": "off", "TrustStoreArn": "arn:none"}),
            ("ValidationError", "must be one of", {"Mode": "maybe"}),
        ]:
            with self.subTest(words):
                change = lambda: self.elb.modify_listener(ListenerArn=listener, MutualAuthentication=wanted)  # noqa: E731
                self.refused(code, words, change)
        plain = self.listener(Protocol="HTTP", Port=80)
        self.assertIsNone(self.shown(plain))

    def test_transforms(self) -> None:
        listener = self.listener(Protocol="HTTP", Port=80)
        conditions = [{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com"]}}]
        what: dict[str, Any] = {"ListenerArn": listener, "Conditions": conditions, "Actions": NOTHING}
        rule = self.elb.create_rule(Priority=1, Transforms=[REWRITE], **what)["Rules"][0]["RuleArn"]
        shown = lambda: self.elb.describe_rules(RuleArns=[rule])["Rules"][0]["Transforms"]  # noqa: E731
        self.assertEqual(shown(), [REWRITE])
        self.elb.modify_rule(RuleArn=rule, Actions=NOTHING)
        self.assertEqual(shown(), [REWRITE])
        self.elb.modify_rule(RuleArn=rule, Transforms=[REWRITE, HOST])
        self.assertEqual(shown(), [REWRITE, HOST])
        self.elb.modify_rule(RuleArn=rule, ResetTransforms=True)
        self.assertEqual(shown(), [])
        for words, wanted in [
            ("only one transform", [HOST, HOST]),
            ("exactly one rewrite", [{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": []}}]),
            ("not a valid regular expression", [{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "(", "Replace": "/"}]}}]),
        ]:
            with self.subTest(words):
                self.refused("ValidationError", words, lambda: self.elb.modify_rule(RuleArn=rule, Transforms=wanted))


if __name__ == "__main__":
    unittest.main()
