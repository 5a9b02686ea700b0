# Starts the lab's network: name servers, resolver, load balancers, chart repositories, OIDC issuer.
from pathlib import Path

import dns.rcode
import dns.rdatatype
from dns.message import Message
from dns.name import Name, from_text

from .. import control
from ..aws import dns_answer
from ..control import knobs, record
from . import chart_host, dns_client, github, github_api
from .answers import answer
from .data_plane import DataPlane
from .dns_server import DnsServer
from .layout import ADDRESSES, LAYOUT, NAME_SERVERS, load_balancer_addresses
from .load_balancers import LoadBalancers
from .name_servers import NameServers
from .own_names import OwnNames
from .resolver import Resolver, delegations
from .zones import HostedZones

# A resolver that waits for a silent server must still answer others.
_RESOLVER_WORKERS = 16


def start(lab_dir: str | Path) -> None:
    """Starts everything in daemon threads and returns; moto need not have anything in it yet.

    Wants .lab/pki/charts.crt and charts.key; makes the issuer's key if it is missing."""
    folder = Path(lab_dir)
    accounts = LAYOUT["accounts"]
    zones = HostedZones(accounts["dns"])
    balancers = LoadBalancers(accounts["eks"], LAYOUT["region"], load_balancer_addresses())
    github.start(folder)
    charts = chart_host.ChartHost(folder)
    resolver = _start_dns(zones, balancers)
    DataPlane(balancers).start()
    control.report("load-balancers", balancers.describe)
    control.report("dns/cache", resolver.kept, resolver.flush)
    control.report("health/net", lambda: "up")
    control.report("health/charts", charts.state)
    control.report("github", github_api.hub.state, github_api.hub.clear)


def _start_dns(zones: HostedZones, balancers: LoadBalancers) -> Resolver:
    def addresses_of(name: Name) -> tuple[str, ...] | None:
        return balancers.addresses_of(name.to_text())

    def delegated() -> dict[Name, list[str]]:
        return delegations([(zone.name, zone.name_servers) for zone in zones.list()], knobs.get("delegation"))

    def ask(server: str, query: Message) -> Message | None:
        address = NAME_SERVERS.get(server.rstrip(".").lower())
        return None if address is None else dns_client.ask(address, query)

    def told(name: str, kind: str) -> tuple[str, list[str]]:
        found = answer(zones.list(), from_text(name), dns.rdatatype.from_text(kind), addresses_of)
        return dns.rcode.to_text(found.rcode), [data.to_text() for one in found.answer for data in one]

    dns_answer.use(told)
    servers = NameServers(list(NAME_SERVERS), zones.list, addresses_of)
    for index, address in enumerate(NAME_SERVERS.values()):
        DnsServer(address, lambda query, _client, index=index: servers.respond(index, query))
    resolver = Resolver(OwnNames(addresses_of), delegated, ask, record.query)
    DnsServer(ADDRESSES["resolver"], resolver.respond, workers=_RESOLVER_WORKERS)
    return resolver
