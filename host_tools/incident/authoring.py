"""Writing an incident's file: a new one with open places, one more update, the last one. Pure."""

import re
import unicodedata
from datetime import datetime

from host_tools.errors import UserError
from host_tools.incident import times
from host_tools.incident.draft import (
    DETAIL,
    DO,
    PLAIN,
    SECTIONS,
    UPDATES,
    WHO,
    WHO_NOT,
    Draft,
    Front,
    write,
)
from host_tools.incident.rules import BLANK, RESOLVED, SEVERITIES

SLUG_MAX = 60  # characters
HINTS = {
    PLAIN: "what an owner sees, since when, and what you do about it: no technical word)",
    WHO: "whose sculpture, by instrument, version or day of purchase)",
    WHO_NOT: "who can stop reading here)",
    DO: 'usually "Nothing." If something, step by step)',
    DETAIL: "cause, evidence, versions, what is being changed)",
}


def name_of(title: str, began: datetime) -> str:
    """The file's name without .md: '2026-11-24-prices-stand-still'."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:SLUG_MAX].strip("-")
    return f"{began:%Y-%m-%d}-{slug or 'incident'}"


def new(
    title: str, severity: str, affected: list[str], person: str, address: str,
    began: datetime, after: datetime, now: datetime,
) -> str:  # fmt: skip
    """The file of an incident, with a place to write at under each heading."""
    assert severity in SEVERITIES
    front: Front = {
        "title": title, "date": times.iso(began), "severity": severity, "affected": affected,
        "resolved": "false", "resolvedWhen": "", "section": "issue", "answers": person,
        "address": address, "nextUpdate": times.iso(after), "offer": "", "letters": [],
    }  # fmt: skip
    body = "".join(f"\n## {head}\n\n{BLANK}: {HINTS[head]}\n" for head in SECTIONS[:-1])
    first = f"### {times.iso(now)} investigating\n\n{BLANK}: what you know, what you do now)\n"
    return write(front, f"{body}\n## {UPDATES}\n\n{first}")


def updated(found: Draft, words: str, status: str, now: datetime, after: datetime) -> str:
    """One more update, and the promise of the next."""
    _minds(found, words)
    front = {**found.front, "nextUpdate": times.iso(after)}
    return write(front, _appended(found, words, status, now))


def resolved(found: Draft, words: str, now: datetime) -> str:
    """The last update; the incident is over."""
    _minds(found, words)
    front = {**found.front, RESOLVED: "true", "resolvedWhen": times.iso(now), "nextUpdate": ""}
    return write(front, _appended(found, words, RESOLVED, now))


def with_letter(found: Draft, day: str) -> str:
    """The file, saying that the letter of that day is written."""
    front = {**found.front, "letters": [*found.many("letters"), day]}
    return write(front, found.body)


def _minds(found: Draft, words: str) -> None:
    where = str(found.path)
    if found.value(RESOLVED) == "true":
        raise UserError(where, "it is resolved", "begin another: seesaw incident new")
    if list(found.sections)[-1:] != [UPDATES]:
        raise UserError(where, f"its last heading is not ## {UPDATES}", "move that to its end")
    if not words.strip():
        raise UserError(where, "the update says nothing", "put its words in quotes")
    if re.search(r"^ {0,3}(#{1,3}(\s|$)|=+\s*$|-+\s*$|```|~~~)", words, re.M):
        why = "the update has a heading, a rule or a fence, which would change the file's parts"
        raise UserError(where, why, "write paragraphs and lists")


def _appended(found: Draft, words: str, status: str, now: datetime) -> str:
    return f"{found.body.rstrip()}\n\n### {times.iso(now)} {status}\n\n{words.strip()}\n"
