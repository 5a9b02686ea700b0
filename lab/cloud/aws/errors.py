# AWS errors in the shape of each protocol: query XML, EC2's own, REST-XML, JSON 1.1, REST-JSON.
from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

Protocol = Literal["query", "ec2", "rest-xml", "json", "rest-json"]

PROTOCOLS: dict[str, Protocol] = {
    "sts": "query",
    "iam": "query",
    "elasticloadbalancing": "query",
    "ec2": "ec2",
    "route53": "rest-xml",
    "acm": "json",
    "wafv2": "json",
    "waf-regional": "json",
    "shield": "json",
    "cloudtrail": "json",
    "tagging": "json",
    "cognito-idp": "json",
    "globalaccelerator": "json",
    "eks": "rest-json",
}

NAMESPACES = {
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "elasticloadbalancing": "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    "route53": "https://route53.amazonaws.com/doc/2013-04-01/",
}


@dataclass
class Response:
    status: int
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()
    error: str | None = None


class AwsError(Exception):
    """An answer that says no; code and wording as AWS has them."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


# One refusal has another code in each protocol.
def access_denied(protocol: Protocol, message: str) -> AwsError:
    if protocol == "ec2":
        return AwsError("UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403)
    if protocol == "json":
        return AwsError("AccessDeniedException", message, 400)
    if protocol == "rest-json":
        return AwsError("AccessDeniedException", message, 403)
    return AwsError("AccessDenied", message, 403)


def unknown_key(protocol: Protocol) -> AwsError:
    message = "The security token included in the request is invalid."
    if protocol == "ec2":
        return AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if protocol == "json":
        return AwsError("UnrecognizedClientException", message, 400)
    if protocol == "rest-json":
        return AwsError("UnrecognizedClientException", message, 403)
    return AwsError("InvalidClientTokenId", message, 403)


def expired_session(protocol: Protocol) -> AwsError:
    message = "The security token included in the request is expired"
    if protocol == "ec2":
        return AwsError("RequestExpired", "Request has expired.", 400)
    if protocol == "json":
        return AwsError("ExpiredTokenException", message, 400)
    if protocol == "rest-json":
        return AwsError("ExpiredTokenException", message, 403)
    return AwsError("ExpiredToken", message, 403)


def bad_signature(protocol: Protocol) -> AwsError:
    message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )
    if protocol == "ec2":
        return AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if protocol in ("json", "rest-json"):
        return AwsError("InvalidSignatureException", message, 400 if protocol == "json" else 403)
    return AwsError("SignatureDoesNotMatch", message, 403)


def no_credentials(protocol: Protocol) -> AwsError:
    code = "MissingAuthenticationToken"
    if protocol in ("json", "rest-json"):
        code += "Exception"
    return AwsError(code, "Request is missing Authentication Token", 403)


def render_error(error: AwsError, service: str, protocol: Protocol) -> Response:
    request_id = str(uuid.uuid4())
    code, message = escape(error.code), escape(error.message)
    if protocol in ("json", "rest-json"):
        body = json.dumps({"__type": error.code, "message": error.message})
        kind = "application/x-amz-json-1.1" if protocol == "json" else "application/json"
        headers = (("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", error.code))
        return Response(error.status, body.encode(), kind, headers, error.code)
    if protocol == "ec2":
        xml = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    else:
        namespace = NAMESPACES.get(service, "")
        xml = (
            f'<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type><Code>{code}</Code>'
            f"<Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    body_xml = f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}'
    return Response(
        error.status, body_xml.encode(), "text/xml", (("x-amzn-RequestId", request_id),), error.code
    )


def render_query(service: str, action: str, result: str) -> Response:
    """The result of a query call, for the calls that the lab answers itself."""
    request_id = str(uuid.uuid4())
    inner = f"<{action}Result>{result}</{action}Result>" if result else ""
    xml = (
        f'<{action}Response xmlns="{NAMESPACES.get(service, "")}">{inner}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
    return Response(200, xml.encode(), "text/xml", (("x-amzn-RequestId", request_id),))


def render_json(value: object, status: int = 200) -> Response:
    headers = (("x-amzn-RequestId", str(uuid.uuid4())),)
    return Response(status, json.dumps(value).encode(), "application/json", headers)
