"""What `alerts.json` must be: each rule says what is wrong, in which line, and what to write. Pure.

The device's own rules (firmware/SPEC.md, "Notices"; they are its own code), and more: what a device
would take and nobody can have meant.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from seesaw.core.quote import BadAnswer, iso_time_s
from seesaw.core.version import key
from seesaw.data import notices

from host_tools.market import json_lines
from host_tools.market.instruments import INSTRUMENTS

OVER = "over"  # of the calendar, not of the words: devices do not show it any more
HOLDS_MAX = timedelta(days=92)  # a notice that nobody ends by then was forgotten
ID = re.compile(r"[a-z0-9][a-z0-9-]*")
FROM, UNTIL = "affected_from_version", "resolved_in_version"
KEYS = ("id", "title", "severity", "created", "updated", "start", "end", "instruments", "firmware",
        "alert_url")  # fmt: skip
FIXES = {
    "id": f"small letters, digits and -, {notices.ID_MAX} characters at most",
    "title": f"printable ASCII, {notices.TITLE_MAX} characters at most",
    "severity": f"one of {', '.join(notices.SEVERITIES)}",
    "alert_url": f"https://..., {notices.URL_MAX} characters at most, or leave it out",
    "instruments": f"a list of {', '.join(INSTRUMENTS)}, or leave it out: all",
    "firmware": f'such as [{{"{FROM}": "1.0.0", "{UNTIL}": "1.2.0"}}], or leave it out: all',
    "firmware, start or end": "versions such as 1.2.0, moments such as 2026-12-01T14:40:00Z",
    "no object": "each notice stands in { }",
}
Notices = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Problem:
    """line: from 1. kind: the rule's name, for programs. fix: what to write."""

    line: int
    kind: str
    rule: str
    fix: str


Found = Iterator[tuple[tuple[str | int, ...], str, str, str]]  # (path in the JSON, and the rest)


def check(raw: bytes, now: datetime) -> list[Problem]:
    """Every broken rule, by line."""
    try:
        value = json_lines.strict(raw)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        return [Problem(line, "json", f"it is no JSON ({error})", "mend it, or begin with []")]
    lines = json_lines.lines(raw.decode())
    found = _all(value, now)
    return sorted(
        (Problem(json_lines.nearest(lines, path), kind, rule, fix)
         for path, kind, rule, fix in found),
        key=lambda one: one.line,
    )  # fmt: skip


def compact(found: object) -> bytes:
    """As it is signed: no byte for a blank."""
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode()


def moment(text: str) -> datetime:
    """As a device reads it. seesaw.core.quote.BadAnswer for what is none."""
    return datetime.fromtimestamp(iso_time_s(text), UTC)


def is_over(one: dict[str, Any], now: datetime) -> bool:
    return moment(one["end"]) <= now


def shown(found: Notices, version: str, instrument: str, now: datetime) -> str:
    """The id of what a device of this version and instrument shows, "" for nothing."""
    one = notices.pick(found, version, instrument, int(now.timestamp()))
    return one["id"] if one else ""


def meant(one: dict[str, Any]) -> str:
    """Who it is for, in words."""
    names = ", ".join(one.get("instruments", ())) or "all instruments"
    ranges = []
    for part in one.get("firmware", ()):
        since, until = part.get(FROM), part.get(UNTIL)
        words = [f"from {since}"] * bool(since) + [f"before {until}"] * bool(until)
        ranges.append(" ".join(words) or "all")
    versions = f"firmware {' or '.join(ranges)}" if ranges else "all firmware"
    start = f"from {one['start']} " if "start" in one else ""
    return f"{names}; {versions}; {start}until {one['end']}"


def _all(value: object, now: datetime) -> Found:
    if type(value) is not list:
        yield (), "list", "it is no list", "write the notices between [ and ]"
        return
    size = len(compact(value))
    if size > notices.SIZE_MAX:
        why = f"it has {size} bytes, a device takes {notices.SIZE_MAX}"
        yield (), "size", why, "say less, or take what is over out: seesaw notice end ID"
    if len(value) > notices.MOST:
        why = f"it has {len(value)} notices, a device takes {notices.MOST}"
        yield (notices.MOST,), "count", why, "seesaw notice end ID"
    ids: list[object] = []
    for number, one in enumerate(value):
        wrong = notices.trouble(one)
        if wrong:
            path, kind = _place(number, wrong, one), wrong.split(",")[0]
            yield path, kind, _refused(wrong, one), FIXES[wrong]
            continue
        yield from _one(number, one, now)
        if one["id"] in ids:
            fix = "another id: of equal ones the beam nods for the first alone"
            yield (number, "id"), "id", f"the id '{one['id']}' is there twice", fix
        ids.append(one["id"])


def _place(number: int, wrong: str, one: object) -> tuple[str | int, ...]:
    if wrong == "no object":
        return (number,)
    if wrong in KEYS:
        return number, wrong
    assert isinstance(one, dict)
    for name in ("start", "end"):
        try:
            iso_time_s(one.get(name, "" if name == "end" else "2026-01-01"))
        except BadAnswer:
            return number, name
    return number, "firmware"


def _refused(wrong: str, one: object) -> str:
    missing = isinstance(one, dict) and wrong in ("id", "title", "severity") and wrong not in one
    return f"{wrong}: {'it is missing' if missing else 'a device would refuse this'}"


def _one(number: int, one: dict[str, Any], now: datetime) -> Found:
    """What a device takes."""
    for name in one:
        if name not in KEYS:
            fix = f"one of {', '.join(KEYS)}"
            yield (number, name), "key", f"'{name}' is no key of a notice", fix
    if not ID.fullmatch(one["id"]):
        yield (number, "id"), "id", "the id is no name", FIXES["id"]
    if "http" in one["title"]:
        fix = "put the address into alert_url: the page makes a link of it"
        yield (number, "title"), "title", "the title has an address in it", fix
    for place, name in enumerate(one.get("instruments", ())):
        if name not in INSTRUMENTS:
            fix = f"one of {', '.join(INSTRUMENTS)}"
            yield (number, "instruments", place), "instruments", f"there is no '{name}'", fix
    for place, part in enumerate(one.get("firmware", ())):
        yield from _range(number, place, part)
    yield from _times(number, one, now)


def _range(number: int, place: int, part: dict[str, Any]) -> Found:
    path = (number, "firmware", place)
    for name in part:
        if name not in (FROM, UNTIL):
            yield (*path, name), "firmware", f"'{name}' is no end of a range", f"{FROM} or {UNTIL}"
    since, until = part.get(FROM), part.get(UNTIL)
    if since and until and key(since) >= key(until):
        why = f"from {since} on and before {until} there is no version"
        yield path, "firmware", why, f"{UNTIL} is the first version that is well again"


def _times(number: int, one: dict[str, Any], now: datetime) -> Found:
    end = moment(one["end"])
    begin = moment(one["start"]) if "start" in one else None
    if begin and begin >= end:
        yield (number, "end"), "end", "it ends before it begins", "a later end"
    if end <= now:
        fix = f"take it out: seesaw notice end {one['id']}"
        yield (number, "end"), OVER, "it is over, and only takes room", fix
    elif end - max(begin or now, now) > HOLDS_MAX:
        why = f"it holds for more than {HOLDS_MAX.days} days"
        yield (number, "end"), "end", why, "an earlier end; it can be signed again"
