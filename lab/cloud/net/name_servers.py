# The zone's four authoritative servers: as they are, stale, or silent.
import threading
from typing import Callable

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
from dns.message import Message

from ..control import knobs
from .answers import AddressesOf, answer
from .zones import Zone

_REFUSED_TYPES = {dns.rdatatype.AXFR, dns.rdatatype.IXFR, dns.rdatatype.ANY}


class NameServers:
    """Answers for every server; a server has the zones whose delegation set names it."""

    def __init__(self, names: list[str], zones: Callable[[], list[Zone]], addresses_of: AddressesOf) -> None:
        self._names = names
        self._zones = zones
        self._addresses_of = addresses_of
        self._lock = threading.Lock()
        # What a stale server still believes, by its index.
        self._snapshots: dict[int, list[Zone]] = {}
        knobs.subscribe(self._knobs_set)

    def respond(self, index: int, query: Message) -> Message | None:
        if index in knobs.get("silentNameServers"):
            return None
        question = query.question[0]
        reply = dns.message.make_response(query)
        reply.flags &= ~dns.flags.RA
        if question.rdclass != dns.rdataclass.IN or question.rdtype in _REFUSED_TYPES:
            reply.set_rcode(dns.rcode.REFUSED)
            return reply
        found = answer(self._zones_at(index), question.name, question.rdtype, self._addresses_of)
        if found.authoritative:
            reply.flags |= dns.flags.AA
        reply.set_rcode(found.rcode)
        reply.answer, reply.authority, reply.additional = found.answer, found.authority, found.additional
        return reply

    def _zones_at(self, index: int) -> list[Zone]:
        with self._lock:
            zones = self._snapshots.get(index)
        if zones is None:
            zones = self._zones()
        return [zone for zone in zones if self._names[index] in zone.name_servers]

    def _knobs_set(self, names: set[str]) -> None:
        if "staleNameServers" not in names:
            return
        stale = knobs.get("staleNameServers")
        zones = self._zones() if stale else []
        with self._lock:
            self._snapshots = {index: zones for index in stale}
