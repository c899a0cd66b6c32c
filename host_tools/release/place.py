"""Putting files into a folder that others read meanwhile: all are written beside, then renamed.

The order of the renames is the caller's. Whatever goes wrong before the last one is undone, so the
folder is as it was.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from host_tools.errors import UserError

STAGING = ".staging-"
LOCK = ".lock"

Item = tuple[str, bytes]  # (path below the folder, contents)


def put(folder: Path, items: Sequence[Item]) -> None:
    """Put files in place in this order, all or none. UserError when that cannot be done.

    A folder that does not exist is made. No reader ever sees half a file.
    """
    made = not folder.exists()
    staging: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder))
        staged = [(_write(staging / str(n), data), folder / path)
                  for n, (path, data) in enumerate(items)]  # fmt: skip
        _rename(staged, staging)
    except OSError as error:
        if made:
            shutil.rmtree(folder, ignore_errors=True)
        why = f"it cannot be written ({(error.strerror or str(error)).lower()}); it is as it was"
        raise UserError(str(folder), why, "name a folder that can be written, with room") from error
    finally:
        if staging:
            shutil.rmtree(staging, ignore_errors=True)


def _write(path: Path, data: bytes) -> Path:
    """A whole file, on the disk before it gets its name."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return path


def _rename(staged: Sequence[tuple[Path, Path]], staging: Path) -> None:
    """Rename each into its place; on an error, undo those that were."""
    done: list[tuple[Path, Path | None]] = []
    made: list[Path] = []
    try:
        for number, (source, target) in enumerate(staged):
            made += _mkdir(target.parent)
            before = None
            if target.exists():
                before = staging / f"before-{number}"
                shutil.copyfile(target, before)
            os.replace(source, target)
            done.append((target, before))
        for parent in {target.parent for _, target in staged}:
            _sync(parent)
    except OSError:
        for target, before in reversed(done):
            with suppress(OSError):
                os.replace(before, target) if before else target.unlink()
        for parent in reversed(made):
            with suppress(OSError):
                parent.rmdir()
        raise


def _mkdir(folder: Path) -> list[Path]:
    """Make a folder; those that were made, the outermost first."""
    absent = [folder] if not folder.exists() else []
    while absent and not absent[-1].parent.exists():
        absent.append(absent[-1].parent)
    folder.mkdir(parents=True, exist_ok=True)
    return absent[::-1]


def _sync(folder: Path) -> None:
    """The names too are on the disk, where a file system can say so."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One writer at a time. UserError when another one works there."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        why = f"it cannot be written ({(error.strerror or '').lower()})"
        raise UserError(str(folder), why, "name a folder that can be written") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            why = "another 'seesaw release' works there"
            raise UserError(str(folder), why, "wait until it has ended") from error
        yield
    finally:
        os.close(handle)
