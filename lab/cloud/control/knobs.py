# The knobs that tests turn to break and mend the lab; thread-safe, read at the moment of use.
import copy
import threading
from typing import Any, Callable

DEFAULTS: dict[str, Any] = {
    # Age, counted from X-Amz-Date, from which the token webhook refuses an EKS token.
    "eksTokenSeconds": 900,
    # Lifetime of every STS session issued; None leaves what the caller asked for.
    "sessionSeconds": None,
    # A load balancer is `provisioning` for so long after its creation.
    "loadBalancerActiveSeconds": 0,
    # Indexes of name servers that answer from the zones as they were when the knob was set.
    "staleNameServers": [],
    # Indexes of name servers that do not answer.
    "silentNameServers": [],
    # Indexes of load balancer addresses that serve a self-made certificate for default.invalid.
    "defaultCertificateAt": [],
    # {host: [index, ...]}: the same for one server name; the other hosts of the load balancer are served well.
    "defaultCertificateFor": {},
    # {host: [status, ...]}: the load balancer answers these in turn, before any rule;
    # 0 closes the connection without an answer, None lets that request go the normal way.
    "answers": {},
    # What the OIDC issuer puts into tokens; fields left out have these values.
    "oidc": {"sub": "names", "lifetime": 300, "claims": {}, "status": 200},
    # {zone: [name server, ...]}: the parent's delegation where it is not the zone's own; [] is none.
    "delegation": {},
    # Actions (`elasticloadbalancing:RegisterTargets`) that are refused to everybody, administrators included.
    "deniedActions": [],
    # Seconds until a change in IAM takes effect.
    "iamDelaySeconds": 0,
    # As DescribeCluster shows them; where they do not admit everybody, the name of the endpoint leads nowhere.
    "endpointPublicAccess": True,
    "publicAccessCidrs": ["0.0.0.0/0"],
}

_number = (int, float)
_types: dict[str, tuple[type, ...]] = {
    "eksTokenSeconds": _number,
    "sessionSeconds": (*_number, type(None)),
    "loadBalancerActiveSeconds": _number,
    "staleNameServers": (list,),
    "silentNameServers": (list,),
    "defaultCertificateAt": (list,),
    "defaultCertificateFor": (dict,),
    "answers": (dict,),
    "oidc": (dict,),
    "delegation": (dict,),
    "deniedActions": (list,),
    "iamDelaySeconds": _number,
    "endpointPublicAccess": (bool,),
    "publicAccessCidrs": (list,),
}

Subscriber = Callable[[set[str]], None]


class UnknownKnob(ValueError):
    """A knob that does not exist, or a value of the wrong type: a test that sets it is mistaken."""


_lock = threading.RLock()
_values: dict[str, Any] = copy.deepcopy(DEFAULTS)
_subscribers: list[Subscriber] = []


def get(name: str) -> Any:
    """The value of one knob (a copy)."""
    with _lock:
        return copy.deepcopy(_values[name])


def all() -> dict[str, Any]:  # noqa: A001 - reads as knobs.all()
    """Every knob with its value."""
    with _lock:
        return copy.deepcopy(_values)


def set(**values: Any) -> dict[str, Any]:  # noqa: A001 - reads as knobs.set(...)
    """Sets the knobs given by keyword."""
    return merge(values)


def merge(values: dict[str, Any]) -> dict[str, Any]:
    """Replaces the knobs named in `values`, leaves the others, and returns all of them."""
    for name, value in values.items():
        if name not in DEFAULTS:
            raise UnknownKnob(f"there is no knob {name}; there are {', '.join(sorted(DEFAULTS))}")
        if not isinstance(value, _types[name]) or (isinstance(value, bool) and bool not in _types[name]):
            wanted = " or ".join(kind.__name__ for kind in _types[name])
            raise UnknownKnob(f"{name} takes {wanted}, not {value!r}")
    if unknown := values.get("oidc", {}).keys() - DEFAULTS["oidc"].keys():
        raise UnknownKnob(f"oidc has no {', '.join(sorted(unknown))}")
    with _lock:
        for name, value in values.items():
            value = copy.deepcopy(value)
            _values[name] = {**copy.deepcopy(DEFAULTS["oidc"]), **value} if name == "oidc" else value
        for subscriber in _subscribers:
            subscriber({*values})
        return all()


def reset() -> dict[str, Any]:
    """Puts every knob back to its default."""
    return merge(DEFAULTS)


def subscribe(subscriber: Subscriber) -> None:
    """Calls `subscriber` with the names that were set, before merge returns: what the knob means
    (a snapshot, say) holds once the caller has its answer."""
    with _lock:
        _subscribers.append(subscriber)
