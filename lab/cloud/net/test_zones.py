# Tests of what the authoritative servers answer.
import unittest
from types import SimpleNamespace
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from dns.name import from_text
from dns.rdatatype import RdataType

from ..control import knobs
from .answers import Answer, answer
from .dns_server import _truncated
from .name_servers import NameServers
from .zones import Zone, zone_of

SERVERS = ["ns-1.awsdns-1.com", "ns-2.awsdns-2.net"]
BALANCER = "sample-1.us-east-1.elb.amazonaws.com"


def record(name: str, type: str, *values: str, ttl: int = 300, alias: str | None = None) -> Any:
    target = None if alias is None else {"DNSName": alias, "HostedZoneId": "Z", "EvaluateTargetHealth": True}
    return SimpleNamespace(name=name, type=type, ttl=ttl, records=list(values), alias_target=target)


def example(*records: Any, minimum: int = 86400) -> Zone:
    return zone_of(
        "example.com.",
        [
            SimpleNamespace(name="example.com", type="NS", ttl="172800", records=SERVERS, alias_target=None),
            SimpleNamespace(
                name="example.com.",
                type="SOA",
                ttl=900,
                records=[{"Value": f"ns-1.awsdns-1.com. hostmaster.example.com. 1 7200 900 1209600 {minimum}"}],
                alias_target=None,
            ),
            *records,
        ],
        SERVERS,
    )


ZONE = example(
    record("app.example.com.", "A", alias=f"dualstack.{BALANCER}"),
    record("app.example.com.", "AAAA", alias=BALANCER),
    record("gone.example.com.", "A", alias="gone-1.us-east-1.elb.amazonaws.com"),
    record("same.example.com.", "A", alias="app.example.com"),
    record("plain.example.com.", "A", "192.0.2.1"),
    record("www.example.com.", "CNAME", "app.example.com"),
    record("far.example.com.", "CNAME", "elsewhere.test."),
    record("loop.example.com.", "CNAME", "loop.example.com."),
    record("cname-app.example.com.", "TXT", '"heritage=external-dns,external-dns/owner=a"'),
    record("\\052.escaped.example.com.", "A", "192.0.2.2"),
    record("*.wild.example.com.", "A", "192.0.2.3"),
    record("own.wild.example.com.", "TXT", '"own"'),
    record("deep.below.example.com.", "A", "192.0.2.4"),
    record("sub.example.com.", "NS", "ns1.sub.example.com.", "ns2.other.test."),
    record("ns1.sub.example.com.", "A", "192.0.2.53"),
)


def ask(name: str, type: str = "A", zones: list[Zone] | None = None) -> Answer:
    def addresses_of(target: Any) -> list[str] | None:
        known = target.to_text(omit_final_dot=True).removeprefix("dualstack.") == BALANCER
        return ["127.42.0.100", "127.42.0.101"] if known else None

    return answer(zones or [ZONE], from_text(name), dns.rdatatype.from_text(type), addresses_of)


def texts(sections: Any) -> list[str]:
    return sorted(f"{rrset.name.to_text()} {rrset.ttl} {rdata}" for rrset in sections for rdata in rrset)


class Positive(unittest.TestCase):
    def test_answers(self) -> None:
        both = ["127.42.0.100", "127.42.0.101"]
        table = {
            ("app.example.com", "A"): [f"app.example.com. 60 {a}" for a in both],
            ("APP.example.com", "A"): [f"APP.example.com. 60 {a}" for a in both],
            ("same.example.com", "A"): [f"same.example.com. 60 {a}" for a in both],
            ("plain.example.com", "A"): ["plain.example.com. 300 192.0.2.1"],
            ("far.example.com", "A"): ["far.example.com. 300 elsewhere.test."],
            ("www.example.com", "CNAME"): ["www.example.com. 300 app.example.com."],
            ("www.example.com", "A"): [
                *[f"app.example.com. 60 {a}" for a in both],
                "www.example.com. 300 app.example.com.",
            ],
            ("cname-app.example.com", "TXT"): [
                'cname-app.example.com. 300 "heritage=external-dns,external-dns/owner=a"'
            ],
            ("x.escaped.example.com", "A"): ["x.escaped.example.com. 300 192.0.2.2"],
            ("x.wild.example.com", "A"): ["x.wild.example.com. 300 192.0.2.3"],
            ("a.b.wild.example.com", "A"): ["a.b.wild.example.com. 300 192.0.2.3"],
            ("*.wild.example.com", "A"): ["*.wild.example.com. 300 192.0.2.3"],
            ("example.com", "NS"): [f"example.com. 172800 {server}." for server in SERVERS],
        }
        for (name, type), wanted in table.items():
            with self.subTest(name=name, type=type):
                found = ask(name, type)
                self.assertEqual((found.rcode, found.authoritative), (dns.rcode.NOERROR, True))
                self.assertEqual(texts(found.answer), wanted)

    def test_positive_answers_name_the_servers(self) -> None:
        self.assertEqual(texts(ask("plain.example.com").authority), [f"example.com. 172800 {s}." for s in SERVERS])


