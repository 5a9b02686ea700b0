# Tests of the registries' guards and of what a pull finds.
import base64
import io
import json
import tarfile
import tempfile
import unittest
from pathlib import Path

from .layout import LAYOUT
from .registry import PRIVATE, PUBLIC, Registry

REGISTRIES = LAYOUT["registries"]


def basic(guard: str, password: str = REGISTRIES["password"]) -> str:
    return "Basic " + base64.b64encode(f"{REGISTRIES['login'][guard]}:{password}".encode()).decode()


def package(folder: Path, name: str, version: str) -> Path:
    path = folder / f"{name}-{version}.tgz"
    with tarfile.open(path, "w:gz") as archive:
        content = f"apiVersion: v2\nname: {name}\nversion: {version}\n".encode()
        described = tarfile.TarInfo(f"{name}/Chart.yaml")
        described.size = len(content)
        archive.addfile(described, io.BytesIO(content))
    return path


class Pull(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        packages = [package(Path(folder.name), "sub", version) for version in ("1.0.0", "1.1.0")]
        (Path(folder.name) / "index.yaml").write_text(
            "entries: {sub: [{urls: ['https://aws.github.io/eks-charts/sub-1.0.0.tgz']}]}"
        )
        self.registry = Registry(lambda: packages)

    def get(self, guard: str, path: str, authorization: str = "", query: str = "") -> tuple[int, bytes, dict[str, str]]:
        return self.registry.find(REGISTRIES[guard], path, query, authorization)

    def token(self, repository: str, authorization: str = "") -> str | None:
        status, body, _ = self.get("tokens", "/token", authorization, f"scope=repository:{repository}:pull")
        return f"Bearer {json.loads(body)['token']}" if status == 200 else None

    def test_tokens(self) -> None:
        status, _, headers = self.get("tokens", f"/v2/{PUBLIC}/sub/tags/list")
        self.assertEqual(status, 401)
        self.assertIn(f'scope="repository:{PUBLIC}/sub:pull"', headers["WWW-Authenticate"])
        self.assertIsNone(self.token(f"{PRIVATE}/sub"))
        self.assertIsNone(self.token(f"{PUBLIC}/sub", basic("tokens", "wrong")))
        public = self.token(f"{PUBLIC}/sub")
        private = self.token(f"{PRIVATE}/sub", basic("tokens"))
        assert public is not None and private is not None
        self.assertEqual(self.get("tokens", f"/v2/{PUBLIC}/sub/tags/list", public)[0], 200)
        self.assertEqual(self.get("tokens", f"/v2/{PRIVATE}/sub/tags/list", public)[0], 401)
        self.assertEqual(self.get("tokens", f"/v2/{PRIVATE}/sub/tags/list", private)[0], 200)
        self.assertEqual(self.get("tokens", "/v2/", private)[0], 200)

    def test_password(self) -> None:
        self.assertEqual(self.get("basic", "/v2/", basic("basic", "wrong"))[0], 401)
        self.assertEqual(self.get("basic", "/v2/", basic("basic"))[0], 200)

    def test_manifest_leads_to_the_archive(self) -> None:
        login = basic("basic")
        tags = json.loads(self.get("basic", f"/v2/{PRIVATE}/sub/tags/list", login)[1])
        self.assertEqual(tags["tags"], ["1.0.0", "1.1.0"])
        _, body, headers = self.get("basic", f"/v2/{PRIVATE}/sub/manifests/1.1.0", login)
        again = self.get("basic", f"/v2/{PRIVATE}/sub/manifests/{headers['Docker-Content-Digest']}", login)
        self.assertEqual(again[1], body)
        layer = json.loads(body)["layers"][0]["digest"]
        archive = self.get("basic", f"/v2/{PRIVATE}/sub/blobs/{layer}", login)[1]
        self.assertEqual(tarfile.open(fileobj=io.BytesIO(archive)).getnames(), ["sub/Chart.yaml"])
        for missing in ("sub/manifests/2.0.0", "sub/blobs/sha256:0", "other/tags/list"):
            self.assertEqual(self.get("basic", f"/v2/{PRIVATE}/{missing}", login)[0], 404)

    def test_classic(self) -> None:
        folder = "/artifactory/helm-local"
        self.assertEqual(self.get("classic", f"{folder}/index.yaml")[0], 401)
        status, body, _ = self.get("classic", f"{folder}/index.yaml", basic("classic"))
        self.assertEqual((status, b"sub-1.0.0.tgz" in body, b"https" in body), (200, True, False))
        self.assertEqual(self.get("classic", f"{folder}/sub-1.0.0.tgz", basic("classic"))[0], 200)
        self.assertEqual(self.get("classic", "/elsewhere/index.yaml", basic("classic"))[0], 404)


if __name__ == "__main__":
    unittest.main()
