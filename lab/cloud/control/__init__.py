# The control API below /lab/: knobs, what was recorded, health and load balancers.
import json
from typing import Any, Callable, Mapping
from urllib.parse import parse_qs

from . import knobs, record

Answer = tuple[int, Any]
_reports: dict[str, Callable[[], Any]] = {}
_clears: dict[str, Callable[[], None]] = {}


def report(name: str, value: Callable[[], Any], clear: Callable[[], None] | None = None) -> None:
    """Answers GET /lab/<name> with what `value` returns when asked, DELETE with `clear`.

    `health/<part>` becomes a part of GET /lab/health: True or "up" means well."""
    _reports[name] = value
    if clear is not None:
        _clears[name] = clear


def handle(
    method: str,
    path: str,
    query: Mapping[str, Any] | str | None = None,
    body: bytes | str | dict[str, Any] | None = None,
) -> Answer:
    """Answers one request of the control API with a status and something that becomes JSON."""
    route = path.split("?", 1)[0].rstrip("/").removeprefix("/lab/").removeprefix("/lab")
    actions = _routes(route)
    if actions is None:
        return 404, {"error": f"no {path} here", "paths": paths()}
    if method == "HEAD":
        method = "GET"
    action = actions.get(method)
    if action is None:
        return 405, {"error": f"{path} takes {', '.join(sorted(actions))}"}
    try:
        return action(_first_values(query), body)
    except (knobs.UnknownKnob, json.JSONDecodeError) as error:
        return 400, {"error": str(error)}


def paths() -> list[str]:
    """Every path that this API answers."""
    named = [name for name in _reports if not name.startswith("health/")]
    return sorted(f"/lab/{name}" for name in [*_STATIC, *named])


Action = Callable[[Mapping[str, str], Any], Answer]


def _routes(route: str) -> dict[str, Action] | None:
    if route in _STATIC:
        return _STATIC[route]
    if route not in _reports:
        return None
    actions: dict[str, Action] = {"GET": lambda _query, _body: (200, _reports[route]())}
    if route in _clears:
        actions["DELETE"] = lambda _query, _body: (200, _clears[route]() or [])
    return actions


def _log(log: record.Log) -> dict[str, Action]:
    def listed(query: Mapping[str, str], _body: Any) -> Answer:
        """Entries whose fields equal those of the query string, if there are any: ?action=AssumeRole."""
        return 200, [e for e in log.list() if all(str(e.get(k)) == v for k, v in query.items())]

    def cleared(_query: Mapping[str, str], _body: Any) -> Answer:
        log.clear()
        return 200, []

    return {"GET": listed, "DELETE": cleared}


def _patch_knobs(_query: Mapping[str, str], body: Any) -> Answer:
    values = body if isinstance(body, dict) else json.loads(body or "{}")
    if not isinstance(values, dict):
        return 400, {"error": "knobs are a JSON object"}
    return 200, knobs.merge(values)


def _health(_query: Mapping[str, str], _body: Any) -> Answer:
    parts = {
        name.removeprefix("health/"): value()
        for name, value in list(_reports.items())
        if name.startswith("health/")
    }
    return 200, {"ok": all(value in (True, "up") for value in parts.values()), "parts": parts}


_STATIC: dict[str, dict[str, Action]] = {
    "knobs": {
        "GET": lambda _query, _body: (200, knobs.all()),
        "PATCH": _patch_knobs,
        "DELETE": lambda _query, _body: (200, knobs.reset()),
    },
    "calls": _log(record.calls),
    "credentials": _log(record.credentials),
    "dns/queries": _log(record.queries),
    "health": {"GET": _health},
}


def _first_values(query: Mapping[str, Any] | str | None) -> dict[str, str]:
    if query is None:
        return {}
    given = parse_qs(query.lstrip("?")) if isinstance(query, str) else query
    return {key: str(value[0] if isinstance(value, list) else value) for key, value in given.items()}
