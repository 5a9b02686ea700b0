# Tests of the recursive resolver: what it keeps and for how long, by a clock that the test holds.
import unittest

import dns.flags
import dns.message
import dns.rcode
from dns.message import Message
from dns.name import Name, from_text

from ..control import knobs
from .answers import answer
from .layout import ADDRESSES, LAYOUT
from .own_names import OwnNames
from .resolver import Resolver, delegations
from .test_zones import SERVERS, example, record


class ResolverTest(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 1000.0
        self.zone = example()
        self.silent: set[str] = set()
        self.overrides: dict[str, list[str]] = {}
        self.asked: list[tuple[str, str]] = []
        self.log: list[tuple[str, str, str, str]] = []
        self.balancer: list[str] | None = None
        self.resolver = Resolver(
            OwnNames(lambda _name: self.balancer, {from_text("fixed.test"): "192.0.2.200"}),
            lambda: delegations([(self.zone.name, self.zone.name_servers)], self.overrides),
            self.ask,
            lambda *fields: self.log.append(fields),
            lambda: self.now,
        )

    def ask(self, server: str, query: Message) -> Message | None:
        self.asked.append((server, query.question[0].name.to_text()))
        if server in self.silent or server not in SERVERS:
            return None
        question = query.question[0]
        found = answer([self.zone], question.name, question.rdtype, lambda _name: self.balancer)
        reply = dns.message.make_response(query)
        reply.set_rcode(found.rcode)
        reply.flags |= dns.flags.AA if found.authoritative else 0
        reply.answer, reply.authority = found.answer, found.authority
        return reply

    def resolve(self, name: str, type: str = "A") -> Message:
        return self.resolver.respond(dns.message.make_query(name, type), "127.0.0.1")

    def has(self, *records: object) -> None:
        self.zone = example(*records)

    def test_nxdomain_is_kept_for_900_seconds_and_for_every_type(self) -> None:
        self.assertEqual(self.resolve("new.example.com").rcode(), dns.rcode.NXDOMAIN)
        self.has(record("new.example.com.", "A", "192.0.2.1"), record("new.example.com.", "TXT", '"t"'))
        self.now += 899
        for type in ("A", "TXT"):
            reply = self.resolve("new.example.com", type)
            self.assertEqual(reply.rcode(), dns.rcode.NXDOMAIN)
            self.assertEqual(reply.authority[0].ttl, 1)
        self.assertEqual(len(self.asked), 1)
        self.now += 2
        self.assertEqual(self.resolve("new.example.com").rcode(), dns.rcode.NOERROR)

    def test_nodata_is_kept_for_its_type_alone(self) -> None:
        self.has(record("app.example.com.", "TXT", '"t"'))
        self.assertEqual(self.resolve("app.example.com").answer, [])
        self.has(record("app.example.com.", "TXT", '"t"'), record("app.example.com.", "A", "192.0.2.1"))
        self.assertEqual(self.resolve("app.example.com").answer, [])
        self.assertEqual(len(self.resolve("app.example.com", "TXT").answer), 1)
        self.now += 901
        self.assertEqual(len(self.resolve("app.example.com").answer), 1)

    def test_a_shorter_minimum_shortens_the_denial(self) -> None:
        self.zone = example(minimum=60)
        self.resolve("new.example.com")
        self.has(record("new.example.com.", "A", "192.0.2.1"))
        self.now += 61
        self.assertEqual(self.resolve("new.example.com").rcode(), dns.rcode.NOERROR)

    def test_answers_are_kept_for_their_ttl_which_counts_down(self) -> None:
        self.has(record("app.example.com.", "A", "192.0.2.1", ttl=300))
        self.assertEqual(self.resolve("app.example.com").answer[0].ttl, 300)
        self.has(record("app.example.com.", "A", "192.0.2.2", ttl=300))
        self.now += 100
        kept = self.resolve("app.example.com").answer[0]
        self.assertEqual((kept.ttl, kept[0].address), (200, "192.0.2.1"))
        self.now += 201
        self.assertEqual(self.resolve("app.example.com").answer[0][0].address, "192.0.2.2")

    def test_cnames_are_followed_to_other_names(self) -> None:
        self.has(record("www.example.com.", "CNAME", "fixed.test."), record("x.example.com.", "CNAME", "gone.test."))
        reply = self.resolve("www.example.com")
        self.assertEqual([rrset.name for rrset in reply.answer], [from_text("www.example.com"), from_text("fixed.test")])
        self.assertEqual(self.resolve("x.example.com").rcode(), dns.rcode.NXDOMAIN)

    def test_a_silent_server_is_passed_over(self) -> None:
        self.has(record("app.example.com.", "A", "192.0.2.1"))
        self.silent = {SERVERS[0]}
        self.assertEqual(self.resolve("app.example.com").rcode(), dns.rcode.NOERROR)
        self.silent = set(SERVERS)
        self.assertEqual(self.resolve("other.example.com").rcode(), dns.rcode.SERVFAIL)
        # A failure is not kept.
        self.silent = set()
        self.assertEqual(self.resolve("other.example.com").rcode(), dns.rcode.NXDOMAIN)

    def test_ns_is_what_the_parent_delegates(self) -> None:
        def servers() -> list[str]:
            return sorted(str(rdata.target) for rrset in self.resolve("example.com", "NS").answer for rdata in rrset)

        self.assertEqual(servers(), [f"{server}." for server in SERVERS])
        self.overrides = {"example.com": ["ns-9.awsdns-9.org"]}
        self.assertEqual(servers(), ["ns-9.awsdns-9.org."])
        self.assertEqual(self.resolve("app.example.com").rcode(), dns.rcode.SERVFAIL)
        self.overrides = {"example.com": []}
        self.assertEqual(self.resolve("app.example.com").rcode(), dns.rcode.NXDOMAIN)

    def test_ns_of_a_delegated_subzone_is_the_referral(self) -> None:
        self.has(record("sub.example.com.", "NS", "ns1.other.test."))
        reply = self.resolve("sub.example.com", "NS")
        self.assertEqual([str(rdata.target) for rdata in reply.answer[0]], ["ns1.other.test."])
        self.assertEqual(self.resolve("x.sub.example.com").rcode(), dns.rcode.SERVFAIL)

    def test_own_names(self) -> None:
        self.assertEqual(self.resolve("FIXED.test").answer[0][0].address, "192.0.2.200")
        self.assertEqual(self.resolve("fixed.test", "AAAA").rcode(), dns.rcode.NOERROR)
        self.assertEqual(self.resolve("elsewhere.test").rcode(), dns.rcode.NXDOMAIN)
        name = "a-1.us-east-1.elb.amazonaws.com"
        self.assertEqual(self.resolve(name).rcode(), dns.rcode.NXDOMAIN)
        self.balancer = ["127.42.0.100"]
        self.assertEqual(self.resolve(name).rcode(), dns.rcode.NXDOMAIN)
        self.now += 61
        self.assertEqual(self.resolve(name).answer[0][0].address, "127.42.0.100")

    def test_the_endpoint_leads_nowhere_for_those_whom_it_does_not_admit(self) -> None:
        def address() -> str:
            return str(self.resolve(LAYOUT["cluster"]["host"]).answer[0][0].address)

        self.addCleanup(knobs.reset)
        self.assertEqual(address(), ADDRESSES["apiServer"])
        knobs.set(publicAccessCidrs=["198.51.100.0/24"])
        self.assertEqual(address(), ADDRESSES["nowhere"])
        knobs.reset()
        self.assertEqual(address(), ADDRESSES["apiServer"])
        knobs.set(endpointPublicAccess=False)
        self.assertEqual(address(), ADDRESSES["nowhere"])

    def test_every_question_is_logged_cached_or_not(self) -> None:
        self.resolve("New.example.com")
        self.resolve("new.example.com")
        self.assertEqual(self.log, [("new.example.com", "A", "127.0.0.1", "NXDOMAIN")] * 2)

    def test_flush(self) -> None:
        self.resolve("new.example.com")
        self.assertEqual([entry["negative"] for entry in self.resolver.kept()], [True])
        self.resolver.flush()
        self.assertEqual(self.resolver.kept(), [])


class DelegationTest(unittest.TestCase):
    def test_a_zone_below_another_is_reached_through_it(self) -> None:
        outer, inner = from_text("example.com"), from_text("sub.example.com")
        zones: list[tuple[Name, tuple[str, ...]]] = [(inner, ("b",)), (outer, ("a",)), (outer, ("twin",))]
        self.assertEqual(delegations(zones, {}), {outer: ["a"]})
        self.assertEqual(delegations(zones, {"sub.example.com": []}), {outer: ["a"], inner: []})


if __name__ == "__main__":
    unittest.main()