class Negative(unittest.TestCase):
    def test_denials_carry_the_soa(self) -> None:
        nodata, nxdomain = dns.rcode.NOERROR, dns.rcode.NXDOMAIN
        table = {
            ("app.example.com", "AAAA"): nodata,
            ("app.example.com", "TXT"): nodata,
            ("gone.example.com", "A"): nodata,
            ("example.com", "A"): nodata,
            ("wild.example.com", "A"): nodata,
            # A name that exists hides the wildcard, for every type and for names below it.
            ("own.wild.example.com", "A"): nodata,
            ("x.own.wild.example.com", "A"): nxdomain,
            ("x.wild.example.com", "TXT"): nodata,
            ("below.example.com", "A"): nodata,
            ("nope.example.com", "A"): nxdomain,
            ("x.plain.example.com", "A"): nxdomain,
        }
        for (name, type), rcode in table.items():
            with self.subTest(name=name, type=type):
                found = ask(name, type)
                self.assertEqual((found.rcode, found.authoritative, found.answer), (rcode, True, []))
                [soa] = found.authority
                self.assertEqual((soa.rdtype, soa.ttl, soa[0].minimum), (RdataType.SOA, 900, 86400))

    def test_a_record_that_cannot_be_read_is_no_data(self) -> None:
        with self.assertLogs("lab.net.zones", "WARNING"):
            zone = example(record("broken.example.com.", "A", "not-an-address"))
        self.assertEqual(ask("broken.example.com", "A", [zone]).answer, [])

    def test_a_loop_ends(self) -> None:
        self.assertLess(len(ask("loop.example.com").answer), 10)


class Borders(unittest.TestCase):
    def test_foreign_names_are_refused(self) -> None:
        for name in ("example.org", "com", "notexample.com"):
            found = ask(name)
            self.assertEqual((found.rcode, found.authoritative), (dns.rcode.REFUSED, False))

    def test_delegated_names_are_referred(self) -> None:
        for name, type in (("sub.example.com", "NS"), ("a.b.sub.example.com", "A"), ("sub.example.com", "A")):
            found = ask(name, type)
            self.assertEqual((found.rcode, found.authoritative, found.answer), (dns.rcode.NOERROR, False, []))
            self.assertEqual([rrset.name for rrset in found.authority], [from_text("sub.example.com")])
            self.assertEqual(texts(found.additional), ["ns1.sub.example.com. 300 192.0.2.53"])

    def test_the_closest_zone_answers(self) -> None:
        inner = zone_of("sub.example.com.", [record("x.sub.example.com.", "A", "192.0.2.9")], SERVERS)
        self.assertEqual(texts(ask("x.sub.example.com", "A", [ZONE, inner]).answer), ["x.sub.example.com. 300 192.0.2.9"])


class Servers(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(knobs.reset)
        self.zones = [example()]
        self.servers = NameServers([*SERVERS, "ns-3.awsdns-3.org"], lambda: self.zones, lambda _name: None)

    def ask(self, index: int, name: str = "new.example.com") -> dns.message.Message | None:
        return self.servers.respond(index, dns.message.make_query(name, "A"))

    def test_flags(self) -> None:
        reply = self.ask(0)
        assert reply is not None
        self.assertTrue(reply.flags & dns.flags.AA)
        self.assertFalse(reply.flags & dns.flags.RA)

    def test_a_stale_server_answers_from_before(self) -> None:
        knobs.set(staleNameServers=[1])
        self.zones = [example(record("new.example.com.", "A", "192.0.2.1"))]
        rcodes = [reply.rcode() for index in (0, 1) if (reply := self.ask(index))]
        self.assertEqual(rcodes, [dns.rcode.NOERROR, dns.rcode.NXDOMAIN])
        knobs.set(staleNameServers=[])
        reply = self.ask(1)
        assert reply is not None
        self.assertEqual(reply.rcode(), dns.rcode.NOERROR)

    def test_a_silent_server_says_nothing(self) -> None:
        knobs.set(silentNameServers=[0])
        self.assertIsNone(self.ask(0))
        self.assertIsNotNone(self.ask(1))

    def test_a_server_outside_the_delegation_set_refuses(self) -> None:
        reply = self.ask(2)
        assert reply is not None
        self.assertEqual(reply.rcode(), dns.rcode.REFUSED)


class Size(unittest.TestCase):
    def test_what_does_not_fit_is_cut_with_tc(self) -> None:
        reply = dns.message.make_response(dns.message.make_query("big.example.com", "TXT"))
        zone = example(record("big.example.com.", "TXT", *(f'"{n:0100}"' for n in range(10))))
        reply.answer = answer([zone], from_text("big.example.com"), RdataType.TXT, lambda _name: None).answer
        cut = dns.message.from_wire(_truncated(reply, 512))
        self.assertTrue(cut.flags & dns.flags.TC)
        self.assertEqual(cut.answer, [])

    def test_name_servers_are_left_out_first(self) -> None:
        reply = dns.message.make_response(dns.message.make_query("mid.example.com", "TXT"))
        zone = example(record("mid.example.com.", "TXT", *(f'"{n:0100}"' for n in range(4))))
        found = answer([zone], from_text("mid.example.com"), RdataType.TXT, lambda _name: None)
        reply.answer, reply.authority = found.answer, found.authority
        sent = dns.message.from_wire(_truncated(reply, 512))
        self.assertFalse(sent.flags & dns.flags.TC)
        self.assertEqual((len(sent.answer), sent.authority), (1, []))


if __name__ == "__main__":
    unittest.main()
