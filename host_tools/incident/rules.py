"""What the account of an incident must have: each rule says what is wrong, and what to type. Pure.

The rules are those by which an account keeps trust: what happened in plain words first, who is and
who is not affected, what to do, a person who answers, and a promise of the next word that is kept.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from host_tools.incident import times
from host_tools.incident.draft import SECTIONS, UPDATES, Draft
from host_tools.incident.site_facts import Site

SEVERITIES = ("notice", "disrupted", "down")  # cState's
RESOLVED = "resolved"
STATUSES = ("investigating", "identified", "monitoring", RESOLVED)  # Statuspage's
OVERDUE, LETTER = "overdue", "letter"
LATE = (OVERDUE, LETTER)  # of the calendar, not of the words: a page is better than none
BLANK = "(write here"  # how the places begin that `new` leaves open
FIRST = "### 2026-11-24T14:30:00Z investigating"
TITLE_MAX = 120  # characters
DAYS_MAX = 400
NOTHING = re.compile(r"(?!)")
STEM = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
ATOM = r"[A-Za-z0-9_+'&~!#$%-]+"
ADDRESS = re.compile(rf"{ATOM}(\.{ATOM})*@([A-Za-z0-9-]{{1,63}}\.)+[A-Za-z0-9-]{{2,63}}")
NOBODY = re.compile(r"(no|do|don't)[-_.]?(not)?[-_.]?reply", re.I)
CROWD = re.compile(
    r"\b(team|support|service|care|staff|desk|operations|management|helpdesk|department)\b", re.I
)
SORRY = r"(?:apolog\w*|sorry|regret\w*|excuse\w*|forgive\w*)"
TROUBLE = r"(?:inconvenien\w+|disruption (?:this|it) (?:may|might))"
HIDING = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"{SORRY}[^.!?]{{0,80}}\b{TROUBLE}",
        rf"{TROUBLE}[^.!?]{{0,80}}\b{SORRY}",
        r"\bany inconvenience",
        r"\b(thank\w*|appreciat\w+|grateful)[^.!?]{0,40}\b(patience|understanding)\b",
        r"\babundance of caution\b",
        r"\btakes? [^.!?]{1,60} (very |extremely )?seriously\b",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """kind: the rule's name, for programs. fix: what to type."""

    file: str
    line: int
    kind: str
    rule: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}; {self.fix}"


def check(draft: Draft, site: Site, now: datetime) -> list[Problem]:
    """Every broken rule, by line."""
    found = [*_front(draft, site), *_clock(draft, now), *_headings(draft), *_updates(draft, now)]
    found += [*_phrases(draft), *_letters(draft, now)]
    return sorted(
        (Problem(str(draft.path), line, kind, rule, fix) for line, kind, rule, fix in found),
        key=lambda one: one.line,
    )


def news(draft: Draft, now: datetime) -> list[Problem]:
    """The day's letter tells the day's update: is there one?"""
    found = [title for title, _, _ in draft.updates if _day(title) == now.date()]
    fix = f'seesaw incident update {draft.path} "..." --next +24h'
    line = draft.lines.get(UPDATES, 1)
    why = f"no update was written on {now.date()}"
    return [] if found else [Problem(str(draft.path), line, "news", why, fix)]


def _day(title: str) -> date | None:
    try:
        return times.moment(title.partition(" ")[0]).date()
    except ValueError:
        return None


Found = Iterator[tuple[int, str, str, str]]


def time_of(draft: Draft, key: str) -> datetime | None:
    try:
        return times.moment(draft.value(key))
    except ValueError:
        return None


def is_open(draft: Draft) -> bool:
    return draft.value(RESOLVED) != "true"


def days_owed(draft: Draft, now: datetime) -> list[str]:
    """The days (UTC) of an open incident for which no letter was written."""
    start = time_of(draft, "date")
    if not is_open(draft) or start is None:
        return []
    count = min((now.date() - start.date()).days + 1, DAYS_MAX)
    days = [(start.date() + timedelta(day)).isoformat() for day in range(count)]
    told = {entry[:10] for entry in draft.many("letters")}
    return [day for day in days if day not in told]


def _front(draft: Draft, site: Site) -> Found:
    def at(key: str) -> int:
        return draft.lines.get(key, 1)

    if not STEM.fullmatch(draft.path.stem):
        yield 1, "name", "the file's name becomes an address", "rename it: small letters, digits, -"
    title = draft.value("title")
    if not title or len(title) > TITLE_MAX:
        why = f"it has no title of 1 to {TITLE_MAX} characters"
        yield at("title"), "title", why, "title: Prices stand still"
    if draft.value("severity") not in SEVERITIES:
        words = " or ".join(SEVERITIES)
        yield at("severity"), "severity", f"severity is not {words}", "severity: disrupted"
    if draft.value(RESOLVED) not in ("true", "false"):
        yield at(RESOLVED), RESOLVED, "resolved is not true or false", "resolved: false"
    affected = draft.many("affected")
    if not affected:
        yield at("affected"), "affected", "no component is affected", 'affected: ["Price data"]'
    for name in affected:
        if name not in site.components:
            fix = f"one of {', '.join(site.components)}; others belong in third_parties, site.json"
            yield at("affected"), "affected", f"'{name}' is no component", fix
    person = draft.value("answers")
    if not person or CROWD.search(person.partition(",")[0]):  # after the comma comes the role
        why = f"'{person}' is not a person" if person else "nobody answers for it"
        yield at("answers"), "person", why, "answers: Your Name"
    address = draft.value("address")
    if not ADDRESS.fullmatch(address) or NOBODY.search(address):
        why = "the address of the person who answers is missing, or takes no answer"
        yield at("address"), "address", why, "address: you@..."


