"""Where two calendars differ: what a line settles, and every line that is wrong."""

from datetime import date
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.market import calendar_overrides
from host_tools.market.calendar_overrides import COLUMNS, OverrideError, Unsettled, read, settle

DAY = date(2026, 3, 3)
WHOLE, SHORT = (570, 960), (570, 780)


def override(line: str, number: int) -> calendar_overrides.Override:
    return calendar_overrides._override(f"overrides.csv:{number}", line)


def settled(first: tuple, second: tuple, *lines: str) -> tuple:
    """What becomes of one day."""
    made = [override(line, number) for number, line in enumerate(lines, start=2)]
    days, count = settle("XNYS", {DAY: first}, {DAY: second}, DAY, DAY, made)
    return days.get(DAY, ()), count


def test_a_line_settles_a_difference() -> None:
    said = "XNYS,2026-03-03,2026-03-03,09:30-16:00,09:30-13:00"

    assert settled(WHOLE, WHOLE) == (WHOLE, 0)
    assert settled(WHOLE, SHORT, said + ",09:30-16:00,for a reason") == (WHOLE, 1)
    assert settled(WHOLE, SHORT, said + ",09:30-13:00,for a reason") == (SHORT, 1)
    assert settled(WHOLE, SHORT, said + ",closed,for a reason") == ((), 1)
    assert settled(WHOLE, WHOLE, "XNYS,2026-03-03,2026-03-03,09:30-16:00,09:30-16:00,closed,"
                   '"a day of mourning, made known late"') == ((), 1)  # fmt: skip


def test_a_difference_without_a_line_says_which_to_add() -> None:
    with pytest.raises(Unsettled) as error:
        settled(WHOLE, ())
    (line,) = error.value.lines

    assert line == "XNYS,2026-03-03,2026-03-03,09:30-16:00,closed,TAKE,REASON"
    assert line in str(error.value)
    filled = line.replace("TAKE", "closed").replace("REASON", "as its notice says")
    assert settled(WHOLE, (), filled) == ((), 1)


@pytest.mark.parametrize("line", [
    "XNYS,2026-03-03,2026-03-03,09:30-13:00,09:30-16:00,09:30-16:00,the other way round",
    "XNYS,2026-03-02,2026-03-02,09:30-16:00,09:30-13:00,09:30-16:00,another day",
    "XNYS,2026-03-03,2026-03-03,09:30-16:00,closed,09:30-16:00,another difference",
])  # fmt: skip
def test_a_line_that_settles_nothing_is_an_error(line: str) -> None:
    good = "XNYS,2026-03-03,2026-03-03,09:30-16:00,09:30-13:00,09:30-16:00,for a reason"
    with pytest.raises(OverrideError, match="it settles nothing"):
        settled(WHOLE, SHORT, good, line)
    with pytest.raises(Unsettled):
        settled(WHOLE, SHORT, line)


def test_two_lines_for_one_day_are_an_error() -> None:
    line = "XNYS,2026-03-03,2026-03-04,09:30-16:00,09:30-13:00,09:30-16:00,for a reason"
    with pytest.raises(OverrideError, match="settles 2026-03-03 already"):
        settled(WHOLE, SHORT, line, line)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("XNYS,2026-03-03", "2 columns instead of 7"),
        ("XTSE,2026-03-03,2026-03-03,closed,09:30-16:00,closed,for a reason", "no exchange 'XTSE'"),
        ("XNYS,2026-02-30,2026-03-03,closed,09:30-16:00,closed,for a reason", "is no date"),
        ("XNYS,2026-03-03,2026-03-02,closed,09:30-16:00,closed,for a reason", "comes before"),
        ("XNYS,2026-03-03,2026-03-03,closed,09:30,closed,for a reason", "is neither such as"),
        ("XNYS,2026-03-03,2026-03-03,closed,16:00-09:30,closed,for a reason", "in order"),
        ("XNYS,2026-03-03,2026-03-03,closed,09:00-24:01,closed,for a reason", "in order"),
        ("XNYS,2026-03-03,2026-03-03,closed,09:30-16:00,TAKE,for a reason", "is neither such as"),
        ("XNYS,2026-03-03,2026-03-03,closed,09:30-16:00,closed,REASON", "gives no reason"),
        ("XNYS,2026-03-03,2026-03-03,closed,closed,closed,for a reason", "settles nothing"),
        ("XNYS,2026-03-03,2026-03-04,closed,closed,09:30-16:00,for a reason", "one day only"),
        ('XNYS,2026-03-03,2026-03-03,closed,09:30-16:00,closed,"for', "unexpected end"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "overrides.csv"
    path.write_text(f"{COLUMNS}\n{line}\n")
    with pytest.raises(OverrideError, match=why) as error:
        read(path)
    assert error.value.what == "overrides.csv:2"


def test_only_a_list_of_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "overrides.csv"
    for torn in (b"", b"exchange\n", COLUMNS.encode() + b",more\n", COLUMNS.encode() + b"\n" * 2,
                 COLUMNS.encode() + b"\n" + b"x" * 100_000, b"\xff"):  # fmt: skip
        path.write_bytes(torn)
        with pytest.raises(UserError):
            read(path)
    with pytest.raises(UserError, match="no such file"):
        read(tmp_path / "none.csv")
    path.write_text(COLUMNS + "\n")
    assert read(path) == ()


def test_many_days_that_differ_alike_are_offered_as_one_line() -> None:
    days = [date(2026, 3, day) for day in range(2, 30)]
    with pytest.raises(Unsettled) as error:
        first, second = dict.fromkeys(days, WHOLE), dict.fromkeys(days, SHORT)
        settle("XNYS", first, second, days[0], days[-1], [])

    said = "09:30-16:00,09:30-13:00"
    assert error.value.lines == [f"XNYS,2026-03-02,2026-03-29,{said},TAKE,REASON"]


def test_of_the_kept_lines_each_has_a_day() -> None:
    lines = read()

    assert {line.exchange for line in lines} == {"XNSE", "XHKG", "XASX"}
    (diwali,) = [line for line in lines if line.exchange == "XNSE"]
    assert (str(diwali.first), diwali.take) == ("2025-10-21", (825, 885))
