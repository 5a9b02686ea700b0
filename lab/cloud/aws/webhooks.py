# HTTP doors of the cluster's AWS parts: token review, pod mutation, and the pod identity agent.
from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .layout import LAYOUT
from .log import say
from .pod_identity import agent, mutate
from .serve import serve
from .token_review import review

REVIEWS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"/token-review": review, "/mutate-pod": mutate}
WORDS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}


def _send(start_response: Callable[..., Any], status: int, value: Any) -> Iterable[bytes]:
    text = isinstance(value, str)
    body = value.encode() if text else json.dumps(value).encode()
    kind = "text/plain" if text else "application/json"
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    start_response(f"{status} {WORDS.get(status, 'Error')}", headers)
    return [body]


def webhooks_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    # The API server may add a query (?timeout=10s), which PATH_INFO leaves out.
    run = REVIEWS.get(environ.get("PATH_INFO", ""))
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if run is None or environ["REQUEST_METHOD"] != "POST":
        return _send(start_response, 404, "no such webhook")
    try:
        return _send(start_response, 200, run(json.loads(body)))
    except ValueError as error:
        return _send(start_response, 400, f"not a review: {error}")
    except Exception:
        say(f"LOUD: {environ['PATH_INFO']} failed\n{traceback.format_exc()}")
        return _send(start_response, 500, "the webhook failed")


def agent_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ.get("PATH_INFO") != "/v1/credentials":
        return _send(start_response, 404, "no such path")
    token = environ.get("HTTP_AUTHORIZATION", "")
    if not token:
        return _send(start_response, 400, "Service account token cannot be empty")
    return _send(start_response, *agent(token))


def start(lab_dir: Path) -> None:
    addresses, ports = LAYOUT["addresses"], LAYOUT["ports"]
    pki = lab_dir / "pki"
    serve(webhooks_app, addresses["webhooks"], ports["webhooks"], (pki / "webhooks.crt", pki / "webhooks.key"))
    serve(agent_app, addresses["podIdentityAgent"], 80)
