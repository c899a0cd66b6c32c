"""What the app does with the set of data in use: tells how it fares. Made by data/starting.py."""

from seesaw.core.market_state import AWAY, GOOD
from seesaw.data import faring


class Usage:
    """boot: the launcher's. part: of the owner's instrument (seesaw.data.part), {} for what the
    release ships. name: for people."""

    def __init__(self, boot, part: dict, name: str):
        self._boot = boot
        self.part = part
        self.name = name
        # Of several that take turns (seesaw.rotation), as 1 + place: the one that is shown, and
        # another that had prices in its last turn.
        self.mine, self.other = 1, 0
        self.of, self.dates = "", {}  # the exchange that signed data has a calendar of, and this
        self.starts = 0  # to tell of
        self.patience_s = 0  # without a fresh price until another set has its turn; 0: none has
        self.counts = False  # do fresh prices decide of a set?

    def hours(self, exchange: str) -> dict:
        """The calendar of signed data for this exchange, {} for what the release ships."""
        return self.dates if exchange == self.of else {}

    def spoilt(self) -> None:
        """The part is none that this release can use: what it ships, then. As good as a crash."""
        self.part = {}
        self.name = "shipped"
        self.starts = faring.STARTS_MAX

    def _silence_s(self, feed, up_s: int) -> int:
        """How long there was no fresh price, though there was a network. Where another instrument
        had prices in its turn, it is no matter of the set."""
        if feed.fresh or self.other:
            return 0
        return faring.silence_s(self._boot.scratch) + (0 if feed.state in AWAY else up_s)

    def due(self, feed, up_s: int) -> bool:
        """Has it been silent so long that another set should have its turn?"""
        return self.patience_s > 0 and self._silence_s(feed, up_s) >= self.patience_s

    def tell(self, feed, up_s: int) -> None:
        """The session ends as planned: the updater decides, if there is something to decide. A
        trial's baseline goes with it: were there prices, and of which instrument?"""
        had = self.mine if feed.state in GOOD else self.other
        silent_s = self._silence_s(feed, up_s) if self.patience_s else 0
        scratch = bytes((had,)) + self._boot.scratch[1:]
        fresh = faring.fresh(scratch) + feed.fresh if self.counts else 0
        self._boot.scratch = faring.seen(scratch, self.starts, fresh, silent_s)
