# CloudTrail's event history: every call that changes something, and LookupEvents, which gives them back.
from __future__ import annotations

import base64
import json
import re
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from xml.etree import ElementTree

from .call import Call
from .errors import AwsError, Response, render_json
from .sessions import Credentials

# Reads are in the real history as well; nobody looks them up here.
READS = ("Describe", "List", "Get", "Lookup", "Simulate", "Test", "BatchGet")

# Route 53 is global, and its events are in this region.
REGIONS = {"route53": "us-east-1"}

ATTRIBUTES = ("EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId")

NUMBERS = {
    "port",
    "priority",
    "weight",
    "order",
    "fromPort",
    "toPort",
    "tTL",
    "healthCheckIntervalSeconds",
    "healthCheckTimeoutSeconds",
    "healthyThresholdCount",
    "unhealthyThresholdCount",
}

# What an event is filed under: parameters that name a resource, and its type.
RESOURCES = {
    "loadBalancerArn": "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "listenerArn": "AWS::ElasticLoadBalancingV2::Listener",
    "ruleArn": "AWS::ElasticLoadBalancingV2::ListenerRule",
    "targetGroupArn": "AWS::ElasticLoadBalancingV2::TargetGroup",
    "hostedZoneId": "AWS::Route53::HostedZone",
    "groupId": "AWS::EC2::SecurityGroup",
    "certificateArn": "AWS::ACM::Certificate",
}


@dataclass(frozen=True)
class Recorded:
    account: str
    region: str
    at: float
    event: dict[str, Any]
    username: str
    resources: tuple[tuple[str, str], ...]

    def values(self, key: str) -> tuple[str, ...]:
        event = self.event
        return {
            "EventId": (event["eventID"],),
            "EventName": (event["eventName"],),
            "ReadOnly": (str(event["readOnly"]).lower(),),
            "Username": (self.username,),
            "ResourceType": tuple(kind for kind, _ in self.resources),
            "ResourceName": tuple(name for _, name in self.resources),
            "EventSource": (event["eventSource"],),
            "AccessKeyId": (event["userIdentity"]["accessKeyId"],),
        }[key]


_lock = threading.Lock()
_events: deque[Recorded] = deque(maxlen=20_000)
# Two requests a second for an account in a region; what was not used up to then may be used at once.
_buckets: dict[tuple[str, str], tuple[float, float]] = {}


def clear() -> None:
    with _lock:
        _events.clear()
        _buckets.clear()


def _named(name: str) -> str:
    """TTL becomes tTL and DNSName dNSName: the first letter alone is put into lower case."""
    return name[:1].lower() + name[1:]


def _typed(name: str, value: str) -> Any:
    if value in ("true", "false"):
        return value == "true"
    return int(value) if name in NUMBERS and value.isdigit() else value


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """Actions.member.1.Type, as query calls have it, as a tree; numbers are the places in a list."""
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        if key in ("Action", "Version"):
            continue
        at = tree
        steps = [step for step in key.split(".") if step != "member"]
        for step in steps[:-1]:
            at = at.setdefault(step, {})
        at[steps[-1]] = value
    return tree


def _lists(value: Any, name: str, items: bool) -> Any:
    if not isinstance(value, dict):
        return _typed(name, str(value))
    if value and all(key.isdigit() for key in value):
        rows = [_lists(value[key], name, items) for key in sorted(value, key=int)]
        # EC2 keeps its lists in maps.
        return {"items": rows} if items else rows
    return {_named(key): _lists(inner, _named(key), items) for key, inner in value.items()}


def _lowered(value: Any) -> Any:
    if isinstance(value, list):
        return [_lowered(each) for each in value]
    if isinstance(value, dict):
        return {_named(key): _lowered(inner) for key, inner in value.items()}
    return value


def _of_xml(element: ElementTree.Element) -> Any:
    children = list(element)
    if not children:
        return _typed(_named(element.tag.rsplit("}", 1)[-1]), (element.text or "").strip())
    names = [child.tag.rsplit("}", 1)[-1] for child in children]
    of = element.tag.rsplit("}", 1)[-1]
    # Changes of Change, ResourceRecords of ResourceRecord, Rules of member.
    if all(name in ("member", of.removesuffix("s")) for name in names) and names[0] != of:
        return [_of_xml(child) for child in children]
    return {_named(name): _of_xml(child) for name, child in zip(names, children)}


def _xml(body: bytes) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return None


def _request(call: Call) -> dict[str, Any] | None:
    if call.protocol in ("query", "ec2"):
        return _lists(_nested(call.params), "", call.protocol == "ec2") or None
    if call.protocol != "rest-xml":
        return _lowered({**call.path_params, **call.params}) or None
    root = _xml(call.body) if call.body else None
    request = _of_xml(root) if root is not None else {}
    zone = re.match(r"^/[\d-]+/hostedzone/([^/]+)", call.raw_path)
    return {**({"hostedZoneId": zone.group(1)} if zone else {}), **(request if isinstance(request, dict) else {})}


