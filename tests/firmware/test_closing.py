"""The closes of sessions that the device keeps itself, for recipes that have none to tell."""

import re
import shutil
from pathlib import Path

import pytest
from feed_rig import EPOCH, Bench, Calendar
from hypothesis import given
from hypothesis import strategies as st
from rig import World, load_board, new_flash
from seesaw.closing import KEY, Closing, parse, stored

from host_tools.emulator.nvs import NvsError
from host_tools.image import bundle, runtime
from host_tools.market import feed_sets
from host_tools.release import publish

DAY = 86_400
# Sessions of a week, seconds of the bench's clock: open for 6 h 30, the next day 24 h later; a
# weekend after the second.
OPENINGS = (1_000, 1_000 + DAY, 1_000 + 4 * DAY, 1_000 + 5 * DAY)
LENGTH = 23_400
CHANGES = tuple((at, word) for opening in OPENINGS
                for at, word in ((opening, "open"), (opening + LENGTH, "closed")))  # fmt: skip


class Store:
    def __init__(self, raw: bytes = b"") -> None:
        self.raw, self.puts, self.full = raw, 0, False

    def get(self, key: str, size_max: int) -> bytes:
        assert key == KEY
        return self.raw if len(self.raw) <= size_max else b""

    def put(self, key: str, raw: bytes) -> None:
        if self.full:
            raise OSError(28)
        self.raw, self.puts = raw, self.puts + 1


def market(at: int) -> float:
    """5000 in the first session, 5001 in the second, ...; the same until the next one."""
    return 5000.0 + sum(opening <= at for opening in OPENINGS)


def bench(store: Store, **more: object) -> Bench:
    made = Bench("cnbc", "cboe", sessions=Calendar((0, "closed"), *CHANGES), price=market, **more)
    made.feed.closing = Closing(made.feed, store)
    return made


def told(made: Bench) -> float:
    (one,) = {source.stored(made.clock.epoch_s()) for source in made.sources}
    return float(one)


