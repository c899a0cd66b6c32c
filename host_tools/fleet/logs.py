"""Access logs, plain or gzip, as checks: in memory that does not grow with them."""

import codecs
import gzip
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from host_tools.errors import UserError
from host_tools.fleet.frames import polars as pl
from host_tools.fleet.lines import Lines
from host_tools.progress import Progress

BLOCK = 2 << 20  # bytes that are read at once, unpacked
LINE_MAX = 64 << 10  # bytes: a longer line is passed over
AHEAD_S = 86_400  # that a server's clock may be ahead of this one
BOM = codecs.BOM_UTF8.decode("latin-1")  # at the start of what some editors have saved
GZIP = b"\x1f\x8b"


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


def checks(
    paths: list[Path], counts: Counts, until_s: float
) -> Generator[pl.DataFrame, None, None]:  # fmt: skip
    """Every request for the timestamp, file by file, some thousands at once, as Read.checks; what
    is later than until_s counts as torn. UserError for a file that cannot be read."""
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
) -> Iterator[pl.DataFrame]:  # fmt: skip
    reader = Lines()
    try:
        with path.open("rb") as raw:
            start = raw.read(2)
            raw.seek(0)
            stream = gzip.GzipFile(fileobj=raw) if start == GZIP else raw
            for block in _blocks(stream, counts):
                found = reader.read(_lines(block, counts), until_s)
                counts.torn += found.torn
                counts.other += found.other
                yield found.checks
                bar.at(done + raw.tell())
    except OSError as error:
        raise UserError(str(path), f"cannot be read: {error.strerror}", "name logs") from error


def _lines(block: bytes, counts: Counts) -> pl.Series:
    """Those that are neither empty nor too long."""
    lines = pl.Series([block.decode("latin-1")]).str.split("\n").explode()
    lines = lines.str.strip_suffix("\r").str.strip_prefix(BOM)
    lines = lines.filter(lines != "")
    short = lines.filter(lines.str.len_chars() <= LINE_MAX)
    counts.lines += len(lines)
    counts.torn += len(lines) - len(short)
    return short


def _blocks(stream: BufferedReader | gzip.GzipFile, counts: Counts) -> Iterator[bytes]:
    """Whole lines, many at once."""
    kept, skipping = b"", False
    for piece in _pieces(stream, counts):
        lines, end, rest = piece.rpartition(b"\n")
        if end:
            lines = kept + lines
            yield lines.partition(b"\n")[2] if skipping else lines
            kept, skipping = b"", False
        kept += rest
        if len(kept) > LINE_MAX:
            counts.lines, counts.torn = counts.lines + (not skipping), counts.torn + (not skipping)
            kept, skipping = b"", True
    if kept and not skipping:
        yield kept


def _pieces(stream: BufferedReader | gzip.GzipFile, counts: Counts) -> Iterator[bytes]:
    """Some BLOCK of bytes. What comes before a torn end of gzip counts."""
    held = bytearray()
    try:
        while piece := stream.read1(BLOCK):
            held += piece
            if len(held) >= BLOCK:
                yield bytes(held)
                held.clear()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        counts.cut += 1
    if held:
        yield bytes(held)
