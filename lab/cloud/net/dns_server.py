# A DNS server on one address, UDP and TCP, over a function that answers messages.
import logging
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
from dns.message import Message

log = logging.getLogger("lab.net.dns")

# Answers a query from a client's address; None is silence.
Respond = Callable[[Message, str], Message | None]

_PLAIN_UDP = 512
_PAYLOAD = 1232
_TCP_IDLE_SECONDS = 10


class DnsServer:
    """Serves until the process ends; `workers` > 1 where answering may wait for somebody else."""

    def __init__(self, address: str, respond: Respond, workers: int = 1, port: int = 53) -> None:
        self._respond = respond
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        for each in (self._udp, self._tcp):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind((address, port))
        self._tcp.listen(64)
        self._workers = ThreadPoolExecutor(workers, f"dns-{address}") if workers > 1 else None
        for name, loop in (("udp", self._serve_udp), ("tcp", self._serve_tcp)):
            threading.Thread(target=loop, name=f"dns-{address}-{name}", daemon=True).start()

    def close(self) -> None:
        for each in (self._udp, self._tcp):
            # Closing alone does not wake the thread that waits in it.
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def _serve_udp(self) -> None:
        while True:
            try:
                wire, client = self._udp.recvfrom(65535)
            except OSError:
                return
            if self._workers is None:
                self._answer_udp(wire, client)
            else:
                self._workers.submit(self._answer_udp, wire, client)

    def _answer_udp(self, wire: bytes, client: tuple[str, int]) -> None:
        query, reply = self._reply(wire, client[0])
        if query is None or reply is None:
            return
        size = max(_PLAIN_UDP, min(query.payload, _PAYLOAD)) if query.edns >= 0 else _PLAIN_UDP
        try:
            self._udp.sendto(_truncated(reply, size), client)
        except OSError as error:
            log.warning("no answer to %s: %s", client[0], error)

    def _serve_tcp(self) -> None:
        while True:
            try:
                connection, client = self._tcp.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_connection, args=(connection, client), daemon=True).start()

    def _serve_connection(self, connection: socket.socket, client: tuple[str, int]) -> None:
        with connection:
            connection.settimeout(_TCP_IDLE_SECONDS)
            try:
                while length := _exactly(connection, 2):
                    wire = _exactly(connection, struct.unpack("!H", length)[0])
                    query, reply = self._reply(wire, client[0])
                    if query is None:
                        return
                    if reply is not None:
                        out = reply.to_wire()
                        connection.sendall(struct.pack("!H", len(out)) + out)
            except OSError:
                return

    def _reply(self, wire: bytes, client: str) -> tuple[Message | None, Message | None]:
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None, None
        if query.flags & dns.flags.QR:
            return None, None
        try:
            if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
                reply = dns.message.make_response(query)
                reply.set_rcode(dns.rcode.NOTIMP)
                return query, reply
            return query, self._respond(query, client)
        except Exception:
            log.exception("no answer to %s", query.question)
            reply = dns.message.make_response(query)
            reply.set_rcode(dns.rcode.SERVFAIL)
            return query, reply


def _truncated(reply: Message, size: int) -> bytes:
    """The message in at most `size` octets, with the TC bit if the answer itself does not fit."""
    try:
        return reply.to_wire(max_size=size)
    except dns.exception.TooBig:
        if reply.answer:
            reply.authority, reply.additional = [], []
    try:
        return reply.to_wire(max_size=size)
    except dns.exception.TooBig:
        reply.flags |= dns.flags.TC
        reply.answer, reply.authority, reply.additional = [], [], []
        return reply.to_wire(max_size=size)


def _exactly(connection: socket.socket, length: int) -> bytes:
    got = b""
    while len(got) < length:
        part = connection.recv(length - len(got))
        if not part:
            return b""
        got += part
    return got
