"""What devices say, each different saying once: a number for it, and its parts by number."""

from dataclasses import dataclass, field, replace
from typing import TypeVar

from host_tools.fleet.frames import polars as pl
from host_tools.release.query import Failure, Said, parse

SAYINGS_MAX = 100_000  # some 500 bytes each
VERSIONS_MAX = 500
KINDS_MAX = 2_000  # releases and reasons
DARK = ("STALE", "NO_DATA")  # the market is not shown, and that is the feeds' trouble
PARTS = {"version": pl.UInt16, "kind": pl.UInt16, "instrument": pl.UInt32}
Key = TypeVar("Key")


@dataclass
class Sayings:
    """said: without the pseudonym and how often it failed. parts: for each, the places of its
    version, of its failure (None: no other than those before, or above a limit), and of the
    instrument that it could not show, in versions, kinds and instruments."""

    said: list[Said] = field(default_factory=list)
    numbers: dict[Said, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    kinds: dict[Failure, int] = field(default_factory=dict)
    instruments: dict[str, int] = field(default_factory=dict)
    parts: list[tuple[int, int | None, int | None]] = field(default_factory=list)

    def numbered(self, checks: pl.DataFrame) -> pl.DataFrame:
        """at, name (the pseudonym as a number) and said (null: above a limit). checks: at and
        query, of devices alone."""
        cut = pl.col("query").str.splitn("&p=", 2)
        rows = checks.with_columns(before=cut.struct[0], after=cut.struct[1])
        rows = rows.with_columns(
            name=pl.col("after").str.head(12).str.to_integer(base=16),
            words=pl.col("before") + pl.col("after").str.slice(12),
        )
        kinds = rows.unique("words", maintain_order=True)
        numbers = pl.Series([self._number(query) for query in kinds["query"]], dtype=pl.UInt32)
        kinds = kinds.select("words", said=numbers)
        rows = rows.join(kinds, "words", "left", maintain_order="left")
        return rows.select("at", "name", "said")

    def _number(self, query: str) -> int | None:
        found = parse(query)
        assert found is not None
        failure = found.failure and replace(found.failure, count=0)
        found = replace(found, pseudonym="", failure=failure)
        number = self.numbers.get(found)
        if number is None and len(self.said) < SAYINGS_MAX:
            version = _place(self.versions, found.version, VERSIONS_MAX)
            if version is not None:
                number = self.numbers[found] = len(self.said)
                self.said.append(found)
                self.parts.append((version, self._kind(failure), self._dark(found)))
        return number

    def _kind(self, failure: Failure | None) -> int | None:
        return None if failure is None else _place(self.kinds, failure, KINDS_MAX)

    def _dark(self, found: Said) -> int | None:
        if found.market is None or found.market.state not in DARK:
            return None
        return _place(self.instruments, found.market.instrument, SAYINGS_MAX)

    def with_parts(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The same rows, and what each says."""
        table = pl.DataFrame(self.parts, PARTS, orient="row")
        return rows.with_columns(column.gather(rows["said"]) for column in table)


def _place(places: dict[Key, int], key: Key, most: int) -> int | None:
    """None when there is no room for another."""
    if key not in places and len(places) < most:
        places[key] = len(places)
    return places.get(key)
