"""`seesaw release build`: a release from a commit, the same bytes wherever it is built.

Nothing of the machine gets in: no clock, no path, no file's rights or date, no order of a folder.
The bundle's bytes depend on the sources, the version and the pinned compilers alone; the release's
stated time is the commit's, or SOURCE_DATE_EPOCH.
"""

import io
import os
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import bundle as bundles
from host_tools.image import commands, runtime
from host_tools.image import files as disk
from host_tools.release import development, kept, listing, publish
from host_tools.release.publish import Release
from host_tools.release.state import digest

GIT_SECONDS = 20  # of wall time
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows
ZIP_MODE = 0o644 << 16
STAND_IN = "its runtime is a stand-in that starts in the emulator alone: on no board"


@dataclass(frozen=True, slots=True)
class Commit:
    """What is built. time: seconds since 1970, 0 when nobody says. clean: nothing was changed."""

    name: str
    time: int
    clean: bool


@dataclass(frozen=True, slots=True)
class Built:
    """bundle, runtime: SHA-256, hex. notes: what a person should know of it."""

    release: Release
    bundle: str
    runtime: str
    commit: Commit
    notes: list[str]


def build(
    version: str, board_name: str, out: Path, *, source: Path | None, runtime_file: Path | None,
    trial_s: int, root_file: Path | None = None,
) -> Built:  # fmt: skip
    """Build and write a release: a zip when `out` ends in .zip, else a folder. UserError.

    root_file: whom its devices trust, the development repository when None.
    """
    listing.check_version(version)
    source = source or bundles.FIRMWARE
    board = boards.load(board_name)
    app = runtime.load(runtime_file, board).app if runtime_file else runtime.synthetic(board)[1]
    commit = commit_of(source)
    root = bundles.read_root(root_file) if root_file else None
    made = publish.make(
        board, version, app, source=source, trial_s=trial_s, build_time=commit.time, root=root
    )  # fmt: skip
    launcher = disk.read(source / "launcher" / "main.py")
    if out.suffix == ".zip":
        disk.replace({out: zipped(kept_files(made, launcher))})
    else:
        kept.save(made, launcher, out)
    notes = [] if runtime_file else [STAND_IN]
    if root is None or development.MARK.encode() in root:
        notes.append(bundles.DEVELOPMENT)
    if not commit.clean:
        notes.append("built from changed files: nobody else can build it from the commit")
    return Built(made, digest(made.bundle.image), digest(app), commit, notes)


def kept_files(release: Release, launcher: bytes) -> dict[str, bytes]:
    """As a kept release has them, by name."""
    companion = bundles.companion_bytes(release.bundle.companion)
    return {**release.files, kept.COMPANION: companion, kept.LAUNCHER: launcher}


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip whose bytes depend on names and contents alone."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, ZIP_DATE)
            info.external_attr = ZIP_MODE
            info.create_system = 3  # Unix, wherever it is made
            archive.writestr(info, files[name])
    return packed.getvalue()


def commit_of(source: Path) -> Commit:
    """The commit of a working tree. UserError for a SOURCE_DATE_EPOCH that is no time."""
    stated = commands.build_time()
    found = _git(source, "log", "-1", "--format=%H %ct").split()
    if len(found) != 2:
        return Commit("", stated, clean=True)
    changed = _git(source, "status", "--porcelain", "--", "launcher", bundles.PACKAGE)
    return Commit(found[0], stated or int(found[1]), clean=not changed.strip())


def _git(source: Path, *words: str) -> str:
    """What git says of a folder, '' when it knows none or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(source), *words], capture_output=True, text=True,
            timeout=GIT_SECONDS, check=False, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
    except OSError:
        return ""
    except subprocess.TimeoutExpired as error:
        why = f"git did not answer in {GIT_SECONDS} s"
        raise UserError(str(source), why, "try again, or set SOURCE_DATE_EPOCH") from error
    return done.stdout if done.returncode == 0 else ""


def is_stand_in(app: bytes) -> bool:
    """Is this runtime one that image/runtime.py made for the emulator?"""
    return b"; synthetic\0" in app
