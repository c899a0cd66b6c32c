"""Fields read as they come: CSV of Python's own csv module, records after a mark; in any cut."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seesaw.core.delimited import FIELD_MAX, FIELDS_MAX, Delimited
from seesaw.core.quote import BadAnswer
from seesaw.core.scan import LONG

CUTS = st.lists(st.integers(1, 90), max_size=6)
NAMES = st.lists(st.text("abcXYZ 12", min_size=1, max_size=9).map(str.strip).filter(bool),
                 min_size=1, max_size=6, unique=True)  # fmt: skip
CELLS = st.text(st.sampled_from('ab1.,;~ -/é"'), max_size=80).filter(lambda text: '"' not in text)


def read(made: Delimited, body: bytes, cuts: list[int]) -> list[bytes | None]:
    for cut in [*cuts, len(body)]:
        if made.write(body[:cut]):
            break
        body = body[cut:]
    made.end()
    return made.found


def outcome(made: Delimited, body: bytes, cuts: list[int]) -> object:
    try:
        return read(made, body, cuts)
    except BadAnswer as error:
        return error.reason


def sheet(*wanted: str) -> Delimited:
    return Delimited(list(wanted), b"\1" * len(wanted), b",", b"")


def record(*wanted: str) -> Delimited:
    return Delimited(list(wanted), b"\1" * len(wanted), b"~", b'v_x="')


@given(NAMES, st.data(), CUTS)
def test_csv_as_pythons_own_writer_wrote_it(
    names: list[str], data: st.DataObject, cuts: list[int]
) -> None:
    row = data.draw(st.lists(CELLS, min_size=len(names), max_size=len(names)))
    wanted = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    text = io.StringIO()
    csv.writer(text).writerows([names, row])

    found = read(sheet(*wanted), text.getvalue().encode(), cuts)
    for name, raw in zip(wanted, found, strict=True):
        cell = row[names.index(name)]
        plain = cell.strip().encode()
        long = raw == LONG and len(cell.encode()) > FIELD_MAX - 3
        assert long or raw in (plain, cell.encode())


@given(st.lists(st.binary(max_size=70), max_size=9), CUTS, st.booleans())
def test_a_record_as_split_has_it(cells: list[bytes], cuts: list[int], noise: bool) -> None:
    cells = [bytes(c for c in cell if c >= 0x20 and c not in b'~";') for cell in cells]
    body = b'v_other="1~2";\n' * noise + b'v_x="' + b"~".join(cells) + b'";\n'
    numbers = range(0, max(1, len(cells)), 2)

    found = read(record(*map(str, numbers)), body, cuts)
    for number, raw in zip(numbers, found, strict=True):
        cell = cells[number] if number < len(cells) else b""
        assert raw in (cell.strip(), LONG)
        assert len(cell) <= FIELD_MAX or raw == LONG


@given(st.binary(max_size=300), CUTS)
def test_arbitrary_bytes_give_the_same_in_any_cut(body: bytes, cuts: list[int]) -> None:
    for make in (lambda: sheet("a", "b"), lambda: record("0", "2")):
        for text in (body, b"a,b\n" + body, b'v_x="' + body):
            first = outcome(make(), text, cuts)
            assert first == outcome(make(), text, []) == outcome(make(), text, [1] * len(text))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "an empty answer"),
        (b"<!DOCTYPE html>\n<html>\n", "another header"),
        (b"a,c\n1,2\n", "another header"),
        (b"a,b", "no line below the header"),
        (b"a,b\n", "cut short"),
        (b"a,b\n1,2", "cut short"),
        (b"\x1f\x8b\x08\x00", "not text"),
        (b"x," * (FIELDS_MAX + 1), "too many fields"),
    ],
)
def test_what_is_no_such_csv(body: bytes, reason: str) -> None:
    for cuts in ([], [1] * len(body)):
        assert outcome(sheet("a", "b"), body, cuts) == reason


def test_it_stops_at_the_last_wanted_field() -> None:
    made = sheet("b")
    assert made.write(b"a,b,c\r\n1,2,") is True
    assert made.found == [b"2"] and made.size == 11
    made = record("1")
    assert made.write(b'v_x="1~2~') is True
    assert made.found == [b"2"]


def test_a_comma_inside_quotes_moves_no_field() -> None:
    assert read(sheet("b", "c"), b'a,b,c\n"x, y",2,"3,000"\n', []) == [b"2", b"3,000"]
