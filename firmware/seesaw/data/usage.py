"""What the app does with the set of data in use: takes its part of it, and tells how it fares."""

from seesaw.data import standing
from seesaw.data.part import FORMAT, whose


class Usage:
    """boot: the launcher's. blob: what the updater handed over (NVS `feeds`). part: of the owner's
    instrument (seesaw.data.part), {} for what the release ships. name: for people."""

    def __init__(self, boot, blob: bytes, settings: dict):
        self._boot = boot
        self._state = state = standing.read(blob)
        found = state[standing.FEED]
        fits = found[:2] == [whose(settings), FORMAT]
        self._mine = fits or state[standing.USE] == standing.SHIPPED
        self.part = found[2] if fits and len(found) > 2 and type(found[2]) is dict else {}
        self.name = standing.name(state) if self.part else "shipped"
        # Whether it ends well is known at the next start. A release's trial is no time for that.
        if state[standing.USE] and not boot.trial:
            scratch = boot.scratch
            boot.scratch = standing.seen(scratch, scratch[2] + 1, 0, standing.silence_s(scratch))
            boot.keep(boot.pulse_ns)

    def spoilt(self) -> None:
        """The part is none that this release can use: what it ships, then."""
        self.part = {}
        self.name = "shipped"

    def _silence_s(self, feed, up_s: int) -> int:
        """How long there was no fresh price, though there was a network."""
        if feed.fresh:
            return 0
        return standing.silence_s(self._boot.scratch) + (up_s if feed.state != "NO_WIFI" else 0)

    def due(self, feed, up_s: int) -> bool:
        """Has it been silent so long that another set should have its turn?"""
        patience_s = standing.patience_s(self._state)
        return self._others() and self._silence_s(feed, up_s) >= patience_s

    def _others(self) -> bool:
        return bool(self._state[standing.TRIAL] or self._state[standing.GOOD])

    def tell(self, feed, up_s: int) -> None:
        """The session ends as planned: the updater decides, if there is something to decide."""
        state = self._state
        silent_s = self._silence_s(feed, up_s) if self._others() else 0
        fresh = feed.fresh if state[standing.TRIAL] or state[standing.TURNS] else 0
        starts = 0 if self._mine else 1  # of another instrument: the updater shall look
        self._boot.scratch = standing.seen(self._boot.scratch, starts, fresh, silent_s)