def test_a_close_counts_from_the_next_opening_on() -> None:
    store = Store()
    made = bench(store)
    found: dict[int, float] = {}
    for day in range(6 * 48):
        made.go(1800)
        found[day] = told(made)

    def at(seconds: int) -> float:
        return found[seconds // 1800]

    assert at(OPENINGS[0] + 3600) == 0.0  # nothing is known yet
    assert at(OPENINGS[0] + LENGTH + 7200) == 0.0  # it begins to count with the next session
    assert at(OPENINGS[1] + 1800) == at(OPENINGS[1] + 20_000) == 5001.0
    assert at(OPENINGS[1] + LENGTH + 7200) == 5001.0  # in the evening still
    assert at(OPENINGS[1] + 2 * DAY) == 5001.0  # and over the weekend
    assert at(OPENINGS[2] + 1800) == 5002.0
    assert at(OPENINGS[3] + 1800) == 5003.0
    assert store.puts == 4  # one write a session
    assert store.raw.startswith(b"sp500 5004 ")


def test_of_several_instruments_each_has_its_own() -> None:
    """They take turns; the others' lines are left alone, as far as they find room."""
    others = b"\n".join(b"name%d 5000 1795208400 4900 1795122000" % at for at in range(4))
    store = Store(others)
    made = bench(store)
    for _ in range(6 * 48):
        made.go(1800)
    lines = store.raw.split(b"\n")
    assert lines[0].startswith(b"sp500 5004 ") and lines[1:] == others.split(b"\n")
    assert len(store.raw) <= 288
    store.raw = others.replace(b" 4900", b" 4900.12345678901234567890123456")
    made = bench(store)
    for _ in range(6 * 48):
        made.go(1800)
    lines = store.raw.split(b"\n")
    assert len(store.raw) <= 288 and len(lines) == 4
    assert [line.split(b" ")[0] for line in lines] == [b"sp500", b"name0", b"name1", b"name2"]


@given(st.binary(max_size=288))
def test_whatever_stands_there_costs_nothing_else(raw: bytes) -> None:
    store = Store(raw)
    bench(store).go(OPENINGS[0] + LENGTH + 7200)
    assert store.raw.startswith(b"sp500 5001 ") and len(store.raw) <= 288


def test_a_device_that_was_off_at_a_close_reads_it_later() -> None:
    store = Store()
    made = bench(store)
    made.go(OPENINGS[0] + LENGTH + 7200)
    assert store.puts == 1
    later = bench(store)  # it slept through the second session, and most of the weekend
    later.clock.now = OPENINGS[2] - 7200
    later.go(3600)
    assert store.puts == 2
    assert told(later) == 5001.0  # of the session that has ended
    later.clock.now = OPENINGS[2] + 600
    assert told(later) == 5002.0


def test_a_device_that_was_off_for_a_session_and_its_evening_has_none() -> None:
    store = Store()
    made = bench(store)
    made.go(OPENINGS[0] + LENGTH + 7200)
    later = bench(store)
    later.clock.now = OPENINGS[2] + 600
    later.go(LENGTH)
    assert store.puts == 1 and told(later) == 0.0
    later.go(7200)
    assert store.puts == 2 and told(later) == 0.0  # that of the session before is not known
    later.clock.now = OPENINGS[3] + 600
    assert told(later) == 5003.0


def test_a_restart_in_the_session_costs_nothing() -> None:
    store = Store()
    made = bench(store)
    made.go(OPENINGS[1] + 600)
    again = bench(store)
    again.clock.now = OPENINGS[1] + 700
    assert told(again) == 5001.0
    again.go(LENGTH + 7200)
    assert store.puts == 2 and told(again) == 5001.0


@pytest.mark.parametrize("more", [{"cnbc": {"proxy": True}, "cboe": {"proxy": True}}])
def test_the_close_of_a_fund_is_not_the_indexs(more: dict) -> None:
    store = Store()
    bench(store, **more).go(OPENINGS[0] + LENGTH + DAY // 2)
    assert store.puts == 0


def test_nothing_is_kept_of_what_did_not_come() -> None:
    store = Store()
    made = bench(store)
    made.go(OPENINGS[0] + LENGTH - 600)
    for source in made.sources:
        source.set("html")
    made.go(2 * DAY - OPENINGS[0] - LENGTH)
    assert store.puts == 0 and told(made) == 0.0


def test_a_price_of_before_the_session_is_not_its_close() -> None:
    """A provider that stands still is late in the session, and no worse than others after it."""
    store = Store()
    made = bench(store)
    made.go(OPENINGS[1] - 600)
    assert store.puts == 1
    for source in made.sources:
        source.set("frozen")
    made.go(OPENINGS[1] + LENGTH + 7200 - made.clock.now)
    assert made.feed.state == "CLOSED" and store.puts == 1
    for source in made.sources:
        source.set("good")
    made.go(7200)  # the same evening
    assert store.puts == 2 and store.raw.startswith(b"sp500 5002 ") and told(made) == 5001.0


def test_a_full_nvs_stops_nobody() -> None:
    store = Store()
    store.full = True
    made = bench(store)
    made.go(OPENINGS[1] + 600)
    assert store.raw == b"" and told(made) == 5001.0  # until the power goes


@given(st.binary(max_size=100))
def test_whatever_stands_there_is_read(raw: bytes) -> None:
    found = parse(raw, "sp500")
    assert len(found) <= 2 and all(price > 0 for price, _ in found)
    stored(found, EPOCH)


@pytest.mark.parametrize("raw", [
    b"", b"sp500", b"btc 5 1", b"sp500 5", b"sp500 -5 1", b"sp500 0 1", b"sp500 x 1",
    b"sp500 nan 1", b"sp500 5 1.5", b"\xff 5 1",
])  # fmt: skip
def test_what_is_none_is_none(raw: bytes) -> None:
    assert parse(raw, "sp500") == []


def test_a_device_keeps_the_close_and_shows_the_change_since(tmp_path: Path) -> None:
    """A provider that tells no close: the first day its open counts, then our own close."""
    shutil.copytree(bundle.FIRMWARE, tmp_path / "firmware")
    feeds = feed_sets.shipped()
    feeds["providers"]["cnbc"]["base"] = [["stored"], ["open", "open"]]
    del feeds["providers"]["cnbc"]["rolled"]
    (tmp_path / "firmware" / "seesaw" / "data" / "feeds.json").write_text(feed_sets.text(feeds))
    board = load_board("esp32_wrover")
    app = runtime.synthetic(board)[1]
    made = publish.make(board, "0.1.0", app, source=tmp_path / "firmware")
    world = World(new_flash(made, check_s=86_400), [made])

    def kept() -> bytes:
        try:
            return bytes(world.device.board.storage.nvs.get_blob("seesaw", KEY))
        except NvsError:
            return b""

    world.run(2 * DAY, until=lambda: b"sp500 " in kept())
    price = float(kept().split()[1])
    world.run(3 * DAY, until=lambda: len(kept().split()) == 5)
    lines = [line for line in world.lines if "state=LIVE" in line]
    shown = re.search(r"price=(\S+) change=(\S+)%", lines[-1])
    assert shown
    assert float(shown[2]) == pytest.approx((float(shown[1]) / price - 1) * 100, abs=0.02)
