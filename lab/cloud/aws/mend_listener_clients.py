# What moto's listeners do not keep: whether they ask clients for certificates (mutual TLS).
from __future__ import annotations

from typing import Any

MODES = ("off", "passthrough", "verify")


def _error(code: str, message: str) -> Exception:
    from moto.elbv2.exceptions import ELBClientError

    return ELBClientError(code, message)


def mutual_authentication(given: dict[str, Any], protocol: str) -> dict[str, Any]:
    """As DescribeListeners shows it, of what CreateListener or ModifyListener was given."""
    mode, store = given.get("Mode", "off"), given.get("TrustStoreArn")
    if mode not in MODES:
        raise _error("ValidationError", f"Mode '{mode}' must be one of [{', '.join(MODES)}]")
    if mode != "off" and protocol != "HTTPS":
        raise _error("InvalidConfigurationRequest", f"Mutual authentication is not supported for {protocol} listeners")
    if mode != "verify":
        if store:
            raise _error("ValidationError", f"A trust store cannot be specified with the mode '{mode}'")
        return {"Mode": mode}
    if not store:
        raise _error("ValidationError", "A trust store must be specified with the mode 'verify'")
    # CreateTrustStore reads its bundle from S3, which the lab does not have: no store is ever there.
    raise _error("TrustStoreNotFound", f"Trust store '{store}' not found")


def _shown(listener: Any) -> dict[str, Any] | None:
    """Of HTTPS alone."""
    return listener.__dict__.get("lab_clients", {"Mode": "off"}) if listener.protocol == "HTTPS" else None


def mend() -> None:
    from moto.elbv2 import models, responses

    base = responses.ELBV2Response
    created, modified = base.create_listener, base.modify_listener

    def create_listener(self: Any) -> Any:
        params = self._get_params()
        clients = mutual_authentication(params.get("MutualAuthentication") or {}, params.get("Protocol", ""))
        answer = created(self)
        answer._result["Listeners"][0].lab_clients = clients
        return answer

    def modify_listener(self: Any) -> Any:
        params = self._get_params()
        [before] = self.elbv2_backend.describe_listeners(None, [params["ListenerArn"]])
        given = params.get("MutualAuthentication")
        clients = mutual_authentication(given, params.get("Protocol") or before.protocol) if given else None
        answer = modified(self)
        if clients:
            answer._result["Listeners"][0].lab_clients = clients
        return answer

    models.FakeListener.mutual_authentication = property(_shown)
    base.create_listener, base.modify_listener = create_listener, modify_listener
