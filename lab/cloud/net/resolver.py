# The recursive resolver: asks the zone's name servers, and keeps what they say, negative answers too.
import itertools
import math
import threading
import time
from dataclasses import dataclass
from typing import Callable

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rrset
from dns.message import Message
from dns.name import Name, from_text
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.rrset import RRset

from .answers import Answer, negative_ttl
from .own_names import OwnNames, undelegated

# Asks the server with this name; None if it does not answer or does not exist.
Ask = Callable[[str, Message], Message | None]
# What the parents delegate: zone → names of its servers.
Delegations = Callable[[], dict[Name, list[str]]]
# Called with (name, type, client, rcode) for every question.
Log = Callable[[str, str, str, str], None]

_STEPS = 12
_DELEGATION_TTL = 172_800


class ServerFailure(Exception):
    """No server of the zone gave an answer that can be used."""


@dataclass(frozen=True)
class _Kept:
    """One step of an answer: records of the name and type (or its CNAME), or the SOA that denies them."""

    rcode: Rcode
    rrset: RRset | None
    soa: RRset | None
    until: float


class Resolver:
    def __init__(
        self,
        own_names: OwnNames,
        delegations: Delegations,
        ask: Ask,
        log: Log = lambda *_: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._own_names = own_names
        self._delegations = delegations
        self._ask = ask
        self._log = log
        self._clock = clock
        self._lock = threading.Lock()
        # NXDOMAIN holds for every type and is kept without one.
        self._cache: dict[tuple[Name, RdataType | None], _Kept] = {}
        self._turn = itertools.count()

    def respond(self, query: Message, client: str) -> Message:
        question = query.question[0]
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if question.rdclass != dns.rdataclass.IN:
            reply.set_rcode(dns.rcode.REFUSED)
            return reply
        try:
            self._resolve(question.name, question.rdtype, reply)
        except ServerFailure:
            reply.answer, reply.authority = [], []
            reply.set_rcode(dns.rcode.SERVFAIL)
        name = question.name.to_text(omit_final_dot=True).lower()
        self._log(name, question.rdtype.name, client, reply.rcode().name)
        return reply

    def flush(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._cache.clear()

    def kept(self) -> list[dict[str, object]]:
        """What is in the cache, for people who look."""
        now = self._clock()
        with self._lock:
            entries = [(key, entry) for key, entry in self._cache.items() if entry.until > now]
        return [
            {
                "name": name.to_text(omit_final_dot=True).lower(),
                "type": None if type is None else type.name,
                "rcode": entry.rcode.name,
                "negative": entry.rrset is None,
                "seconds": round(entry.until - now, 1),
            }
            for (name, type), entry in entries
        ]

    def _resolve(self, name: Name, type: RdataType, reply: Message) -> None:
        for _step in range(_STEPS):
            if type == RdataType.NS and (delegation := self._delegation(name)):
                reply.answer.append(delegation)
                return
            found = self._cached(name, type) or self._look_up(name, type)
            left = max(0, math.ceil(found.until - self._clock()))
            if found.rrset is None:
                reply.set_rcode(found.rcode)
                if found.soa is not None:
                    reply.authority.append(_with_ttl(found.soa, left))
                return
            reply.answer.append(_with_ttl(found.rrset, left, name))
            if found.rrset.rdtype == type or found.rrset.rdtype != RdataType.CNAME:
                return
            name = found.rrset[0].target
        raise ServerFailure("too many CNAMEs")

    def _delegation(self, name: Name) -> RRset | None:
        """The parent's NS records of a zone. Never kept: a test that changes the delegation
        wants to see it at once, and not after two days."""
        servers = self._delegations().get(name)
        if not servers:
            return None
        texts = [f"{server.rstrip('.')}." for server in servers]
        return dns.rrset.from_text_list(name, _DELEGATION_TTL, "IN", "NS", texts)

    def _cached(self, name: Name, type: RdataType) -> _Kept | None:
        now = self._clock()
        with self._lock:
            for key in ((name, None), (name, type), (name, RdataType.CNAME)):
                entry = self._cache.get(key)
                if entry is not None and entry.until > now:
                    # A kept denial of a CNAME says nothing about the other types.
                    if key[1] in (None, type) or entry.rrset is not None:
                        return entry
        return None

    def _look_up(self, name: Name, type: RdataType) -> _Kept:
        answer = self._iterate(name, type)
        rrset = next((r for r in answer.answer if r.name == name and r.rdtype in (type, RdataType.CNAME)), None)
        soa = next((r for r in answer.authority if r.rdtype == RdataType.SOA), None)
        if rrset is not None:
            key, ttl = (name, rrset.rdtype), rrset.ttl
        else:
            key = (name, None if answer.rcode == Rcode.NXDOMAIN else type)
            # Without SOA a negative answer must not be kept (RFC 2308, section 5).
            ttl = negative_ttl(soa) if soa is not None else 0
        entry = _Kept(answer.rcode, rrset, soa, self._clock() + ttl)
        with self._lock:
            self._cache[key] = entry
        return entry

    def _iterate(self, name: Name, type: RdataType) -> Answer:
        delegations = self._delegations()
        zone = max((z for z in delegations if name.is_subdomain(z)), key=len, default=None)
        if zone is None:
            return self._own_names.answer(name, type)
        servers = delegations[zone]
        if not servers:
            return undelegated(name)
        for _step in range(_STEPS):
            message = self._ask_one_of(servers, name, type)
            if message.flags & dns.flags.AA:
                rcode = message.rcode()
                if message.answer and message.answer[0].rdtype == RdataType.CNAME:
                    # The rcode belongs to the end of the chain, which is looked up by itself.
                    rcode = Rcode.NOERROR
                return Answer(rcode=rcode, answer=message.answer, authority=message.authority)
            referral = next((r for r in message.authority if r.rdtype == RdataType.NS), None)
            if referral is None or not referral.name.is_subdomain(zone) or referral.name == zone:
                raise ServerFailure(f"lame delegation of {zone}")
            if type == RdataType.NS and referral.name == name:
                return Answer(answer=[referral])
            zone = referral.name
            servers = [rdata.target.to_text(omit_final_dot=True) for rdata in referral]
        raise ServerFailure("too many referrals")

    def _ask_one_of(self, servers: list[str], name: Name, type: RdataType) -> Message:
        first = next(self._turn)
        for offset in range(len(servers)):
            query = dns.message.make_query(name, type, use_edns=0)
            query.flags &= ~dns.flags.RD
            reply = self._ask(servers[(first + offset) % len(servers)], query)
            if reply is not None and reply.rcode() in (Rcode.NOERROR, Rcode.NXDOMAIN):
                return reply
        raise ServerFailure(f"no answer from {', '.join(servers)}")


def delegations(zones: list[tuple[Name, tuple[str, ...]]], overrides: dict[str, list[str]]) -> dict[Name, list[str]]:
    """What the parents delegate: every zone to its own servers, unless a knob says otherwise.
    A zone below another one counts when the upper one refers to it, not before."""
    found: dict[Name, list[str]] = {}
    for name, servers in zones:
        if not any(name != other and name.is_subdomain(other) for other, _ in zones):
            found.setdefault(name, list(servers))
    return {**found, **{from_text(zone): list(servers) for zone, servers in overrides.items()}}


def _with_ttl(rrset: RRset, ttl: int, name: Name | None = None) -> RRset:
    return dns.rrset.from_rdata_list(rrset.name if name is None else name, min(rrset.ttl, ttl), list(rrset))
