# Packages the charts that the lab serves, with helm, into one folder a repository.
import hashlib
import json
import logging
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable

from .layout import CHART_HOSTS, REPOSITORY

log = logging.getLogger("lab.net.charts")

_CHARTS = REPOSITORY / "lab" / "charts"
_CRDS = REPOSITORY / "lab" / "crds"
_CONTROLLER = "aws-load-balancer-controller"
# Chart version and app version of each release of the stand-in chart.
_CONTROLLER_RELEASES = [("1.14.0", "v2.14.0"), ("3.5.0", "v3.5.0")]
# The module was tagged before its chart was released: the folder still bears the version before.
_EXTERNAL_DNS_RELEASE = ("1.19.0", "0.19.0")


class CannotPackage(Exception):
    """A chart could not be made; the text says what is missing."""


@dataclass(frozen=True)
class Source:
    """A chart's folder and the release that is made of it; CRDs of another folder replace its own."""

    folder: Path
    release: tuple[str, str] | None = None
    crds: Path | None = None

    def files(self) -> Iterable[Path]:
        for root in (self.folder, self.crds):
            if root is not None:
                yield from sorted(path for path in root.rglob("*") if path.is_file())


def build(repository: str, sources: list[Source], out: Path) -> bool:
    """Makes the repository's packages and index in `out`; False if they were there already."""
    helm = helm_binary()
    digest = _digest(repository, sources, helm)
    mark = out / ".content"
    if (out / "index.yaml").exists() and mark.exists() and mark.read_text() == digest:
        return False
    with tempfile.TemporaryDirectory(prefix="lab-charts-") as temporary:
        made = Path(temporary, "made")
        made.mkdir()
        for index, source in enumerate(sources):
            _package(helm, source, Path(temporary, str(index)), made)
        url = f"https://{CHART_HOSTS[repository]}/{repository}"
        _run([helm, "repo", "index", str(made), "--url", url])
        (made / ".content").write_text(digest)
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, out)
    return True


def controller_sources() -> list[Source]:
    """The charts of lab/charts. LAB_LBC_CHART stands in for our chart of the controller,
    LAB_LBC_CRDS for the CRDs in it."""
    crds = _folder("LAB_LBC_CRDS")
    real = _folder("LAB_LBC_CHART")
    others = [chart.parent for chart in sorted(_CHARTS.glob("*/Chart.yaml")) if chart.parent.name != _CONTROLLER]
    sources = [Source(folder) for folder in others]
    controller = _CHARTS / _CONTROLLER
    if real is not None:
        return [*sources, Source(real, crds=crds)]
    if not (controller / "Chart.yaml").exists():
        raise CannotPackage("lab/charts has no chart of the controller")
    own = crds or (_CRDS if _CRDS.is_dir() and not (controller / "crds").is_dir() else None)
    return [*sources, *(Source(controller, release, own) for release in _CONTROLLER_RELEASES)]


def external_dns_sources() -> list[Source]:
    return [Source(external_dns_chart(), _EXTERNAL_DNS_RELEASE)]


# What each repository is made of; asked for when it is made, since some of it may have to be fetched.
REPOSITORIES: dict[str, Callable[[], list[Source]]] = {
    "eks-charts": controller_sources,
    "external-dns": external_dns_sources,
}


def external_dns_chart() -> Path:
    """The chart's folder: in the lab's cache, or else in the Go module cache."""
    cached = _cache() / f"external-dns-chart-{_EXTERNAL_DNS_RELEASE[1]}"
    if (cached / "Chart.yaml").exists():
        return cached
    go = shutil.which("go")
    if go is None:
        raise CannotPackage("go is not on the PATH; the chart of external-dns comes out of its Go module")
    module = f"sigs.k8s.io/external-dns@v{_EXTERNAL_DNS_RELEASE[1]}"
    described = json.loads(_run([go, "mod", "download", "-json", module]))
    return Path(described["Dir"], "charts", "external-dns")


def helm_binary() -> str:
    """LAB_HELM, or helm of the PATH, or the one that the lab unpacked."""
    if given := os.environ.get("LAB_HELM"):
        return given
    if on_path := shutil.which("helm"):
        return on_path
    found = sorted((_cache() / "bin").glob("helm*"))
    unpacked = [path for path in found if path.is_file() and os.access(path, os.X_OK)]
    if not unpacked:
        raise CannotPackage("helm is neither on the PATH nor in the lab's cache; LAB_HELM can name it")
    return str(unpacked[-1])


def _cache() -> Path:
    """What the lab built or unpacked, shared by all labs of this user."""
    return Path(os.environ.get("LAB_CACHE") or Path.home() / ".cache" / "eks-gateway-lab")


def _package(helm: str, source: Source, work: Path, out: Path) -> None:
    copy = work / source.folder.name
    # Folders of the Go module cache are read-only, and copytree keeps that.
    shutil.copytree(source.folder, copy, copy_function=shutil.copyfile)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    values = copy / "values.yaml"
    if os.environ.get("LAB_LBC") and source.folder.name == _CONTROLLER and values.exists():
        values.write_text(values.read_text().replace("standIn: true", "standIn: false"))
    if source.crds is not None:
        shutil.rmtree(copy / "crds", ignore_errors=True)
        (copy / "crds").mkdir()
        for path in sorted([*source.crds.rglob("*.yaml"), *source.crds.rglob("*.yml")]):
            shutil.copyfile(path, copy / "crds" / path.name)
    version = ["--version", source.release[0], "--app-version", source.release[1]] if source.release else []
    _run([helm, "package", str(copy), "--destination", str(out), *version])


def _digest(repository: str, sources: list[Source], helm: str) -> str:
    hashed = hashlib.sha256(f"{repository} {helm} {bool(os.environ.get('LAB_LBC'))}".encode())
    for source in sources:
        hashed.update(repr((source.folder.name, source.release)).encode())
        for path in source.files():
            root = source.folder if path.is_relative_to(source.folder) else source.crds
            hashed.update(str(path.relative_to(root or source.folder)).encode() + b"\0")
            hashed.update(hashlib.sha256(path.read_bytes()).digest())
    return hashed.hexdigest()


def _folder(variable: str) -> Path | None:
    value = os.environ.get(variable)
    if not value:
        return None
    folder = Path(value).resolve()
    if not folder.is_dir():
        raise CannotPackage(f"{variable} is {value}, which is no folder")
    return folder


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
    if done.returncode != 0:
        raise CannotPackage(f"{' '.join(command)} ended with {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done.stdout
