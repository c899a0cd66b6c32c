"""Whatever comes off the network costs its own connection alone: the beam and the feed go on."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from caller import FORM, HERE, Caller, request
from contract import parse, schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phone import Script
from seesaw import config, tuning
from seesaw.api import changes, page
from seesaw.data import traded

from host_tools.errors import UserError
from host_tools.image import bundle
from host_tools.image import settings as host_settings
from host_tools.market.site import Reply

STATUSES = {200, 202, 400, 403, 404, 405, 409, 411, 413, 414, 415, 421, 429, 431}
PIECES = st.one_of(st.binary(max_size=200), st.sampled_from([
    b"GET / HTTP/1.1\r\n", b"POST /api/v1/config HTTP/1.1\r\n", b"Host: 10.0.0.2\r\n", b"\r\n",
    b"Content-Length: 9\r\n", b"Content-Type: application/json\r\n", b"\n", b"{}", b"a=b&",
    b"Origin: http://10.0.0.2\r\n", b"GET /api/v1/status HTTP/1.1\r\n", b"A: " + b"b" * 990,
]))  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The file of the bundle that has the names of instruments."""
    path = tmp_path_factory.mktemp("bundle") / "feeds.txt"
    path.write_bytes(bundle.build("0.1.0").files["feeds.txt"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traded, "FEEDS", str(path))
        yield


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(PIECES, max_size=8), min_size=1, max_size=12))
def test_any_bytes_on_any_number_of_connections(connections: list[list[bytes]]) -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        calls = []
        for pieces in connections:
            call = owner.access.dial(80)
            calls.append(call)
            for piece in pieces:
                if piece:  # an empty one is the end
                    call.say(piece)
            if len(pieces) % 3 == 1:
                call.hang_up()
            elif len(pieces) % 3 == 2:
                call.vanish()
        yield from owner.until(lambda: all(call.ended for call in calls))
        for call in calls:
            if call.heard and not call.gone:
                found = re.match(rb"HTTP/1\.1 (\d+) ", call.heard)
                assert found and int(found[1]) in STATUSES, call.heard
        assert (yield from owner.fetch("/api/v1/status")).json["state"] == "LIVE"

    owner.run(script(), 120)
    assert owner.world.events == ["boot ota_0 cause 1"]


@given(st.dictionaries(
    st.sampled_from([*changes.KEYS, "ssid", "servo_pin", "password", "x"]),
    st.one_of(st.integers(-2000, 5000), st.booleans(), st.none(), st.text(max_size=60),
              st.floats(), st.sampled_from(["dax", "btc", "CET-1CEST,M3.5.0,M10.5.0/3", "JST-9"]),
              st.lists(st.sampled_from(["dax", "btc", "eth", "nosuch", 1, None]), max_size=4)),
    max_size=4,
))  # fmt: skip
def test_what_is_stored_is_what_the_command_would_store(wanted: dict) -> None:
    """`seesaw config` and the app read settings by the same limits; so does this."""
    blob = b'{"ssid": "home", "password": "password", "future": 1}'
    made, wrong = changes.changed(blob, wanted)
    if wrong:
        assert made == b""
        return
    host_settings.check(wanted, "the wanted")
    schema("ConfigChange").validate(wanted)
    if made:
        found = json.loads(made)
        assert found == {**json.loads(blob), **wanted}
        read = {**config.parse(made), **tuning.parse(made)}
        assert all(read[key] == value for key, value in wanted.items())
    else:
        assert {**config.parse(blob), **tuning.parse(blob)}.items() >= wanted.items()