def _clock(draft: Draft, now: datetime) -> Found:
    start, after = time_of(draft, "date"), time_of(draft, "nextUpdate")
    line = draft.lines.get("nextUpdate", 1)
    if start is None or start > now:
        why = "date is not the moment it began: with a zone, and past"
        yield draft.lines.get("date", 1), "date", why, f"date: {times.iso(now)}"
    command = f'seesaw incident update {draft.path} "..." --next +4h'
    if not is_open(draft):
        ended = time_of(draft, "resolvedWhen")
        if ended is None or ended > now or (start and ended < start):
            place = draft.lines.get("resolvedWhen", 1)
            why = "resolvedWhen is not the moment it ended"
            yield place, "resolvedWhen", why, f"resolvedWhen: {times.iso(now)}"
    elif after is None:
        yield line, "nextUpdate", "it does not say when the next update comes", command
    elif after <= now:
        why = f"the update promised for {times.words(after)} is overdue"
        yield line, OVERDUE, why, command


def _headings(draft: Draft) -> Found:
    for title in SECTIONS:
        words = draft.sections.get(title)
        if words is None:
            yield 1, "heading", f"'{title}' is missing", f"write the heading: ## {title}"
        elif title != UPDATES and (not words.strip() or BLANK in words):
            yield draft.lines[title], "empty", f"'{title}' says nothing", "write it below"
        elif title == UPDATES and words:
            why = "text above the first update would be seen by nobody"
            yield draft.lines[title], "stray", why, f"give it a heading: {FIRST}"
    for line, what in draft.strays:
        fix = "use ## and the known headings once each; #### and less below them"
        yield line, "stray", f"{what} has no place", fix


def _updates(draft: Draft, now: datetime) -> Found:
    before = None
    if not draft.updates:
        line = draft.lines.get(UPDATES, 1)
        yield line, "update", "there is no update yet", f"write below ## {UPDATES}: {FIRST}"
    for title, words, line in draft.updates:
        try:
            moment, status = title.split()
            at = times.moment(moment)
        except ValueError:
            at, status = None, ""
        if at is None or status not in STATUSES:
            why = f"'{title}' is no moment and one of {', '.join(STATUSES)}"
            yield line, "update", why, f"write {FIRST}"
        elif at > now or (before and at < before):
            why = f"the update of {moment} is in the future, or older than the one above"
            yield line, "update", why, "put it right"
        before = at or before
        if not words or BLANK in words:
            yield line, "empty", "the update says nothing", "write it below"
    if draft.updates and not is_open(draft) and not draft.updates[-1][0].endswith(RESOLVED):
        fix = f'seesaw incident resolve {draft.path} "..."'
        yield draft.updates[-1][2], RESOLVED, "it is resolved, and no update says so", fix


def _phrases(draft: Draft) -> Found:
    """Words that hide: in the title, the offer, and all of the body."""
    pieces = [(draft.lines.get(key, 1), draft.value(key)) for key in ("title", "offer")]
    pieces += [(draft.lines[title], words) for title, words in draft.sections.items()]
    pieces += [(line, words) for _, words, line in draft.updates]
    yield from hiding(pieces)


def hiding(pieces: Iterable[tuple[int, str]]) -> Found:
    """pieces: (line, words)."""
    for line, words in pieces:
        for pattern in HIDING:
            if match := pattern.search(_bare(words)):
                fix = "say what happened to whom, and what you do about it"
                yield line, "phrase", f"it hides behind '{match[0]}'", fix
                break


def _bare(words: str) -> str:
    """As it is read: without marks of Markdown, breaks of lines, and what cannot be seen."""
    plain = unicodedata.normalize("NFKC", html.unescape(words))
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf" and c not in "*_`~\\>")
    return " ".join(plain.split())


def _letters(draft: Draft, now: datetime) -> Found:
    for day in days_owed(draft, now):
        fix = f"seesaw incident letter {draft.path} owners.csv --affected ids.txt --out letters"
        if day != now.date().isoformat():
            fix = f"it is too late: own up below letters: - {day} not written, because ..."
        yield draft.lines.get("letters", 1), LETTER, f"no letter was written on {day}", fix
