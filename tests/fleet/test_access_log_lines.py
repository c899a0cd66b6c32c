"""Lines of access logs: the four forms say the same; whatever is not whole is no check."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from log_rig import cloudfront, common, objects, read, stamp
from seesaw.repository import query

from host_tools.fleet.lines import EPOCH_MAX, EPOCH_MIN, HEADS_MAX, PATH, Lines
from host_tools.release.query import parse

NOW = 1_790_000_123
SAID = query("1.2.0", 1, "install", "1.3.0,a1b2c3d4,7,1,2", b"\x24\x0a\xc4\x00\x01\x02", NOW)
COLUMNS = "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem" \
          " sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie)"


@given(st.integers(EPOCH_MIN, EPOCH_MAX - 1))
@example(NOW)
def test_all_forms_say_the_same(epoch_s: int) -> None:
    combined = ' "-" "MicroPython \\" [x] \\"GET / HTTP/1.1"'
    lines = [common(epoch_s, SAID), common(epoch_s, SAID, combined), *objects(epoch_s, SAID)]
    lines += [common(epoch_s, SAID).replace("10.1.2.3 -", "example.org:443 ::1 owner")]
    lines += [COLUMNS, cloudfront(epoch_s, SAID), cloudfront(epoch_s, SAID.replace(",", "%2C"))]

    assert read(lines) == ([(epoch_s, parse(SAID))] * (len(lines) - 1), 0, 1)


def test_a_file_of_cloudfront_says_which_columns_it_has() -> None:
    reader = Lines()
    turned = f"{SAID}\t{PATH}\tGET\t00:00:01\t2026-09-21"
    wanted = (1_789_948_801, parse(SAID))
    head = "#Fields: cs-uri-query cs-uri-stem cs-method time date"
    assert read([head, turned, COLUMNS, turned, head, turned]) == ([wanted] * 2, 1, 3)
    assert read([head], reader) == ([], 0, 1)
    assert read([turned, turned], reader) == ([wanted] * 2, 0, 0)  # of the next block
    for head, line in (
        ("date time cs-uri-stem cs-method", f"2026-09-21\t00:00:01\t{PATH}\tGET"),
        ("date time", f"2026-09-21\t00:00:01\t{PATH}"),
    ):
        assert read(["#Fields: " + head, line], reader) == ([], 1, 1)


def test_a_zone_counts() -> None:
    line = common(NOW, SAID)
    for zone, hours in (("+0200", -2), ("-0730", 7.5)):
        assert read([line.replace("+0000", zone)])[0] == [(NOW + hours * 3600, parse(SAID))]


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
    assert read([line]) == ([], 0, 1)


def test_a_check_of_no_device_says_nothing() -> None:
    for said in ("v=1", SAID + "x" * 200, "%00", SAID.replace("v=", "w=")):
        lines = (common(NOW, said), cloudfront(NOW, said), *objects(NOW, said))
        assert read(lines) == ([(NOW, None)] * len(lines), 0, 0)


@pytest.mark.parametrize("line", [common(NOW, SAID), cloudfront(NOW, SAID), objects(NOW, SAID)[2]])
def test_a_torn_line_is_never_another_check(line: str) -> None:
    for cut in (
        [line[:end] for end in range(len(line) - 1)],
        [line[end + 1 :] for end in range(len(line) - 1)],
        [line[:end] + line for end in range(len(line) - 1)],
    ):
        checks, torn, _ = read(cut)
        assert torn and {said for _, said in checks} <= {None, parse(SAID)}


TORN = common(NOW, SAID)
TABS = cloudfront(NOW, SAID)
JSON = {"time": NOW, "uri": f"{PATH}?{SAID}"}


@pytest.mark.parametrize(
    "line",
    [
        TORN.replace(":23 +", "!23 +"),
        TORN.partition("[")[2],  # no bracket at all
        TORN.replace("[21/", "[ 1/"),
        TORN.replace("[21/Sep", "[21/sep"),
        TORN.replace("[21/Sep", "[31/Sep"),
        TORN.replace(":23 +", ":61 +"),
        TORN.replace("+0000", "+9999"),
        TORN.replace(" 200 ", " "),
        TORN.replace("HTTP/1.1", "HTTP/1.1 "),
        TORN.replace('"GET /', '"GET http://seesaw.example/'),
        TABS.replace("2026-09-21", "2026-09- 1"),
        TABS.replace(":23\t", ":61\t"),
        TABS.replace("\t-\t-\t", "\t-\t"),
        TABS.replace("v=", "é="),
        json.dumps(JSON | {"time": 10**400}),
        json.dumps(JSON).replace(str(NOW), "9" * 5000),
        json.dumps(JSON | {"time": "21/Sep/2026:14:35:61 +0000"}),
        json.dumps(JSON | {"time": "9999-12-31T23:59:59-23:59"}),
        json.dumps(JSON | {"date": 10**20, "time": "14:35:23"}),
        json.dumps(JSON | {"uri": f"{PATH}?é{SAID}"}),
    ],
)
def test_what_is_not_to_the_letter_is_torn(line: str) -> None:
    whole = [TORN, TABS, json.dumps(JSON)]
    assert read(whole + [COLUMNS]) == ([(NOW, parse(SAID))] * 3, 0, 1)
    assert line not in whole and read([COLUMNS, *whole, line, *whole])[1:] == (1, 1)
    assert len(read([COLUMNS, line, TABS])[0]) == 1


def test_heads_without_end_cost_little() -> None:
    heads = [f"#Fields: {number} " + COLUMNS.removeprefix("#Fields: ") for number in range(9999)]
    lines = [one for head in heads for one in (head, "x\t" + cloudfront(NOW, SAID))]
    assert read(lines) == ([(NOW, parse(SAID))] * HEADS_MAX, 9999 - HEADS_MAX, 9999)


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
    assert all(said is None for _, said in read([line])[0])


@given(st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_a_changed_byte_raises_nothing_else(at: int, bytes_: bytes) -> None:
    lines = (common(NOW, SAID, ' "-" "-"'), cloudfront(NOW, SAID), *objects(NOW, SAID))
    spoilt = [whole[:at] + bytes_ + whole[at + len(bytes_) :] for whole in map(str.encode, lines)]
    assert all(EPOCH_MIN <= at_s < EPOCH_MAX for at_s, _ in read(spoilt)[0])
