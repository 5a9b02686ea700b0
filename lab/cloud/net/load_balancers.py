# moto's application load balancers: which there are, and the two addresses that each has.
import threading
from dataclasses import dataclass
from typing import Any, Iterable, Iterator

ADDRESSES_EACH = 2
_ACTIVE = ("active", "active_impaired")


@dataclass(frozen=True)
class Listener:
    """A listener of a load balancer, with moto's object behind it, which is read at each request."""

    arn: str
    port: int
    protocol: str
    balancer: Any
    moto: Any


class LoadBalancers:
    """The load balancers of one account and region, read from moto's objects whenever somebody asks."""

    def __init__(self, account: str, region: str, addresses: Iterable[str]) -> None:
        self._account = account
        self._region = region
        self._lock = threading.Lock()
        self._pool = _pairs(addresses)
        self._next = 0
        self._given: dict[str, tuple[str, ...]] = {}

    @property
    def elbv2(self) -> Any:
        from moto.backends import get_backend

        return get_backend("elbv2")[self._account][self._region]

    @property
    def acm(self) -> Any:
        from moto.backends import get_backend

        return get_backend("acm")[self._account][self._region]

    def all(self) -> list[tuple[Any, tuple[str, ...]]]:
        """Every application load balancer with its addresses."""
        balancers = [lb for lb in list(self.elbv2.load_balancers.values()) if lb.type == "application"]
        with self._lock:
            for gone in self._given.keys() - {lb.arn for lb in balancers}:
                del self._given[gone]
            return [(lb, self._addresses(lb.arn)) for lb in balancers]

    def addresses_of(self, dns_name: str) -> tuple[str, ...] | None:
        """The addresses of a load balancer by its DNS name, `dualstack.` before it or not."""
        wanted = dns_name.rstrip(".").lower().removeprefix("dualstack.")
        return next((addresses for lb, addresses in self.all() if lb.dns_name.lower() == wanted), None)

    def listeners(self) -> Iterator[tuple[tuple[str, ...], Listener]]:
        """The listeners of every load balancer that is active, with its addresses."""
        for lb, addresses in self.all():
            if lb.state not in _ACTIVE:
                continue
            for listener in list(lb.listeners.values()):
                if listener.protocol in ("HTTP", "HTTPS"):
                    yield addresses, Listener(listener.arn, int(listener.port), listener.protocol, lb, listener)

    def target_group(self, arn: str) -> Any | None:
        return self.elbv2.target_groups.get(arn)

    def certificate(self, arn: str) -> Any | None:
        """What was imported into ACM under this ARN: moto's CertBundle."""
        return self.acm._certificates.get(arn)

    def describe(self) -> list[dict[str, Any]]:
        return [
            {
                "name": lb.name,
                "arn": lb.arn,
                "dnsName": lb.dns_name,
                "addresses": list(addresses),
                "state": lb.state,
                "listeners": [f"{each.protocol}:{each.port}" for each in list(lb.listeners.values())],
            }
            for lb, addresses in self.all()
        ]

    def _addresses(self, arn: str) -> tuple[str, ...]:
        """The pair of a load balancer. Pairs are given out in turn, so that one which was freed
        a moment ago does not come back while somebody still has it in a cache."""
        if arn not in self._given:
            taken = set(self._given.values())
            for offset in range(len(self._pool)):
                index = (self._next + offset) % len(self._pool)
                if self._pool[index] not in taken:
                    self._given[arn] = self._pool[index]
                    self._next = index + 1
                    break
            else:
                raise RuntimeError(f"all {len(self._pool)} pairs of load balancer addresses are taken")
        return self._given[arn]


def _pairs(addresses: Iterable[str]) -> list[tuple[str, ...]]:
    each = list(addresses)
    return [tuple(each[i : i + ADDRESSES_EACH]) for i in range(0, len(each) - ADDRESSES_EACH + 1, ADDRESSES_EACH)]
