"""An incident whose file keeps the rules, and the folder that holds all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from host_tools.errors import UserError
from host_tools.incident import draft, rules, times
from host_tools.incident.draft import Draft

FILES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Update:
    at: datetime
    status: str
    words: str  # Markdown


@dataclass(frozen=True, slots=True)
class Incident:
    """name: of its file and its page. sections: Markdown by heading. after: of the next update."""

    name: str
    title: str
    severity: str
    affected: tuple[str, ...]
    person: str
    address: str
    offer: str
    began: datetime
    ended: datetime | None
    after: datetime | None
    sections: dict[str, str]
    updates: tuple[Update, ...]

    @property
    def open(self) -> bool:
        return self.ended is None

    @property
    def changed(self) -> datetime:
        return max(self.began, self.updates[-1].at, self.ended or self.began)


def of(found: Draft) -> Incident:
    """found keeps all rules but those of rules.LATE."""
    value = found.value
    is_open = rules.is_open(found)
    updates = []
    for title, words, _ in found.updates:
        moment, status = title.split()
        updates.append(Update(times.moment(moment), status, words))
    return Incident(
        found.path.stem, value("title"), value("severity"), tuple(found.many("affected")),
        value("answers"), value("address"), value("offer"), times.moment(value("date")),
        None if is_open else times.moment(value("resolvedWhen")),
        times.moment(value("nextUpdate")) if is_open else None, found.sections, tuple(updates),
    )  # fmt: skip


def drafts(folder: Path) -> list[Draft]:
    """All of a folder, by name. UserError for what is none."""
    if not folder.is_dir():
        raise UserError(str(folder), "it is no folder", "name that of the incidents with --in")
    paths = sorted(folder.glob("*.md"))
    if len(paths) > FILES_MAX:
        raise UserError(str(folder), f"it has more than {FILES_MAX} files", "take old ones away")
    return [draft.read(path) for path in paths]


def newest_first(found: Iterable[Draft]) -> list[Incident]:
    return sorted(map(of, found), key=lambda one: (one.began, one.name), reverse=True)
