"""Instruments, simulated time and simulated prices."""

import math
import statistics
from datetime import UTC, date, datetime, timedelta

import pytest

from host_tools.market.clock import SimClock, real_clock, start_of
from host_tools.market.instruments import INSTRUMENTS, find
from host_tools.market.prices import Prices, Quote

NAMES = ["sp500", "dow", "nasdaq", "ftse100", "dax", "cac40", "nikkei225", "hangseng", "shanghai",
         "asx200", "nifty50", "btc", "eth", "sol", "xrp", "ltc"]


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_the_sixteen_names() -> None:
    assert list(INSTRUMENTS) == NAMES
    with pytest.raises(ValueError, match="'gold'.*sp500, dow.*ltc"):
        find("gold")


@pytest.mark.parametrize(("name", "day", "spans"), [
    ("sp500", date(2026, 7, 6), ["2026-07-06T13:30 2026-07-06T20:00"]),
    ("sp500", date(2026, 12, 1), ["2026-12-01T14:30 2026-12-01T21:00"]),
    # the three weeks in which New York has changed its clocks and Frankfurt has not
    ("sp500", date(2027, 3, 15), ["2027-03-15T13:30 2027-03-15T20:00"]),
    ("dax", date(2027, 3, 15), ["2027-03-15T08:00 2027-03-15T16:30"]),
    ("dax", date(2027, 3, 29), ["2027-03-29T07:00 2027-03-29T15:30"]),
    ("ftse100", date(2026, 7, 6), ["2026-07-06T07:00 2026-07-06T15:30"]),
    ("asx200", date(2027, 1, 4), ["2027-01-03T23:00 2027-01-04T05:00"]),  # summer in the south
    ("asx200", date(2026, 7, 6), ["2026-07-06T00:00 2026-07-06T06:00"]),
    ("nifty50", date(2026, 12, 1), ["2026-12-01T03:45 2026-12-01T10:00"]),
    ("nikkei225", date(2026, 12, 1),
     ["2026-12-01T00:00 2026-12-01T02:30", "2026-12-01T03:30 2026-12-01T06:30"]),
    ("hangseng", date(2026, 12, 1),
     ["2026-12-01T01:30 2026-12-01T04:00", "2026-12-01T05:00 2026-12-01T08:00"]),
    ("shanghai", date(2026, 12, 1),
     ["2026-12-01T01:30 2026-12-01T03:30", "2026-12-01T05:00 2026-12-01T07:00"]),
    ("btc", date(2026, 12, 5), ["2026-12-05T00:00 2026-12-06T00:00"]),
    ("dow", date(2026, 12, 5), []),
])
def test_sessions(name: str, day: date, spans: list[str]) -> None:
    expected = tuple((utc(span.split()[0]), utc(span.split()[1])) for span in spans)
    assert find(name).sessions(day) == expected


def test_a_clock_runs_at_its_rate() -> None:
    real = 100.0
    clock = SimClock(1_800_000_000, 60.0, lambda: real)
    real += 1.51
    assert clock.now() == pytest.approx(1_800_000_090.6)
    assert clock.epoch() == 1_800_000_090
    assert real_clock().rate == 1
    with pytest.raises(ValueError, match="-1"):
        SimClock(0, -1)


def test_a_simulation_starts_ten_minutes_after_the_open() -> None:
    saturday = date(2026, 12, 5)
    assert start_of(find("sp500"), saturday) == utc("2026-12-07T14:40")
    assert start_of(find("btc"), saturday) == utc("2026-12-05T00:10")


@pytest.mark.parametrize("name", NAMES)
def test_the_first_day_moves_visibly(name: str) -> None:
    instrument, day = find(name), date(2026, 12, 1)
    start = start_of(instrument, day)
    for seed in range(1, 6):
        prices = Prices(seed, day)
        quote = prices.price_at(instrument, start)
        yesterday = prices.price_at(instrument, start - 86_400)
        sigmas = abs(100 * (quote.price / quote.previous_close - 1)) / instrument.sigma
        assert 0.4 <= sigmas <= 2
        assert quote.open_now
        if instrument.kind == "crypto":  # providers also compare with 24 hours ago
            assert abs(100 * (quote.price / yesterday.price - 1)) > 0.3 * instrument.sigma


