"""Recipes at the desk: what is wrong with a set and where, and what a recipe makes of an answer.

The firmware's own modules read and judge; the JSON Schema adds every fault at once, with its line.
"""

import asyncio
import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jsonschema import Draft202012Validator
from seesaw.core import httpdate, recipe_rules
from seesaw.core.quote import BadAnswer, iso_time_s
from seesaw.core.recipe import BODY_MAX, Extraction, Recipe
from seesaw.core.sessions import Zone
from seesaw.data import feeds
from seesaw.net import http

from host_tools.errors import UserError
from host_tools.market import json_lines
from host_tools.market.instruments import INSTRUMENTS

SHIPPED = Path(feeds.__file__).with_name("feeds.json")
SCHEMA = Path(__file__).with_name("feeds.schema.json")
DEADLINE_S = 15
PIECE = 4096  # bytes, as a device reads
PROBLEMS_MAX = 50
NEVER = 'without a base or key of the owner\'s every recipe needs "stored": none is ever the first'


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule of a set. line: from 1. where: 'providers/cnbc/url', "" for the whole."""

    line: int
    where: str
    rule: str


@dataclass(slots=True)
class Outcome:
    """What one recipe makes of one answer. values: path -> what stands there. refused: the rule
    that turned it away, "" with a quote. status: of the HTTP answer, 0 without one."""

    instrument: str
    provider: str
    url: str
    values: dict[str, str | None]
    quote: dict[str, Any] | None = None
    refused: str = ""
    status: int = 0
    read: int = 0  # bytes of the body, until it had seen enough


def read(path: Path) -> bytes:
    """The bytes of a file. UserError when it cannot be read, or is longer than a device takes."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(str(path), error.strerror or str(error), "name a file") from error
    if len(raw) > BODY_MAX:
        raise UserError(str(path), f"{len(raw)} bytes", f"a device reads {BODY_MAX} at most")
    return raw


def problems(raw: bytes) -> list[Problem]:
    """Every rule that a set breaks, by line; empty for one that devices take."""
    text = raw.decode("utf-8", "replace")
    places = json_lines.lines(text)
    try:
        found = json_lines.strict(raw)
    except json.JSONDecodeError as error:
        return [Problem(error.lineno, "", f"not JSON: {error.msg}")]
    except (ValueError, RecursionError) as error:
        return [Problem(1, "", f"not JSON: {error}")]
    listed = [
        Problem(json_lines.nearest(places, where), "/".join(where), rule)
        for where, rule in _rules_broken(raw, found, places)
    ]
    reported = {one.line for one in listed}
    for broken in Draft202012Validator(json.loads(SCHEMA.read_text())).iter_errors(found):
        line = json_lines.nearest(places, tuple(broken.absolute_path))
        if line not in reported:
            listed.append(Problem(line, "/".join(map(str, broken.absolute_path)), broken.message))
    if not listed:
        for name in never_begins(found):
            where = ("instruments", name, "feeds")
            listed.append(Problem(json_lines.nearest(places, where), "/".join(where), NEVER))
    return sorted(listed, key=lambda one: one.line)[:PROBLEMS_MAX]


def never_begins(found: dict[str, Any]) -> list[str]:
    """Instruments of a set for which a device without any of its own can never show a price: each
    recipe takes the close that the device kept (SPEC, "Recipes": `stored`), and it keeps one of
    accepted prices alone, of no proxy."""
    made = []
    for name, entry in found["instruments"].items():
        recipes = [found["providers"][feed[0]] for feed in entry["feeds"]]
        # Those that wait for the owner's base or key are no help to all others.
        free = [one for one in recipes if "key" not in one and not one["url"].startswith("{base}")]
        own = [one for one in free or recipes if not one.get("proxy")]
        if own and all(one["base"] == [["stored"]] for one in own):
            made.append(name)
    return made


