"""Serial lines into reports, and reports into lines for people."""

import io
import json

import pytest

from host_tools.twin.checks import Check
from host_tools.twin.console import BARS, HEADER, PLAIN, Console, beam
from host_tools.twin.reports import LINE_MAX, Event, Lines, Quote, as_json, parse

LINE = (
    "seesaw state=LIVE instrument=sp500 price=7674.75 change=-1.37% angle=-8.04 level=no "
    "pulse=1178 slot=ota_0 version=0.1.0 why=a = b"
)
QUOTE = Quote(1.5, "LIVE", "sp500", 7674.75, -1.37, -8.04, False, 1178, "ota_0", "0.1.0", "a = b")


class Terminal(io.TextIOWrapper):
    def __init__(self, tty: bool = False, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding)
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


def test_a_quote_is_read() -> None:
    assert parse(LINE, 1.5) == QUOTE


def test_a_quote_without_data_is_read() -> None:
    line = LINE.replace("7674.75", "-").replace("-1.37%", "-").replace("LIVE", "NO_DATA")
    found = parse(line, 0.0)
    assert isinstance(found, Quote)
    assert (found.state, found.price, found.change_percent) == ("NO_DATA", None, None)


def test_an_event_is_read() -> None:
    found = parse("seesaw event=offer slot=ota_0 version=0.1.0 words=0.1.1", 2.0)
    assert found == Event(2.0, "offer", "ota_0", "0.1.0", "0.1.1")


def test_the_updaters_state_is_an_event_and_a_sign_is_read() -> None:
    found = parse("seesaw state=UPDATING slot=ota_0 version=0.1.0 words=look", 2.0)
    assert found == Event(2.0, "updating", "ota_0", "0.1.0", "look")
    quote = parse(LINE.replace("why=", "root=maker sign=SAFE why="), 1.5)
    assert isinstance(quote, Quote) and (quote.root, quote.sign) == ("maker", "SAFE")


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        "seesaw: cannot run: both bundles are damaged",
        "seesaw state=LIVE",
        "seesaw event=offer",
        LINE.replace("pulse=1178", "pulse=soon"),
        LINE.replace("price=7674.75", "price=nan"),
        "seesaw",
        "seesaw =",
    ],
)
def test_any_other_line_is_kept_as_it_is(line: str) -> None:
    assert parse(line, 3.0) == Event(3.0, "serial", words=line)


def test_json_names_its_type_first() -> None:
    found = json.loads(json.dumps(as_json(QUOTE)))
    assert list(found)[:3] == ["type", "t", "state"]
    assert (found["type"], found["price"], found["pulse_us"]) == ("quote", 7674.75, 1178)
    assert as_json(Event(1.23456, "boot"))["t"] == 1.235


def test_lines_come_whole_out_of_pieces() -> None:
    lines = Lines()
    assert lines.feed("one\r\ntw") == ["one"]
    assert lines.feed("o\n\nthr") == ["two"]
    assert lines.flush() == ["thr"]
    assert lines.flush() == []


def test_a_line_without_end_does_not_grow_for_ever() -> None:
    lines = Lines()
    assert [len(line) for line in lines.feed("x" * 3 * LINE_MAX)] == [LINE_MAX]
    assert lines.feed("y\n") == ["y"]


def test_the_beam_shows_which_end_is_up() -> None:
    assert beam(0.0, BARS) == "▄▄▄▄▄▄▄▄▄"
    assert beam(12.0, BARS) == "▁▂▂▃▄▅▆▆▇"
    assert beam(-12.0, BARS) == beam(12.0, BARS)[::-1] == beam(-99.0, BARS)
    assert beam(12.0, PLAIN) == '__.---\'""'
    for heights in (BARS, PLAIN):
        for angle in (0.3, 1.0, 5.0):
            picture = [heights.index(column) for column in beam(angle, heights)]
            assert picture == sorted(picture) and picture[0] < picture[-1]


def test_columns_stay_aligned() -> None:
    console = Console(Terminal())
    high = parse(LINE.replace("7674.75", "123456.78").replace("-8.04", "+10.00"), 1234.5)
    lines = [console.line(QUOTE), console.line(high)]
    assert {line.index("bull") for line in lines} == {HEADER.index("beam") + 15}
    assert {line.index("ota_0") for line in lines} == {HEADER.index("slot")}
    assert lines[0].endswith("0.1.0  a = b")


def test_routine_is_not_shown_but_trouble_is() -> None:
    console = Console(Terminal())
    assert console.line(Event(1.0, "nothing", words="up to date")) == ""
    assert "MemoryError" in console.line(Event(1.0, "serial", words="MemoryError: "))
    assert "vfs" in console.line(Event(1.0, "fault", words="erase of vfs"))


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in Console(Terminal(tty=True)).line(QUOTE)
    assert "\x1b" not in Console(Terminal(tty=False)).line(QUOTE)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in Console(Terminal(tty=True)).line(QUOTE)


def test_a_plain_terminal_gets_plain_characters() -> None:
    console = Console(Terminal(encoding="ascii"))
    assert console.line(QUOTE).isascii()
    assert console.check(Check("moved", False, "no pulse")).startswith("FAIL  moved")
