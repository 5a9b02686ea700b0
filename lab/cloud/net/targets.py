# Forwards a request to a target of a target group, as an ALB does.
import http.client
import ssl
from dataclasses import dataclass
from typing import Any, Iterable

_TIMEOUT_SECONDS = 5.0

# Headers that belong to one connection and are not passed on (RFC 9110, section 7.6.1).
_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
}

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Reply:
    """What a target answered, or the status that the load balancer answers in its place."""

    status: int
    reason: str = ""
    headers: Headers | None = None
    body: bytes = b""
    # The target's own Content-Length, which a response to HEAD carries without a body.
    length: str | None = None

    @property
    def from_target(self) -> bool:
        return self.headers is not None


def forward(
    address: str, port: int, tls: bool, method: str, target: str, headers: Headers, body: bytes
) -> Reply:
    """Sends the request and reads the whole response: refused or broken off is 502, too slow is 504."""
    connection: http.client.HTTPConnection
    if tls:
        connection = http.client.HTTPSConnection(address, port, timeout=_TIMEOUT_SECONDS, context=_unverified())
    else:
        connection = http.client.HTTPConnection(address, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body or None)
        response = connection.getresponse()
        content = response.read()
        kept = passed_on(response.getheaders())
        return Reply(response.status, response.reason, kept, content, response.getheader("Content-Length"))
    except TimeoutError:
        return Reply(504)
    except (OSError, http.client.HTTPException, ValueError):
        return Reply(502)
    finally:
        connection.close()


def _unverified() -> ssl.SSLContext:
    """An ALB does not check the certificates of its targets."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def passed_on(headers: Iterable[tuple[str, str]]) -> Headers:
    """The headers that go on to the other side."""
    pairs = list(headers)
    named = {
        token.strip().lower()
        for name, value in pairs
        if name.lower() == "connection"
        for token in value.split(",")
    }
    return [(name, value) for name, value in pairs if name.lower() not in _HOP_BY_HOP | named]


def target_groups(action: dict[str, Any]) -> list[tuple[str, int]]:
    """Target groups of a forward action, each with its weight."""
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
    if groups:
        return [(each["TargetGroupArn"], int(each.get("Weight", 1))) for each in groups]
    return [(action["TargetGroupArn"], 1)] if action.get("TargetGroupArn") else []