def _rules_broken(
    raw: bytes, found: Any, places: dict[json_lines.Path, int]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """(where, the firmware's own words): of every provider, else of the set."""
    sound = True
    providers = found.get("providers") if isinstance(found, dict) else None
    hosts = found.get("hosts") if isinstance(found, dict) else None
    if isinstance(providers, dict) and isinstance(hosts, list):
        for name, recipe in providers.items():
            try:
                recipe_rules.check(recipe, hosts)
            except ValueError as error:
                sound = False
                field, _, rule = str(error).partition(": ")
                yield ("providers", name, field), rule
    try:
        feeds.check(raw)
    except ValueError as error:
        words = str(error).split(": ")
        where = ("instruments", *words[:2])
        if sound:
            yield (where if where[:2] in places else tuple(words[:-1])), words[-1]


def load(path: Path) -> dict[str, Any]:
    """A set that devices take. UserError with the first rule that it breaks, and its line."""
    raw = read(path)
    broken = problems(raw)
    if broken:
        first = broken[0]
        why = f"line {first.line}: {first.where and first.where + ': '}{first.rule}"
        raise UserError(str(path), why, "'seesaw recipe lint' lists all of it")
    return json.loads(raw)


def bound(
    found: dict[str, Any], instrument: str | None, provider: str | None,
    bases: dict[str, str], keys: dict[str, str],
) -> Iterator[tuple[str, Recipe]]:  # fmt: skip
    """(instrument, recipe) for every feed asked for, but those that lack their base or key.

    UserError for names that the set does not have.
    """
    for name, known in ((instrument, found["instruments"]), (provider, found["providers"])):
        if name is not None and name not in known:
            raise UserError(f"'{name}'", "the set has none", f"one of {', '.join(known)}")
    for name, entry in found["instruments"].items():
        for feed in entry["feeds"]:
            if instrument not in (None, name) or provider not in (None, feed[0]):
                continue
            base, key = bases.get(feed[0], ""), keys.get(feed[0], "")
            try:
                yield name, Recipe(feed[0], found["providers"][feed[0]], *feed[1:3],
                                   base=base, key=key)  # fmt: skip
            except ValueError as error:
                if provider is not None:
                    fix = "--key PROVIDER=KEY or --base PROVIDER=URL"
                    raise UserError(f"'{feed[0]}'", str(error), fix) from error


def against(
    instrument: str, recipe: Recipe, body: bytes, date: str = "", stored: float = 0.0
) -> Outcome:
    """What a recipe makes of the body of an answer."""
    made = recipe.begin()
    refused = ""
    try:
        for at in range(0, len(body), PIECE):
            if made.write(body[at : at + PIECE]):
                break
    except BadAnswer as error:
        refused = error.reason
    return _outcome(instrument, recipe, made, date, stored, refused)


def live(instrument: str, recipe: Recipe, stored: float = 0.0) -> Outcome:
    """Ask the provider once, by the firmware's own HTTP; certificates are verified."""
    made = recipe.begin()
    date, status, refused = "", 0, ""

    async def opener(host: str, port: int, tls: bool) -> Any:
        context = ssl.create_default_context() if tls else None
        return await asyncio.open_connection(host, port, ssl=context)

    try:
        answer = asyncio.run(http.fetch(
            recipe.url, opener=opener, max_body=BODY_MAX, deadline_s=DEADLINE_S,
            headers=recipe.headers, sink=made,
        ))  # fmt: skip
        status, date = answer.status, answer.headers.get("date", "")
        refused = "" if status == 200 else f"status {status}"
    except (http.HttpError, BadAnswer) as error:
        refused = str(error)
    found = _outcome(instrument, recipe, made, date, stored, refused)
    found.status = status
    return found


def _outcome(
    instrument: str, recipe: Recipe, made: Extraction, date: str, stored: float, refused: str
) -> Outcome:
    values = {path: _text(made.reader.found[at]) for at, path in enumerate(recipe.paths)}
    found = Outcome(instrument, recipe.name, recipe.url, values, read=made.reader.size)
    try:
        if refused:
            raise BadAnswer(refused)
        quote = made.quote(_date_s(date), stored, _zone(instrument))
    except BadAnswer as error:
        found.refused = error.reason
        return found
    found.quote = {
        "price": quote.price, "baseline": quote.baseline, "time_s": quote.time_s,
        "time": datetime.fromtimestamp(quote.time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "open": quote.open, "percent": round((quote.price / quote.baseline - 1) * 100, 3),
    }  # fmt: skip
    return found


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8", "replace")


def _date_s(date: str) -> int:
    try:
        return int(iso_time_s(httpdate.iso(date)))
    except BadAnswer:
        return 0


def _zone(instrument: str) -> Callable[[int, str], int]:
    """Local seconds to UTC, in a zone by its POSIX string; "" for that of the instrument."""
    def utc_s(local_s: int, posix: str) -> int:
        if posix:
            return int(Zone(posix).utc_s(local_s))
        if instrument not in INSTRUMENTS:
            raise ValueError("the exchange's zone is not known")
        local = datetime.fromtimestamp(local_s, UTC)
        return int(local.replace(tzinfo=ZoneInfo(INSTRUMENTS[instrument].zone)).timestamp())

    return utc_s
