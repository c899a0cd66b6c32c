"""Putting made files into a folder that others read: each is new or old, and never half.

What other files point to comes first in the list, and so is in place before they are.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from host_tools.errors import UserError
from host_tools.release import place
from host_tools.release.place import Item


def changes(out: Path, made: Sequence[Item], ours: re.Pattern[str]) -> tuple[list[str], list[str]]:
    """(files to write, files to remove) to make `out` what was made. UserError for no folder.

    ours: the paths of files that go when they are not made any more; others stay.
    """
    if out.exists() and not out.is_dir():
        raise UserError(str(out), "it is no folder", "name one")
    write = [name for name, data in made if _bytes(out / name) != data]
    names = {name for name, _ in made}
    there = [path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()]
    return write, sorted(one for one in there if one not in names and ours.fullmatch(one))


def publish(out: Path, made: Sequence[Item], ours: re.Pattern[str]) -> tuple[list[str], list[str]]:
    """Bring `out` up to date; as changes()."""
    write, remove = changes(out, made, ours)
    if write:
        wanted = set(write)
        place.put(out, [item for item in made if item[0] in wanted])
    for name in remove:
        (out / name).unlink(missing_ok=True)
    return write, remove


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UserError(str(path), error.strerror or str(error), "name another folder") from error
