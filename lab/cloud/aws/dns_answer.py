# Route 53's TestDNSAnswer, which moto lacks: what a name server of the zone would say.
from __future__ import annotations

from typing import Callable
from xml.sax.saxutils import escape

from .call import Call
from .errors import Response

# (name, type) → response code and the values.
Ask = Callable[[str, str], tuple[str, list[str]]]
_ask: list[Ask] = []


def use(ask: Ask) -> None:
    """Whom to ask; without anybody the call is not implemented."""
    _ask[:] = [ask]


def answer(call: Call) -> Response | None:
    if (call.service, call.action) != ("route53", "TestDNSAnswer") or not _ask:
        return None
    query = dict(call.query)
    name, kind = query.get("recordname", ""), query.get("recordtype", "A")
    code, values = _ask[0](name, kind)
    entries = "".join(f"<RecordDataEntry>{escape(value)}</RecordDataEntry>" for value in values)
    xml = (
        '<TestDNSAnswerResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
        f"<Nameserver>ns-2048.awsdns-64.com</Nameserver><RecordName>{escape(name)}</RecordName>"
        f"<RecordType>{escape(kind)}</RecordType><RecordData>{entries}</RecordData>"
        f"<ResponseCode>{code}</ResponseCode><Protocol>UDP</Protocol></TestDNSAnswerResponse>"
    )
    return Response(200, xml.encode(), "text/xml")
