"""Lines of access logs as checks: when each was, and its query. polars matches many at once.

Four forms: common and combined (Apache, nginx), CloudFront's tabs, JSON objects (nginx, Caddy,
CloudFront). A line is anybody's: only the request that the server saw counts, never what a header
quotes, and what is not whole is no line. Each character stands for a byte, as latin-1 has it, so
no byte is refused, and none is two.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from host_tools.fleet import objects
from host_tools.fleet.frames import polars as pl
from host_tools.fleet.objects import EPOCH_MAX, EPOCH_MIN, MARK, PATH, STAMP, STAMP_FORM
from host_tools.release.query import FORM, LENGTH_MAX

HEAD = r"^[^\[]*\["  # up to the first quote of a line in the common form
COMMON = HEAD + r".{26}\] $"
STAMPED = HEAD + STAMP + r"\] $"
ASKING = r"^GET [^?]*" + re.escape(MARK)
REQUEST = r"^GET (?:/[^ ?]*)?" + re.escape(PATH) + r"(?:\?[!-~]*)? HTTP/[0-9.]{1,3}$"
END = r'^ [1-5][0-9]{2} (?:[0-9]+|-)(?: "[^"\\]*(?:\\.[^"\\]*)*"){0,2}(?: .*)?$'
FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status"
    " cs(Referer) cs(User-Agent) cs-uri-query"
)  # of CloudFront, the first of 33
WANTED = {"day": "date", "clock": "time", "method": "cs-method", "path": "cs-uri-stem",
          "query": "cs-uri-query"}  # fmt: skip
HEADED = "#Fields:"
MOMENT = r"^[0-9]{4}(?:-[0-9]{2}){2} [0-9]{2}(?::[0-9]{2}){2} \+0000$"
MOMENT_FORM = "%Y-%m-%d %H:%M:%S %z"
ASCII = r"^[\x00-\x7f]*$"
HEADS_MAX = 64  # of one block of lines: what follows others is torn
NONE_AT, NONE = pl.lit(None, pl.Int64), pl.lit(None, pl.String)
SCHEMA = {"row": pl.UInt32, "at": pl.Int64, "query": pl.String}
SAID = f"^(?:{FORM.pattern})$"
line = pl.col("line")
head, request, end = (pl.col("parts").struct[number] for number in range(3))  # between quotes


@dataclass(frozen=True, slots=True)
class Read:
    """checks: at (seconds since 1970) and query, null of no device, in the order of the lines.
    torn: lines that speak of a check and are not whole. other: all other lines."""

    checks: pl.DataFrame
    torn: int
    other: int


class Lines:
    """Reads lines of one file: a CloudFront file says at its head which columns it has."""

    def __init__(self) -> None:
        self._head: str | None = None  # no line has said which columns there are

    def read(self, lines: pl.Series, until_s: float = EPOCH_MAX) -> Read:
        """lines: none is empty. What is later than until_s is torn."""
        marked = (
            line.str.contains(MARK, literal=True)
            | line.str.starts_with(HEADED)
            | (line.str.starts_with("{") & line.str.contains(objects.ESCAPED_MARK, literal=True))
        )
        frame = lines.alias("line").to_frame().with_row_index("row").filter(marked)
        frame = frame.with_columns(parts=line.str.splitn('"', 3)).with_columns(
            common=head.str.contains(COMMON) & end.is_not_null()
        )
        found = pl.concat(
            [_common(frame.filter("common")), *self._others(frame.filter(~pl.col("common")))]
        )
        timely = pl.col("at").is_between(EPOCH_MIN, min(until_s, EPOCH_MAX - 1))
        checks = found.sort("row").filter(timely).select("at", query=_said(pl.col("query")))
        return Read(checks, len(found) - len(checks), len(lines) - len(found))

    def _others(self, frame: pl.DataFrame) -> list[pl.DataFrame]:
        """Of lines that are not of the common form."""
        form = (
            pl.when(line.str.starts_with("{")).then(pl.lit("object"))
            .when(line.str.starts_with(HEADED) | line.str.contains("\t")).then(pl.lit("columns"))
            .otherwise(pl.lit("torn"))
        )  # fmt: skip
        kinds = frame.with_columns(form=form).partition_by("form", as_dict=True)
        found = []
        if ("torn",) in kinds:
            found.append(_torn(kinds["torn",]))
        if ("object",) in kinds:
            found.append(_of_objects(kinds["object",]))
        if ("columns",) in kinds:
            found += self._of_columns(kinds["columns",])
        return found

    def _of_columns(self, rows: pl.DataFrame) -> list[pl.DataFrame]:
        """Of CloudFront's lines, each read by the last head before it."""
        headed = line.str.starts_with(HEADED)
        rows = rows.with_columns(head=pl.when(headed).then(line).forward_fill())
        rows = rows.with_columns(pl.col("head").fill_null(pl.lit(self._head, pl.String)))
        self._head = rows["head"][-1]
        parts = rows.filter(~headed).partition_by("head", maintain_order=True)
        return [_by_head(part, part["head"][0]) for part in parts[:HEADS_MAX]] + [
            _torn(part) for part in parts[HEADS_MAX:]
        ]


