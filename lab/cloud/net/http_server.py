# An HTTP/1.1 server on one address and port, plain or TLS, one thread a connection.
import logging
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any, Callable

log = logging.getLogger("lab.net.http")

_HANDSHAKE_SECONDS = 10
_IDLE_SECONDS = 60

# Handles all requests of a connection; called with the socket and the client's address.
Handle = Callable[[socket.socket, tuple[str, int]], Any]


class HttpServer:
    """Listens from the moment it is made until close(); never looks up a name."""

    def __init__(self, address: str, port: int, handle: Handle, tls: ssl.SSLContext | None = None) -> None:
        self._handle = handle
        self._tls = tls
        self._socket = socket.create_server((address, port), backlog=128)
        name = f"http-{address}:{port}"
        threading.Thread(target=self._accept, name=name, daemon=True).start()

    def close(self) -> None:
        # Closing alone does not wake the thread that waits in accept().
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, client = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, client), daemon=True).start()

    def _serve(self, connection: socket.socket, client: tuple[str, int]) -> None:
        try:
            connection.settimeout(_HANDSHAKE_SECONDS)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            connection.settimeout(_IDLE_SECONDS)
            self._handle(connection, client)
        except (OSError, EOFError) as error:
            # Clients go away at any time; nobody is left to be told.
            log.debug("connection from %s: %r", client[0], error)
        except Exception:
            log.exception("connection from %s", client[0])
        finally:
            _end(connection)


class Exchange(BaseHTTPRequestHandler):
    """One connection: requests are handled by do_GET and so on of the subclass."""

    protocol_version = "HTTP/1.1"
    # Headers and body leave in one write where they can.
    wbufsize = -1
    disable_nagle_algorithm = True

    def __init__(self, connection: socket.socket, client: tuple[str, int], server: Any = None) -> None:
        super().__init__(connection, client, server)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug("%s %s", self.client_address[0], format % args)

    def handle_expect_100(self) -> bool:
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Sends a whole response; a HEAD gets the headers alone."""
        self.send_response_only(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status >= 200 and status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)
        self.wfile.flush()

    def body(self) -> bytes:
        """The request's body. Raises ValueError if its length cannot be understood."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> Any:
        while size := int(self.rfile.readline(1024).split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline(8)
        while self.rfile.readline(65536).strip():
            pass  # Trailers mean nothing to anybody here.


def _end(connection: socket.socket) -> None:
    """Says that nothing more comes, and closes."""
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    connection.close()
