"""A feed as a seesaw showed it, in a file of JSON lines, and a market that shows it again.

The form is in host_tools/README.md, "The record of a feed".
"""

import json
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from host_tools.errors import UserError
from host_tools.market.instruments import INSTRUMENTS, Instrument
from host_tools.market.prices import Prices, Quote
from host_tools.market.providers import DAY, NOTHING

FORMAT = 1
LINES_MAX = 1_000_000
RATE_MAX = 86400.0
LIVE = ("LIVE", "DELAYED", "PROXY")  # states in which the price is that of the moment
FIX = "record one with `seesaw run --record FILE`"


@dataclass(frozen=True, slots=True)
class Told:
    """What was shown after a poll. t: seconds since power-on. epoch: the market's time, seconds
    since 1970. price and change_percent: None where there was none."""

    t: float
    epoch: int
    state: str
    price: float | None
    change_percent: float | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A record. epoch: the market's time at power-on. rate: how much faster it passed than the
    board's own. told: in order of time, at least one of them with a price."""

    instrument: str
    epoch: float
    rate: float
    told: tuple[Told, ...]

    @property
    def lasts_s(self) -> float:
        return self.told[-1].t


def head(instrument: str, epoch: float, rate: float) -> str:
    """The first line."""
    return json.dumps(
        {"type": "feed", "format": FORMAT, "instrument": instrument, "epoch": round(epoch, 3),
         "rate": rate}
    )  # fmt: skip


def line(told: Told) -> str:
    """A further line."""
    return json.dumps({"type": "quote", **asdict(told), "t": round(told.t, 3)})


def load(path: Path) -> Feed:
    """A record of a file. UserError for what is none, with the line."""
    try:
        with path.open(encoding="utf-8") as file:
            return parse(file, str(path))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise UserError(str(path), why.lower(), FIX) from error


def parse(lines: Iterable[str], name: str) -> Feed:
    """A record's lines; a last one that breaks off, as at a kill, is left out. UserError."""
    opening: dict[str, Any] | None = None
    told: list[Told] = []
    for number, text in enumerate(lines, 1):
        if number > LINES_MAX:
            raise UserError(name, f"it has more than {LINES_MAX} lines", "cut it")
        if number > 1 and not text.endswith("\n"):
            break
        try:
            found = json.loads(text, parse_constant=_refuse)
            if opening is None:
                opening = _opened(found)
            else:
                told.append(_told(found, told[-1] if told else None))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(f"{name}:{number}", f"no line of a feed ({error})", FIX) from error
    if opening is None or not any(one.price for one in told):
        raise UserError(name, "it has no price", FIX)
    return Feed(opening["instrument"], opening["epoch"], opening["rate"], tuple(told))


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _opened(found: dict[str, Any]) -> dict[str, Any]:
    if found["type"] != "feed" or found["format"] != FORMAT:
        raise ValueError(f"not of format {FORMAT}")
    if found["instrument"] not in INSTRUMENTS:
        raise ValueError(f"no instrument {found['instrument']}")
    if not 0 < _number(found["epoch"]) < 1 << 33 or not 0 < _number(found["rate"]) <= RATE_MAX:
        raise ValueError("epoch or rate out of bounds")
    return found


def _told(found: dict[str, Any], before: Told | None) -> Told:
    if found["type"] != "quote":
        raise ValueError("no quote")
    price, change = found["price"], found["change_percent"]
    one = Told(_number(found["t"]), int(_number(found["epoch"])), str(found["state"]),
               None if price is None else _number(price),
               None if change is None else _number(change))  # fmt: skip
    if one.price is not None and (one.price <= 0 or (one.change_percent or 0) <= -100):
        raise ValueError("no price is so low")
    if before and (one.t < before.t or one.epoch < before.epoch):
        raise ValueError("it is before the line before it")
    return one


def _number(found: object) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise ValueError(f"{found!r} is no number")
    return float(found)


class FeedPrices(Prices):
    """The prices of a record. Another instrument has the quote NOTHING. While the record has no
    price of the moment the last one stands, and grows old."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._name = feed.instrument
        self._all = feed.told
        self._priced = [one for one in feed.told if one.price is not None]
        self._live = [one for one in feed.told if one.state in LIVE]

    def price_at(self, instrument: Instrument, epoch: float) -> Quote:
        if instrument.name != self._name:
            return NOTHING
        if instrument.kind == "crypto" and epoch < self._all[0].epoch - DAY / 2:
            return self._recorded(instrument, epoch + DAY, baseline=True)
        return self._recorded(instrument, epoch, baseline=False)

    def _recorded(self, instrument: Instrument, epoch: float, *, baseline: bool) -> Quote:
        told = _last(self._priced, epoch)
        assert told.price
        before = round(told.price / (1 + (told.change_percent or 0) / 100), instrument.decimals)
        price = before if baseline else told.price
        change = round(price - before, instrument.decimals)
        high, low = max(price, before), min(price, before)
        open_now = _last(self._all, epoch).state in LIVE
        return Quote(price, before if open_now else price, self._time(epoch), open_now, change,
                     before, high, low)  # fmt: skip

    def _time(self, epoch: float) -> int:
        """Of the trade: now, while the record says that the price is that of the moment."""
        if _last(self._all, epoch).state in LIVE:
            return int(min(epoch, self._all[-1].epoch))
        return _last(self._live or self._all[:1], epoch).epoch


def _last(told: Sequence[Told], epoch: float) -> Told:
    """The last one until then; the first one before that."""
    return told[max(bisect_right(told, epoch, key=lambda one: one.epoch) - 1, 0)]
