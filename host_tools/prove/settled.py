"""States whose end is known, found again by what their run depended on.

A run from a crash state is deterministic. It depends on the pages of flash that it (and the runs
from every cut of it) read before it erased them, or on what their reader makes of them, and on what
outlived the reset (cuts.py: mostly nothing), and on nothing else, as all else is the same for every
state here: clock, random numbers, world and settings are those of the recovery. So a state that
agrees with a known one on those pages ends the same way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from host_tools.emulator.flash import Flash
from host_tools.emulator.reads import Alike
from host_tools.prove.cuts import Kept
from host_tools.prove.subject import Verdict


@dataclass(frozen=True, slots=True)
class Below:
    """A bad end of further cuts. steps: 'phase:number,tear;...' from the state on. caller:
    'file:line' of the operation that was cut last."""

    steps: str
    verdict: Verdict
    caller: str


@dataclass(frozen=True, slots=True)
class Record:
    """How a state ends. pages: what it depends on; alike: those of which it depends on a function
    (reads.Reads). failures: cuts of its recovery that go wrong. sampled: only some operations of
    the recovery were cut."""

    verdict: Verdict
    depth: int
    pages: frozenset[int]
    alike: frozenset[tuple[int, Alike]] = frozenset()
    failures: tuple["Below", ...] = ()
    sampled: bool = False

    def settles(self, depth: int, sampled: bool) -> bool:
        """Was as much tried as is wanted?"""
        return self.depth >= depth and (sampled or not self.sampled or not depth)


class Group:
    """Records that depend on the same pages, and in the same way."""

    def __init__(self, record: Record) -> None:
        indices = sorted(record.pages)
        self.of = record.pages, record.alike
        self.alike = sorted(record.alike, key=itemgetter(0))
        self.all = record.pages.union(page for page, _ in record.alike)
        self.get: Callable[[list[bytes]], Any] = lambda found: None
        if indices:
            self.get = itemgetter(*indices)
        self.records: dict[Any, Record] = {}

    def key(self, flash: Flash, kept: Kept | None = None) -> Any:
        pages = flash.pages
        found = self.get(pages), tuple([alike(pages[page]) for page, alike in self.alike])
        if flash.weak:  # looks the same, but is not
            weak = {page: left for page, left in flash.weak.items() if page in self.all}
            return found, kept, frozenset(weak.items())
        return found, kept, NO_WEAK


NO_WEAK: frozenset[Any] = frozenset()


class Settled:
    """All that is known."""

    def __init__(self) -> None:
        self._groups: list[Group] = []

    def find(
        self, flash: Flash, depth: int, kept: Kept | None = None, sampled: bool = False
    ) -> Record | None:
        for number, group in enumerate(self._groups):
            record = group.records.get(group.key(flash, kept))
            if record is not None and record.settles(depth, sampled):
                if number:  # what matched last will match next
                    self._groups.insert(0, self._groups.pop(number))
                return record
        return None

    def add(self, flash: Flash, record: Record, kept: Kept | None = None) -> None:
        """flash: the state that the run started from, as it was then."""
        for group in self._groups:
            if group.of == (record.pages, record.alike):
                break
        else:
            group = Group(record)
            self._groups.insert(0, group)
        group.records[group.key(flash, kept)] = record
