# Which rule of an ALB listener a request falls under, and how the rule rewrites it; no I/O.
import ipaddress
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Iterable, Mapping
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    method: str
    # Path and query as they were sent.
    target: str
    # The Host header without its port, lower case.
    host: str
    source: str
    # Values by lower-case header name.
    headers: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self._origin_form().partition("?")[0] or "/"

    @property
    def query(self) -> str:
        return self._origin_form().partition("?")[2]

    def _origin_form(self) -> str:
        """Path and query of a target that names the host as well (http://host/path?query)."""
        return re.sub(r"^[a-zA-Z]+://[^/?]*", "", self.target)


def first_match(rules: Iterable[Any], request: Request) -> Any | None:
    """The rule with the lowest priority whose conditions all hold; the default rule is last.

    Rules have `priority`, `conditions` (as the API writes them) and `is_default`."""
    ordered = sorted(rules, key=lambda rule: (rule.is_default, 0 if rule.is_default else int(rule.priority)))
    return next((rule for rule in ordered if all(holds(c, request) for c in rule.conditions)), None)


def holds(condition: Mapping[str, Any], request: Request) -> bool:
    """Whether one condition holds: for it, one of its values is enough."""
    match condition.get("Field"):
        case "host-header":
            return _any_text(condition, "HostHeaderConfig", [request.host], ignore_case=True)
        case "path-pattern":
            return _any_text(condition, "PathPatternConfig", [request.path], ignore_case=False)
        case "http-header":
            config = condition["HttpHeaderConfig"]
            sent = request.headers.get(config["HttpHeaderName"].lower(), [])
            return _any_text(condition, "HttpHeaderConfig", sent, ignore_case=True)
        case "http-request-method":
            return request.method in condition["HttpRequestMethodConfig"]["Values"]
        case "query-string":
            pairs = parse_qsl(request.query, keep_blank_values=True)
            wanted = condition["QueryStringConfig"]["Values"]
            return any(_pair_matches(each, pair) for each in wanted for pair in pairs)
        case "source-ip":
            source = ipaddress.ip_address(request.source)
            return any(
                source in ipaddress.ip_network(value, strict=False)
                for value in condition["SourceIpConfig"]["Values"]
            )
        case _:
            return False


def rewritten(transforms: Iterable[Mapping[str, Any]], host: str, target: str) -> tuple[str, str]:
    """Host and target (path and query) as the rule's transforms send them on."""
    for one in transforms:
        if one["Type"] == "host-header-rewrite":
            host = _rewritten(one["HostHeaderRewriteConfig"], host)
        else:
            target = _rewritten(one["UrlRewriteConfig"], target)
    return host, target if target.startswith("/") else f"/{target}"


def _rewritten(config: Mapping[str, Any], text: str) -> str:
    [rewrite] = config["Rewrites"]
    # $1 is a group here, and a group that took no part is empty.
    to = re.sub(r"\$(\d+)", r"\\g<\1>", rewrite["Replace"].replace("\\", "\\\\"))
    return _regex(rewrite["Regex"], False).sub(to, text, count=1)


def _any_text(condition: Mapping[str, Any], config: str, texts: list[str], ignore_case: bool) -> bool:
    given = condition.get(config) or {}
    values = given.get("Values") or condition.get("Values") or []
    matches = [_glob(value, ignore_case).fullmatch for value in values]
    matches += [_regex(value, ignore_case).search for value in given.get("RegexValues") or []]
    return any(match(text) for match in matches for text in texts)


def _pair_matches(wanted: Mapping[str, str], pair: tuple[str, str]) -> bool:
    key, value = pair
    if wanted.get("Key") and not _glob(wanted["Key"], True).fullmatch(key):
        return False
    return _glob(wanted["Value"], True).fullmatch(value) is not None


@lru_cache(maxsize=4096)
def _glob(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    r"""`*` is any number of characters, `?` exactly one; a backslash takes their meaning away."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    meaning = {"*": ".*", "?": "."}
    text = "".join(meaning.get(part) or re.escape(part[-1]) for part in parts)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


@lru_cache(maxsize=1024)
def _regex(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
