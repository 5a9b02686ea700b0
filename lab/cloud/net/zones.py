# moto's hosted zones as DNS zones.
import logging
import re
from dataclasses import dataclass
from typing import Any, Iterable, Mapping

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
from dns.name import Name
from dns.rdatatype import RdataType

log = logging.getLogger("lab.net.zones")


@dataclass(frozen=True)
class Alias:
    """A record whose answer is that of another name: a load balancer's, or one of the same zone."""

    target: Name


RecordData = dns.rdataset.Rdataset | Alias


@dataclass(frozen=True)
class Zone:
    """A hosted zone at one moment."""

    name: Name
    # Names of the servers of the zone's delegation set, lower case, without the last dot.
    name_servers: tuple[str, ...]
    records: Mapping[Name, Mapping[RdataType, RecordData]]
    # Every owner name and every name above one: these exist, whether or not they have records.
    names: frozenset[Name]

    def get(self, name: Name, type: RdataType) -> RecordData | None:
        return self.records.get(name, {}).get(type)


class HostedZones:
    """The public zones of one account, read from moto's objects whenever somebody asks."""

    def __init__(self, account: str) -> None:
        self._account = account
        # Zone by moto's zone, with the record sets that it was made of; these are kept so that
        # identity tells whether anything changed.
        self._made: dict[str, tuple[list[Any], Zone]] = {}

    def list(self) -> list[Zone]:
        from moto.backends import get_backend

        hosted = dict(get_backend("route53")[self._account]["aws"].zones)
        zones = [self._zone(id, zone) for id, zone in hosted.items() if not zone.private_zone]
        for gone in self._made.keys() - hosted.keys():
            self._made.pop(gone, None)
        return zones

    def _zone(self, id: str, hosted: Any) -> Zone:
        sets = list(hosted.rrsets)
        made = self._made.get(id)
        if made is not None and len(made[0]) == len(sets) and all(map(_same, made[0], sets)):
            return made[1]
        zone = zone_of(hosted.name, sets, hosted.delegation_set.name_servers if hosted.delegation_set else [])
        self._made[id] = (sets, zone)
        return zone


def _same(a: Any, b: Any) -> bool:
    return a is b


def zone_of(name: str, record_sets: Iterable[Any], name_servers: Iterable[str]) -> Zone:
    """A zone out of record sets with `name`, `type`, `ttl`, `records` and `alias_target`."""
    apex = owner(name)
    records: dict[Name, dict[RdataType, RecordData]] = {apex: {}}
    for record_set in record_sets:
        try:
            type = dns.rdatatype.from_text(record_set.type)
            # Of several sets that share a name (weighted, failover) the first answers.
            records.setdefault(owner(record_set.name), {}).setdefault(type, _data(record_set, type))
        except (dns.exception.DNSException, ValueError) as error:
            log.warning("zone %s: %s %s cannot be served: %r", name, record_set.name, record_set.type, error)
    names = {ancestor for each in records for ancestor in _up_to(each, apex)}
    servers = tuple(server.rstrip(".").lower() for server in name_servers)
    return Zone(apex, servers, records, frozenset(names))


def owner(text: str) -> Name:
    r"""A name as Route 53 writes it: with or without the last dot, other characters as \ooo (octal)."""
    decimal = re.sub(r"\\([0-3][0-7]{2})", lambda match: f"\\{int(match.group(1), 8):03d}", text)
    return dns.name.from_text(decimal.lower())


def _data(record_set: Any, type: RdataType) -> RecordData:
    if record_set.alias_target:
        return Alias(owner(record_set.alias_target["DNSName"]))
    # moto keeps the values of the SOA that it makes itself as {"Value": …}, all others as text.
    values = [v["Value"] if isinstance(v, dict) else v for v in record_set.records]
    rdatas = [
        dns.rdata.from_text(dns.rdataclass.IN, type, value, origin=dns.name.root, relativize=False)
        for value in values
    ]
    if not rdatas:
        raise ValueError("no values")
    return dns.rdataset.from_rdata_list(int(record_set.ttl or 0), rdatas)


def _up_to(name: Name, apex: Name) -> Iterable[Name]:
    while name.is_subdomain(apex):
        yield name
        if name == apex:
            return
        name = name.parent()
