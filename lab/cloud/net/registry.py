# Registries that ask for a login: two of OCI (distribution-spec 1.1) and a classic chart repository.
import base64
import hashlib
import json
import re
import secrets
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable
from urllib.parse import parse_qs

import yaml

from .layout import CHART_HOSTS, LAYOUT, REGISTRIES

Found = tuple[int, bytes, dict[str, str]]

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

# /v2/, or what is asked of a repository.
_REQUEST = re.compile(r"^/v2/(?:(.+)/(manifests|blobs|tags)/([^/]+))?$")

# Where each of them keeps its charts: nobody has to log in for the first.
PUBLIC = "example-org/public"
PRIVATE = "example-org/private"
CLASSIC = "artifactory/helm-local"


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _login(guard: str) -> str:
    given = f"{LAYOUT['registries']['login'][guard]}:{LAYOUT['registries']['password']}"
    return "Basic " + base64.b64encode(given.encode()).decode()


def _refused(status: int, code: str, challenge: str | None = None) -> Found:
    body = json.dumps({"errors": [{"code": code, "message": code.lower().replace("_", " ")}]}).encode()
    headers = {"Content-Type": "application/json"}
    return status, body, {**headers, "WWW-Authenticate": challenge} if challenge else headers


@dataclass
class Contents:
    """Charts as an OCI registry keeps them."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    # By chart: a manifest for each version, in the order of their names.
    charts: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def add(self, package: Path) -> None:
        archive = package.read_bytes()
        with tarfile.open(package) as opened:
            name = next(each for each in opened.getnames() if each.count("/") == 1 and each.endswith("/Chart.yaml"))
            read = opened.extractfile(name)
            assert read is not None
            chart: dict[str, Any] = yaml.safe_load(read.read())
        config = json.dumps(chart, default=str).encode()
        described = [
            {"mediaType": kind, "digest": _digest(content), "size": len(content)}
            for kind, content in ((_CONFIG, config), (_LAYER, archive))
        ]
        manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": described[0], "layers": described[1:]}
        self.blobs |= {_digest(config): config, _digest(archive): archive}
        self.charts.setdefault(chart["name"], {})[chart["version"]] = json.dumps(manifest).encode()


class Registry:
    """What a request to one of the hosts gets. `packages`: the charts' archives, asked for once."""

    def __init__(self, packages: Callable[[], Iterable[Path]]) -> None:
        self._packages = packages
        self._contents: Contents | None = None
        # The repository that each token opens; `None` opens the door alone.
        self._tokens: dict[str, str | None] = {}

    def find(self, host: str, path: str, query: str, authorization: str) -> Found:
        guard = REGISTRIES[host]
        if guard == "classic":
            return self._classic(path, authorization)
        if guard == "tokens" and path == "/token":
            return self._token(parse_qs(query), authorization)
        asked = _REQUEST.match(path)
        if asked is None:
            return _refused(404, "NOT_FOUND")
        repository, what, reference = (part or "" for part in asked.groups())
        if not self._may(guard, repository, authorization):
            return _refused(401, "UNAUTHORIZED", self._challenge(guard, host, repository))
        return self._oci(repository, what, reference) if repository else (200, b"{}", {})

    def _challenge(self, guard: str, host: str, repository: str) -> str:
        if guard == "basic":
            return f'Basic realm="https://{host}/",service="ecr.amazonaws.com"'
        scope = f',scope="repository:{repository}:pull"' if repository else ""
        return f'Bearer realm="https://{host}/token",service="{host}"{scope}'

    def _may(self, guard: str, repository: str, authorization: str) -> bool:
        if guard == "basic":
            return authorization == _login(guard)
        token = authorization.removeprefix("Bearer ")
        return token in self._tokens and (not repository or self._tokens[token] == repository)

    def _token(self, query: dict[str, list[str]], authorization: str) -> Found:
        """GHCR gives anybody a token for what is public."""
        scope = query.get("scope", [""])[0]
        repository = scope.split(":")[1] if scope.count(":") == 2 else None
        public = repository is not None and repository.startswith(f"{PUBLIC}/")
        if authorization != _login("tokens") and (authorization or not public):
            return _refused(403, "DENIED")
        token = secrets.token_urlsafe(24)
        self._tokens[token] = repository
        return 200, json.dumps({"token": token}).encode(), {"Content-Type": "application/json"}

    def _oci(self, repository: str, what: str, reference: str) -> Found:
        contents = self._read()
        owner, _, name = repository.rpartition("/")
        versions = contents.charts.get(name, {}) if owner in (PUBLIC, PRIVATE) else {}
        if not versions:
            return _refused(404, "NAME_UNKNOWN")
        if what == "tags":
            tags = json.dumps({"name": repository, "tags": list(versions)}).encode()
            return 200, tags, {"Content-Type": "application/json"}
        if what == "manifests":
            by_digest = {_digest(manifest): manifest for manifest in versions.values()}
            manifest = versions.get(reference) or by_digest.get(reference)
            if manifest is None:
                return _refused(404, "MANIFEST_UNKNOWN")
            return 200, manifest, {"Content-Type": _MANIFEST, "Docker-Content-Digest": _digest(manifest)}
        blob = contents.blobs.get(reference) if what == "blobs" else None
        if blob is None:
            return _refused(404, "BLOB_UNKNOWN")
        return 200, blob, {"Content-Type": "application/octet-stream", "Docker-Content-Digest": reference}

    def _classic(self, path: str, authorization: str) -> Found:
        if authorization != _login("classic"):
            return 401, b"401: Unauthorized\n", {"WWW-Authenticate": 'Basic realm="Artifactory Realm"'}
        folder, _, file = path.removeprefix("/").rpartition("/")
        found = next((each for each in self._packages() if each.name == file), None)
        if folder != CLASSIC:
            return 404, b"404: no such repository\n", {}
        if file == "index.yaml":
            return 200, self._index(), {"Content-Type": "text/yaml"}
        return (404, b"404: no such file\n", {}) if found is None else (200, found.read_bytes(), {})

    def _index(self) -> bytes:
        """Of the public repositories' indexes one, with names of files instead of addresses."""
        entries: dict[str, Any] = {}
        for index in sorted({package.parent / "index.yaml" for package in self._packages()}):
            text = index.read_text()
            for repository, host in CHART_HOSTS.items():
                text = text.replace(f"https://{host}/{repository}/", "")
            entries |= yaml.safe_load(text)["entries"]
        return yaml.safe_dump({"apiVersion": "v1", "entries": entries}).encode()

    def _read(self) -> Contents:
        if self._contents is None:
            contents = Contents()
            for package in self._packages():
                contents.add(package)
            self._contents = contents
        return self._contents
