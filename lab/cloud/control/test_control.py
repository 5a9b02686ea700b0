# Tests of the control API and its knobs.
import json
import unittest

from . import handle, knobs, record


class Knobs(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(knobs.reset)

    def patch(self, **values: object) -> tuple[int, object]:
        return handle("PATCH", "/lab/knobs", "", json.dumps(values).encode())

    def test_patch_replaces_what_it_names(self) -> None:
        self.assertEqual(self.patch(eksTokenSeconds=20, oidc={"sub": "ids"})[0], 200)
        self.patch(iamDelaySeconds=1)
        self.assertEqual(knobs.get("eksTokenSeconds"), 20)
        self.assertEqual(knobs.get("oidc"), {"sub": "ids", "lifetime": 300, "claims": {}, "status": 200})
        self.assertEqual(handle("DELETE", "/lab/knobs"), (200, knobs.DEFAULTS))

    def test_mistakes_are_refused_as_a_whole(self) -> None:
        for values in ({"nope": 1}, {"eksTokenSeconds": "20"}, {"iamDelaySeconds": True}, {"oidc": {"nope": 1}}):
            with self.subTest(values=values):
                self.assertEqual(self.patch(**{"publicAccessCidrs": [], **values})[0], 400)
        self.assertEqual(handle("PATCH", "/lab/knobs", "", b"{")[0], 400)
        self.assertEqual(knobs.all(), knobs.DEFAULTS)

    def test_values_are_copies(self) -> None:
        knobs.get("staleNameServers").append(1)
        self.assertEqual(knobs.get("staleNameServers"), [])


class Records(unittest.TestCase):
    def test_calls_are_listed_filtered_and_cleared(self) -> None:
        record.calls.clear()
        record.call("1", "arn:role", "sts", "AssumeRole", "arn:other", False, 403, "AccessDenied")
        record.call("1", "arn:role", "eks", "DescribeCluster")
        self.assertEqual(len(handle("GET", "/lab/calls")[1]), 2)
        [denied] = handle("GET", "/lab/calls", "allowed=False&service=sts")[1]
        self.assertEqual((denied["action"], denied["status"], denied["error"]), ("AssumeRole", 403, "AccessDenied"))
        handle("DELETE", "/lab/calls/")
        self.assertEqual(handle("GET", "/lab/calls"), (200, []))

    def test_unknown_paths_and_methods(self) -> None:
        self.assertEqual(handle("GET", "/lab/nope")[0], 404)
        self.assertEqual(handle("POST", "/lab/calls")[0], 405)


if __name__ == "__main__":
    unittest.main()
