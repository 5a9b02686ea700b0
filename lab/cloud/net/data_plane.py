# Opens and closes the load balancers' ports as moto's state demands.
import logging
import ssl
import threading
from functools import partial

from ..control import knobs
from .alb import Alb
from .certificates import Certificates, by_server_name
from .http_server import HttpServer
from .load_balancers import Listener, LoadBalancers

log = logging.getLogger("lab.net.data_plane")

_POLL_SECONDS = 0.25

# Address, listener, port, protocol: where one of these changes, it is another server.
_Place = tuple[str, str, int, str]


class DataPlane:
    def __init__(self, balancers: LoadBalancers) -> None:
        self._balancers = balancers
        self._alb = Alb(balancers)
        self._certificates = Certificates(balancers.certificate)
        self._open: dict[_Place, HttpServer] = {}
        # Places that could not be opened, so that each is told once.
        self._failed: set[_Place] = set()
        self._stop = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="data-plane", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(_POLL_SECONDS):
            try:
                self.follow()
            except Exception:
                log.exception("load balancers could not be read")
        self._close(set(self._open))

    def follow(self) -> None:
        """Makes the open ports those of the listeners of active load balancers."""
        wanted: dict[_Place, tuple[int, Listener]] = {}
        for addresses, listener in self._balancers.listeners():
            for index, address in enumerate(addresses):
                wanted[(address, listener.arn, listener.port, listener.protocol)] = (index, listener)
        # A port may pass from one listener to another: close before opening.
        self._close(self._open.keys() - wanted.keys())
        self._failed &= wanted.keys()
        for place in wanted.keys() - self._open.keys():
            self._listen(place, *wanted[place])

    def _listen(self, place: _Place, index: int, listener: Listener) -> None:
        address, _arn, port, protocol = place
        tls = self._tls(index, listener) if protocol == "HTTPS" else None
        try:
            self._open[place] = HttpServer(address, port, partial(self._alb.serve, listener), tls)
        except OSError as error:
            if place not in self._failed:
                log.warning("%s cannot listen on %s:%s: %s", listener.balancer.name, address, port, error)
            self._failed.add(place)

    def _close(self, places: set[_Place]) -> None:
        for place in places:
            self._open.pop(place).close()

    def _tls(self, index: int, listener: Listener) -> ssl.SSLContext:
        def choose(server_name: str | None) -> ssl.SSLContext | None:
            strange = [*knobs.get("defaultCertificateAt"), *knobs.get("defaultCertificateFor").get(server_name, [])]
            if index in strange:
                return self._certificates.stranger()
            moto = listener.moto
            return self._certificates.choose(moto.certificate, list(moto.certificates), server_name)

        return by_server_name(choose)
