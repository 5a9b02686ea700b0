# What moto's rules do not keep: transforms, by which a load balancer rewrites host and URL of what it sends on.
from __future__ import annotations

import re
from typing import Any

# By type of a transform, the member that it must have, and its only one.
CONFIGS = {"url-rewrite": "UrlRewriteConfig", "host-header-rewrite": "HostHeaderRewriteConfig"}


def _invalid(message: str) -> Exception:
    from moto.elbv2.exceptions import ELBClientError

    return ELBClientError("ValidationError", message)


def transforms(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most one of each type, each with one rewrite, whose expression can be read."""
    kinds = [one.get("Type") for one in given]
    for kind in kinds:
        if kind not in CONFIGS:
            raise _invalid(f"Transform type '{kind}' must be one of [{', '.join(sorted(CONFIGS))}]")
        if kinds.count(kind) > 1:
            raise _invalid(f"A rule can have only one transform of type '{kind}'")
    for one in given:
        rewrites = (one.get(CONFIGS[one["Type"]]) or {}).get("Rewrites") or []
        if len(rewrites) != 1 or not {"Regex", "Replace"} <= rewrites[0].keys():
            raise _invalid(f"A transform of type '{one['Type']}' must have exactly one rewrite")
        try:
            re.compile(rewrites[0]["Regex"])
        except re.error:
            raise _invalid(f"'{rewrites[0]['Regex']}' is not a valid regular expression") from None
    return given


def mend() -> None:
    from moto.core.responses import ActionResult
    from moto.elbv2 import models, responses

    base = responses.ELBV2Response
    created, modified = base.create_rule, base.modify_rule

    def create_rule(self: Any) -> Any:
        given = transforms(self._get_params().get("Transforms") or [])
        answer = created(self)
        answer._result["Rules"][0].lab_transforms = given
        return answer

    def modify_rule(self: Any) -> Any:
        params = self._get_params()
        given, reset = params.get("Transforms") or [], str(params.get("ResetTransforms")).lower() == "true"
        if given and reset:
            raise _invalid("Transforms cannot be specified together with their reset")
        checked = transforms(given)
        if not (checked or reset):
            return modified(self)
        if params.get("Conditions") or params.get("Actions"):
            answer = modified(self)
        else:
            # moto takes no change without one of these two.
            rules = self.elbv2_backend.describe_rules(listener_arn=None, rule_arns=[params["RuleArn"]])
            answer = ActionResult({"Rules": rules})
        answer._result["Rules"][0].lab_transforms = checked
        return answer

    models.FakeListenerRule.transforms = property(lambda rule: rule.__dict__.get("lab_transforms", []))
    models.FakeRule.transforms = property(lambda _rule: [])
    base.create_rule, base.modify_rule = create_rule, modify_rule
