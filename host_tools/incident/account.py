"""A post-mortem's file, `incidents/postmortems/NAME.md`: parts that a person writes, and parts that
`seesaw incident postmortem` fills and fills anew. Pure.

Of each part that is filled the front matter keeps a digest, so that words which a person has put
there are known from the tool's own and never written over unasked.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from host_tools.errors import UserError
from host_tools.incident import draft, times
from host_tools.incident.draft import PLAIN, Draft, Front
from host_tools.incident.rules import BLANK

FOLDER = "postmortems"  # below that of the incidents
TIMELINE, AFFECTED, EVIDENCE = MADE = ("Timeline", "Who was affected", "Release evidence")
CAUSE, UNSEEN = "What caused it", "Why nothing caught it before"
DONE = "So that it cannot happen again"
HUMAN = (PLAIN, CAUSE, UNSEEN, DONE)
ORDER = (PLAIN, TIMELINE, AFFECTED, CAUSE, UNSEEN, EVIDENCE, DONE)
HINTS = {
    PLAIN: "what owners saw, for how long, and what was done about it: no technical word)",
    CAUSE: "the chain from the first cause to what owners saw; things, not people)",
    UNSEEN: "which test, proof or look should have, and why it did not)",
    DONE: "what was changed, and where: the test, the rule, the release; who does what is left, by"
    " when)",
}
DIGEST = 16  # hex digits


@dataclass(frozen=True, slots=True)
class Account:
    """sections: Markdown by heading, in the file's order; those that are not of ORDER are a
    person's too. lines: of keys and headings. above: text before the first heading. twice: headings
    that are there more than once, by line."""

    path: Path
    front: Front
    sections: dict[str, str]
    lines: dict[str, int]
    above: str
    twice: list[tuple[int, str]]

    def value(self, key: str) -> str:
        found = self.front.get(key, "")
        return found if isinstance(found, str) else ""

    @property
    def written(self) -> datetime:
        """When it was begun. ValueError where the file does not say it."""
        return times.moment(self.value("written"))

    @property
    def made(self) -> dict[str, str]:
        """The digests of what was filled, by heading."""
        found = self.front.get("made", [])
        rows = found if isinstance(found, list) else [found]
        return {row[: -DIGEST - 1]: row[-DIGEST:] for row in rows}

    @property
    def by_hand(self) -> list[str]:
        """The parts to be filled that a person has changed since."""
        there = [name for name in MADE if name in self.sections]
        return [name for name in there if digest(self.sections[name]) != self.made.get(name)]

    @property
    def left(self) -> list[str]:
        """The parts that a person still has to write."""
        return [name for name in HUMAN
                if not self.sections.get(name) or BLANK in self.sections[name]]  # fmt: skip


def read(path: Path) -> Account:
    """UserError for what is no such file at all."""
    return parse(path, draft.text_of(path, draft.FILE_MAX))


def parse(path: Path, text: str) -> Account:
    front, lines, body, first = draft.parts(path, text)
    above, found = draft.headings(body, ("h1", "h2"))
    sections: dict[str, str] = {}
    twice = []
    for head in found:
        if head.tag == "h1" or head.title in sections:
            twice.append((first + head.line, head.title))
        else:
            sections[head.title], lines[head.title] = head.words, first + head.line
    return Account(path, front, sections, lines, above, twice)


def of_folder(folder: Path) -> list[Account]:
    """All below the incidents' folder, by name."""
    return [read(path) for path in sorted((folder / FOLDER).glob("*.md"))]


def shown(one: Account) -> list[tuple[str, str]]:
    """(heading, Markdown) as it is read: known headings in their order, a person's own after."""
    names = [*ORDER, *(name for name in one.sections if name not in ORDER)]
    return [(name, one.sections[name]) for name in names]


def digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:DIGEST]


def filled(
    incident: Draft, before: Account | None, made: dict[str, str], now: datetime, *, force: bool
) -> tuple[Front, str]:
    """(front matter, body) with these parts filled; all of a person's words stay. UserError where
    that cannot be, or one of these parts has a person's words: force writes over them."""
    old = before.sections if before else {}
    if before:
        _minds(before, force)
    written = before.value("written") if before else ""
    front: Front = {
        "incident": incident.path.stem, "title": incident.value("title"),
        "written": written or times.iso(now),
        "made": [f"{name} {digest(words)}" for name, words in made.items()],
    }  # fmt: skip
    sections = {name: made.get(name) or old.get(name) or open_place(name) for name in ORDER}
    sections |= {name: words for name, words in old.items() if name not in ORDER}
    body = "".join(f"\n## {name}\n\n{words}\n" for name, words in sections.items())
    return (before.front if before else {}) | front, body.rstrip() + "\n"


def open_place(name: str) -> str:
    return f"{BLANK}: {HINTS[name]}"


def _minds(before: Account, force: bool) -> None:
    where = str(before.path)
    if before.above:
        fix = f"move it below a heading, such as ## {DONE}"
        raise UserError(where, "text above the first heading would be lost", fix)
    if before.twice:
        line, title = before.twice[0]
        raise UserError(f"{where}:{line}", f"'{title}' is there twice, or a title", "use ## once")
    changed = ", ".join(before.by_hand)
    if changed and not force:
        fix = "move those words below another heading, or --force to write over them"
        raise UserError(where, f"a person has changed what is filled in: {changed}", fix)
