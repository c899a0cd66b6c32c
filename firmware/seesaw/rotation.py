"""Several instruments, shown in turn (firmware/SPEC.md, "Turns"). Loaded for who wants that alone.

A turn ends the app's session: the next instrument has a fresh heap, and there is no second way in
which one comes into use. So no more than one is ever in memory.
"""

from micropython import const

from seesaw.beam import NOTE_S
from seesaw.core import handover
from seesaw.core.market_state import LOST_S
from seesaw.core.turn import names, pick
from seesaw.data import hours
from seesaw.data.traded import exchanges

_AFTER_S = const(7200)  # after its close an exchange still counts: the day's result has its turns
_ALONE = const(11)  # in scratch, as seesaw.core.handover has it
_AT = const(23)  # in scratch: 1 + the place of the instrument that is shown


class Rotation:
    """of: the settings with the instrument that is shown. names: of all, in order. place: its."""

    def __init__(self, boot, settings: dict, record, clock, usage) -> None:
        """record: in a trial, of seesaw.update.record. usage: a Usage, which gets the shown one's
        part."""
        self.names = names(settings)
        settings["rotation"] = self.names[1:]
        self.turn_s = settings["turn_min"] * 60
        self._clock = clock
        self._hours = usage.hours
        self._turn = clock.epoch_s() // self.turn_s
        if boot.trial:  # what had quotes before it: a release may not fail for want of another's
            had = record.trial and record.trial.get("feed")
            self.place = (max(had, 1) - 1) % len(self.names) if type(had) is int else 0
        else:
            self.place = self._choose()
        self.of = dict(settings, instrument=self.names[self.place], stream=False)
        self._begin(boot, usage)

    def serve(self, app) -> None:
        app.rota = self
        app.beam.noted_s = -NOTE_S  # once in each session: each turn has another place

    def turn(self, app) -> None:
        """Has the app begin anew when it is another's turn. Asked every few seconds; looks when a
        turn has ended."""
        turn = self._clock.epoch_s() // self.turn_s
        if turn != self._turn:
            self._turn = turn
            if self._choose() != self.place:
                app.call.again = 0, app.feed.choice.waits(app.clock.up_s())

    def _choose(self) -> int:
        at_s = self._turn * self.turn_s
        found = exchanges(self.names)
        trades = [
            self._trades(found[name], at_s) if name in found else None for name in self.names
        ]
        return pick(trades, self._turn)

    def _trades(self, exchange: str, at_s: int) -> bool:
        """Also when nothing is known of its hours; not while no clock is set."""
        found = hours.sessions(exchange, signed=self._hours(exchange))
        if not at_s or found is None:
            return at_s > 0
        word = found.state(at_s)[0]
        return word in ("open", "") or found.state(at_s - _AFTER_S)[0] == "open"

    def _begin(self, boot, usage) -> None:
        """What the session before has left is of another instrument, unless it is the same."""
        scratch, before = boot.scratch, boot.scratch[_AT] - 1
        all_of, name = usage.part, self.of["instrument"]
        usage.mine, had = self.place + 1, scratch[0]
        if had != usage.mine and had <= len(self.names):
            usage.other = had
        try:
            usage.part = several(all_of, name)
            if 0 <= before != self.place:
                asked = self._asked(all_of, handover.waits(scratch), before)
                since_s, gone_s = handover.since(scratch)
                flags = scratch[_ALONE]
                scratch = handover.told(scratch, LOST_S, since_s, flags, asked, gone_s)
        except Exception:  # of another release's making
            usage.spoilt()
        if not usage.part:
            usage.name = "shipped"
        boot.scratch = scratch[:_AT] + bytes((self.place + 1,))
        boot.keep(boot.pulse_ns)

    def _asked(self, all_of: dict, waits: list, before: int) -> list:
        """A provider that has asked to be left alone is, by the next instrument too; what else was
        wrong with it was that one's matter."""
        names = [self._feeds(all_of, at) for at in (before % len(self.names), self.place)]
        asked = {feed[0]: wait for feed, wait in zip(names[0], waits) if wait[2]}
        return [asked.get(feed[0], (0, 0, False)) for feed in names[1]]

    def _feeds(self, all_of: dict, place: int) -> list:
        from seesaw.data import shipped  # at the start alone: the app lets go of it

        of = dict(self.of, instrument=self.names[place])
        return (several(all_of, self.names[place]) or shipped.feeds(of)[1])["feeds"]


def several(part: dict, name: str) -> dict:
    """Of what signed data has for all of them, the part of one; {} for what the release ships."""
    found = part and part["turns"].get(name)
    return dict(found, providers=part["providers"]) if found else {}
