# lab/layout.json: addresses, ports, accounts and names that every part of the lab agrees on.
import ipaddress
import json
from pathlib import Path
from typing import Any, Iterator

REPOSITORY = Path(__file__).resolve().parents[3]
LAYOUT: dict[str, Any] = json.loads((REPOSITORY / "lab" / "layout.json").read_text())

ADDRESSES: dict[str, Any] = LAYOUT["addresses"]
PORTS: dict[str, int] = LAYOUT["ports"]
NAME_SERVERS: dict[str, str] = dict(zip(LAYOUT["nameServerNames"], ADDRESSES["nameServers"], strict=True))

# The repositories that charts are published in, by host.
CHART_HOSTS = {"eks-charts": "aws.github.io", "external-dns": "kubernetes-sigs.github.io"}

# Registries that want to know who asks, by host: how each is guarded.
REGISTRIES: dict[str, str] = {LAYOUT["registries"][guard]: guard for guard in ("tokens", "basic", "classic")}


def load_balancer_addresses() -> Iterator[str]:
    """The addresses that load balancers may have: from loadBalancersFrom to the end of the lab's /24."""
    first = ipaddress.ip_address(ADDRESSES["loadBalancersFrom"])
    network = ipaddress.ip_network(f"{first}/24", strict=False)
    return (str(address) for address in network.hosts() if address >= first)
