"""A maker with keys of its own: releases of this firmware that trust them, signed and published."""

import functools
import tempfile
from pathlib import Path

import rig

from host_tools import cli
from host_tools.image import bundle as bundles
from host_tools.release import build, publish
from host_tools.release.publish import Release

NOW = 1_800_000_000  # 2027-01-15, seconds since 1970


@functools.cache
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="seesaw-maker-")


def place(name: str) -> Path:
    return Path(_folder().name, name)


@functools.cache
def root() -> bytes:
    """The first root of a new repository, made here."""
    _run("init", "--board", rig.BOARD.name)
    return (place("repo") / "metadata" / "1.root.json").read_bytes()


@functools.cache
def release(version: str) -> Release:
    return publish.make(rig.BOARD, version, rig.APP, trial_s=0, root=root())


def zipped(made: Release) -> Path:
    """As `seesaw release build` writes it."""
    path = place(f"{made.version}.zip")
    path.write_bytes(build.zipped(build.kept_files(made, rig.LAUNCHER)))
    return path


@functools.cache
def site(*versions: str) -> dict[str, bytes]:
    """What a web host serves once these releases are signed, on top of those signed before."""
    for version in versions:
        _run("sign", str(zipped(release(version))), "--without-proof", "a test")
    out = place("out")
    assert cli.main(["release", "publish", str(place("repo")), str(out), "--now", str(NOW)]) == 0
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*") if path.is_file()
    }  # fmt: skip


def with_root(made: Release, other: bytes) -> Release:
    """The same release for devices that trust another root."""
    packed = bundles.with_root(made.bundle, other)
    return publish.pack(rig.BOARD, rig.APP, packed, trial_s=0)


def _run(command: str, *words: str) -> None:
    line = ["release", command, str(place("repo")), *words, "--keys", str(place("keys"))]
    assert cli.main([*line, "--now", str(NOW)]) == 0
