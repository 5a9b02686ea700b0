# Mends moto's load balancers: their zone, their names, how long they take, and targets that are really asked.
from __future__ import annotations

import copy
import http.client
import random
import time
from typing import Any

from lab.cloud.control import knobs

from .mend_route53 import ALB_ZONES

HEALTH_CHECK_SECONDS = 1.0


def _state(balancer: Any) -> str:
    forced = balancer.__dict__.get("lab_state")
    if forced:
        return forced
    age = time.time() - balancer.lab_created
    return "active" if age >= float(knobs.get("loadBalancerActiveSeconds")) else "provisioning"


def _matches(code: int, matcher: str) -> bool:
    for part in (matcher or "200").split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= code <= int(high or low):
            return True
    return False


def ask_target(group: Any, address: str, port: int) -> tuple[str, str | None, str | None]:
    """State, reason and description of a target, from one HTTP request such as an ALB makes."""
    # gRPC and TCP checks are not made here.
    if group.health_check_protocol != "HTTP" or group.protocol_version == "GRPC":
        return "healthy", None, None
    asked = str(group.health_check_port or "")
    connection = http.client.HTTPConnection(
        address, int(asked) if asked.isdigit() else port, timeout=HEALTH_CHECK_SECONDS
    )
    try:
        connection.request("GET", group.health_check_path or "/", headers={"User-Agent": "ELB-HealthChecker/2.0"})
        code = connection.getresponse().status
    except TimeoutError:
        return "unhealthy", "Target.Timeout", "Request timed out"
    except (OSError, http.client.HTTPException):
        return "unhealthy", "Target.FailedHealthChecks", "Health checks failed"
    finally:
        connection.close()
    if _matches(code, (group.matcher or {}).get("HttpCode", "200")):
        return "healthy", None, None
    return "unhealthy", "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{code}]"


def _register(group: Any, targets: list[dict[str, Any]]) -> None:
    """A target is an address and a port; moto knows it by its address alone."""
    for target in targets:
        port = target.get("Port", group.port)
        group.targets[f"{target['Id']}:{port}"] = {"Id": target["Id"], "Port": port}


def _deregister(group: Any, targets: list[dict[str, Any]]) -> None:
    for target in targets:
        # AWS takes the deregistration of a target that is not registered without a word.
        group.targets.pop(f"{target['Id']}:{target.get('Port', group.port)}", None)


def _forwards_to(actions: list[Any], arn: str) -> bool:
    for action in actions:
        config = action.data.get("ForwardConfig") or {}
        named = [action.data.get("TargetGroupArn"), *(one.get("TargetGroupArn") for one in config.get("TargetGroups") or [])]
        if arn in named:
            return True
    return False


def _in_use(group: Any) -> bool:
    """Whether some rule sends to the group now; moto only remembers for which rule it was once made."""
    from moto.elbv2.models import elbv2_backends

    _, _, _, region, account, _ = group.arn.split(":", 5)
    return any(
        _forwards_to(rule.actions, group.arn)
        for balancer in elbv2_backends[account][region].load_balancers.values()
        for listener in balancer.listeners.values()
        for rule in listener.rules.values()
    )


def _set_rule_priorities(backend: Any, rule_priorities: list[dict[str, Any]]) -> list[Any]:
    """The rules of one request move together: a priority that one of them leaves is free for another."""
    from moto.elbv2 import exceptions

    wanted = {one["RuleArn"]: one["Priority"] for one in rule_priorities}
    for priority in wanted.values():
        if list(wanted.values()).count(priority) > 1:
            raise exceptions.DuplicatePriorityError(priority)
    found = {arn: rule for arn in wanted for rule in backend.describe_rules(listener_arn=None, rule_arns=[arn])}
    if set(found) != set(wanted):
        raise exceptions.RuleNotFoundError()
    for rule in found.values():
        [listener] = backend.describe_listeners(None, [rule.listener_arn])
        others = [other for other in listener.rules.values() if other.arn not in wanted]
        if any(other.priority == wanted[rule.arn] for other in others):
            raise exceptions.PriorityInUseError()
    for arn, rule in found.items():
        rule.priority = wanted[arn]
    return list(found.values())


