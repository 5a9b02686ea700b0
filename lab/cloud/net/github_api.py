# GitHub's REST API as far as the action calls it: issues, comments, deployments, statuses and pull requests of any repository.
import json
import re
import threading
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

from ..control import record

Answer = tuple[int, Any, dict[str, str]]

# What a job's own token may do is up to the workflow's `permissions`; this one may only read.
READ_ONLY = "lab-read-only-"

_BOT = {"login": "github-actions[bot]", "id": 41898282, "type": "Bot"}


class GitHub:
    """The state of all repositories; every method of a request is called with the lock held."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._tokens: set[str] = set()
        self.clear()

    def clear(self) -> None:
        with self.lock:
            self._next = 1000
            self.issues: list[dict[str, Any]] = []
            self.comments: list[dict[str, Any]] = []
            self.deployments: list[dict[str, Any]] = []
            self.statuses: list[dict[str, Any]] = []
            self.pulls: dict[str, dict[str, Any]] = {}
            self.requests: list[str] = []

    def state(self) -> dict[str, Any]:
        with self.lock:
            return json.loads(
                json.dumps(
                    {
                        "issues": self.issues,
                        "comments": self.comments,
                        "deployments": [{**each, "statuses": each["_statuses"]} for each in self.deployments],
                        "statuses": self.statuses,
                        "pulls": list(self.pulls.values()),
                        "requests": self.requests,
                    }
                )
            )

    def handle(self, method: str, path: str, authorization: str, body: bytes) -> Answer:
        """Answers a request below the API's root; `path` has its query."""
        url = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() not in ("token", "bearer") or not token.strip():
            return 401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}, {}
        with self.lock:
            self.requests.append(f"{method} {url.path}")
            if token not in self._tokens:
                self._tokens.add(token)
                record.secret("github-token", token)
            if token.startswith(READ_ONLY) and method != "GET":
                return 403, {"message": "Resource not accessible by integration", "status": "403"}, {}
            for verb, pattern, action in _ROUTES:
                match = re.fullmatch(pattern, url.path)
                if match and verb == method:
                    given = json.loads(body) if body else {}
                    status, value, headers = action(self, match.groupdict(), query, given)
                    return status, _shown(value), headers
        return 404, {"message": "Not Found", "status": "404"}, {}

    def number(self) -> int:
        self._next += 1
        return self._next


def _shown(value: Any) -> Any:
    """Without the fields that are the lab's own."""
    if isinstance(value, list):
        return [_shown(each) for each in value]
    if isinstance(value, dict):
        return {name: _shown(each) for name, each in value.items() if not name.startswith("_")}
    return value


def _where(part: dict[str, str]) -> str:
    return f"{part['owner']}/{part['repo']}"


def _page(items: list[Any], query: dict[str, str]) -> Answer:
    """One page; the Link header is how octokit finds the next."""
    size = min(100, int(query.get("per_page", "30")))
    number = int(query.get("page", "1"))
    rest = len(items) > size * number
    more = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
    headers = {"Link": f'<?{more}&page={number + 1}>; rel="next"'} if rest else {}
    return 200, items[size * (number - 1) : size * number], headers


def _list_comments(hub: GitHub, part: dict[str, str], query: dict[str, str], _given: Any) -> Answer:
    issue = int(part["number"])
    return _page([c for c in hub.comments if c["_at"] == [_where(part), issue]], query)


def _add_comment(hub: GitHub, part: dict[str, str], _query: dict[str, str], given: Any) -> Answer:
    at = record.now()
    comment = {
        "id": hub.number(),
        "node_id": "IC_lab",
        "body": given["body"],
        "user": given.get("_user", _BOT),
        "author_association": "NONE",
        "created_at": at,
        "updated_at": at,
        "_at": [_where(part), int(part["number"])],
    }
    comment["html_url"] = f"https://github.com/{_where(part)}/pull/{part['number']}#issuecomment-{comment['id']}"
    hub.comments.append(comment)
    return 201, comment, {}


def _edit_comment(hub: GitHub, part: dict[str, str], _query: dict[str, str], given: Any) -> Answer:
    for comment in hub.comments:
        if comment["id"] == int(part["id"]):
            comment.update(body=given["body"], updated_at=record.now())
            return 200, comment, {}
    return 404, {"message": "Not Found"}, {}


def _list_issues(hub: GitHub, part: dict[str, str], query: dict[str, str], _given: Any) -> Answer:
    """Newest first. GitHub lists pull requests among them; the lab's have a list of their own."""
    wanted = query.get("state", "open")
    found = [i for i in reversed(hub.issues) if i["_at"] == _where(part) and wanted in ("all", i["state"])]
    return _page(found, query)


def _add_issue(hub: GitHub, part: dict[str, str], _query: dict[str, str], given: Any) -> Answer:
    if len(given.get("body") or "") > 65536:
        return 422, {"message": "Validation Failed", "errors": [{"field": "body", "code": "custom"}]}, {}
    at = record.now()
    number = 1 + max([i["number"] for i in hub.issues if i["_at"] == _where(part)], default=0)
    issue = {
        "id": hub.number(),
        "node_id": "I_lab",
        "number": number,
        "title": given["title"],
        "body": given.get("body"),
        "state": "open",
        "state_reason": None,
        "labels": [],
        "user": given.get("_user", _BOT),
        "author_association": given.get("_author_association", "NONE"),
        "created_at": at,
        "updated_at": at,
        "closed_at": None,
        "html_url": f"https://github.com/{_where(part)}/issues/{number}",
        "_at": _where(part),
    }
    hub.issues.append(issue)
    return 201, issue, {}


