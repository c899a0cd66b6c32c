"""A device's check as each form of access log has it; a command line without what reads them."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from host_tools.fleet.lines import PATH, Lines
from host_tools.release.query import Said, parse

ALONE = """
import sys
sys.modules["polars"] = None
from host_tools import cli
sys.exit(cli.main(sys.argv[1:]))
"""


def alone(*words: object) -> subprocess.CompletedProcess[str]:
    """`seesaw` with these words, where polars is not installed."""
    command = [sys.executable, "-c", ALONE, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def stamp(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")


def common(epoch_s: int, said: str, tail: str = "") -> str:
    return f'10.1.2.3 - - [{stamp(epoch_s)}] "GET {PATH}?{said} HTTP/1.1" 200 812{tail}'


def cloudfront(epoch_s: int, said: str) -> str:
    day, clock = datetime.fromtimestamp(epoch_s, UTC).isoformat()[:19].split("T")
    cells = (day, clock, "FRA2-C1", "812", "10.1.2.3", "GET", "d1.cloudfront.net", PATH, "200", "-",
             "-", said, "-")  # fmt: skip
    return "\t".join(cells)


def objects(epoch_s: int, said: str) -> list[str]:
    iso = datetime.fromtimestamp(epoch_s, UTC).isoformat()
    uri = f"{PATH}?{said}"
    day, clock = iso[:19].split("T")
    rows = [
        {"time": iso, "request_method": "GET", "request_uri": uri, "status": 200},
        {"time_local": stamp(epoch_s), "request": f"GET {uri} HTTP/1.1", "status": 200},
        {"ts": epoch_s + 0.25, "request": {"method": "GET", "uri": uri}, "status": 200},
        {"msec": f"{epoch_s}.500", "method": "GET", "path": PATH, "args": said},
        {"timestamp": epoch_s * 1000, "url": uri},
        {"date": day, "time": clock, "cs-method": "GET", "cs-uri-stem": PATH, "cs-uri-query": said},
    ]
    return [json.dumps(row) for row in rows]


def read(
    lines: Sequence[str | bytes], reader: Lines | None = None
) -> tuple[list[tuple[int, Said | None]], int, int]:  # fmt: skip
    """What Lines reads in these: (checks, how many are torn, how many other)."""
    texts = [one.encode() if isinstance(one, str) else one for one in lines]
    found = (reader or Lines()).read(pl.Series([one.decode("latin-1") for one in texts]))
    assert len(found.checks) + found.torn + found.other == len(lines)
    checks = [(at_s, query and parse(query)) for at_s, query in found.checks.iter_rows()]
    return checks, found.torn, found.other