def _torn(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select("row", at=NONE_AT, query=NONE)


def _common(frame: pl.DataFrame) -> pl.DataFrame:
    """at: null for what is torn. What stands in quotes behind the request is the client's, and
    never looked at."""
    asked = frame.filter(request.str.contains(ASKING))
    whole = head.str.contains(STAMPED) & request.str.contains(REQUEST) & end.str.contains(END)
    target = request.str.splitn("?", 2).struct[1].str.splitn(" ", 2).struct[0]
    return asked.select(
        "row", at=pl.when(whole).then(_epoch(head.str.slice(-28, 26), STAMP_FORM)), query=target
    )


def _by_head(rows: pl.DataFrame, head: str | None) -> pl.DataFrame:
    names = (head or FIELDS).removeprefix(HEADED).split()
    cells = line.str.split("\t")
    count = cells.list.len()  # cut in the query, the last one that is known, it would say less
    whole = (count == len(names)) if head else (count > len(names))
    values = {
        ours: cells.list.get(names.index(name), null_on_oob=True) if name in names
        else NONE for ours, name in WANTED.items()
    }  # fmt: skip
    found = rows.select("row", whole=whole, **values)
    whole = pl.col("whole") & ~pl.any_horizontal(pl.col(*WANTED).is_null())
    asked = (pl.col("method") == "GET") & pl.col("path").str.ends_with(PATH)
    found = found.filter(asked | ~whole)
    moment = pl.concat_str("day", pl.lit(" "), "clock", pl.lit(" +0000"))
    whole = whole & pl.col("query").str.contains(ASCII) & moment.str.contains(MOMENT)
    found = found.select("row", at=pl.when(whole).then(_epoch(moment, MOMENT_FORM)), query="query")
    plain = pl.Series([_plain(one) for one in found["query"]], dtype=pl.String)
    return found.with_columns(query=plain)


def _of_objects(rows: pl.DataFrame) -> pl.DataFrame:
    """By the standard library: polars reads JSON only where every line has the same keys."""
    found: list[tuple[int, int | None, str | None]] = []
    for row, text in rows.select("row", "line").iter_rows():
        try:
            check = objects.read(text.encode("latin-1"))
        except ValueError:
            found.append((row, None, None))
            continue
        if check:
            found.append((row, check[0], _plain(check[1])))
    return pl.DataFrame(found, SCHEMA, orient="row")


def _plain(query: str | None) -> str | None:
    """Without percent signs, as far as a device's query can be long."""
    return query and unquote(query[: 3 * LENGTH_MAX + 1]).removeprefix("?")


def _epoch(moment: pl.Expr, form: str) -> pl.Expr:
    return moment.str.to_datetime(form, time_unit="ms", strict=False).dt.epoch("s")


def _said(query: pl.Expr) -> pl.Expr:
    """Null where it is no device's, by the one grammar that there is."""
    return pl.when((query.str.len_bytes() <= LENGTH_MAX) & query.str.contains(SAID)).then(query)
