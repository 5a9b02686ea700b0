# CloudTrail's event history in the form that its documents show, through the door, with boto3.
from __future__ import annotations

import json
import time
from typing import Any

from lab.cloud.aws import trail
from lab.cloud.aws.layout import DNS_ACCOUNT
from lab.cloud.aws.test_front import FrontTest, Lab, admin, by_oidc, client

# What the User Guide requires of a record of an API call ("CloudTrail record contents"), and of who made it
# ("CloudTrail userIdentity element").
RECORD = {
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "responseElements",
    "requestID",
    "eventID",
    "readOnly",
    "eventType",
    "managementEvent",
    "recipientAccountId",
    "eventCategory",
}
USER = {"type", "principalId", "arn", "accountId", "accessKeyId", "userName"}
SESSION = {"type", "principalId", "arn", "accountId", "accessKeyId", "sessionContext"}
# Event, of the API Reference.
EVENT = {
    "EventId",
    "EventName",
    "ReadOnly",
    "AccessKeyId",
    "EventTime",
    "EventSource",
    "Username",
    "Resources",
    "CloudTrailEvent",
}


class Trail(FrontTest):
    def setUp(self) -> None:
        super().setUp()
        trail.clear()
        self.zone = Lab.seeded["zoneId"]

    def look(self, part: str, key: str, value: str, region: str = "us-east-1", **more: Any) -> list[dict[str, Any]]:
        found = client("cloudtrail", admin(part), region).lookup_events(
            LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}], **more
        )
        return list(found["Events"])

    def change(self, *names: str) -> None:
        for name in names:
            client("route53", admin("dns")).change_resource_record_sets(
                HostedZoneId=self.zone,
                ChangeBatch={
                    "Comment": "by hand",
                    "Changes": [
                        {
                            "Action": "UPSERT",
                            "ResourceRecordSet": {
                                "Name": name,
                                "Type": "A",
                                "TTL": 300,
                                "ResourceRecords": [{"Value": "192.0.2.1"}, {"Value": "192.0.2.2"}],
                            },
                        }
                    ],
                },
            )

    def test_a_change_of_records_as_the_developer_guide_of_route_53_has_it(self) -> None:
        self.change("trail.example.com")
        [event] = self.look("dns", "ResourceName", self.zone)
        self.assertEqual(set(event), EVENT)
        self.assertEqual(event["Resources"], [{"ResourceType": "AWS::Route53::HostedZone", "ResourceName": self.zone}])
        record = json.loads(event["CloudTrailEvent"])
        self.assertEqual(set(record), RECORD)
        self.assertEqual(set(record["userIdentity"]), USER)
        self.assertEqual((record["awsRegion"], record["recipientAccountId"]), ("us-east-1", DNS_ACCOUNT))
        self.assertEqual(
            record["requestParameters"],
            {
                "hostedZoneId": self.zone,
                "changeBatch": {
                    "comment": "by hand",
                    "changes": [
                        {
                            "action": "UPSERT",
                            "resourceRecordSet": {
                                "name": "trail.example.com",
                                "type": "A",
                                "tTL": 300,
                                "resourceRecords": [{"value": "192.0.2.1"}, {"value": "192.0.2.2"}],
                            },
                        }
                    ],
                },
            },
        )
        self.assertEqual(record["responseElements"]["changeInfo"]["status"], "INSYNC")

    def test_calls_of_load_balancing_with_types_and_what_they_made(self) -> None:
        elb = client("elbv2", admin("eks"))
        subnets = [one["SubnetId"] for one in client("ec2", admin("eks")).describe_subnets()["Subnets"]][:2]
        arn = elb.create_load_balancer(Name="trail", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        made = elb.create_listener(LoadBalancerArn=arn, Port=8080, Protocol="HTTP", DefaultActions=[fixed])
        listener = made["Listeners"][0]["ListenerArn"]
        record = json.loads(self.look("eks", "ResourceName", listener)[0]["CloudTrailEvent"])
        self.assertEqual(record["requestParameters"]["port"], 8080)
        self.assertEqual(record["requestParameters"]["defaultActions"][0]["type"], "fixed-response")
        self.assertEqual(record["responseElements"]["listeners"][0]["listenerArn"], listener)
        elb.delete_load_balancer(LoadBalancerArn=arn)
        names = [event["EventName"] for event in self.look("eks", "ResourceName", arn)]
        self.assertEqual(names, ["DeleteLoadBalancer", "CreateListener", "CreateLoadBalancer"])

    def test_rules_of_security_groups_in_ec2s_own_shape(self) -> None:
        ec2 = client("ec2", admin("eks"))
        group = ec2.create_security_group(GroupName=f"trail-{time.time()}", Description="x")["GroupId"]
        permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
        record = json.loads(self.look("eks", "ResourceName", group)[0]["CloudTrailEvent"])
        [rule] = record["requestParameters"]["ipPermissions"]["items"]
        self.assertEqual((rule["fromPort"], rule["ipRanges"]), (443, {"items": [{"cidrIp": "0.0.0.0/0"}]}))

    def test_who_called_by_a_session_and_a_call_that_was_denied(self) -> None:
        deploy = by_oidc("deploy")
        with self.assertRaises(Exception):
            client("elbv2", deploy).delete_load_balancer(LoadBalancerArn="arn:aws:elasticloadbalancing:x")
        [event] = self.look("eks", "EventName", "DeleteLoadBalancer")
        record = json.loads(event["CloudTrailEvent"])
        self.assertEqual(set(record), RECORD | {"errorCode", "errorMessage"})
        self.assertEqual(record["errorCode"], "AccessDenied")
        self.assertEqual(set(record["userIdentity"]), SESSION)
        issuer = record["userIdentity"]["sessionContext"]["sessionIssuer"]
        self.assertEqual((issuer["type"], issuer["arn"]), ("Role", self.roles["deploy"]))
        self.assertEqual(event["Username"], "GitHubActions")

    def test_pages_latest_first_of_one_region_and_account(self) -> None:
        self.change("one.trail.example.com", "two.trail.example.com", "three.trail.example.com")
        cloudtrail = client("cloudtrail", admin("dns"))
        asked = {
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "ChangeResourceRecordSets"}],
            "MaxResults": 2,
        }
        first = cloudtrail.lookup_events(**asked)
        second = cloudtrail.lookup_events(**asked, NextToken=first["NextToken"])
        names = [
            json.loads(one["CloudTrailEvent"])["requestParameters"]["changeBatch"]["changes"][0]["resourceRecordSet"]["name"]
            for one in [*first["Events"], *second["Events"]]
        ]
        self.assertEqual([name.split(".")[0] for name in names], ["three", "two", "one"])
        self.assertNotIn("NextToken", second)
        time.sleep(1)
        self.assertEqual(self.look("eks", "ResourceName", self.zone), [])
        self.assertEqual(self.look("dns", "ResourceName", self.zone, "eu-west-1"), [])

    def test_refusals(self) -> None:
        cloudtrail = client("cloudtrail", admin("eks"))
        two = [{"AttributeKey": "EventName", "AttributeValue": "a"}, {"AttributeKey": "EventName", "AttributeValue": "b"}]
        self.refused("InvalidLookupAttributesException", "lookup attribute", lambda: cloudtrail.lookup_events(LookupAttributes=two))
        time.sleep(1)
        self.refused("InvalidNextTokenException", "token", lambda: cloudtrail.lookup_events(NextToken="eA=="))
        self.refused(
            "AccessDeniedException",
            "cloudtrail:LookupEvents",
            lambda: client("cloudtrail", by_oidc("deploy")).lookup_events(),
        )

    def test_two_requests_a_second(self) -> None:
        cloudtrail = client("cloudtrail", admin("eks"))
        for _ in range(2):
            cloudtrail.lookup_events()
        self.refused("ThrottlingException", "Rate exceeded", cloudtrail.lookup_events)
        # Another account has a rate of its own.
        client("cloudtrail", admin("dns")).lookup_events()
