"""A desk with a repository on it, for tests: releases of a small tree, evidence, and devices.

The devices here are python-tuf's client over a folder, written apart from the tool's own.
"""

import functools
import hashlib
import json
import resource
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import Metadata, Targets
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface

from host_tools import cli
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import bundle as bundles
from host_tools.image import runtime
from host_tools.release import build, kept, publish

NOW = 1_800_000_000  # 2027-01-15, seconds since 1970
DAY = 86400
BOARD = "esp32_wrover"
LAUNCHER = b"import machine\nmachine.reset()\n"


def small_tree(folder: Path, mark: int = 0) -> Path:
    """A firmware tree of three modules. mark: makes another one of it."""
    (folder / "seesaw").mkdir(parents=True)
    (folder / "launcher").mkdir()
    (folder / "launcher" / "main.py").write_bytes(LAUNCHER)
    (folder / "seesaw" / "__init__.py").write_text("")
    (folder / "seesaw" / "main.py").write_text(f"MARK = {mark}\nSET = {{1, 2, 'three'}}\n")
    return folder


@functools.cache
def template() -> Path:
    """A desk with a new repository, which the others are copies of: making keys takes a moment."""
    folder = Path(_folder().name, "desk")
    line = ["release", "init", str(folder / "repo"), "--keys", str(folder / "keys")]
    assert cli.main([*line, "--now", str(NOW)]) == 0
    return folder


def template_root() -> bytes:
    return (template() / "repo" / "metadata" / "1.root.json").read_bytes()


def release(
    version: str, board: str = BOARD, mark: int = 0, banner: str = runtime.SYNTHETIC_VERSION
) -> Path:
    """A zip of a release for the repository of template(); it stays until the tests end. banner:
    another runtime's version."""
    return _release(version, board, mark, banner)


@functools.cache
def _release(version: str, board: str, mark: int, banner: str) -> Path:
    folder = Path(_folder().name, f"{version}-{board}-{mark}-{hash(banner)}")
    source = small_tree(folder / "firmware", mark)
    loaded = boards.load(board)
    app = runtime.synthetic(loaded, banner)[1]
    root = template_root()
    made = publish.make(loaded, version, app, source=source, build_time=NOW - DAY, root=root)
    path = folder / "release.zip"
    path.write_bytes(build.zipped(build.kept_files(made, LAUNCHER)))
    return path


def rooted(path: Path, root: bytes, out: Path) -> Path:
    """The same release for devices that trust another root."""
    made, launcher = kept.load(path)
    loaded = boards.load(made.board)
    again = publish.pack(
        loaded, runtime_of(path), bundles.with_root(made.bundle, root), build_time=NOW - DAY
    )
    out.write_bytes(build.zipped(build.kept_files(again, launcher)))
    return out


@functools.cache
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="seesaw-releases-")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def bundle_of(path: Path) -> bytes:
    return kept.load(path)[0].bundle.image


def runtime_of(path: Path) -> bytes:
    files = kept.load(path)[0].files
    return next(data for name, data in files.items() if name.startswith("runtime-"))


def evidence(path: Path, **changes: Any) -> dict[str, Any]:
    """What `seesaw prove` says of a clean release; `changes` replace its fields."""
    loaded = kept.load(path)[0]
    return {
        "format": 1,
        "verdict": "clean",
        "versions": {"old": "0.1.0", "candidate": loaded.version, "fix": "9.0.0"},
        "sha256": {"bundle": sha256(loaded.bundle.image)},
        "budget": "quick",
        "depth": 2,
        "seed": 0,
        **changes,
    }


@dataclass
class Desk:
    """A repository, its keys, and a folder that a web host would serve."""

    folder: Path
    now_s: int = NOW

    @property
    def repo(self) -> Path:
        return self.folder / "repo"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def run(self, command: str, *words: object, keys: bool | None = None) -> int:
        """`seesaw release COMMAND REPO words...`, a minute later than the last. keys: with --keys;
        None for what the command wants."""
        self.now_s += 60
        if keys is None:
            keys = command not in ("publish", "status", "expiry", "verify")
        more = ["--keys", str(self.keys)] if keys else []
        text = [str(word) for word in words]
        first = [] if command == "verify" else [str(self.repo)]
        line = ["release", command, *first, *text, *more, "--now", str(self.now_s)]
        return cli.main(line)

    def mine(self, path: Path) -> Path:
        """A release, made for devices that trust this repository if it was not."""
        ours = self.roots()
        try:
            theirs = kept.load(path)[0].bundle.files["root.json"]
        except UserError:
            return path  # that is for the command to say
        if not ours or theirs in ours:
            return path
        return rooted(path, ours[-1], self.folder / f"mine-{path.parent.name}.zip")

    def sign(self, path: Path, *words: object) -> int:
        """With good evidence."""
        path = self.mine(path)
        file = self.folder / "evidence.json"
        file.write_text(json.dumps(evidence(path)))
        return self.run("sign", path, "--evidence", file, *words)

    def drill(self, path: Path, reason: str = "fire drill", *words: object) -> int:
        return self.run("sign", self.mine(path), "--without-proof", reason, *words)

    def publish(self) -> int:
        return self.run("publish", self.out)

    def role(self, name: str = BOARD) -> Targets:
        """The newest metadata of a role, as its file says, not verified."""
        metadata = self.repo / "metadata"
        versions = [int(path.name.split(".")[0]) for path in metadata.glob(f"*.{name}.json")]
        return Metadata[Targets].from_file(str(metadata / f"{max(versions)}.{name}.json")).signed

    def timestamp(self) -> dict[str, Any]:
        return json.loads((self.repo / "metadata" / "timestamp.json").read_bytes())["signed"]

    def roots(self) -> list[bytes]:
        """Every root version, from 1 on."""
        return roots_of(self.repo)


def roots_of(folder: Path) -> list[bytes]:
    """Every root version that is published in a folder."""
    found: list[bytes] = []
    while (path := folder / "metadata" / f"{len(found) + 1}.root.json").exists():
        found.append(path.read_bytes())
    return found


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A static web host of a folder; its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def full_at(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, size: int) -> None:
    """While this function runs, no file may grow beyond `size` bytes: the kernel's own error."""
    real = getattr(module, name)

    def tight(*arguments: Any, **options: Any) -> Any:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            return real(*arguments, **options)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    monkeypatch.setattr(module, name, tight)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, but for the lock."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


class FolderFetcher(FetcherInterface):
    """A static web host without a network."""

    def __init__(self, folder: Path):
        self.folder = folder

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            return iter([(self.folder / url.removeprefix("host:/")).read_bytes()])
        except FileNotFoundError as error:
            raise DownloadHTTPError(f"no {url}", 404) from error


def device(folder: Path, root: bytes, board: str = BOARD) -> Targets:
    """What a device that trusts `root` learns of its board's releases: the whole update workflow,
    then the newest bundle, fetched and checked. Raises what python-tuf raises."""
    with tempfile.TemporaryDirectory() as home:
        updater = Updater(
            home, "host:/metadata/", home, "host:/targets/", FolderFetcher(folder), bootstrap=root
        )
        updater._trusted_set.reference_time = datetime.fromtimestamp(NOW + DAY, UTC)
        updater.refresh()
        updater.get_targetinfo(f"{board}/0/bundle")
        role = Metadata[Targets].from_file(str(Path(home, f"{board}.json"))).signed
        bundles = [path for path in role.targets if path.endswith("/bundle")]
        if bundles:
            info = updater.get_targetinfo(max(bundles))
            assert info is not None
            updater.download_target(info)
        return role
