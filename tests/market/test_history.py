"""Histories: what is read, and every kind of garbage with the line that holds it."""

from datetime import date
from pathlib import Path

import pytest

from host_tools.errors import UserError
from host_tools.market.history import Day, HistoryError, load, read
from host_tools.market.instruments import INSTRUMENTS

MARKET = Path(__file__).parents[1] / "data" / "market"
GOOD = (
    "date,open,high,low,close\n"
    "2026-03-02,100,102,99,101.5\n"
    "2026-03-03,101,103,100,102\n"
    "2026-03-04,102,104,101,103\n"
)
LINE_3 = "2026-03-03,101,103,100,102"


def write(folder: Path, text: str, name: str = "sp500.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_all_sixteen_in_the_usual_order() -> None:
    histories = load(MARKET)

    assert list(histories) == list(INSTRUMENTS)
    assert {len(days) for days in histories.values()} == {8}


def test_days_are_what_the_file_says(tmp_path: Path) -> None:
    days = read(write(tmp_path, GOOD))

    assert days[0] == Day(date(2026, 3, 2), 100.0, 102.0, 99.0, 101.5)
    assert [day.close for day in days] == [101.5, 102.0, 103.0]


def test_line_ends_of_windows_and_a_last_line_without_an_end(tmp_path: Path) -> None:
    assert read(write(tmp_path, GOOD.replace("\n", "\r\n"))) == read(write(tmp_path, GOOD.strip()))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2026-03-03,101,103,100", "4 columns instead of 5"),
        ("2026-03-03,101,103,100,102,7", "6 columns instead of 5"),
        ("", "1 columns instead of 5"),
        ("2026-03-03;101;103;100;102", "1 columns instead of 5"),
        ("2026-03-03,101,103,100,", "close '' is no positive decimal number"),
        ("2026-03-03,101,103,100,nan", "close 'nan' is no positive decimal number"),
        ("2026-03-03,101,1e3,100,102", "high '1e3' is no positive decimal number"),
        ("2026-03-03, 101,103,100,102", "open ' 101' is no positive decimal number"),
        ("2026-03-03,101,103,-100,102", "low '-100' is no positive decimal number"),
        ("2026-03-03,101,103,100,١٠٢", "close '١٠٢' is no positive decimal number"),
        ("2026-03-03,101,103,0.0,102", "low is not above zero"),
        ("2026-03-03,101,100,103,102", "high is below low"),
        ("2026-03-03,99.9,103,100,102", "open 99.9 is outside low 100 to high 103"),
        ("2026-03-03,101,103,100,103.1", "close 103.1 is outside low 100 to high 103"),
        ("2026-02-30,101,103,100,102", "'2026-02-30' is no date of the form 2026-03-31"),
        ("20260303,101,103,100,102", "'20260303' is no date"),
        ("03.03.2026,101,103,100,102", "'03.03.2026' is no date"),
        ("2026-03-02,101,103,100,102", "2026-03-02 stands there twice"),
        ("2026-03-01,101,103,100,102", "2026-03-01 comes after 2026-03-02: the oldest day is fir"),
        ("2026-03-14,101,103,100,102", "12 days after the line before"),
    ],
)
def test_a_wrong_line_is_named(line: str, why: str, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace(LINE_3, line))

    with pytest.raises(HistoryError) as caught:
        read(path)

    assert caught.value.what == f"{path}:3"
    assert caught.value.why.startswith(why)


def test_what_is_within_the_limits(tmp_path: Path) -> None:
    rounded = GOOD.replace(LINE_3, "2026-03-03,101,103,100,103.01")
    assert read(write(tmp_path, rounded))[1].close == 103.01

    closed_for_eleven_days = GOOD.replace("2026-03-02", "2026-02-20")
    assert len(read(write(tmp_path, closed_for_eleven_days))) == 3


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "the file is empty"),
        ("Date,Open,High,Low,Close\n", 1, "not the columns date,open,high,low,close"),
        (GOOD.partition("\n")[2], 1, "not the columns"),
        ("date,open,high,low,close\n", 1, "0 days of prices, fewer than 2"),
        (GOOD[: GOOD.index("2026-03-03")], 2, "1 days of prices, fewer than 2"),
        (GOOD + "\n", 5, "1 columns instead of 5"),
    ],
)
def test_a_wrong_file_is_named(text: str, line: int, why: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)

    with pytest.raises(HistoryError) as caught:
        load(tmp_path)

    assert caught.value.what == f"{path}:{line}"
    assert caught.value.why.startswith(why)


def test_what_is_not_utf_8_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "sp500.csv"
    path.write_bytes(GOOD.encode().replace(b"101,103", b"1\xff1,103"))

    with pytest.raises(HistoryError, match=r"sp500\.csv:3: not UTF-8"):
        load(tmp_path)


def test_wrong_folders(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="missing: no such file or directory"):
        load(tmp_path / "missing")
    write(tmp_path, "not a history", "README.md")
    with pytest.raises(HistoryError, match="no CSV file in it"):
        load(tmp_path)
    write(tmp_path, GOOD)
    assert list(load(tmp_path)) == ["sp500"]
    write(tmp_path, GOOD, "tesla.csv")
    with pytest.raises(HistoryError, match=r"tesla\.csv: there is no such instrument; name it"):
        load(tmp_path)


def test_a_file_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "sp500.csv").mkdir()

    with pytest.raises(UserError, match=r"sp500\.csv: is a directory"):
        load(tmp_path)


def test_a_byte_order_mark_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "sp500.csv"
    path.write_text("\ufeff" + GOOD, "utf-8")
    assert read(path)


def test_a_close_that_no_market_makes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sp500.csv"
    rows = "2025-01-02,1,1,1,1\n2025-01-03,9,9,9,9\n"
    path.write_text("date,open,high,low,close\n" + rows)
    with pytest.raises(HistoryError, match=r"sp500\.csv:3: the close 9 is not within a factor 4"):
        read(path)
