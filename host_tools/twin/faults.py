"""Faults that somebody at the page may plant, each until the same key mends it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """key: of the keyboard. label, mend: what the button says. words: while it holds. after: when
    it is mended. kind: of these one at a time, as one provider is not both dead and slow."""

    name: str
    key: str
    label: str
    mend: str
    words: str
    after: str
    kind: str = ""


FAULTS = (
    Fault("power", "p", "Cut the power", "Restore the power",
          "The power is cut.", "The power is back."),
    Fault("brown-out", "b", "Weaken the supply", "Mend the supply",
          "The supply is weak: it gives way now, and whenever the beam moves.",
          "The supply is strong again."),
    Fault("wifi", "w", "Take the Wi-Fi away", "Bring the Wi-Fi back",
          "The Wi-Fi is gone.", "The Wi-Fi is back."),
    Fault("clock", "c", "Put the clock wrong", "Put the clock right",
          "The board's clock was put three years ahead.", "The board's clock was put right."),
    Fault("dead", "d", "Kill the providers", "Revive the providers",
          "The providers break every connection.", "The providers answer again.", "provider"),
    Fault("garbage", "g", "Let them send garbage", "Let them send prices",
          "The providers send a web page in place of prices.", "The providers send prices again.",
          "provider"),
    Fault("slow", "s", "Slow the providers", "Hurry the providers",
          "The providers send two bytes a second.", "The providers are fast again.", "provider"),
    Fault("server", "u", "Slow the update server", "Hurry the update server",
          "The update server sends two bytes a second.", "The update server is fast again."),
)  # fmt: skip
BY_NAME = {fault.name: fault for fault in FAULTS}
PROVIDER = {"dead": "reset", "garbage": "html", "slow": "slow"}  # of market.http1
CLOCK_OFF_S = 3 * 365 * 86400


class Faults:
    """do: name -> what plants (True) or mends (False) that fault; one that is missing is not
    possible here."""

    def __init__(self, do: Mapping[str, Callable[[bool], None]]) -> None:
        self._do = do
        self.held: dict[str, Fault] = {}

    def toggle(self, name: str) -> list[tuple[Fault, bool]]:
        """Plant a fault, or mend it; what was done, in its order: another of its kind is mended
        first. KeyError for one that is not possible."""
        fault, do = BY_NAME[name], self._do[name]
        if name in self.held:
            return [self._set(fault, do, on=False)]
        others = [held for held in self.held.values() if fault.kind and held.kind == fault.kind]
        done = [self._set(other, self._do[other.name], on=False) for other in others]
        return [*done, self._set(fault, do, on=True)]

    def _set(self, fault: Fault, do: Callable[[bool], None], *, on: bool) -> tuple[Fault, bool]:
        do(on)
        if on:
            self.held[fault.name] = fault
        else:
            del self.held[fault.name]
        return fault, on

    @property
    def possible(self) -> list[str]:
        return [fault.name for fault in FAULTS if fault.name in self._do]

    def told(self) -> list[dict[str, Any]]:
        """Every fault for the page."""
        return [
            {**asdict(fault), "held": fault.name in self.held, "possible": fault.name in self._do}
            for fault in FAULTS
        ]