def _answer(call: Call, response: Response) -> Any:
    if response.status >= 400 or not response.body:
        return None
    if call.protocol in ("json", "rest-json"):
        return _lowered(json.loads(response.body)) or None
    root = _xml(response.body)
    if root is None:
        return None
    if call.protocol == "ec2":
        return {"_return": True, **{k: v for k, v in _of_xml(root).items() if k in ("requestId", "groupId")}}
    inner = root if call.protocol == "rest-xml" else next((one for one in root if one.tag.endswith("Result")), None)
    if inner is None or not len(inner):
        return None
    return _of_xml(inner)


def _identity(credentials: Credentials) -> dict[str, Any]:
    principal = credentials.principal
    common = {
        "principalId": credentials.user_id,
        "arn": principal.arn,
        "accountId": principal.account,
        "accessKeyId": credentials.access_key,
    }
    if principal.kind == "user":
        return {"type": "IAMUser", **common, "userName": principal.arn.rsplit("/", 1)[-1]}
    return {
        "type": "AssumedRole",
        **common,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": credentials.user_id.split(":")[0],
                "arn": principal.role_arn,
                "accountId": principal.account,
                "userName": principal.role_name,
            },
            "attributes": {"mfaAuthenticated": "false", "creationDate": _iso(credentials.issued)},
        },
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _resources(event: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], None] = {}

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                walk(each)
        elif isinstance(value, dict):
            for key, inner in value.items():
                if key in RESOURCES and isinstance(inner, str):
                    found[(RESOURCES[key], inner)] = None
                walk(inner)

    walk(event["requestParameters"])
    if event["eventName"].startswith("Create"):
        walk(event["responseElements"])
    return tuple(found)


def record(call: Call, credentials: Credentials, response: Response, address: str) -> None:
    """Keeps a call that changes something, also one that failed."""
    if call.action.startswith(READS) or call.action == "Unknown" or call.service == "sts":
        return
    at = time.time()
    event: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": _identity(credentials),
        "eventTime": _iso(at),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": call.action,
        "awsRegion": REGIONS.get(call.service, call.region),
        "sourceIPAddress": address,
        "userAgent": call.headers.get("user-agent", ""),
        **({"errorCode": response.error, "errorMessage": "An error occurred"} if response.error else {}),
        "requestParameters": _request(call),
        "responseElements": _answer(call, response),
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": credentials.principal.account,
        "eventCategory": "Management",
    }
    principal = credentials.principal
    username = principal.session_name or principal.arn.rsplit("/", 1)[-1]
    recorded = Recorded(principal.account, event["awsRegion"], at, event, username, _resources(event))
    with _lock:
        _events.append(recorded)


def _throttled(account: str, region: str) -> bool:
    now = time.monotonic()
    with _lock:
        tokens, since = _buckets.get((account, region), (2.0, now))
        tokens = min(2.0, tokens + (now - since) * 2)
        _buckets[account, region] = (max(tokens - 1, 0) if tokens >= 1 else tokens, now)
    return tokens < 1


def _attribute(call: Call) -> tuple[str, str] | None:
    given = call.params.get("LookupAttributes") or []
    if not given:
        return None
    if len(given) > 1 or given[0].get("AttributeKey") not in ATTRIBUTES or not given[0].get("AttributeValue"):
        raise AwsError("InvalidLookupAttributesException", "A valid lookup attribute must be specified.", 400)
    return given[0]["AttributeKey"], given[0]["AttributeValue"]


def _shown(one: Recorded) -> dict[str, Any]:
    event = one.event
    return {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": "false",
        "AccessKeyId": event["userIdentity"]["accessKeyId"],
        "EventTime": int(one.at),
        "EventSource": event["eventSource"],
        "Username": one.username,
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in one.resources],
        "CloudTrailEvent": json.dumps(event, separators=(",", ":")),
    }


def answer(call: Call, account: str) -> Response | None:
    """LookupEvents: the latest first, at most 50 a page, by one attribute."""
    if (call.service, call.action) != ("cloudtrail", "LookupEvents"):
        return None
    if _throttled(account, call.region):
        raise AwsError("ThrottlingException", "Rate exceeded", 400)
    attribute = _attribute(call)
    size = call.params.get("MaxResults", 50)
    if not isinstance(size, int) or not 1 <= size <= 50:
        raise AwsError("InvalidMaxResultsException", "The MaxResults must be between 1 and 50.", 400)
    start, end = float(call.params.get("StartTime", 0)), float(call.params.get("EndTime", "inf"))
    if start > end:
        raise AwsError("InvalidTimeRangeException", "The start time must be before the end time.", 400)
    asked = json.dumps([attribute, call.params.get("StartTime"), call.params.get("EndTime")])
    skip = 0
    token = call.params.get("NextToken")
    if token:
        try:
            before, skip = json.loads(base64.b64decode(token))
        except ValueError:
            before = None
        if before != asked:
            raise AwsError("InvalidNextTokenException", "The token is not of a lookup with the same parameters.", 400)
    with _lock:
        kept = [one for one in _events if one.account == account and one.region == call.region]
    found = [
        one
        for one in reversed(kept)
        if start <= one.at <= end and (attribute is None or attribute[1] in one.values(attribute[0]))
    ]
    body: dict[str, Any] = {"Events": [_shown(one) for one in found[skip : skip + size]]}
    if skip + size < len(found):
        body["NextToken"] = base64.b64encode(json.dumps([asked, skip + size]).encode()).decode()
    return render_json(body)
