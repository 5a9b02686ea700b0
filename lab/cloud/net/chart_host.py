# Serves the chart repositories over HTTPS under their real host names, and the registries that ask for a login.
import logging
import socket
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

from . import chart_package
from .http_server import Exchange, HttpServer
from .layout import ADDRESSES, CHART_HOSTS, PORTS, REGISTRIES
from .pki import server_context
from .registry import Registry

log = logging.getLogger("lab.net.charts")

# A client that comes while charts are being packaged waits so long.
_WAIT_SECONDS = 60
_TYPES = {".yaml": "text/yaml", ".tgz": "application/gzip"}


class ChartHost:
    def __init__(self, lab_dir: Path) -> None:
        self._out = lab_dir / "charts"
        self._ready = threading.Event()
        # Why a repository could not be made, by its name.
        self._failed: dict[str, str] = {}
        self.registry = Registry(lambda: sorted(self._out.glob("*/*.tgz")))
        pki = lab_dir / "pki"
        threading.Thread(target=self._package, name="charts", daemon=True).start()
        self._server = HttpServer(
            ADDRESSES["charts"], PORTS["charts"], self._serve, server_context(pki / "charts.crt", pki / "charts.key")
        )

    def close(self) -> None:
        self._server.close()

    def state(self) -> str:
        """`up`, or what is under way or wrong."""
        if not self._ready.is_set():
            return "packaging"
        return "; ".join(f"{name}: {why}" for name, why in self._failed.items()) or "up"

    def find(self, host: str, path: str) -> tuple[int, bytes, str]:
        """Status, content and content type for a path on a host."""
        if not self.wait():
            return 503, b"charts are still being packaged\n", "text/plain"
        repository, _, file = path.lstrip("/").partition("/")
        if CHART_HOSTS.get(repository) != host:
            return 404, b"404: no such repository\n", "text/plain"
        if repository in self._failed:
            return 503, f"{self._failed[repository]}\n".encode(), "text/plain"
        found = self._out / repository / file
        # A name with a slash or a leading dot is none of ours.
        if "/" in file or file.startswith(".") or not found.is_file():
            return 404, b"404: no such file\n", "text/plain"
        return 200, found.read_bytes(), _TYPES.get(found.suffix, "application/octet-stream")

    def wait(self) -> bool:
        """Until there are charts; False where that takes too long."""
        return self._ready.wait(_WAIT_SECONDS)

    def _package(self) -> None:
        for repository, sources in chart_package.REPOSITORIES.items():
            try:
                chart_package.build(repository, sources(), self._out / repository)
            except Exception as error:
                self._failed[repository] = str(error)
                log.error("no charts in %s: %s", repository, error)
        self._ready.set()

    def _serve(self, connection: socket.socket, client: tuple[str, int]) -> None:
        _Connection(self, connection, client)


class _Connection(Exchange):
    def __init__(self, charts: ChartHost, connection: socket.socket, client: tuple[str, int]) -> None:
        self.charts = charts
        super().__init__(connection, client)

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").split(":")[0].lower()
        if host in REGISTRIES:
            self.charts.wait()
            url = urlsplit(self.path)
            self.answer(*self.charts.registry.find(host, url.path, url.query, self.headers.get("Authorization", "")))
            return
        status, content, content_type = self.charts.find(host, unquote(urlsplit(self.path).path))
        self.answer(status, content, {"Content-Type": content_type, "Server": "GitHub.com"})

    do_HEAD = do_GET
