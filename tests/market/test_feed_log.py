"""The record of a feed: what is written, what is read, and the market that it makes."""

import json
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.market import feed_log
from host_tools.market.feed_log import Feed, FeedPrices, Told
from host_tools.market.instruments import find
from host_tools.market.providers import DAY, NOTHING

START = 1_796_136_000
TOLD = (
    Told(2.0, START + 120, "NO_DATA", None, None),
    Told(4.0, START + 240, "LIVE", 7600.0, -1.0),
    Told(6.0, START + 360, "LIVE", 7676.77, 0.0),
    Told(8.0, START + 480, "STALE", 7676.77, 0.0),
    Told(10.0, START + 600, "LIVE", 7700.0, 0.3),
)


def text(*told: Told, instrument: str = "sp500") -> str:
    lines = [feed_log.head(instrument, START, 60), *(feed_log.line(one) for one in told)]
    return "".join(f"{line}\n" for line in lines)


def parse(content: str) -> Feed:
    return feed_log.parse(content.splitlines(keepends=True), "it")


def test_what_is_written_is_read_again() -> None:
    feed = parse(text(*TOLD))
    assert feed == Feed("sp500", START, 60, TOLD) and feed.lasts_s == 10


def test_a_line_that_broke_off_is_passed_over() -> None:
    assert parse(text(*TOLD)[:-20]).told == TOLD[:-1]
    assert parse(text(*TOLD)[:-1]).told == TOLD[:-1]  # who knows whether it is whole


GOOD = json.loads(feed_log.line(TOLD[2]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "event"}, "no quote"),
        ({"t": 1.0}, "before"),
        ({"epoch": START}, "before"),
        ({"price": 0}, "so low"),
        ({"price": -1.5}, "so low"),
        ({"change_percent": -100}, "so low"),
        ({"price": "7"}, "no number"),
        ({"price": True}, "no number"),
        ({"t": None}, "no number"),
        ({"epoch": 1e400}, "no number"),
    ],
)
def test_a_wrong_line_is_refused_by_its_number(change: dict, words: str) -> None:
    wrong = json.dumps(GOOD | change).replace("Infinity", "1e400")
    with pytest.raises(UserError, match=words) as error:
        parse(text(*TOLD[:2]) + wrong + "\n")
    assert error.value.what == "it:4" and "--record" in error.value.fix


@pytest.mark.parametrize(
    "content",
    ["", "[]\n", "7\n", "null\n", "garbage\n", '{"type": "feed"}\n', text(), text(TOLD[0]),
     text(*TOLD, instrument="gold"), text(*TOLD).replace('"format": 1', '"format": 2'),
     text(*TOLD).replace('"rate": 60', '"rate": 0'), text(*TOLD).replace("60", "NaN", 1),
     text(*TOLD).replace("LIVE", "LIVE\n")],
)  # fmt: skip
def test_what_is_no_record_is_one_error(content: str) -> None:
    with pytest.raises(UserError):
        parse(content)


def test_files_that_cannot_be_read_are_one_error(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for name in ("bytes", "none", "."):
        with pytest.raises(UserError, match=r"."):
            feed_log.load(tmp_path / name)


def test_prices_are_those_of_the_record_and_grow_old_where_it_had_none() -> None:
    prices, sp500 = FeedPrices(parse(text(*TOLD))), find("sp500")
    before = prices.price_at(sp500, START)
    assert (before.price, before.open_now) == (7600, False)  # nothing was known: it is old
    one = prices.price_at(sp500, START + 300)
    assert (one.price, one.previous_close, one.time_epoch) == (7600, 7676.77, START + 300)
    assert one.open_now and one.price - one.change == pytest.approx(7676.77)
    old = prices.price_at(sp500, START + 590)
    assert (old.price, old.time_epoch, old.open_now) == (7676.77, START + 360, False)
    after = prices.price_at(sp500, START + 9000)
    assert (after.price, after.time_epoch) == (7700, START + 600)  # the record is over
    assert prices.price_at(find("dax"), START + 300) == NOTHING


def test_a_cryptocurrency_is_measured_from_24_hours_ago() -> None:
    told = (Told(2.0, START + 2, "LIVE", 70_000, -5.0), Told(4.0, START + 4, "LIVE", 71_000, -4.0))
    prices, btc = FeedPrices(parse(text(*told, instrument="btc"))), find("btc")
    for epoch, price, change in ((START + 3, 70_000, -5.0), (START + 4, 71_000, -4.0)):
        now, ago = prices.price_at(btc, epoch).price, prices.price_at(btc, epoch - DAY).price
        assert now == price and (now / ago - 1) * 100 == pytest.approx(change, abs=0.01)
