# What the lab writes down for tests: AWS calls, secrets that it issued, and DNS queries.
import threading
from collections import deque
from datetime import datetime, timezone
from typing import Any

# Long runs poll; what is older than so many entries has no reader.
_KEPT = 50_000


class Log:
    """A list that many threads append to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def add(self, **fields: Any) -> None:
        entry = {"at": now(), **fields}
        with self._lock:
            self._entries.append(entry)

    def list(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(entry) for entry in self._entries]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


calls = Log()
credentials = Log()
queries = Log()


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def call(
    account: str | None,
    principal: str | None,
    service: str,
    action: str,
    resource: str | None = None,
    allowed: bool = True,
    status: int = 200,
    error: str | None = None,
    **more: Any,
) -> None:
    """Writes down one AWS call; `error` is the AWS error code, if it failed."""
    calls.add(
        account=account,
        principal=principal,
        service=service,
        action=action,
        resource=resource,
        allowed=allowed,
        status=status,
        error=error,
        **more,
    )


def secret(kind: str, value: str) -> None:
    """Writes down a secret that the lab gave out, so that tests can look for it where it must not be."""
    credentials.add(kind=kind, value=value)


def query(name: str, type: str, client: str, answer: str) -> None:
    """Writes down a question to the recursive resolver and how it was answered (an rcode)."""
    queries.add(name=name, type=type, client=client, answer=answer)
