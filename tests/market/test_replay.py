"""A replay's clock, its prices, and what the firmware reads from its wire."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from seesaw.core import gate, quote
from seesaw.core.recipe import Recipe

from host_tools.image import settings
from host_tools.market.history import Histories, load
from host_tools.market.instruments import INSTRUMENTS, find
from host_tools.market.replay import Replay, ReplayClock
from host_tools.market.site import Request

HISTORIES = load(Path(__file__).parents[1] / "data" / "market")
FEEDS = json.loads(settings.FEEDS.read_bytes())
DAY_S = 10.0


class Stage:
    """A replay of one instrument whose time a test moves, in recorded days."""

    def __init__(self, name: str, histories: Histories = HISTORIES) -> None:
        self.passed = 0.0
        clock = ReplayClock(find(name), histories[name], DAY_S, lambda: self.passed * DAY_S)
        self.market = Replay(name, histories, clock)
        self.closes = [day.close for day in histories[name]]

    def ask(self) -> bytes:
        path, _, query = self.market.path().partition("?")
        symbols = dict(pair.split("=") for pair in query.split("&") if pair)
        return self.market.handler(Request("GET", path, symbols, {}, b"")).body

    def read(self) -> quote.Quote:
        """As the firmware reads it; raises quote.BadAnswer."""
        feed = FEEDS["instruments"][self.market.instrument.name]["feeds"][0]
        made = Recipe(feed[0], FEEDS["providers"][feed[0]], *feed[1:]).begin()
        made.write(self.ask())
        return made.quote()


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_the_firmware_reads_every_day_s_move_and_calls_it_live(name: str) -> None:
    stage = Stage(name)
    limits = gate.Limits(find(name).sigma, find(name).kind == "crypto")
    last = None
    for index in range(1, 8):
        for part in (0.0, 0.3, 0.5, 0.999):
            stage.passed = index - 1 + part
            found = stage.read()
            now_s = stage.market.clock.epoch()
            move = stage.closes[index] / stage.closes[index - 1] - 1

            assert found.price / found.baseline - 1 == pytest.approx(move, abs=2e-4)
            assert found.open is True
            assert gate.acceptance(found, last, now_s, limits) is None
            assert not gate.late(found, now_s, 0)
            assert 0 <= now_s - found.time_s < 2
            assert last is None or found.time_s > last.time_s
            last = found


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_the_clock_is_in_session_on_each_day(name: str) -> None:
    stage = Stage(name)
    before = 0.0
    for step in range(7 * 40):
        stage.passed = step / 40
        now = stage.market.clock.now()
        today = HISTORIES[name][1 + step // 40].date
        assert find(name).local_date(now) == today
        assert stage.market.quote().open_now
        assert now > before
        before = now


def test_after_the_last_day_time_stands_still() -> None:
    stage = Stage("sp500")
    stage.passed = 6.99
    assert not stage.market.clock.over
    stage.passed = 7.0
    end = stage.market.clock.now()
    stage.passed = 700.0

    assert stage.market.clock.over
    assert stage.market.clock.now() == end
    assert stage.market.quote().open_now
    assert stage.market.quote().price == stage.closes[-1]


def test_a_day_lasts_as_long_as_asked() -> None:
    now = 0.0
    sp500 = find("sp500")
    clock = ReplayClock(sp500, HISTORIES["sp500"], 4.0, lambda: now)

    ten_past_opening = sp500.sessions(HISTORIES["sp500"][1].date)[0][0] + 600
    assert clock.start == clock.now() == ten_past_opening
    now = 3.99
    assert clock.now() == ten_past_opening + 3.99
    now = 4.0
    assert sp500.local_date(clock.now()) == HISTORIES["sp500"][2].date
    for day_s in (0.0, -1.0, 3601.0, float("nan")):
        with pytest.raises(ValueError, match="is not within"):
            ReplayClock(sp500, HISTORIES["sp500"], day_s)


def test_an_exchange_open_on_a_sunday() -> None:
    """As exchanges now and then are; none of the recorded days is one."""
    *before, friday, sunday = HISTORIES["nifty50"][:4]
    special = (*before, friday, replace(sunday, date=friday.date + timedelta(days=2)))
    stage = Stage("nifty50", {"nifty50": special})
    stage.passed = 2.5

    assert find("nifty50").local_date(stage.market.clock.now()).strftime("%a") == "Sun"
    assert stage.market.quote().open_now
    assert stage.market.quote().price == stage.closes[3]


def test_out_of_session_the_last_close_and_its_change_stay() -> None:
    market = Stage("sp500").market
    saturday = datetime(2026, 2, 28, 17, tzinfo=UTC).timestamp()
    friday = market.prices.price_at(market.instrument, saturday)

    assert not friday.open_now
    assert (friday.price, friday.previous_close) == (4313.33, 4313.33)
    assert friday.change == pytest.approx(4313.33 - 5015.50)
    assert friday.time_epoch == datetime(2026, 2, 27, 21, tzinfo=UTC).timestamp()


def test_nothing_is_known_before_the_first_day() -> None:
    market = Stage("sp500").market
    with pytest.raises(ValueError, match="no recorded prices of sp500 before 2026-02-25"):
        market.prices.price_at(market.instrument, datetime(2026, 2, 25, 14, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("name", ["sp500", "btc"])
def test_faults_of_the_providers(name: str) -> None:
    stage = Stage(name)
    stage.passed = 1.5
    good = stage.read()
    stage.market.break_provider("stale")
    stage.passed = 2.5
    assert (stage.read().price, stage.read().time_s) == (good.price, good.time_s)
    stage.market.break_provider("zero")
    with pytest.raises(quote.BadAnswer, match="not positive"):
        stage.read()
    stage.market.break_provider("wrong_symbol")
    assert stage.market.instrument.symbol.encode() not in stage.ask()
    stage.market.mend()
    assert stage.read().price == pytest.approx(stage.closes[3], rel=1e-4)


def test_an_instrument_without_a_history() -> None:
    alone = Replay("sp500", {"sp500": HISTORIES["sp500"]})

    assert alone.quote("btc").price == 0
    with pytest.raises(ValueError, match="no recorded prices of btc"):
        Replay("btc", {"sp500": HISTORIES["sp500"]})
    with pytest.raises(ValueError, match="unknown instrument"):
        Replay("tesla", HISTORIES)
