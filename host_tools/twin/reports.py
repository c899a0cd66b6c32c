"""What an emulated seesaw says, as values: quotes and events out of its serial lines.

The lines are the firmware's (seesaw.app, seesaw.updater): `seesaw` and then key=value fields, the
last of which, `why` or `words`, is free text to the end of the line.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

LINE_MAX = 4096  # characters; a longer line is cut there
FREE_TEXT = ("why", "words")
# The states of updater and set-up, where the app says the market's, and their events.
OTHERS = {"UPDATING": "updating", "SETUP": "waiting"}


@dataclass(frozen=True, slots=True)
class Quote:
    """What the app shows after a poll. t: seconds since power-on. pulse_us: the servo's target."""

    t: float
    state: str  # of the market, or OFFLINE or SETUP (firmware/SPEC.md, "Serial lines")
    instrument: str
    price: float | None
    change_percent: float | None
    angle: float  # degrees, up positive
    level: bool
    pulse_us: int
    slot: str
    version: str
    why: str
    root: str = ""  # "development" or "maker"; "" of releases that do not say
    sign: str = ""  # what the LED tells, "-" for nothing; "" likewise


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the board (`boot`, `reset`, `trial`), to the world around it
    (`published`), or that the firmware tells (`offer`, `installed`, `confirmed`; `updating` when
    its updater begins, `waiting` while set-up is open). `serial` is any other line. slot and
    version are "" where they mean nothing."""

    t: float
    event: str
    slot: str = ""
    version: str = ""
    words: str = ""


Report = Quote | Event


def as_json(report: Report) -> dict[str, Any]:
    """The report as a JSON object, its `type` first."""
    kind = "quote" if isinstance(report, Quote) else "event"
    return {"type": kind, **asdict(report), "t": round(report.t, 3)}


def parse(line: str, t: float) -> Report:
    """The report of one serial line; whatever is not of the firmware's form is event `serial`."""
    fields = _fields(line)
    try:
        if "event" in fields:
            return Event(t, *(fields[key] for key in ("event", "slot", "version", "words")))
        if fields.get("state") in OTHERS and "words" in fields:
            told = (fields[key] for key in ("slot", "version", "words"))
            return Event(t, OTHERS[fields["state"]], *told)
        return Quote(
            t,
            fields["state"],
            fields["instrument"],
            _number(fields["price"]),
            _number(fields["change"].removesuffix("%")),
            float(fields["angle"]),
            fields["level"] == "yes",
            int(fields["pulse"]),
            fields["slot"],
            fields["version"],
            fields["why"],
            fields.get("root", ""),
            fields.get("sign", ""),
        )
    except (KeyError, ValueError):
        return Event(t, "serial", words=line)


def _fields(line: str) -> dict[str, str]:
    head, _, rest = line.partition(" ")
    found: dict[str, str] = {}
    while head == "seesaw" and rest:
        key, _, rest = rest.partition("=")
        if key in FREE_TEXT:
            found[key] = rest
            break
        found[key], _, rest = rest.partition(" ")
    return found


def _number(text: str) -> float | None:
    if text == "-":
        return None
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


class Lines:
    """Whole lines out of the pieces in which serial text arrives."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, text: str) -> list[str]:
        """The lines that `text` completes, without their ends; empty ones are left out."""
        *lines, self._rest = (self._rest + text).split("\n")
        if len(self._rest) > LINE_MAX:
            lines += self.flush()
        return [line[:LINE_MAX].rstrip("\r") for line in lines if line.strip()]

    def flush(self) -> list[str]:
        """What stands there without an end, as when a reset broke a line off."""
        rest, self._rest = self._rest, ""
        return [rest[:LINE_MAX]] if rest.strip() else []
