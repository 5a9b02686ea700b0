# Calls that controllers make only to learn that a feature is off; moto lacks them.
from __future__ import annotations

from .call import Call
from .errors import Response, render_json

ANSWERS: dict[tuple[str, str], dict[str, object]] = {
    # No subscription to Shield Advanced.
    ("shield", "GetSubscriptionState"): {"SubscriptionState": "INACTIVE"},
    # No WAF Classic web ACL on any load balancer.
    ("waf-regional", "GetWebACLForResource"): {},
}


def answer(call: Call) -> Response | None:
    found = ANSWERS.get((call.service, call.action))
    return None if found is None else render_json(found)
