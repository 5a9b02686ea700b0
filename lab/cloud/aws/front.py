# The door to AWS: finds out who calls and what for, asks IAM, answers or lets moto answer, and records it.
from __future__ import annotations

import io
import json
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from lab.cloud import control
from lab.cloud.control import record

from . import access, dns_answer, eks, errors, fixed_answers, simulate, sts, trail
from .call import Call, check_signature, read_call
from .demands import Demand, demands
from .errors import AwsError, Response, render_error
from .log import say
from .roles import remember
from .sessions import Credentials, find

# Calls that moto answers without looking at the state of others may run side by side.
READS = ("Describe", "List", "Get")


class Front:
    def __init__(self) -> None:
        self._moto: Any = None
        self._writing = threading.RLock()

    def use(self, moto: Any) -> None:
        self._moto = moto

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
            body = environ["wsgi.input"].read()
        else:
            body = environ["wsgi.input"].read(length) if length else b""
        uri = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ.get("PATH_INFO", "/")
        if environ.get("PATH_INFO", "").startswith("/lab/"):
            response = _control(environ, body)
        else:
            response = self._answer(environ, uri, body)
        headers = [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
        start_response(f"{response.status} {_reason(response.status)}", [*headers, *response.headers])
        return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else response.body]

    def _answer(self, environ: dict[str, Any], uri: str, body: bytes) -> Response:
        call = read_call(environ["REQUEST_METHOD"], uri, _headers(environ), body)
        credentials: Credentials | None = None
        asked: list[Demand] = []
        allowed = False
        try:
            if call.service == "sts" and call.action == "AssumeRoleWithWebIdentity":
                response = sts.assume_role_with_web_identity(call)
                allowed = True
            else:
                credentials = self._caller(call)
                account = credentials.principal.account
                asked = demands(call, account)
                self._authorize(call, credentials, asked)
                allowed = True
                response = self._perform(call, credentials, environ)
        except AwsError as error:
            # STS decides by itself; its refusals are refusals too.
            allowed = allowed and error.code != "AccessDenied"
            response = render_error(error, call.service, call.protocol)
        except Exception as error:  # the lab's own fault: said aloud, and an answer in AWS's shape
            say(f"LOUD: {call.service}:{call.action} failed in the lab: {error!r}\n{traceback.format_exc()}")
            response = render_error(AwsError("InternalFailure", f"lab: {error!r}", 500), call.service, call.protocol)
        self._record(call, credentials, asked, allowed, response)
        if credentials is not None:
            trail.record(call, credentials, response, environ.get("REMOTE_ADDR", ""))
        return response

    def _caller(self, call: Call) -> Credentials:
        if not call.access_key:
            raise errors.no_credentials(call.protocol)
        credentials = find(call.access_key)
        if credentials is None:
            raise errors.unknown_key(call.protocol)
        check_signature(call, credentials)
        if credentials.expired:
            raise errors.expired_session(call.protocol)
        return credentials

    def _authorize(self, call: Call, credentials: Credentials, asked: list[Demand]) -> None:
        # STS: GetCallerIdentity is free, AssumeRole looks at trust and identity together.
        if call.service == "sts":
            return
        for demand in asked:
            why = access.refusal(credentials, demand)
            if why is not None:
                raise errors.access_denied(call.protocol, access.sentence(credentials, demand, why))

    def _perform(self, call: Call, credentials: Credentials, environ: dict[str, Any]) -> Response:
        account = credentials.principal.account
        response: Response | None = None
        if call.service == "sts":
            if call.action == "GetCallerIdentity":
                return sts.get_caller_identity(credentials)
            if call.action == "AssumeRole":
                return sts.assume_role(call, credentials)
        elif call.service == "eks":
            response = eks.answer(call, account)
        elif call.service == "iam" and call.action in ("SimulatePrincipalPolicy", "SimulateCustomPolicy"):
            return simulate.answer(call, account)
        elif call.service == "cloudtrail":
            response = trail.answer(call, account)
        else:
            response = fixed_answers.answer(call) or dns_answer.answer(call) or self._ask_moto(call, account, environ)
        if response is None:
            say(f"LOUD: {call.service}:{call.action} ({call.method} {call.path}) is not implemented in the lab")
            raise AwsError("InvalidAction", f"The lab does not implement {call.service}:{call.action}.", 400)
        if call.service == "iam" and not call.action.startswith(READS):
            remember()
        return response

    def _ask_moto(self, call: Call, account: str, environ: dict[str, Any]) -> Response | None:
        inner = dict(environ)
        inner["wsgi.input"] = io.BytesIO(call.body)
        inner["CONTENT_LENGTH"] = str(len(call.body))
        inner["HTTP_X_MOTO_ACCOUNT_ID"] = account
        inner.pop("HTTP_TRANSFER_ENCODING", None)
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [int(status.split()[0]), headers]
            return lambda data: None

        try:
            if call.action.startswith(READS):
                body = b"".join(self._moto(inner, start))
            else:
                with self._writing:
                    body = b"".join(self._moto(inner, start))
        except NotImplementedError:
            return None
        status, headers = started
        kind = next((value for name, value in headers if name.lower() == "content-type"), "text/xml")
        # A page in HTML is Flask's: moto has no such path.
        if status in (404, 405, 501) and (kind.startswith("text/html") or b"not been implemented" in body):
            return None
        kept = tuple((k, v) for k, v in headers if k.lower() not in ("content-type", "content-length", "connection"))
        return Response(status, body, kind, kept, _code(body, call) if status >= 400 else None)

    def _record(
        self, call: Call, credentials: Credentials | None, asked: list[Demand], allowed: bool, response: Response
    ) -> None:
        if credentials is not None:
            who, account = credentials.principal.arn, credentials.principal.account
        elif call.action == "AssumeRoleWithWebIdentity":
            who = f"web-identity:{sts.web_identity_subject(call)}"
            account = (call.params.get("RoleArn", "").split(":") + [""] * 5)[4]
        else:
            who, account = call.access_key or "anonymous", ""
        resource = call.params.get("RoleArn") if call.service == "sts" else None
        record.call(
            account=account,
            principal=who,
            service=call.service,
            action=call.action,
            resource=resource or ",".join(demand.resource for demand in asked) or "*",
            allowed=allowed,
            status=response.status,
            error=response.error,
        )


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    found = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            found[key.replace("_", "-").lower()] = environ[key]
    return found


def _control(environ: dict[str, Any], body: bytes) -> Response:
    status, value = control.handle(
        environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), body
    )
    return Response(status, json.dumps(value).encode(), "application/json")


def _reason(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _code(body: bytes, call: Call) -> str:
    text = body.decode("utf-8", "replace")
    if call.protocol in ("json", "rest-json"):
        try:
            return str(json.loads(text).get("__type", "Error")).rsplit("#", 1)[-1]
        except (ValueError, AttributeError):
            return "Error"
    _, _, rest = text.partition("<Code>")
    return rest.partition("</Code>")[0] or "Error"
