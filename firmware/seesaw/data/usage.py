"""What the app does with the set of data in use: takes its part of it, and tells how it fares."""

from seesaw.core.market_state import AWAY, GOOD
from seesaw.data import standing
from seesaw.data.part import FORMAT, whose


class Usage:
    """boot: the launcher's. blob: what the updater handed over (NVS `feeds`); dates: likewise (NVS
    `calendars`). part: of the owner's instrument (seesaw.data.part), {} for what the release ships.
    name: for people."""

    def __init__(self, boot, blob: bytes, settings: dict, dates: bytes = b""):
        self._boot = boot
        # Of several that take turns (seesaw.rotation), as 1 + place: the one that is shown, and
        # another that had prices in its last turn.
        self.mine, self.other = 1, 0
        self._state = state = standing.read(blob)
        found = state[standing.FEED]
        fits = found[:2] == [whose(settings), FORMAT]
        # Starts to tell of: a part of other settings is for the updater to make anew.
        self._starts = 0 if fits or state[standing.USE] == standing.SHIPPED else 1
        self.part = found[2] if fits and len(found) > 2 and type(found[2]) is dict else {}
        self.name = standing.name(state) if self.part else "shipped"
        self._dates = dates = standing.read(dates, standing.CALENDAR)
        used = state[standing.USE] or dates[standing.TRIAL] or dates[standing.GOOD]
        # Whether it ends well is known at the next start. A release's trial is no time for that.
        if used and not boot.trial:
            scratch = boot.scratch
            seen = standing.fresh(scratch), standing.silence_s(scratch)
            boot.scratch = standing.seen(scratch, scratch[standing.AT] + 1, *seen)
            boot.keep(boot.pulse_ns)

    def hours(self, exchange: str) -> dict:
        """The calendar of signed data for this exchange, {} for what the release ships."""
        return standing.hours(self._dates, exchange)

    def spoilt(self) -> None:
        """The part is none that this release can use: what it ships, then. As good as a crash."""
        self.part = {}
        self.name = "shipped"
        self._starts = standing.STARTS_MAX

    def _silence_s(self, feed, up_s: int) -> int:
        """How long there was no fresh price, though there was a network. Where another instrument
        had prices in its turn, it is no matter of the set."""
        if feed.fresh or self.other:
            return 0
        return standing.silence_s(self._boot.scratch) + (0 if feed.state in AWAY else up_s)

    def due(self, feed, up_s: int) -> bool:
        """Has it been silent so long that another set should have its turn?"""
        patience_s = standing.patience_s(self._state)
        return self._others() and self._silence_s(feed, up_s) >= patience_s

    def _others(self) -> bool:
        return bool(self._state[standing.TRIAL] or self._state[standing.GOOD])

    def tell(self, feed, up_s: int) -> None:
        """The session ends as planned: the updater decides, if there is something to decide. A
        trial's baseline goes with it: were there prices, and of which instrument?"""
        state = self._state
        had = self.mine if feed.state in GOOD else self.other
        silent_s = self._silence_s(feed, up_s) if self._others() else 0
        fresh = 0
        if state[standing.TRIAL] or state[standing.TURNS] or self._dates[standing.TRIAL]:
            fresh = standing.fresh(self._boot.scratch) + feed.fresh
        scratch = bytes((had,)) + self._boot.scratch[1:]
        self._boot.scratch = standing.seen(scratch, self._starts, fresh, silent_s)
