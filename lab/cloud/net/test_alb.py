# Tests of a load balancer's ports: TLS by SNI, rules' actions, targets, and the knobs that break them.
import http.client
import socket
import ssl
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..control import knobs
from .certificates import _self_made, context_of
from .data_plane import DataPlane
from .load_balancers import LoadBalancers

# Addresses of these tests alone, so that they run beside a lab.
ADDRESSES = ["127.43.0.1", "127.43.0.2", "127.43.0.3", "127.43.0.4"]
TARGET = "127.43.0.9"


class Target(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = f"{self.command} {self.path} {self.headers['Host']} {self.headers['X-Forwarded-Proto']} {body.decode()}"
        self.send_response(201)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(told.encode())

    do_HEAD = do_POST = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        pass


def bundle(name: str) -> Any:
    certificate, key = _self_made(name)
    return SimpleNamespace(cert=certificate, key=key, chain=b"")


def rule(priority: Any, path: str, *actions: dict[str, Any]) -> Any:
    conditions = [] if priority == "default" else [{"Field": "path-pattern", "Values": [path]}]
    return SimpleNamespace(
        priority=priority,
        conditions=conditions,
        actions=[SimpleNamespace(data=action) for action in actions],
        is_default=priority == "default",
        transforms=[],
    )


class Balancers(LoadBalancers):
    """Load balancers that are not moto's."""

    elbv2 = SimpleNamespace(load_balancers={}, target_groups={})
    acm = SimpleNamespace(_certificates={})


class AlbTest(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(knobs.reset)
        target = ThreadingTCPServer((TARGET, 0), Target)
        threading.Thread(target=target.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(target.server_close)
        self.addCleanup(target.shutdown)
        with socket.create_server((TARGET, 0)) as closed:
            refused = closed.getsockname()[1]
        self.groups = {
            "works": self.group(target.server_address[1]),
            "refuses": self.group(refused),
            "empty": SimpleNamespace(targets={}, protocol="HTTP"),
        }
        rules = [
            rule("default", "", {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}),
            rule(1, "/works*", {"Type": "forward", "ForwardConfig": {"TargetGroups": [
                {"TargetGroupArn": "works", "Weight": 1}, {"TargetGroupArn": "refuses", "Weight": "0"}]}}),
            rule(2, "/refuses", {"Type": "forward", "TargetGroupArn": "refuses"}),
            rule(3, "/empty", {"Type": "forward", "TargetGroupArn": "empty"}),
            rule(4, "/moved*", {"Type": "redirect", "RedirectConfig": {
                "Protocol": "HTTPS", "Port": "443", "Path": "/new/#{path}", "StatusCode": "HTTP_301"}}),
        ]
        self.listener = SimpleNamespace(
            arn="listener", port="8443", protocol="HTTPS", certificate="app",
            certificates=["app", "wild"], rules={str(each.priority): each for each in rules},
        )
        self.balancer = SimpleNamespace(
            arn="balancer", name="b", type="application", state="active",
            dns_name="b-1.us-east-1.elb.amazonaws.com", listeners={"listener": self.listener},
        )
        Balancers.elbv2 = SimpleNamespace(load_balancers={"balancer": self.balancer}, target_groups=self.groups)
        Balancers.acm = SimpleNamespace(_certificates={"app": bundle("app.test"), "wild": bundle("*.wild.test")})
        self.balancers = Balancers("1", "us-east-1", ADDRESSES)
        self.plane = DataPlane(self.balancers)
        self.addCleanup(self.closed)
        self.plane.follow()

    def closed(self) -> None:
        Balancers.elbv2.load_balancers.clear()
        self.plane.follow()

    def group(self, port: int) -> Any:
        return SimpleNamespace(targets={TARGET: {"Id": TARGET, "Port": str(port)}}, protocol="HTTP")

    def connect(self, name: str | None = "app.test", address: str = ADDRESSES[0]) -> ssl.SSLSocket:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection((address, 8443), timeout=5)
        return context.wrap_socket(plain, server_hostname=name)

    def served(self, name: str | None, address: str = ADDRESSES[0]) -> str:
        """Common name of the certificate that is served for a name."""
        with self.connect(name, address) as tls:
            der = tls.getpeercert(binary_form=True)
        from cryptography import x509

        return x509.load_der_x509_certificate(der or b"").subject.rfc4514_string().removeprefix("CN=")

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        connection = http.client.HTTPConnection("app.test")
        connection.sock = self.connect()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read().decode()
        connection.close()
        return response.status, content, response.headers

    def test_certificate_by_server_name(self) -> None:
        table = {"app.test": "app.test", "x.wild.test": "*.wild.test", "a.b.wild.test": "app.test",
                 "stranger.test": "app.test", None: "app.test"}
        for name, wanted in table.items():
            with self.subTest(name=name):
                self.assertEqual(self.served(name), wanted)

    def test_a_reimported_certificate_is_served_at_once(self) -> None:
        self.served("app.test")
        Balancers.acm._certificates["app"] = bundle("renewed.test")
        self.assertEqual(self.served("app.test"), "renewed.test")

    def test_default_certificate_at_one_address(self) -> None:
        knobs.set(defaultCertificateAt=[1])
        self.assertEqual([self.served("app.test", a) for a in ADDRESSES[:2]], ["app.test", "default.invalid"])

    def test_default_certificate_for_one_name(self) -> None:
        knobs.set(defaultCertificateFor={"app.test": [1]})
        self.assertEqual([self.served("app.test", a) for a in ADDRESSES[:2]], ["app.test", "default.invalid"])
        self.assertEqual([self.served("x.wild.test", a) for a in ADDRESSES[:2]], ["*.wild.test"] * 2)

    def test_forward(self) -> None:
        status, content, headers = self.request("POST", "/works/x?y=1", b"body")
        self.assertEqual((status, content), (201, "POST /works/x?y=1 app.test https body"))
        self.assertNotIn("awselb", headers["Server"])
        self.assertEqual(self.request("DELETE", "/works")[1], "DELETE /works app.test https ")

    def test_head_has_the_length_and_no_body(self) -> None:
        status, content, headers = self.request("HEAD", "/works")
        self.assertEqual((status, content), (201, ""))
        self.assertEqual(headers["Content-Length"], str(len("HEAD /works app.test https ")))

    def test_own_answers(self) -> None:
        for path, wanted in {"/nowhere": 404, "/refuses": 502, "/empty": 503, "/moved/a?b": 301}.items():
            with self.subTest(path=path):
                status, _content, headers = self.request("GET", path)
                self.assertEqual((status, headers["Server"]), (wanted, "awselb/2.0"))
        self.assertEqual(self.request("GET", "/moved/a?b=c")[2]["Location"], "https://app.test:443/new/moved/a?b=c")

    def test_a_connection_serves_many_requests(self) -> None:
        connection = http.client.HTTPConnection("app.test")
        connection.sock = self.connect()
        for path, wanted in (("/works", 201), ("/nowhere", 404), ("/works", 201)):
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            self.assertEqual(response.status, wanted)
        connection.close()

    def test_answers_in_turn(self) -> None:
        knobs.set(answers={"app.test": [200, None, 503]})
        self.assertEqual([self.request("GET", "/nowhere")[0] for _ in range(6)], [200, 404, 503] * 2)
        knobs.set(answers={"app.test": [0]})
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.request("GET", "/works")
        knobs.set(answers={})
        self.assertEqual(self.request("GET", "/works")[0], 201)

    def test_ports_follow_the_state(self) -> None:
        self.balancer.state = "provisioning"
        self.plane.follow()
        with self.assertRaises(ConnectionRefusedError):
            self.connect()
        self.balancer.state = "active"
        self.plane.follow()
        self.assertEqual(self.served("app.test"), "app.test")
        self.balancer.listeners.clear()
        self.plane.follow()
        with self.assertRaises(ConnectionRefusedError):
            self.connect()


class AddressesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.known: dict[str, Any] = {}
        Balancers.elbv2 = SimpleNamespace(load_balancers=self.known, target_groups={})
        self.balancers = Balancers("1", "us-east-1", ADDRESSES)

    def add(self, name: str) -> tuple[str, ...] | None:
        dns_name = f"{name}-1.us-east-1.elb.amazonaws.com"
        self.known[name] = SimpleNamespace(arn=name, type="application", dns_name=dns_name)
        return self.balancers.addresses_of(f"dualstack.{dns_name}.".upper())

    def test_pairs_are_kept_and_not_given_again_at_once(self) -> None:
        first, second = tuple(ADDRESSES[:2]), tuple(ADDRESSES[2:])
        self.assertEqual(self.add("a"), first)
        del self.known["a"]
        self.assertEqual(self.add("b"), second)
        self.assertEqual(self.add("c"), first)
        self.assertEqual(self.balancers.addresses_of("b-1.us-east-1.elb.amazonaws.com"), second)
        self.assertIsNone(self.balancers.addresses_of("a-1.us-east-1.elb.amazonaws.com"))


class ContextTest(unittest.TestCase):
    def test_nothing_is_left_on_disk(self) -> None:
        context_of(*_self_made("app.test"))
        self.assertEqual(list(Path(tempfile.gettempdir()).glob("lab-tls-*")), [])


if __name__ == "__main__":
    unittest.main()
