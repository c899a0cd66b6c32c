"""Access logs, plain or gzip, as checks: in memory that does not grow with them."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from host_tools.errors import UserError
from host_tools.fleet.lines import Check, Lines
from host_tools.progress import Progress

BLOCK = 1 << 20  # bytes
LINE_MAX = 64 << 10  # bytes: a longer line is passed over
GZIP, CR = b"\x1f\x8b", 13
TORN: Check = (1 << 62, None)  # later than any


@dataclass
class Counts:
    """Of what was read. lines: all that are not empty. other: requests that are no check.
    unsaid: checks of no device (a browser's, say). torn: not whole, or too long. cut: files that
    end in the middle."""

    lines: int = 0
    checks: int = 0
    other: int = 0
    unsaid: int = 0
    torn: int = 0
    files: int = 0
    cut: int = 0


def checks(paths: list[Path], counts: Counts, until_s: float) -> Iterator[Check]:
    """Every request for the timestamp, file by file; what is later than until_s counts as torn.
    UserError for a file that cannot be read."""
    progress = Progress("read", max(1, sum(_size(path) for path in paths)))
    done = 0
    try:
        for path in paths:
            counts.files += 1
            yield from _file(path, counts, until_s, progress, done)
            done += _size(path)
            progress.at(done)
    finally:
        progress.end()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}", "name logs") from error


def _file(
    path: Path, counts: Counts, until_s: float, bar: Progress, done: int
) -> Iterator[Check]:  # fmt: skip
    reader = Lines()
    try:
        with path.open("rb") as raw:
            start = raw.read(2)
            raw.seek(0)
            stream = gzip.GzipFile(fileobj=raw) if start == GZIP else raw
            for lines in _blocks(stream, counts):
                yield from _checks(lines, reader.read, counts, until_s)
                bar.at(done + raw.tell())
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}", "name logs") from error


def _checks(
    lines: list[bytes], read: Callable[[bytes], Check | None], counts: Counts, until_s: float
) -> Iterator[Check]:  # fmt: skip
    for line in lines:
        if not line or line == b"\r":
            counts.lines -= 1
            continue
        try:
            found = read(line[:-1] if line[-1] == CR else line) if len(line) <= LINE_MAX else TORN
        except ValueError:
            found = TORN
        if found is None:
            counts.other += 1
        elif found[0] > until_s:
            counts.torn += 1
        else:
            yield found


def _blocks(stream: BufferedReader | gzip.GzipFile, counts: Counts) -> Iterator[list[bytes]]:
    """Lines without their ends, some at once. What comes before a torn end of gzip counts."""
    kept, skipping = b"", False
    while block := _block(stream, counts):
        lines = (kept + block).split(b"\n")
        kept = lines.pop()
        if skipping and lines:  # the end of the long one
            lines, skipping = lines[1:], False
        counts.lines += len(lines)
        yield lines
        if len(kept) > LINE_MAX:
            counts.lines, counts.torn = counts.lines + (not skipping), counts.torn + (not skipping)
            kept, skipping = b"", True
    if kept and not skipping:
        counts.lines += 1
        yield [kept]


def _block(stream: BufferedReader | gzip.GzipFile, counts: Counts) -> bytes:
    try:
        return stream.read1(BLOCK)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        counts.cut += 1
        return b""
