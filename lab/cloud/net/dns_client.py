# Asks one DNS server one question: UDP, then TCP if the answer was cut off.
import socket
import struct
import time

import dns.exception
import dns.flags
import dns.message
from dns.message import Message

_TIMEOUT_SECONDS = 1.0


def ask(address: str, query: Message, port: int = 53) -> Message | None:
    """The server's reply, or None if there is none within the time-out."""
    reply = _udp(address, port, query)
    if reply is not None and reply.flags & dns.flags.TC:
        return _tcp(address, port, query)
    return reply


def _udp(address: str, port: int, query: Message) -> Message | None:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            udp.connect((address, port))
            udp.send(query.to_wire())
            while (left := deadline - time.monotonic()) > 0:
                udp.settimeout(left)
                reply = dns.message.from_wire(udp.recv(65535), ignore_trailing=True)
                if query.is_response(reply):
                    return reply
        except (OSError, dns.exception.DNSException):
            pass
    return None


def _tcp(address: str, port: int, query: Message) -> Message | None:
    try:
        with socket.create_connection((address, port), timeout=_TIMEOUT_SECONDS) as tcp:
            wire = query.to_wire()
            tcp.sendall(struct.pack("!H", len(wire)) + wire)
            with tcp.makefile("rb") as stream:
                length = struct.unpack("!H", stream.read(2))[0]
                reply = dns.message.from_wire(stream.read(length))
            return reply if query.is_response(reply) else None
    except (OSError, struct.error, dns.exception.DNSException):
        return None
