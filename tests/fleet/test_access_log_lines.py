"""Lines of access logs: the four forms say the same; whatever is not whole is no check."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from log_rig import cloudfront, common, objects, stamp
from seesaw.repository import query

from host_tools.fleet.lines import EPOCH_MAX, EPOCH_MIN, PATH, Lines
from host_tools.release.query import parse

NOW = 1_790_000_123
SAID = query("1.2.0", 1, "install", "1.3.0,a1b2c3d4,7,1,2", b"\x24\x0a\xc4\x00\x01\x02", NOW)
COLUMNS = "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem" \
          " sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie)"


@given(st.integers(EPOCH_MIN, EPOCH_MAX - 1))
@example(NOW)
def test_all_forms_say_the_same(epoch_s: int) -> None:
    reader = Lines()
    combined = ' "-" "MicroPython \\" [x] \\"GET / HTTP/1.1"'
    lines = [common(epoch_s, SAID), common(epoch_s, SAID, combined), *objects(epoch_s, SAID)]
    lines += [common(epoch_s, SAID).replace("10.1.2.3 -", "example.org:443 ::1 owner")]
    found = [reader.read(line.encode()) for line in lines]
    assert reader.read(COLUMNS.encode()) is None
    found.append(reader.read(cloudfront(epoch_s, SAID).encode()))
    found.append(reader.read(cloudfront(epoch_s, SAID.replace(",", "%2C")).encode()))

    assert found == [(epoch_s, parse(SAID))] * len(found)


def test_a_file_of_cloudfront_says_which_columns_it_has() -> None:
    reader = Lines()
    reader.read(b"#Fields: cs-uri-query cs-uri-stem cs-method time date")
    assert reader.read(f"{SAID}\t{PATH}\tGET\t00:00:01\t2026-09-21".encode()) == (
        1_789_948_801, parse(SAID))  # fmt: skip
    for head, line in (
        ("date time cs-uri-stem cs-method", f"2026-09-21\t00:00:01\t{PATH}\tGET"),
        ("date time", f"2026-09-21\t00:00:01\t{PATH}"),
    ):
        reader.read(b"#Fields: " + head.encode())
        with pytest.raises(ValueError):
            reader.read(line.encode())


def test_a_zone_counts() -> None:
    line = common(NOW, SAID)
    for zone, hours in (("+0200", -2), ("-0730", 7.5)):
        found = Lines().read(line.replace("+0000", zone).encode())
        assert found and found[0] == NOW + hours * 3600


@pytest.mark.parametrize(
    "line",
    [
        f'1.2.3.4 - - [{stamp(NOW)}] "GET /x HTTP/1.1" 200 5 "http://x{PATH}?{SAID}" "-"',
        f'1.2.3.4 - - [{stamp(NOW)}] "GET /x HTTP/1.1" 200 5 "-" "\\"GET {PATH}?{SAID} HTTP/1.1"',
        f'1.2.3.4 - - [{stamp(NOW)}] "GET /x?{PATH}?{SAID} HTTP/1.1" 200 5',
        f'1.2.3.4 - - [{stamp(NOW)}] "POST {PATH}?{SAID} HTTP/1.1" 200 5',
        json.dumps({"time": NOW, "uri": "/x", "user_agent": f"GET {PATH}?{SAID}"}),
        "#Version: 1.0",
        "nothing of a log",
    ],
)
def test_what_a_client_writes_elsewhere_is_no_check(line: str) -> None:
    assert Lines().read(line.encode()) is None


def test_a_check_of_no_device_says_nothing() -> None:
    for said in ("v=1", SAID + "x" * 200, "%00", SAID.replace("v=", "w=")):
        for line in (common(NOW, said), cloudfront(NOW, said), *objects(NOW, said)):
            assert Lines().read(line.encode()) == (NOW, None), line


@pytest.mark.parametrize("line", [common(NOW, SAID), cloudfront(NOW, SAID), objects(NOW, SAID)[2]])
def test_a_torn_line_is_never_another_check(line: str) -> None:
    for end in range(len(line) - 1):
        for torn in (line[:end], line[end + 1 :], line[:end] + line):
            try:
                found = Lines().read(torn.encode())
            except ValueError:
                continue
            assert found is None or found[1] in (None, parse(SAID)), torn


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@example(b'{"time":true,"uri":"/metadata/timestamp.json"}')
@example(b'{"a":' * 60 + b"metadata/timestamp.json")
@example(b'[1,"metadata/timestamp.json"]')
@example(b'{"time":1e999,"uri":"/metadata/timestamp.json"}')
@example(b'{"time":NaN,"uri":"/metadata/timestamp.json"}')
@example(b'{"date":1,"time":[],"uri":"/metadata/timestamp.json"}')
@example(b'x [99/Foo/2026:02:49:15 +0000] "GET /metadata/timestamp.json HTTP/1.1" 200 1')
@example(b'x [28/Nov/0000:02:49:15 +9999] "GET /metadata/timestamp.json HTTP/1.1" 200 1')
@example(b"2026-99-99\tx\tx\tx\tx\tGET\tx\t/metadata/timestamp.json\t\t\t\t\xff")
def test_garbage_is_refused_or_nothing(line: bytes) -> None:
    try:
        found = Lines().read(line)
    except ValueError:
        return
    assert found is None or found[1] is None


@given(st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_a_changed_byte_raises_nothing_else(at: int, bytes_: bytes) -> None:
    for line in (common(NOW, SAID, ' "-" "-"'), cloudfront(NOW, SAID), *objects(NOW, SAID)):
        whole = line.encode()
        try:
            found = Lines().read(whole[:at] + bytes_ + whole[at + len(bytes_) :])
        except ValueError:
            continue
        assert found is None or EPOCH_MIN <= found[0] < EPOCH_MAX + 60
