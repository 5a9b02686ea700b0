# A WSGI app on one address and port, with or without TLS, each request in a thread of its own.
from __future__ import annotations

import ssl
import threading
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server


class _Handler(WSGIRequestHandler):
    # Clients of AWS and the API server keep their connections.
    protocol_version = "HTTP/1.1"
    # Small answers: do not let the second write wait for an acknowledgement of the first.
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Calls are recorded by the front; a line a request would drown the rest."""

    def address_string(self) -> str:
        return self.client_address[0]


def _quiet(server: BaseWSGIServer) -> None:
    # Clients go away in the middle of things; that is their right.
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]


def serve(app: Any, host: str, port: int, certificate: tuple[Path, Path] | None = None) -> BaseWSGIServer:
    server = make_server(host, port, app, threaded=True, request_handler=_Handler)
    server.daemon_threads = True  # type: ignore[attr-defined]
    _quiet(server)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        # The handshake belongs to the connection's own thread, or one slow client stops all.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, name=f"http-{host}:{port}", daemon=True).start()
    return server
