# Tests of the REST API: the fields that GitHub documents for what previews call, and who may call it.
import json
import unittest
from typing import Any

from .github_api import READ_ONLY, GitHub

REPO = "/repos/example-org/sample-app"
# Of the schemas issue, issue-comment, deployment, deployment-status, status and pull-request (github/rest-api-description).
FIELDS = {
    "issue": {
        *{"id", "node_id", "number", "title", "body", "state", "state_reason", "labels", "user", "author_association"},
        *{"created_at", "updated_at", "closed_at", "html_url"},
    },
    "comment": {"id", "node_id", "body", "user", "author_association", "created_at", "updated_at", "html_url"},
    "deployment": {"id", "sha", "ref", "task", "payload", "environment", "description", "creator", "created_at"},
    "deployment status": {"id", "state", "creator", "created_at", "environment_url", "log_url"},
    "status": {"id", "state", "context", "target_url", "description", "creator", "created_at"},
    "pull": {"number", "state", "title", "head", "base"},
}


class Calls(unittest.TestCase):
    def setUp(self) -> None:
        self.hub = GitHub()

    def call(self, method: str, path: str, body: Any = None, token: str = "token secret-one") -> tuple[int, Any, Any]:
        return self.hub.handle(method, REPO + path, token, json.dumps(body).encode() if body else b"")

    def made(self, path: str, body: Any) -> Any:
        status, value, _ = self.call("POST", path, body)
        self.assertEqual(status, 201)
        self.assertFalse([name for name in value if name.startswith("_")])
        return value

    def test_shapes(self) -> None:
        deployment = self.made("/deployments", {"ref": "abc", "task": "preview:a", "environment": "preview"})
        says = {"state": "success", "environment_url": "https://a", "log_url": "https://b"}
        status = {"state": "success", "context": "c", "target_url": "t", "description": "d"}
        found = {
            "issue": self.made("/issues", {"title": "t", "body": "b"}),
            "comment": self.made("/issues/1/comments", {"body": "hello"}),
            "deployment": deployment,
            "deployment status": self.made(f"/deployments/{deployment['id']}/statuses", says),
            "status": self.made("/statuses/abc", status),
            "pull": self.made("/pulls", {"head": "x", "title": "t"}),
        }
        for name, fields in FIELDS.items():
            with self.subTest(name):
                self.assertEqual(fields - found[name].keys(), set())

    def test_comments_are_paged_edited_and_of_one_pull_request(self) -> None:
        for number in range(3):
            self.made("/issues/1/comments", {"body": str(number)})
        self.made("/issues/2/comments", {"body": "other"})
        status, page, headers = self.call("GET", "/issues/1/comments?per_page=2")
        self.assertEqual((status, [each["body"] for each in page]), (200, ["0", "1"]))
        self.assertEqual(headers["Link"], '<?per_page=2&page=2>; rel="next"')
        _, rest, headers = self.call("GET", "/issues/1/comments?per_page=2&page=2")
        self.assertEqual(([each["body"] for each in rest], headers), (["2"], {}))
        self.call("PATCH", f"/issues/comments/{rest[0]['id']}", {"body": "new"})
        self.assertEqual(self.hub.state()["comments"][2]["body"], "new")
        self.assertEqual(self.call("PATCH", "/issues/comments/1", {"body": "x"})[0], 404)

    def test_issues_are_listed_while_they_are_open_edited_and_closed(self) -> None:
        for title in ("one", "two"):
            self.made("/issues", {"title": title, "body": "b"})
        self.assertEqual([each["number"] for each in self.call("GET", "/issues")[1]], [2, 1])
        status, closed, _ = self.call("PATCH", "/issues/1", {"state": "closed", "state_reason": "completed"})
        self.assertEqual((status, closed["state"], closed["closed_at"] is not None), (200, "closed", True))
        self.assertEqual([each["title"] for each in self.call("GET", "/issues?state=open")[1]], ["two"])
        self.assertEqual(len(self.call("GET", "/issues?state=all")[1]), 2)
        self.assertEqual(self.call("PATCH", "/issues/9", {"body": "x"})[0], 404)
        self.assertEqual(self.call("POST", "/issues", {"title": "t", "body": "x" * 65537})[0], 422)

    def test_deployments_newest_first_and_filtered(self) -> None:
        for sha, task in (("a", "preview:a"), ("b", "preview:a"), ("c", "preview:c")):
            self.made("/deployments", {"ref": sha, "task": task, "environment": "preview"})
        _, found, _ = self.call("GET", "/deployments?environment=preview&task=preview:a")
        self.assertEqual([each["sha"] for each in found], ["b", "a"])

    def test_tokens(self) -> None:
        self.assertEqual(self.call("GET", "/deployments", token="")[0], 401)
        reading = f"token {READ_ONLY}1"
        self.assertEqual(self.call("GET", "/deployments", token=reading)[0], 200)
        self.assertEqual(self.call("POST", "/issues/1/comments", {"body": "x"}, reading)[0], 403)

    def test_clear(self) -> None:
        self.made("/issues/1/comments", {"body": "x"})
        self.hub.clear()
        self.assertEqual(self.hub.state()["comments"], [])


if __name__ == "__main__":
    unittest.main()
