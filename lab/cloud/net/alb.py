# What an application load balancer does with one connection: rules, fixed answers, redirects, targets.
import http.client
import itertools
import logging
import random
import re
import secrets
import socket
import threading
import time
from typing import Any, Mapping

from ..control import knobs
from .http_server import Exchange
from .load_balancers import Listener, LoadBalancers
from .rules import Request, first_match, rewritten
from .targets import Reply, forward, passed_on, target_groups

log = logging.getLogger("lab.net.alb")

SERVER = "awselb/2.0"


class Answers:
    """The knob `answers`: statuses for a host, in turn, counted over all load balancers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: dict[str, int] = {}
        knobs.subscribe(self._knobs_set)

    def next(self, host: str) -> int | None:
        """The status for this request; None where the knob has none."""
        statuses = knobs.get("answers").get(host)
        if not statuses:
            return None
        with self._lock:
            turn = self._turns.get(host, 0)
            self._turns[host] = turn + 1
        return statuses[turn % len(statuses)]

    def _knobs_set(self, names: set[str]) -> None:
        if "answers" in names:
            with self._lock:
                self._turns.clear()


class Alb:
    """Serves the connections of every listener; state is read from moto at each request."""

    def __init__(self, balancers: LoadBalancers) -> None:
        self.balancers = balancers
        self.answers = Answers()
        self.turns = itertools.count()

    def serve(self, listener: Listener, connection: socket.socket, client: tuple[str, int]) -> None:
        _Connection(self, listener, connection, client)


class _Connection(Exchange):
    def __init__(
        self, alb: Alb, listener: Listener, connection: socket.socket, client: tuple[str, int]
    ) -> None:
        self.alb = alb
        self.listener = listener
        super().__init__(connection, client)

    def __getattr__(self, name: str) -> Any:
        # An ALB passes every method on.
        if name.startswith("do_"):
            return self._respond
        raise AttributeError(name)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Requests that http.server cannot read."""
        self.command = getattr(self, "command", None) or "GET"
        self.request_version = "HTTP/1.1"
        self.close_connection = True
        self._own(400 if code < 500 else code, close=True)

    def _respond(self) -> None:
        host = re.sub(r":\d+$", "", self.headers.get("Host", "")).lower()
        try:
            body = self.body()
        except ValueError:
            return self.send_error(400)
        if not host and self.request_version == "HTTP/1.1":
            return self.send_error(400)
        if self.listener.arn not in self.listener.balancer.listeners:
            # The listener was deleted while this connection stayed open.
            self.close_connection = True
            return None
        scripted = self.alb.answers.next(host)
        if scripted is not None:
            return self._scripted(scripted)
        request = Request(self.command, self.path, host, self.client_address[0], self._header_values())
        rule = first_match(list(self.listener.moto.rules.values()), request)
        if rule is None:
            return self._own(404)
        return self._act(rule, request, body)

    def _header_values(self) -> Mapping[str, list[str]]:
        return {name.lower(): self.headers.get_all(name) or [] for name in self.headers.keys()}

    def _scripted(self, status: int) -> None:
        if status == 0:
            self.close_connection = True
            return
        if status in (403, 464, 502, 503, 504):
            return self._own(status)
        self.answer(status, f"{status}\n".encode(), {**_dated(), "Content-Type": "text/plain"})

    def _act(self, rule: Any, request: Request, body: bytes) -> None:
        actions: list[dict[str, Any]] = [action.data for action in rule.actions]
        ordered = sorted(actions, key=lambda action: int(action.get("Order") or 50_000))
        for action in ordered:
            match action.get("Type"):
                case "fixed-response":
                    return self._fixed(action.get("FixedResponseConfig") or {})
                case "redirect":
                    return self._redirect(action.get("RedirectConfig") or {}, request)
                case "forward":
                    return self._forward(action, list(rule.transforms), request, body)
                case other:
                    # Nobody signs in here: what an ALB says when the identity provider fails.
                    log.warning("action %s is not served", other)
                    return self._own(561)
        return self._own(500)

    def _fixed(self, config: dict[str, Any]) -> None:
        body = (config.get("MessageBody") or "").encode()
        content_type = config.get("ContentType") or "text/plain"
        headers = {"Server": SERVER, **_dated(), "Content-Type": f"{content_type}; charset=utf-8"}
        self.answer(int(config["StatusCode"]), body, headers)

    def _redirect(self, config: dict[str, Any], request: Request) -> None:
        protocol = self.listener.protocol
        known = {
            "protocol": protocol.lower(),
            "host": request.host,
            "port": str(self.listener.port),
            "path": request.path.lstrip("/"),
            "query": request.query,
        }

        def filled(part: str, default: str) -> str:
            return re.sub(r"#\{(\w+)\}", lambda m: known.get(m[1], m[0]), config.get(part) or default)

        path = filled("Path", "/#{path}")
        query = filled("Query", "#{query}")
        location = (
            f"{filled('Protocol', '#{protocol}').lower()}://{filled('Host', '#{host}')}:{filled('Port', '#{port}')}"
            f"{path}{'?' + query if query else ''}"
        )
        status = int((config.get("StatusCode") or "HTTP_302").removeprefix("HTTP_"))
        self._own(status, {"Location": location})

    def _forward(
        self, action: dict[str, Any], transforms: list[dict[str, Any]], request: Request, body: bytes
    ) -> None:
        groups = [(arn, weight) for arn, weight in target_groups(action) if weight > 0]
        if not groups:
            return self._own(503)
        [(arn, _weight)] = random.choices(groups, weights=[weight for _, weight in groups])
        group = self.alb.balancers.target_group(arn)
        targets = list(group.targets.values()) if group is not None else []
        if not targets:
            return self._own(503)
        target = targets[next(self.alb.turns) % len(targets)]
        host, path = rewritten(transforms, self.headers.get("Host", ""), self.path)
        reply = forward(
            address=target["Id"],
            port=int(target["Port"]),
            tls=group.protocol == "HTTPS",
            method=self.command,
            target=path,
            headers=self._forwarded_headers(host, body),
            body=body,
        )
        if not reply.from_target:
            log.info("%s %s: target %s:%s: %s", request.host, request.path, target["Id"], target["Port"], reply.status)
            return self._own(reply.status)
        return self._pass_on(reply)

    def _forwarded_headers(self, host: str, body: bytes) -> list[tuple[str, str]]:
        headers = [
            (name, host if name.lower() == "host" else value) for name, value in passed_on(self.headers.items())
        ]
        before = [value for name, value in headers if name.lower() == "x-forwarded-for"]
        told = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-amzn-trace-id", "expect"}
        trace = self.headers.get("X-Amzn-Trace-Id") or f"Root=1-{int(time.time()):x}-{secrets.token_hex(12)}"
        # Without a body a length is sent only where the client sent one.
        length = [("Content-Length", str(len(body)))] if body or "Content-Length" in self.headers else []
        return [
            *((name, value) for name, value in headers if name.lower() not in told),
            ("X-Forwarded-For", ", ".join([*before, self.client_address[0]])),
            ("X-Forwarded-Proto", self.listener.protocol.lower()),
            ("X-Forwarded-Port", str(self.listener.port)),
            ("X-Amzn-Trace-Id", trace),
            *length,
        ]

    def _pass_on(self, reply: Reply) -> None:
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.headers or []:
            self.send_header(name, value)
        if self.command == "HEAD":
            if reply.length is not None:
                self.send_header("Content-Length", reply.length)
        elif reply.status not in (204, 304):
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    def _own(self, status: int, headers: dict[str, str] | None = None, close: bool = False) -> None:
        """An answer of the load balancer itself, with the body that it has for it."""
        reason = http.client.responses.get(status, "")
        text = f"{status} {reason}".strip()
        page = (
            f"<html>\r\n<head><title>{text}</title></head>\r\n"
            f"<body>\r\n<center><h1>{text}</h1></center>\r\n</body>\r\n</html>\r\n"
        )
        own = {"Server": SERVER, **_dated(), "Content-Type": "text/html", **(headers or {})}
        if close:
            own["Connection"] = "close"
        self.answer(status, page.encode(), own)


def _dated() -> dict[str, str]:
    return {"Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())}
