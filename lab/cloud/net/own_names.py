# Names of the outside world that lead into the lab: EKS endpoint, name servers, chart repositories,
# STS, load balancers.
from typing import Iterable

import dns.rcode
import dns.rdataset
import dns.rrset
from dns.name import Name, from_text
from dns.rdatatype import RdataType

from ..control import knobs
from .answers import AddressesOf, Answer
from .layout import ADDRESSES, CHART_HOSTS, LAYOUT, NAME_SERVERS, REGISTRIES

_TTL = 60
_AMAZON_SOA = "ns-1.awsdns-1.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 60"
_TOP_LEVEL_SOA = "a.gtld-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400"
_LOAD_BALANCERS = from_text("elb.amazonaws.com")
_CLUSTER = from_text(LAYOUT["cluster"]["host"])


def fixed() -> dict[Name, str]:
    """Names with an address that does not change."""
    names = {
        f"sts.{LAYOUT['region']}.amazonaws.com": ADDRESSES["aws"],
        **NAME_SERVERS,
        **{host: ADDRESSES["charts"] for host in [*CHART_HOSTS.values(), *REGISTRIES]},
    }
    return {from_text(name): address for name, address in names.items()}


class OwnNames:
    """Stands for every server of the Internet but the zone's own."""

    def __init__(self, addresses_of: AddressesOf, names: dict[Name, str] | None = None) -> None:
        self._fixed = fixed() if names is None else names
        self._addresses_of = addresses_of

    def answer(self, name: Name, type: RdataType) -> Answer:
        addresses = self._addresses(name)
        if addresses is None:
            return Answer(rcode=dns.rcode.NXDOMAIN, authority=[_soa(name)])
        if type != RdataType.A or not addresses:
            return Answer(authority=[_soa(name)])
        # What a test changes about the cluster's endpoint holds at once.
        ttl = 0 if name == _CLUSTER else _TTL
        data = dns.rdataset.from_text_list("IN", "A", ttl, addresses)
        return Answer(answer=[dns.rrset.from_rdata_list(name, ttl, list(data))])

    def _addresses(self, name: Name) -> list[str] | None:
        if name == _CLUSTER:
            return [_endpoint()]
        if name in self._fixed:
            return [self._fixed[name]]
        if not name.is_subdomain(_LOAD_BALANCERS):
            return None
        found: Iterable[str] | None = self._addresses_of(name)
        return None if found is None else list(found)


def _endpoint() -> str:
    """The API server's address, for those whom the endpoint admits; a private endpoint, or one for
    other networks, swallows what everybody else sends to it."""
    admitted = knobs.get("endpointPublicAccess") and "0.0.0.0/0" in knobs.get("publicAccessCidrs")
    return str(ADDRESSES["apiServer"] if admitted else ADDRESSES["nowhere"])


def undelegated(name: Name) -> Answer:
    """The answer of the parent for a zone that it does not delegate."""
    return Answer(rcode=dns.rcode.NXDOMAIN, authority=[_soa(name)])


def _soa(name: Name) -> dns.rrset.RRset:
    """The SOA of the zone above: a load balancer's zone lets go of a negative answer after 60 s,
    top-level domains after 900 s."""
    if name.is_subdomain(_LOAD_BALANCERS):
        zone = Name(name.labels[-5:]) if len(name) > 5 else _LOAD_BALANCERS
        return dns.rrset.from_text(zone, 60, "IN", "SOA", _AMAZON_SOA)
    top = Name(name.labels[-2:]) if len(name) > 1 else name
    return dns.rrset.from_text(top, 900, "IN", "SOA", _TOP_LEVEL_SOA)
