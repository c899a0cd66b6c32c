"""A whole device and the providers of its index: what the line and the beam do as they fall out.

The shipped firmware on the CPython engine; every state of the market occurs (DEGRADED.md).
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from rig import World, new_flash, release
from test_failures import BASES, NEAR_US

from host_tools.market.clock import SimClock
from host_tools.market.http1 import Reply, Request
from host_tools.market.instruments import find
from host_tools.market.server import Market
from host_tools.market.truth import wanted_us

OLD = release("0.1.0")
BREAK_S = 400
FOLLOW_S = 180
INDEX = ("cnbc", "eastmoney", "yahoo")  # the index's own price, without delay
DELAY_S = 900


class Device:
    """Followed from power-on; `lines` are (second, state, why, level), and `pulses` (second, us)
    what the beam was told last."""

    def __init__(self, start: str = "", instrument: str = "sp500") -> None:
        flash = new_flash(OLD, instrument=instrument, providers=BASES, check_s=86400, poll_s=60)
        self.world = World(flash, [OLD], offered=OLD)
        self.instrument = find(instrument)
        self.lines: list[tuple[float, str, str, bool]] = []
        self.beam: list[tuple[float, float]] = []
        self._read = 0
        if start:
            self._starts(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp())

    def _starts(self, epoch: float) -> None:
        clock = SimClock(epoch, 1, self.now_s)
        world = self.world
        world.device.around.wall = clock.now
        world.market = Market(self.instrument.name, clock=clock)
        world.device.net.hosts.update(world.market.addresses())

    def now_s(self) -> float:
        return self.world.device.clock.now_us / 1e6

    def run(self, until_s: float, *acts: tuple[float, Callable[[], object]]) -> None:
        """One power-on, to that second of it; acts: what is done at which second."""
        self._acts = list(acts)
        self.world.run(until_s + 60, until=lambda: self._look(until_s))
        assert not self.world.said("Traceback") and not self.world.device.board.faults

    def _look(self, until_s: float) -> bool:
        while self._acts and self.now_s() >= self._acts[0][0]:
            self._acts.pop(0)[1]()
        for line in self.world.lines[self._read :]:
            if found := re.search(r" state=(\S+) .* level=(\S+) .* why=(.*)", line):
                self.lines.append((self.now_s(), found[1], found[3], found[2] == "yes"))
        self._read = len(self.world.lines)
        pulses = self.world.device.board.pwm.pulses
        if last := next((ns for _, _, ns in reversed(pulses) if ns), 0):
            self.beam.append((self.now_s(), last / 1000))
        return self.now_s() >= until_s

    def after(self, since_s: float, until_s: float = 1e9) -> list[tuple[str, str]]:
        """(state, why) of the lines between."""
        found = [line[1:3] for line in self.lines if since_s < line[0] <= until_s]
        assert found
        return found

    def fail(self, *names: str) -> None:
        for name in names:
            self.world.market.break_provider("html", name)

    def right(self, late_s: int = 0) -> bool:
        """Is the beam where a price of the last minute and a half, so late, has it?"""
        market = self.world.market
        now = market.clock.epoch() - late_s
        quotes = [market.prices.price_at(self.instrument, now - ago) for ago in range(0, 91, 30)]
        wanted = [wanted_us(one.price, one.price - one.change, self.instrument.sigma, 1500, 40)
                  for one in quotes]  # fmt: skip
        return any(abs(self.beam[-1][1] - one) < NEAR_US for one in wanted)


def test_the_preferred_provider_answers_html_and_another_is_followed() -> None:
    device = Device()
    device.run(BREAK_S + 1800, (BREAK_S, lambda: device.fail("cnbc")))

    assert set(device.after(0, BREAK_S)) == {("LIVE", "")}
    assert set(device.after(BREAK_S + FOLLOW_S)) == {("LIVE", "")}
    assert device.right()


def test_without_a_price_in_time_the_state_is_delayed() -> None:
    device = Device()
    device.fail(*INDEX)
    device.run(1200)

    # Until its prices are of today's session, which began ten minutes before, there is none.
    assert {state for state, _ in device.after(FOLLOW_S)} <= {"CLOSED", "DELAYED"}
    assert set(device.after(500)) == {("DELAYED", "")}
    assert device.right(DELAY_S)


def test_with_the_fund_alone_the_state_is_proxy() -> None:
    device = Device()
    device.fail(*INDEX)

    def no_index(request: Request, right: Reply) -> Reply:
        return Reply(body=b"<html>") if "_SPX" in request.path else right

    device.world.market.providers["cboe"].script = no_index
    device.run(1200)

    assert set(device.after(600)) == {("PROXY", "")}
    assert device.right(DELAY_S)


def test_all_break_for_an_hour_and_come_back() -> None:
    """The beam waits half an hour, goes level slowly, and is right again after mending. Looks for
    data begin the app anew every five minutes meanwhile, and the half hour goes on."""
    device = Device()
    market, mend_s = device.world.market, BREAK_S + 3600
    device.run(mend_s + 400, (BREAK_S, lambda: market.break_provider("html")),
               (mend_s, market.mend))  # fmt: skip
    states = device.after(BREAK_S, mend_s)
    dark = [us for at_s, us in device.beam if BREAK_S < at_s < mend_s]
    held = {us for at_s, us in device.beam if BREAK_S + 60 < at_s < BREAK_S + 1700}

    assert states[0][0] == "STALE" and states[-1][0] == "NO_DATA"
    assert {state for state, _ in states} == {"STALE", "NO_DATA"}
    assert all(why for _, why in states)
    assert len(held) == 1 and abs(held.pop() - 1500) > 20
    # World.run holds every step of the way to the limits of speed and acceleration.
    assert abs(dark[-1] - 1500) <= 1
    state, why = device.after(mend_s + FOLLOW_S)[-1]
    assert state in ("LIVE", "DELAYED", "PROXY") and not why
    assert device.right(0 if state == "LIVE" else DELAY_S)


@pytest.mark.parametrize(
    ("start", "state"),
    [
        ("2026-12-25T15:00:00", "CLOSED"),  # Christmas
        ("2026-11-27T17:30:00", "LIVE"),  # the day after Thanksgiving ends at 13:00
        ("2026-11-27T18:40:00", "CLOSED"),
        ("2026-11-28T15:00:00", "CLOSED"),  # Saturday
    ],
)
def test_the_shipped_calendar(start: str, state: str) -> None:
    device = Device(start)
    device.run(170)

    assert set(device.after(0)) == {(state, "")}


def test_closed_by_the_calendar_whatever_all_providers_answer() -> None:
    device = Device("2026-12-25T15:00:00")
    device.run(150, (100, lambda: device.world.market.break_provider("html")))

    assert {state for state, _ in device.after(0)} == {"CLOSED"}
