"""The founding story re-enacted: its bounds, its picture, and what it says to programs."""

import contextlib
import functools
import io
import json
from argparse import Namespace
from typing import Any

import pytest

from host_tools import cli
from host_tools.errors import UserError
from host_tools.market import outage
from host_tools.market.outage import CURES, Sample, Told
from host_tools.market.outage_picture import minutes, picture


@functools.cache
def stories(instrument: str) -> tuple[int, dict[str, Any]]:
    """The exit code of the command, and what it tells programs."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = cli.main(["market", "outage", "--instrument", instrument, "--json"])
    return code, json.loads(said.getvalue())


@pytest.mark.parametrize("instrument", ["sp500", "eth"])
def test_the_bounds_hold(instrument: str) -> None:
    code, told = stories(instrument)
    failover, data, release = told["cures"]

    assert code == 0 and told["ok"]
    assert [one["cure"] for one in told["cures"]] == ["failover", "data", "release"]
    assert failover["ok"] and failover["right_again_s"] < 180
    assert data["ok"] and 300 < data["right_again_s"] < 900
    assert release["right_again_s"] > 4 * 3600  # a look for a release comes every six hours


@pytest.mark.parametrize("instrument", ["sp500", "eth"])
def test_the_beam_was_right_before_and_dark_between(instrument: str) -> None:
    _, told = stories(instrument)
    for cure in told["cures"][1:]:
        seen = [(at_s, right) for at_s, _, right in cure["states"]]
        again_s = told["break_s"] + cure["right_again_s"]
        before = [right for at_s, right in seen if 60 <= at_s < 170]
        dark = [right for at_s, right in seen if told["break_s"] + 60 <= at_s < again_s - 10]
        after = [right for at_s, right in seen if at_s > again_s + 20]

        assert all(before) and not any(dark) and any(after)


def test_an_unknown_instrument_is_refused() -> None:
    with pytest.raises(UserError, match="instrument 'gold': there is no such; choose from sp500"):
        outage.main(Namespace(instrument="gold", json=False))


def told(key: str, right_s: float | None) -> Told:
    samples = [Sample(at, "LIVE" if at < 600 else "STALE", 1.0, 1 + at / 600, at < 600)
               for at in range(0, 1500, 10)]  # fmt: skip
    (cure,) = [one for one in CURES if one.key == key]
    return Told(cure, samples, right_s, "not a JSON object")


def test_the_picture() -> None:
    text = picture("S&P 500", [told("failover", None), told("data", 1490), told("data", 1502)],
                   600, 900)  # fmt: skip
    lines = text.splitlines()

    assert lines[0] == "S&P 500: its provider answers 200 with a web page, 10:00 after power-on."
    assert lines[5].split(None, 1) == ["━" * 10 + "✕" + "╌" * 14, "NOT YET (not a JSON object)"]
    assert "▁▁▁▁▁▁▁▁▁▁" in lines[7] and "█" in lines[6]
    assert "right again after 14:50" in lines[10]
    assert lines[10].count("▲") == lines[10].count("✔") == 1
    assert "right again after 15:02: TOO LATE" in lines[15]
    assert lines[-1].startswith("Missed: by itself: another provider; every known")
    assert max(map(len, lines)) <= 120
    assert picture("S&P 500", [told("data", 1490)], 600, 900).endswith("took a week.")


def test_a_terminal_without_such_letters_gets_others() -> None:
    plain = picture("DAX", [told("data", 1490)], 600, 900, "ascii")

    assert plain.isascii() and "==========x" in plain and "v" in plain
    assert (minutes(0), minutes(65.4), minutes(3600)) == ("0:00", "1:05", "1:00:00")
