# Tests of which rule of a listener a request falls under.
import unittest
from types import SimpleNamespace
from typing import Any

from .rules import Request, first_match, holds, rewritten

HOST, PATH = ("host-header", "HostHeaderConfig"), ("path-pattern", "PathPatternConfig")


def condition(kind: tuple[str, str], *values: Any, **more: Any) -> dict[str, Any]:
    field, config = kind
    return {"Field": field, config: {"Values": list(values), **more}}


def header(name: str, *values: str) -> dict[str, Any]:
    return condition(("http-header", "HttpHeaderConfig"), *values, HttpHeaderName=name)


def query(*pairs: tuple[str | None, str]) -> dict[str, Any]:
    values = [{"Value": value} if key is None else {"Key": key, "Value": value} for key, value in pairs]
    return condition(("query-string", "QueryStringConfig"), *values)


def request(method: str = "GET", target: str = "/", host: str = "app.example.com", **headers: str) -> Request:
    return Request(method, target, host, "10.0.0.7", {name.replace("_", "-"): [value] for name, value in headers.items()})


class Conditions(unittest.TestCase):
    def test_table(self) -> None:
        method = ("http-request-method", "HttpRequestMethodConfig")
        source = ("source-ip", "SourceIpConfig")
        table: list[tuple[dict[str, Any], Request, bool]] = [
            (condition(HOST, "app.example.com"), request(), True),
            (condition(HOST, "APP.example.com"), request(), True),
            (condition(HOST, "*.example.com"), request(), True),
            (condition(HOST, "*.example.com"), request(host="a.b.example.com"), True),
            (condition(HOST, "*.example.com"), request(host="example.com"), False),
            (condition(HOST, "?pp.example.com"), request(), True),
            (condition(HOST, "other.test", "app.example.com"), request(), True),
            (condition(HOST, "app.example.org"), request(), False),
            (condition(HOST, "app.example"), request(), False),
            (condition(HOST, "appXexample.com"), request(), False),
            ({"Field": "host-header", "Values": ["app.example.com"]}, request(), True),
            ({"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^app\\."]}}, request(), True),
            (condition(PATH, "/api"), request(target="/api"), True),
            (condition(PATH, "/api"), request(target="/api/x"), False),
            (condition(PATH, "/api/*"), request(target="/api/x?y=/z"), True),
            (condition(PATH, "/api", "/api/*"), request(target="/apis"), False),
            (condition(PATH, "/API"), request(target="/api"), False),
            (condition(PATH, "/*"), request(target="/"), True),
            (condition(PATH, "/a[b]"), request(target="/a[b]"), True),
            (condition(PATH, "/a[b]"), request(target="/ab"), False),
            (condition(PATH, "/a\\*"), request(target="/a*"), True),
            (condition(PATH, "/a\\*"), request(target="/ab"), False),
            (condition(PATH, "/x"), request(target="http://app.example.com/x?y"), True),
            ({"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/v[0-9]+/"]}}, request(target="/v2/x"), True),
            (header("X-Canary", "yes", "always*"), request(x_canary="Always-on"), True),
            (header("X-Canary", "yes"), request(x_canary="no"), False),
            (header("X-Canary", "*"), request(), False),
            (condition(method, "GET", "HEAD"), request("HEAD"), True),
            (condition(method, "GET"), request("POST"), False),
            (query(("v", "1")), request(target="/?a=b&v=1"), True),
            (query(("v", "1")), request(target="/?v=2"), False),
            (query((None, "1*")), request(target="/?any=12"), True),
            (query(("v", "")), request(target="/?v"), True),
            (condition(source, "10.0.0.0/8"), request(), True),
            (condition(source, "192.0.2.0/24"), request(), False),
            ({"Field": "unheard-of"}, request(), False),
        ]
        for wanted, sent, expected in table:
            with self.subTest(condition=wanted, request=sent):
                self.assertEqual(holds(wanted, sent), expected)


class Order(unittest.TestCase):
    def rule(self, priority: Any, *conditions: dict[str, Any]) -> Any:
        return SimpleNamespace(priority=priority, conditions=list(conditions), is_default=priority == "default")

    def test_the_lowest_priority_wins_whatever_the_order_of_creation(self) -> None:
        host = condition(HOST, "app.example.com")
        rules = [self.rule("default"), self.rule(10, host), self.rule("2", host), self.rule(1, condition(HOST, "x"))]
        self.assertIs(first_match(rules, request()), rules[2])

    def test_all_conditions_must_hold(self) -> None:
        rules = [self.rule(1, condition(HOST, "app.example.com"), condition(PATH, "/api")), self.rule("default")]
        self.assertIs(first_match(rules, request(target="/api")), rules[0])
        self.assertIs(first_match(rules, request(target="/")), rules[1])


class Rewrites(unittest.TestCase):
    def test_table(self) -> None:
        def path(regex: str, to: str) -> dict[str, Any]:
            return {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": regex, "Replace": to}]}}

        host = {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": {"Rewrites": [{"Regex": ".*", "Replace": "in"}]}}
        table: list[tuple[list[dict[str, Any]], str, tuple[str, str]]] = [
            ([], "/a?b", ("app", "/a?b")),
            ([host], "/a", ("in", "/a")),
            ([path("(^/a(/)?)", "/new$2")], "/a", ("app", "/new")),
            ([path("(^/a(/)?)", "/new$2")], "/a/b?c", ("app", "/new/b?c")),
            ([path("(^/a(/)?)", "/")], "/a/b", ("app", "/b")),
            ([path("^([^?]*)", "/x")], "/a/b?c=/d", ("app", "/x?c=/d")),
            ([path("^/a", "")], "/a", ("app", "/")),
            ([path("^/none", "/x"), host], "/a", ("in", "/a")),
        ]
        for transforms, target, expected in table:
            with self.subTest(transforms=transforms, target=target):
                self.assertEqual(rewritten(transforms, "app", target), expected)


if __name__ == "__main__":
    unittest.main()