def test_prices_depend_on_seed_instrument_and_time_alone() -> None:
    times = [utc("2026-12-01T14:30") + 7_919 * step for step in range(60)]
    names = ("sp500", "btc", "nikkei225")
    forward, backward = Prices(7), Prices(7)
    asked = [(name, time) for name in names for time in times]
    first = {one: forward.price_at(find(one[0]), one[1]) for one in asked}
    second = {one: backward.price_at(find(one[0]), one[1]) for one in reversed(asked)}
    assert first == second
    other = Prices(8)
    assert all(other.price_at(find(name), times[0]) != first[name, times[0]] for name in names)
    assert first["sp500", times[0]].change != first["btc", times[0]].change


def test_a_price_steps_each_minute() -> None:
    prices, dax, start = Prices(3), find("dax"), utc("2026-12-01T09:00")
    minute = [prices.price_at(dax, start + second) for second in range(60)]
    assert len(set(minute)) == 1
    assert minute[0].time_epoch == start
    walk = [prices.price_at(dax, start + 60 * step).price for step in range(200)]
    assert len(set(walk)) > 190
    steps = [math.log(b / a) for a, b in zip(walk, walk[1:], strict=False)]
    assert max(map(abs, steps)) < 5 * 0.0115 / math.sqrt(510)


def test_a_day_at_the_exchange() -> None:
    prices, ftse = Prices(5), find("ftse100")
    opened, closed = find("ftse100").sessions(date(2026, 12, 2))[0]

    def at(epoch: float) -> Quote:
        return prices.price_at(ftse, epoch)

    before, first, last, after = at(opened - 1), at(opened), at(closed - 1), at(closed)
    assert (before.open_now, first.open_now, last.open_now, after.open_now) == (0, 1, 1, 0)
    assert before.time_epoch == utc("2026-12-01T16:30")
    assert first.previous_close == before.price == last.previous_close
    assert first.price != before.price  # the overnight gap
    assert after.time_epoch == closed
    # the previous close rolls over when the session ends, and the change stays
    assert after.previous_close == after.price
    assert after.change == pytest.approx(after.price - before.price, abs=0.006)
    assert at(opened + 86_399) == after
    assert after.low <= min(after.price, after.open) <= max(after.price, after.open) <= after.high


def test_a_weekend_holds_friday() -> None:
    prices, dow = Prices(5), find("dow")
    friday = prices.price_at(dow, utc("2026-12-04T21:00"))
    for time in ("2026-12-05T12:00", "2026-12-06T18:00", "2026-12-07T14:29:59"):
        assert prices.price_at(dow, utc(time)) == friday
    monday = prices.price_at(dow, utc("2026-12-07T14:30"))
    assert monday.open_now
    assert monday.previous_close == friday.price


def test_lunch_holds_the_morning() -> None:
    prices, nikkei = Prices(5), find("nikkei225")
    lunch = prices.price_at(nikkei, utc("2026-12-01T02:30"))
    assert not lunch.open_now
    assert lunch.time_epoch == utc("2026-12-01T02:30")
    assert lunch == prices.price_at(nikkei, utc("2026-12-01T03:29:59"))
    assert lunch.previous_close != lunch.price  # the day is not over
    again = prices.price_at(nikkei, utc("2026-12-01T03:30"))
    assert (again.open_now, again.price) == (True, lunch.price)


def test_crypto_never_closes() -> None:
    prices, btc = Prices(5), find("btc")
    midnight = prices.price_at(btc, utc("2026-12-06T00:00"))
    assert midnight.open_now
    assert midnight.previous_close == midnight.price  # no night, no gap
    last = prices.price_at(btc, utc("2026-12-05T23:59:59"))
    assert last.open_now
    assert last.previous_close != last.price


@pytest.mark.parametrize("name", NAMES)
def test_the_daily_sigma_is_the_instruments(name: str) -> None:
    instrument, day = find(name), date(2025, 1, 6)
    returns: list[float] = []
    for seed in (11, 12):
        prices = Prices(seed)
        closes = [prices.price_at(instrument, instrument.sessions(date_)[-1][1] - 1)
                  for date_ in (day + timedelta(days=n) for n in range(800))
                  if instrument.trades_on(date_)]
        returns += [100 * math.log(b.price / a.price)
                    for a, b in zip(closes, closes[1:], strict=False)]
        assert all(0.3 < quote.price / instrument.price < 3 for quote in closes)
    # 1100 to 1600 returns: the standard error is at most 2.1 %
    assert statistics.stdev(returns) == pytest.approx(instrument.sigma, rel=0.08)
    assert abs(statistics.mean(returns)) < 0.12 * instrument.sigma


def test_no_prices_before_the_walk_begins() -> None:
    with pytest.raises(ValueError, match="2025-01-01"):
        Prices().price_at(find("btc"), utc("2024-12-31T12:00"))
