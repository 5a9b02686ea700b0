# Tables for IAM: identity policies, condition operators, trust policies.
from __future__ import annotations

import unittest

from lab.cloud.aws.conditions import UnknownOperator, condition_holds, glob_match
from lab.cloud.aws.policy import Principal, evaluate, evaluate_trust, make_context, principal_context

ZONE = "arn:aws:route53:::hostedzone/Z1"
GITHUB = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::111111111111:oidc-provider/{GITHUB}"


def document(**statement: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


class Identity(unittest.TestCase):
    def test_table(self) -> None:
        change = document(Action="route53:ChangeResourceRecordSets", Resource=ZONE)
        deny = {"Statement": {"Effect": "Deny", "Action": "route53:*", "Resource": "*"}}
        rows = [
            ("exact", [change], "route53:ChangeResourceRecordSets", ZONE, "allow"),
            ("action without regard to case", [change], "route53:changeresourcerecordsets", ZONE, "allow"),
            ("another zone", [change], "route53:ChangeResourceRecordSets", ZONE + "2", "none"),
            ("another action", [change], "route53:ListResourceRecordSets", ZONE, "none"),
            ("a deny wins", [change, deny], "route53:ChangeResourceRecordSets", ZONE, "deny"),
            ("wildcard in the action", [document(Action="ec2:Describe*", Resource="*")], "ec2:DescribeVpcs", "*", "allow"),
            ("wildcard does not reach", [document(Action="ec2:Describe*", Resource="*")], "ec2:CreateTags", "*", "none"),
            ("question mark", [document(Action="sts:?ssumeRole", Resource="*")], "sts:AssumeRole", "*", "allow"),
            ("NotAction", [document(NotAction="iam:*", Resource="*")], "eks:DescribeCluster", "*", "allow"),
            ("NotAction names it", [document(NotAction="iam:*", Resource="*")], "iam:GetRole", "*", "none"),
            ("NotResource", [document(Action="*", NotResource=ZONE)], "a:b", ZONE, "none"),
            ("a resource ARN does not cover *", [document(Action="*", Resource=ZONE)], "route53:ListHostedZones", "*", "none"),
            ("resource with regard to case", [document(Action="*", Resource=ZONE)], "a:b", ZONE.replace("Z1", "z1"), "none"),
            ("no policy", [], "a:b", "*", "none"),
        ]
        for name, documents, action, resource, wanted in rows:
            with self.subTest(name):
                self.assertEqual(evaluate(documents, action, resource, {}), wanted)

    def test_variables(self) -> None:
        policy = document(Action="*", Resource="arn:aws:s3:::${aws:PrincipalTag/team}/*")
        context = make_context({"aws:PrincipalTag/team": "red"})
        self.assertEqual(evaluate([policy], "s3:GetObject", "arn:aws:s3:::red/a", context), "allow")
        self.assertEqual(evaluate([policy], "s3:GetObject", "arn:aws:s3:::blue/a", context), "none")
        self.assertEqual(evaluate([policy], "s3:GetObject", "arn:aws:s3:::/a", {}), "none")


class Conditions(unittest.TestCase):
    def test_table(self) -> None:
        context = make_context({
            "a:s": "Blue", "a:n": "5", "a:b": "true", "a:d": "2026-01-02T00:00:00Z", "a:ip": "10.1.2.3",
            "a:arn": "arn:aws:iam::111111111111:role/x/y", "a:many": ["one", "two"],
        })
        rows = [
            ("StringEquals", "a:s", "Blue", True),
            ("StringEquals", "A:S", ["Red", "Blue"], True),
            ("StringEquals", "a:s", "blue", False),
            ("StringEquals", "a:s", "B*", False),
            ("StringEqualsIgnoreCase", "a:s", "blue", True),
            ("StringNotEquals", "a:s", "Blue", False),
            ("StringNotEquals", "a:s", ["Red", "Blue"], False),
            ("StringNotEquals", "a:missing", "x", True),
            ("StringEquals", "a:missing", "x", False),
            ("StringEqualsIfExists", "a:missing", "x", True),
            ("StringEqualsIfExists", "a:s", "x", False),
            ("StringLike", "a:s", "B?ue", True),
            ("StringNotLike", "a:s", "B*", False),
            ("ArnLike", "a:arn", "arn:aws:iam::*:role/x/*", True),
            ("ArnEquals", "a:arn", "arn:aws:iam::111111111111:role/x/y", True),
            ("ArnEquals", "a:arn", "arn:aws:iam::222222222222:role/x/y", False),
            ("ArnNotEquals", "a:arn", "arn:aws:iam::*:role/z", True),
            ("Bool", "a:b", True, True),
            ("Bool", "a:b", "false", False),
            ("Null", "a:s", "false", True),
            ("Null", "a:s", True, False),
            ("Null", "a:missing", "true", True),
            ("NumericLessThan", "a:n", "6", True),
            ("NumericGreaterThanEquals", "a:n", 6, False),
            ("NumericEquals", "a:n", "5.0", True),
            ("DateGreaterThan", "a:d", "2026-01-01T00:00:00Z", True),
            ("DateLessThan", "a:d", "2026-01-01", False),
            ("IpAddress", "a:ip", "10.1.0.0/16", True),
            ("NotIpAddress", "a:ip", "10.1.0.0/16", False),
            ("ForAllValues:StringEquals", "a:many", ["one", "two", "three"], True),
            ("ForAllValues:StringEquals", "a:many", ["one"], False),
            ("ForAllValues:StringEquals", "a:missing", ["one"], True),
            ("ForAnyValue:StringEquals", "a:many", ["two"], True),
            ("ForAnyValue:StringEquals", "a:many", ["three"], False),
            ("ForAnyValue:StringEquals", "a:missing", ["one"], False),
            ("ForAnyValue:StringNotEquals", "a:many", ["one"], True),
            ("ForAllValues:StringNotEquals", "a:many", ["one"], False),
            ("ForAllValues:StringLike", "a:many", ["*o*"], True),
        ]
        for operator, key, value, wanted in rows:
            with self.subTest(operator=operator, key=key, value=value):
                self.assertEqual(condition_holds({operator: {key: value}}, context), wanted)

    def test_all_must_hold(self) -> None:
        context = make_context({"a": "1", "b": "2"})
        self.assertFalse(condition_holds({"StringEquals": {"a": "1", "b": "3"}}, context))
        self.assertFalse(condition_holds({"StringEquals": {"a": "1"}, "StringLike": {"b": "3"}}, context))
        self.assertTrue(condition_holds(None, context))

    def test_unknown_operator(self) -> None:
        with self.assertRaises(UnknownOperator):
            condition_holds({"StringEqual": {"a": "1"}}, make_context({"a": "1"}))

    def test_literal_asterisk(self) -> None:
        self.assertTrue(condition_holds({"StringLike": {"a": "${*}x"}}, make_context({"a": "*x"})))
        self.assertFalse(condition_holds({"StringLike": {"a": "${*}x"}}, make_context({"a": "yx"})))
        self.assertFalse(glob_match("a.c", "abc"))


class WebIdentityTrust(unittest.TestCase):
    trust = document(
        Principal={"Federated": PROVIDER},
        Action="sts:AssumeRoleWithWebIdentity",
        Condition={
            "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
            "StringLike": {f"{GITHUB}:sub": ["repo:o/r:*", "repo:o@1/r@2:*"]},
        },
    )

    def decide(self, aud: str = "sts.amazonaws.com", sub: str = "repo:o/r:ref:refs/heads/main", provider: str = PROVIDER) -> str:
        caller = Principal("federated", "111111111111", provider)
        context = make_context({f"{GITHUB}:aud": aud, f"{GITHUB}:sub": sub})
        return evaluate_trust(self.trust, caller, "sts:AssumeRoleWithWebIdentity", context)[0]

    def test_table(self) -> None:
        self.assertEqual(self.decide(), "allow")
        self.assertEqual(self.decide(sub="repo:o@1/r@2:pull_request"), "allow")
        self.assertEqual(self.decide(aud="other"), "none")
        self.assertEqual(self.decide(sub="repo:O/r:ref:refs/heads/main"), "none")
        self.assertEqual(self.decide(sub="repo:o/r2:ref:refs/heads/main"), "none")
        self.assertEqual(self.decide(provider=PROVIDER.replace("1111", "2222")), "none")


class RoleTrust(unittest.TestCase):
    caller = Principal(
        "session",
        "111111111111",
        "arn:aws:sts::111111111111:assumed-role/external-dns/s",
        "external-dns",
        "arn:aws:iam::111111111111:role/external-dns",
        "s",
    )

    def decide(self, trust: dict[str, object], action: str = "sts:AssumeRole", **keys: str) -> tuple[str, str]:
        context = {**principal_context(self.caller), **make_context({k.replace("__", ":"): v for k, v in keys.items()})}
        return evaluate_trust(trust, self.caller, action, context)

    def test_naming(self) -> None:
        for principal, wanted in [
            ("arn:aws:iam::111111111111:root", ("allow", "account")),
            ("111111111111", ("allow", "account")),
            ("arn:aws:iam::111111111111:role/external-dns", ("allow", "direct")),
            (self.caller.arn, ("allow", "direct")),
            ("*", ("allow", "direct")),
            ("arn:aws:iam::111111111111:role/other", ("none", "no")),
            ("arn:aws:iam::222222222222:root", ("none", "no")),
        ]:
            with self.subTest(principal):
                self.assertEqual(self.decide(document(Principal={"AWS": principal}, Action="sts:*")), wanted)

    def test_tag_session_is_its_own_action(self) -> None:
        trust = document(Principal={"AWS": "*"}, Action="sts:AssumeRole")
        self.assertEqual(self.decide(trust, "sts:TagSession")[0], "none")

    def test_external_id(self) -> None:
        trust = document(Principal={"AWS": "*"}, Action="sts:AssumeRole", Condition={"StringEquals": {"sts:ExternalId": "e"}})
        self.assertEqual(self.decide(trust)[0], "none")
        self.assertEqual(self.decide(trust, sts__ExternalId="f")[0], "none")
        self.assertEqual(self.decide(trust, sts__ExternalId="e")[0], "allow")

    def test_principal_arn(self) -> None:
        for wanted, decision in [(self.caller.role_arn, "allow"), ("arn:aws:iam::111111111111:role/other", "none")]:
            trust = document(Principal={"AWS": "*"}, Action="*", Condition={"ArnEquals": {"aws:PrincipalARN": wanted}})
            self.assertEqual(self.decide(trust)[0], decision)

    def test_explicit_deny(self) -> None:
        trust = {"Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "*"},
            {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"},
        ]}
        self.assertEqual(self.decide(trust)[0], "deny")


if __name__ == "__main__":
    unittest.main()
