"""The owner's quiet hours, by the owner's clock."""

import pytest
from seesaw.core.quiet import owners_clock, quiet

HOUR_S = 3600
SUMMER_S, WINTER_S = 1_783_000_000, 1_800_000_000  # July 2026, January 2027


@pytest.mark.parametrize(
    ("start", "end", "asleep"),
    [
        (22 * 60, 7 * 60, {22, 23, 0, 1, 2, 3, 4, 5, 6}),
        (1 * 60, 3 * 60, {1, 2}),
        (600, 600, set()),
        (0, 1439, set(range(24))),
    ],
)
def test_the_hours_of_a_day(start: int, end: int, asleep: set[int]) -> None:
    day_s = WINTER_S - WINTER_S % 86_400
    found = {hour for hour in range(24) if quiet(day_s + hour * HOUR_S, start, end)}

    assert found == asleep


def test_the_bounds_to_the_second() -> None:
    assert [quiet(s, 60, 120) for s in (3599, 3600, 7199, 7200)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("tz", "summer", "winter"),
    [
        ("CET-1CEST,M3.5.0,M10.5.0/3", 2, 1),
        ("EST5EDT,M3.2.0,M11.1.0", -4, -5),
        ("JST-9", 9, 9),
        ("", 0, 0),
        ("nowhere at all", 0, 0),
        ("CET-1CEST", 0, 0),
    ],
)
def test_the_owners_clock(tz: str, summer: int, winter: int) -> None:
    clock = owners_clock(tz)

    assert [clock(s) for s in (SUMMER_S, WINTER_S)] == [summer * HOUR_S, winter * HOUR_S]