ALONE = [
    *[(key, value) for key, (low, high) in tuning.LIMITS.items() if key in changes.KEYS
      for value in (low - 1, low, (low + high) // 2, high, high + 1)],
    ("us_per_degree", 7), ("us_per_degree", -8), ("tz", ""), ("tz", "x" * 49), ("tz", "a b"),
    ("tz", "<+0530>-5:30"), ("instrument", "ltc"), ("instrument", "cnbc"), ("instrument", ""),
    ("stream", True), ("stream", "yes"), ("sensitivity", "100"),
    ("rotation", []), ("rotation", ["dax"]), ("rotation", ["dax", "btc"]), ("rotation", "dax"),
    ("rotation", ["dax", "dax"]), ("rotation", ["nosuch"]), ("rotation", [1]), ("rotation", None),
    ("rotation", [["dax"]]), ("rotation", {"dax": 1}), ("rotation", host_settings.instruments()),
    ("rotation", [*host_settings.instruments(), "dax"]), ("rotation", ["cnbc"]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), ALONE)
def test_the_command_the_contract_and_the_device_agree(key: str, value: Any) -> None:
    blob = b'{"low_us": 1000, "center_us": 1500, "high_us": 2000}'
    _, wrong = changes.changed(blob, {key: value})
    good = schema("ConfigChange").is_valid({key: value})
    try:
        host_settings.check({key: value}, "it")
    except UserError:
        assert wrong and (not good or key == "tz")
    else:
        # The device knows its other settings, too: its range holds the level beam.
        assert good and (not wrong or key in ("low_us", "center_us", "high_us", "tz"))


@given(st.binary(max_size=200))
def test_any_form_is_settings_or_text(body: bytes) -> None:
    for name, value in page.typed(body).items():
        assert isinstance(name, str) and isinstance(value, str | int | list)
    _, wrong = changes.changed(b"", page.typed(b"x" + body + b"=1&z=2"))
    schema("Error").validate({"error": wrong})


def test_a_flood_of_headers_and_bodies_is_answered() -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        for raw, status in (
            (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 9000, 431),
            (b"GET / HTTP/1.1\r\nA: " + b"b" * 60000, 431),
            (b"GET /" + b"a" * 60000, 414),
            (request("POST", "/", b"x" * 60000, Content_Type=FORM), 413),
            (request("POST", "/api/v1/config", b"", Content_Length="99999999999"), 413),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
            (b"GET / HTTP/1.1\r\nHost: a\r\nHost: %s\r\n\r\n" % HERE.encode(), 400),
        ):  # fmt: skip
            answer = parse((yield from owner.send(raw)))
            assert answer.status == status and answer.json["error"]

    owner.run(script())


def test_slow_ones_are_given_up_and_hold_up_nobody_for_long() -> None:
    owner = Caller(check_s=86400)

    def script() -> Script:
        yield from owner.ready()
        begun_s = owner.now_s
        slow = [owner.access.dial(80) for _ in range(4)]
        for call in slow:
            call.say(b"POST /api/v1/config HTTP/1.1\r\nX: ")
        yield from owner.wait(0.1)
        fifth = owner.access.dial(80)
        fifth.say(request("GET", "/"))
        yield from owner.until(lambda: fifth.ended)
        assert fifth.heard == b""  # at once: the places are taken
        while not all(call.ended for call in slow):
            for call in slow:
                call.say(b"y")
            yield from owner.wait(0.3)
        assert 9 < owner.now_s - begun_s < 12
        assert (yield from owner.fetch("/api/v1/status")).status == 200
        assert all(call.heard == b"" for call in slow)

    owner.run(script())


def test_a_thousand_requests_change_no_frame_of_a_move() -> None:
    """On virtual time: the moves are those that nobody disturbs. tests/api/test_page_on_the_vm.py
    has it on real time."""

    def pulses(busy: bool) -> list[int]:
        owner = Caller(poll_s=5)

        def script() -> Script:
            yield from owner.until(owner.world.follows)
            if busy:
                for number in range(1000):
                    call = owner.access.dial(80)
                    call.say(request("GET", "/api/v1/" + ("status", "info", "none")[number % 3]))
                    if number % 3 == 0:
                        yield
            yield from owner.until(lambda: owner.now_s > 120)

        owner.run(script())
        return [ns for _, _, ns in owner.device.board.pwm.pulses]

    quiet, busy = pulses(False), pulses(True)
    assert len({*quiet}) > 50 and len(busy) > len(quiet) - 10
    assert quiet[: len(busy) // 2] == busy[: len(busy) // 2]


def test_a_start_by_the_page_is_no_way_round_a_provider_that_asked_for_a_pause() -> None:
    """But for another instrument, which has its own providers."""
    owner = Caller(poll_s=5, providers={"cnbc": "http://cnbc"})
    asked: list[float] = []

    def banned(request: object) -> Reply:
        asked.append(owner.now_s)
        return Reply(429, {"Retry-After": "20000"})

    def script() -> Script:
        yield from owner.ready()
        owner.device.net.hosts["cnbc", 80].handler = banned
        yield from owner.until(lambda: asked)
        yield from owner.wait(20)
        before = len(asked)
        for path, wanted in (("action", {"action": "restart"}), ("config", {"sensitivity": 50}),
                             ("action", {"action": "restart"})):  # fmt: skip
            answer = yield from owner.put("/api/v1/" + path, wanted)
            assert answer.status in (200, 202)
            yield from owner.wait(25)
        assert len(asked) == before
        yield from owner.put("/api/v1/config", {"instrument": "dow"})
        yield from owner.until(lambda: len(asked) > before)

    owner.run(script())


def kept(owner: Caller) -> str:
    """The instrument, as the device reads it."""
    try:
        return owner.config()["instrument"]
    except KeyError:  # ESP-IDF may lose a blob whose replacement is cut off
        return owner.config("config_b")["instrument"]


def test_power_that_goes_while_settings_are_stored() -> None:
    """The old ones or the new ones, and in the end a device that follows."""
    seen = set()
    for op in range(40):
        owner = Caller()

        def script(owner: Caller = owner, op: int = op) -> Script:
            yield from owner.ready()
            flash = owner.world.flash
            flash.cut = (flash.ops + op, "after")
            yield from owner.put("/api/v1/config", {"instrument": "dax"})

        running = script()
        outcome = owner.world.run(120, lambda it=running: next(it, "ended") == "ended")
        found = kept(owner)
        seen.add(found)
        if outcome.reason != "cut":
            break
        owner.run(owner.hears(f"state=LIVE instrument={found} "))
    assert outcome.reason == "until" and seen == {"sp500", "dax"}