def _edit_issue(hub: GitHub, part: dict[str, str], _query: dict[str, str], given: Any) -> Answer:
    for issue in hub.issues:
        if issue["_at"] == _where(part) and issue["number"] == int(part["number"]):
            issue.update({name: given[name] for name in ("title", "body", "state", "state_reason") if name in given})
            issue["updated_at"] = record.now()
            issue["closed_at"] = record.now() if issue["state"] == "closed" else None
            return 200, issue, {}
    return 404, {"message": "Not Found"}, {}


def _list_deployments(hub: GitHub, part: dict[str, str], query: dict[str, str], _given: Any) -> Answer:
    wanted = {name: query[name] for name in ("sha", "ref", "task", "environment") if name in query}
    found = [
        each
        for each in reversed(hub.deployments)
        if each["_at"] == _where(part) and all(each[name] == value for name, value in wanted.items())
    ]
    return _page(found, query)


def _add_deployment(hub: GitHub, part: dict[str, str], _query: dict[str, str], given: Any) -> Answer:
    at = record.now()
    deployment = {
        "id": hub.number(),
        "sha": given["ref"],
        "ref": given["ref"],
        "task": given.get("task", "deploy"),
        "payload": given.get("payload", {}),
        "environment": given.get("environment", "production"),
        "description": given.get("description"),
        "transient_environment": given.get("transient_environment", False),
        "production_environment": given.get("production_environment", False),
        "creator": _BOT,
        "created_at": at,
        "updated_at": at,
        "_statuses": [],
        "_at": _where(part),
    }
    hub.deployments.append(deployment)
    return 201, deployment, {}


def _deployment(hub: GitHub, part: dict[str, str]) -> dict[str, Any] | None:
    return next((each for each in hub.deployments if each["id"] == int(part["id"])), None)


def _add_deployment_status(hub: GitHub, part: dict[str, str], _query: dict[str, str], given: Any) -> Answer:
    deployment = _deployment(hub, part)
    if deployment is None:
        return 404, {"message": "Not Found"}, {}
    status = {"id": hub.number(), "creator": _BOT, "created_at": record.now(), **given}
    deployment["_statuses"].append(status)
    return 201, status, {}


def _list_deployment_statuses(hub: GitHub, part: dict[str, str], query: dict[str, str], _given: Any) -> Answer:
    deployment = _deployment(hub, part)
    if deployment is None:
        return 404, {"message": "Not Found"}, {}
    return _page(list(reversed(deployment["_statuses"])), query)


def _add_status(hub: GitHub, part: dict[str, str], _query: dict[str, str], given: Any) -> Answer:
    status = {"id": hub.number(), "creator": _BOT, "created_at": record.now(), **given}
    hub.statuses.append({**status, "sha": part["sha"], "_at": _where(part)})
    return 201, status, {}


def _open_pull(hub: GitHub, part: dict[str, str], _query: dict[str, str], given: Any) -> Answer:
    number = int(given.get("number", len(hub.pulls) + 1))
    pull = {
        "number": number,
        "state": "open",
        "title": given.get("title", ""),
        "updated_at": given.get("updated_at", record.now()),
        "head": {"ref": given.get("head", ""), "sha": given.get("sha", ""), "repo": {"full_name": _where(part)}},
        "base": {"ref": given.get("base", "main"), "repo": {"full_name": _where(part)}},
    }
    hub.pulls[f"{_where(part)}#{number}"] = pull
    return 201, pull, {}


def _one_pull(hub: GitHub, part: dict[str, str], _query: dict[str, str], given: Any) -> Answer:
    pull = hub.pulls.get(f"{_where(part)}#{part['number']}")
    if pull is None:
        return 404, {"message": "Not Found"}, {}
    if given:
        pull["updated_at"] = given.get("updated_at", record.now())
        pull["head"] = {**pull["head"], **given.get("head", {})}
    pull.update({name: given[name] for name in ("state", "title") if name in given})
    return 200, pull, {}


def _list_pulls(hub: GitHub, part: dict[str, str], query: dict[str, str], _given: Any) -> Answer:
    wanted = query.get("state", "open")
    return _page(
        [
            pull
            for name, pull in hub.pulls.items()
            if name.startswith(f"{_where(part)}#") and wanted in ("all", pull["state"])
        ],
        query,
    )


_REPO = r"/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
_ROUTES: list[tuple[str, str, Callable[..., Answer]]] = [
    ("GET", _REPO + r"/issues", _list_issues),
    ("POST", _REPO + r"/issues", _add_issue),
    ("PATCH", _REPO + r"/issues/(?P<number>\d+)", _edit_issue),
    ("GET", _REPO + r"/issues/(?P<number>\d+)/comments", _list_comments),
    ("POST", _REPO + r"/issues/(?P<number>\d+)/comments", _add_comment),
    ("PATCH", _REPO + r"/issues/comments/(?P<id>\d+)", _edit_comment),
    ("GET", _REPO + r"/deployments", _list_deployments),
    ("POST", _REPO + r"/deployments", _add_deployment),
    ("GET", _REPO + r"/deployments/(?P<id>\d+)/statuses", _list_deployment_statuses),
    ("POST", _REPO + r"/deployments/(?P<id>\d+)/statuses", _add_deployment_status),
    ("POST", _REPO + r"/statuses/(?P<sha>[0-9a-f]+)", _add_status),
    ("GET", _REPO + r"/pulls", _list_pulls),
    ("POST", _REPO + r"/pulls", _open_pull),
    ("GET", _REPO + r"/pulls/(?P<number>\d+)", _one_pull),
    ("PATCH", _REPO + r"/pulls/(?P<number>\d+)", _one_pull),
]

hub = GitHub()
