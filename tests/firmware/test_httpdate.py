"""The Date of an answer, as a source and the clock read it."""

import pytest
from seesaw.core.httpdate import RETRY_AFTER_MAX_S, iso, retry_after_s, time_s
from seesaw.core.quote import BadAnswer, iso_time_s


@pytest.mark.parametrize(
    ("text", "wanted", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z", 0),  # absurd for a quote
        ("Fri, 27 Nov 2026 14:50:07 GMT", "2026-11-27T14:50:07Z", 1795791007),
        ("Fri, 27 Nov 2026 14:50:07 CET", "", 0),
        ("Fri, 27 ovD 2026 14:50:07 GMT", "", 0),
        ("Friday, 27-Nov-26 14:50:07 GMT", "", 0),
        ("Fri, 32 Nov 2026 14:50:07 GMT", "2026-11-32T14:50:07Z", 0),
        ("", "", 0),
    ],
)
def test_a_date_is_read_or_tells_nothing(text: str, wanted: str, seconds: int) -> None:
    assert iso(text) == wanted
    assert time_s(text) == seconds
    if seconds:
        assert iso_time_s(wanted) == seconds
    else:
        with pytest.raises(BadAnswer):
            iso_time_s(wanted)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Fri, 27 Nov 2026 15:50:07 GMT", 3600),
        ("Sat, 28 Nov 2026 14:50:07 GMT", RETRY_AFTER_MAX_S),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0),
        ("soon", 0),
        ("120", 120),
        ("1000000000000", RETRY_AFTER_MAX_S),
    ],
)
def test_a_server_may_name_the_moment_from_which_on_it_can_be_asked(
    value: str, seconds: int
) -> None:
    assert retry_after_s(value, time_s("Fri, 27 Nov 2026 14:50:07 GMT")) == seconds
    assert retry_after_s(value, 0) == (seconds if value.isdigit() else 0)
