# The lab's GitHub against GitHub's own description: no field that GitHub does not have, each of the type that it has there.
import json
import unittest
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .github_api import GitHub

RECORDED = json.loads((Path(__file__).parents[3] / "__tests__/fixtures/github/rest.json").read_text())
REPO = "/repos/example-org/sample-app"
TOKEN = "token contract-test-token"

# What previews read out of answers (src/github); the lab has to give it.
READ = {
    "issues/list-comments": ["id", "body", "user.type", "author_association"],
    "repos/list-deployments": ["id", "sha"],
    "repos/create-deployment": ["id"],
    "repos/list-deployment-statuses": ["state"],
    "pulls/list": ["number", "state", "head.ref", "head.sha", "updated_at"],
    "pulls/get": ["number", "state", "head.ref", "head.sha", "updated_at"],
}
# What previews send, by operation: body or query.
SENT: dict[str, dict[str, Any]] = {
    "issues/list-comments": {"per_page": 100},
    "issues/create-comment": {"body": "hello"},
    "issues/update-comment": {"body": "hello again"},
    "repos/list-deployments": {"environment": "preview", "task": "preview:a", "per_page": 20},
    "repos/create-deployment": {
        "ref": "a" * 40,
        "task": "preview:a",
        "environment": "preview",
        "description": "https://a.preview.example.com/",
        "auto_merge": False,
        "required_contexts": [],
        "transient_environment": True,
        "production_environment": False,
    },
    "repos/list-deployment-statuses": {"per_page": 1},
    "repos/create-deployment-status": {
        "state": "success",
        "environment": "preview",
        "environment_url": "https://a.preview.example.com/",
        "log_url": "https://github.com/example-org/sample-app/actions/runs/1",
        "auto_inactive": False,
    },
    "repos/create-commit-status": {
        "context": "preview/a",
        "state": "success",
        "description": "live",
        "target_url": "https://a.preview.example.com/",
    },
    "pulls/list": {"state": "open", "per_page": 100},
    "pulls/get": {},
}
# Sent, and not given back by GitHub.
ONLY_SENT = {"auto_inactive"}


def at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value[name]
    return value


def strange(found: Any, recorded: Any, path: str = "") -> list[str]:
    """Where the lab's answer has what the recorded one has not, or has it of another type."""
    if recorded is None or found is None:
        return []
    if isinstance(found, list):
        if not isinstance(recorded, list):
            return [f"{path}: a list"]
        return [wrong for one in found if recorded for wrong in strange(one, recorded[0], f"{path}[]")]
    if isinstance(found, dict):
        if not isinstance(recorded, dict):
            return [f"{path}: an object"]
        unknown = [f"{path}.{name}: unknown" for name in found if name not in recorded and name not in ONLY_SENT]
        return unknown + [
            wrong for name in found if name in recorded for wrong in strange(found[name], recorded[name], f"{path}.{name}")
        ]
    return [] if type(found) is type(recorded) else [f"{path}: {type(found).__name__} for {type(recorded).__name__}"]


class Contract(unittest.TestCase):
    def setUp(self) -> None:
        self.hub = GitHub()
        self.call("POST", "/pulls", {"number": 1, "head": "x", "sha": "a" * 40})
        self.comment = self.call("POST", "/issues/1/comments", {"body": "first"})["id"]
        self.deployment = self.call("POST", "/deployments", SENT["repos/create-deployment"])["id"]
        self.call("POST", f"/deployments/{self.deployment}/statuses", SENT["repos/create-deployment-status"])

    def call(self, method: str, path: str, body: Any = None) -> Any:
        status, value, _ = self.hub.handle(method, REPO + path, TOKEN, json.dumps(body).encode() if body else b"")
        self.status = status
        return value

    def answer(self, operation: dict[str, Any]) -> Any:
        ids = {
            "{owner}/{repo}": "example-org/sample-app",
            "{issue_number}": "1",
            "{pull_number}": "1",
            "{comment_id}": str(self.comment),
            "{deployment_id}": str(self.deployment),
            "{sha}": "a" * 40,
        }
        path = operation["path"]
        for name, value in ids.items():
            path = path.replace(name, value)
        sent = SENT[operation["operation"]]
        path = path.removeprefix(REPO)
        if operation["method"] != "GET":
            return self.call(operation["method"], path, sent)
        query = "&".join(f"{name}={value}" for name, value in sent.items())
        self.assertEqual({*parse_qs(urlsplit(f"?{query}").query)}, {*sent})
        return self.call("GET", f"{path}?{query}")

    def test_every_operation_that_previews_call_is_recorded(self) -> None:
        self.assertEqual({each["operation"] for each in RECORDED}, {*SENT})

    def test_previews_send_what_github_takes(self) -> None:
        for each in RECORDED:
            with self.subTest(each["operation"]):
                known = each["query"] if each["method"] == "GET" else each["body"]["properties"]
                self.assertEqual([name for name in SENT[each["operation"]] if name not in known], [])
                required = each.get("body", {}).get("required", [])
                self.assertEqual([name for name in required if name not in SENT[each["operation"]]], [])

    def test_the_lab_answers_as_github_does(self) -> None:
        for each in RECORDED:
            with self.subTest(each["operation"]):
                found = self.answer(each)
                self.assertEqual(self.status, each["status"])
                self.assertEqual(strange(found, each["response"]), [])

    def test_both_have_what_previews_read(self) -> None:
        for each in RECORDED:
            for path in READ.get(each["operation"], []):
                with self.subTest(f"{each['operation']} {path}"):
                    found, recorded = self.answer(each), each["response"]
                    if isinstance(recorded, list):
                        found, recorded = found[0], recorded[0]
                    self.assertIs(type(at(found, path)), type(at(recorded, path)))

    def test_a_field_that_github_has_not_would_be_seen(self) -> None:
        recorded = {"id": 1, "user": {"login": "a"}, "list": [{"a": 1}]}
        self.assertEqual(strange({"id": "1"}, recorded), [".id: str for int"])
        self.assertEqual(strange({"user": {"name": "a"}}, recorded), [".user.name: unknown"])
        self.assertEqual(strange({"list": [{"a": 1}, {"b": 1}]}, recorded), [".list[].b: unknown"])


if __name__ == "__main__":
    unittest.main()