def _health_for(group: Any, target: dict[str, Any], _ec2_backend: Any) -> Any:
    from moto.elbv2.models import FakeHealthStatus

    port = target.get("Port", group.port)
    shown = (target["Id"], port, group.health_check_port)
    if f"{target['Id']}:{port}" not in group.targets:
        return FakeHealthStatus(
            *shown, "unused", "Target.NotRegistered", "Target is not registered to the target group"
        )
    if not _in_use(group):
        return FakeHealthStatus(
            *shown, "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
        )
    return FakeHealthStatus(*shown, *ask_target(group, target["Id"], int(port)))


def _for_addresses(ours: Any, motos: Any) -> Any:
    """Ours for groups of addresses, moto's for the others."""
    return lambda group, *args: (ours if group.target_type == "ip" else motos)(group, *args)


def _unless_expressions(motos: Any, config: str) -> Any:
    """moto's check of a condition, which knows no RegexValues; ELBv2 takes one or the other."""

    def validate(self: Any, condition: dict[str, Any]) -> None:
        if not condition.get(config, {}).get("RegexValues"):
            motos(self, condition)

    return validate


def mend() -> None:
    from moto.elbv2 import models, responses

    first = models.FakeLoadBalancer.__init__
    created = responses.ELBV2Response.create_load_balancer
    limited = responses.ELBV2Response.describe_account_limits
    moto_has = {name: getattr(models.FakeTargetGroup, name) for name in ("register", "deregister", "health_for")}

    def init(balancer: Any, *args: Any, **kwargs: Any) -> None:
        balancer.lab_created = time.time()
        first(balancer, *args, **kwargs)
        region = balancer.arn.split(":")[3]
        balancer.canonical_hosted_zone_id = ALB_ZONES.get(region, ALB_ZONES["us-east-1"])
        # A load balancer made anew under the same name has another DNS name; moto's ends in -1 always.
        prefix = "internal-" if balancer.scheme == "internal" else ""
        balancer.dns_name = (
            f"{prefix}{balancer.name}-{random.randint(10**8, 2 * 10**9)}.{region}.elb.amazonaws.com"
        )

    def create_load_balancer(self: Any) -> Any:
        answer = created(self)
        # The answer to the creation always says provisioning, as it does on AWS.
        shown = [copy.copy(one) for one in answer._result["LoadBalancers"]]
        for one in shown:
            one.lab_state = "provisioning"
        answer._result["LoadBalancers"] = shown
        return answer

    def describe_account_limits(self: Any) -> Any:
        answer = limited(self)
        for limit in answer._result["Limits"]:
            # AWS's own default; moto's 30 is used up by fifteen routes with two pods.
            if limit["Name"] == "targets-per-application-load-balancer":
                limit["Max"] = 1000
        return answer

    for name, config in (("path_pattern", "PathPatternConfig"), ("host_header", "HostHeaderConfig")):
        validate = f"_validate_{name}_condition"
        motos = getattr(models.ELBv2Backend, validate)
        setattr(models.ELBv2Backend, validate, _unless_expressions(motos, config))
    models.ELBv2Backend.set_rule_priorities = _set_rule_priorities
    models.FakeLoadBalancer.__init__ = init
    models.FakeLoadBalancer.state = property(_state, lambda balancer, _value: None)
    models.FakeLoadBalancer.activate = lambda balancer: None
    responses.ELBV2Response.create_load_balancer = create_load_balancer
    responses.ELBV2Response.describe_account_limits = describe_account_limits
    for name, ours in (("register", _register), ("deregister", _deregister), ("health_for", _health_for)):
        setattr(models.FakeTargetGroup, name, _for_addresses(ours, moto_has[name]))
