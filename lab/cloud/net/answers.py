# What an authoritative server answers from its zones; no I/O.
from dataclasses import dataclass, field
from typing import Callable, Iterable

import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rrset
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.rrset import RRset

from .zones import Alias, RecordData, Zone

# Addresses of a load balancer by its DNS name; None where there is no such load balancer.
AddressesOf = Callable[[Name], Iterable[str] | None]

ALIAS_TTL = 60
# A loop of CNAMEs or aliases ends here.
_STEPS = 8


@dataclass
class Answer:
    rcode: Rcode = Rcode.NOERROR
    authoritative: bool = True
    answer: list[RRset] = field(default_factory=list)
    authority: list[RRset] = field(default_factory=list)
    additional: list[RRset] = field(default_factory=list)


def answer(zones: Iterable[Zone], name: Name, type: RdataType, addresses_of: AddressesOf) -> Answer:
    """The answer of a server that has these zones."""
    zone = zone_for(zones, name)
    if zone is None:
        return Answer(rcode=Rcode.REFUSED, authoritative=False)
    if referral := _referral(zone, name):
        return referral
    reply = Answer()
    for _step in range(_STEPS):
        records = _records_at(zone, name)
        if records is None:
            return _negative(reply, zone, Rcode.NXDOMAIN)
        if type in records or RdataType.CNAME not in records:
            return _positive(reply, zone, name, type, records.get(type), addresses_of)
        cname = records[RdataType.CNAME]
        if isinstance(cname, Alias):
            return _positive(reply, zone, name, type, cname, addresses_of)
        reply.answer.append(_rrset(name, cname))
        name = cname[0].target
        if not name.is_subdomain(zone.name) or _referral(zone, name):
            return reply
    return reply


def zone_for(zones: Iterable[Zone], name: Name) -> Zone | None:
    """The closest zone above a name; of twins the one that was made first."""
    above = [zone for zone in zones if name.is_subdomain(zone.name)]
    return max(above, key=lambda zone: len(zone.name), default=None)


def negative_ttl(soa: RRset) -> int:
    """How long a negative answer with this SOA may be kept (RFC 2308, section 5)."""
    return min(soa.ttl, soa[0].minimum)


def _records_at(zone: Zone, name: Name) -> dict[RdataType, RecordData] | None:
    """The records of a name: its own, none (it exists because of names below it), or the wildcard's
    of its closest encloser (RFC 4592); None if the name does not exist."""
    if name in zone.names:
        return dict(zone.records.get(name, {}))
    encloser = name.parent()
    while encloser not in zone.names:
        encloser = encloser.parent()
    wildcard = zone.records.get(Name((b"*", *encloser.labels)))
    return None if wildcard is None else dict(wildcard)


def _referral(zone: Zone, name: Name) -> Answer | None:
    """The answer for a name in a subzone that is delegated to other servers."""
    depth = len(zone.name)
    for labels in range(depth + 1, len(name) + 1):
        cut = Name(name.labels[-labels:])
        ns = zone.get(cut, RdataType.NS)
        if ns is None or isinstance(ns, Alias):
            continue
        servers = [rdata.target for rdata in ns]
        glue = [zone.get(server, RdataType.A) for server in servers]
        return Answer(
            authoritative=False,
            authority=[_rrset(cut, ns)],
            additional=[
                _rrset(server, a)
                for server, a in zip(servers, glue, strict=True)
                if a is not None and not isinstance(a, Alias)
            ],
        )
    return None


def _positive(
    reply: Answer, zone: Zone, name: Name, type: RdataType, data: RecordData | None, addresses_of: AddressesOf
) -> Answer:
    found = _follow(zone, type, data, addresses_of)
    if found is None:
        return _negative(reply, zone, Rcode.NOERROR)
    reply.answer.append(_rrset(name, found))
    # Route 53 adds the zone's name servers to what it finds.
    ns = zone.get(zone.name, RdataType.NS)
    if ns is not None and not isinstance(ns, Alias) and (name, type) != (zone.name, RdataType.NS):
        reply.authority.append(_rrset(zone.name, ns))
    return reply


def _follow(
    zone: Zone, type: RdataType, data: RecordData | None, addresses_of: AddressesOf
) -> dns.rdataset.Rdataset | None:
    """The data of a record, with aliases replaced by what they point to."""
    for _step in range(_STEPS):
        if not isinstance(data, Alias):
            return data
        if not data.target.is_subdomain(zone.name):
            # A load balancer has IPv4 addresses alone: an alias AAAA exists and has no data.
            addresses = list(addresses_of(data.target) or []) if type == RdataType.A else []
            return dns.rdataset.from_text_list("IN", "A", ALIAS_TTL, addresses) if addresses else None
        data = (_records_at(zone, data.target) or {}).get(type)
    return None


def _negative(reply: Answer, zone: Zone, rcode: Rcode) -> Answer:
    reply.rcode = rcode
    soa = zone.get(zone.name, RdataType.SOA)
    if soa is not None and not isinstance(soa, Alias):
        reply.authority.append(_rrset(zone.name, soa))
    return reply


def _rrset(name: Name, data: dns.rdataset.Rdataset) -> RRset:
    return dns.rrset.from_rdata_list(name, data.ttl, list(data))
