"""The API of a device in its owner's network, on virtual time. Answers are as openapi.json says."""

import pytest
from caller import FORM, HERE, Caller, request
from contract import OPENAPI, check, parse
from phone import Script
from rig import BOARD, World, new_flash, release

from host_tools.bench_site import Swinging
from host_tools.board import paste
from host_tools.emulator.os_error import MicroOSError
from host_tools.market.server import Market
from host_tools.market.site import Reply

SECRETS = ('"password"', "psk-of-home", "key-of-eodhd", "relay.test")


def test_it_tells_who_it_is_and_how_it_stands() -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        info = (yield from owner.fetch("/api/v1/info")).json
        assert info == {"name": "seesaw-000001", "board": "esp32_wrover", "version": "0.1.0",
                        "slot": "ota_0", "development": True}  # fmt: skip
        status = (yield from owner.fetch("/api/v1/status")).json
        line = owner.world.lines[-1]
        assert status["state"] == "LIVE" and status["instrument"] == "sp500"
        assert f"price={status['price']:.2f} change={status['percent']:+.2f}%" in line
        assert f"angle={status['tilt']:+.2f}" in line
        assert status["provider"] == "cnbc" and 0 <= status["age_s"] <= 30
        assert status["update"] == {"version": "0.1.0", "data": "shipped", "server": True,
                                    "outcome": "", "looked_s": None}  # fmt: skip

        assert owner.radio.hostname == "seesaw-000001"  # for mDNS

    owner.run(script())


def test_the_states_without_a_market_are_told_too() -> None:
    owner = Caller()
    owner.device.net.hosts.clear()

    def script() -> Script:
        yield from owner.hears("state=NO_DATA")
        status = (yield from owner.fetch("/api/v1/status")).json
        assert (status["state"], status["sign"]) == ("NO_DATA", "NO_DATA")
        assert status["price"] is status["percent"] is status["provider"] is None
        assert status["why"] and "it asks on" in status["words"]

    owner.run(script())


def test_a_paste_is_as_on_the_serial_line() -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        answer = yield from owner.fetch("/api/v1/diag")
        found = paste.find(answer.body)
        assert found and found.whole and len(answer.body) < 4096
        assert not [key for key in found.facts if key.startswith("lost.")]
        assert found.verdict.startswith("Working.") and found.facts["program"] == "app"
        head = yield from owner.ask(request("HEAD", "/api/v1/diag"))
        assert head.status == 200 and head.body == ""

    owner.run(script())


def test_until_the_first_poll_has_ended_nothing_is_wrong() -> None:
    """Providers that hang take half a minute; nobody is to write to the maker for that."""
    owner = Caller()
    for site in owner.device.net.hosts.values():
        site.handler = lambda request: Reply(fault="hang")

    def script() -> Script:
        yield from owner.until(lambda: 80 in owner.access.doors)
        yield from owner.wait(3)
        status = (yield from owner.fetch("/api/v1/status")).json
        text = (yield from owner.fetch("/api/v1/diag")).body
        assert status["words"] == "it has just started" and not owner.world.said("state=")
        assert "\nIt has just started." in text and "\napp.state: STARTING\n" in text

    owner.run(script())


def test_nothing_secret_is_in_any_answer() -> None:
    owner = Caller(password="psk-of-home", keys={"eodhd": "key-of-eodhd"},
                   providers={"cnbc": "http://cnbc:80", "relay": "http://relay.test"})  # fmt: skip
    owner.device.around.air["home"] = "psk-of-home"
    paths = [path for path, does in OPENAPI["paths"].items() if "get" in does]

    def script() -> Script:
        yield from owner.ready()
        for path in paths:
            if path.endswith("/events"):
                call = owner.access.dial(80)
                call.say(request("GET", path))
                yield from owner.wait(2)
                text = call.heard.decode()
                assert "event: status" in text
            else:
                text = (yield from owner.fetch(path)).body
            assert not [word for word in SECRETS if word in text], path

    owner.run(script())


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (request("GET", "/api/v1/status", Host="evil.test"), 421),
        (request("GET", "/api/v1/status", Host=""), 421),
        (request("GET", "/", Host="seesaw-000001.evil.test"), 421),
        (request("GET", "/api/v1/status", Host="seesaw-000001.local"), 200),
        (request("GET", "/api/v1/status", Host="Seesaw-000001:80"), 200),
        (request("GET", "/api/v1/status", Origin="http://evil.test"), 403),
        (request("GET", "/api/v1/status", Origin=f"http://{HERE}"), 200),
        (request("POST", "/api/v1/config", b"{}", Origin="http://evil.test"), 403),
        (request("POST", "/api/v1/config", b"{}", Origin="null"), 403),
        (request("POST", "/api/v1/config", b"{}", Origin=f"https://{HERE}"), 403),
        (request("POST", "/api/v1/config", b"{}", Content_Type="text/plain"), 415),
        (request("POST", "/api/v1/config", b"{}", Content_Type=FORM), 415),
        (request("POST", "/api/v1/config", b"{}", Content_Type=""), 415),
        (request("POST", "/api/v1/config", b"x" * 1025), 413),
        (request("POST", "/", b"instrument=dax", Content_Type=FORM), 403),
        (request("POST", "/", b"instrument=dax", Content_Type=FORM, Origin="http://a"), 403),
        (request("POST", "/", b"instrument=dax", Content_Type=FORM, Referer="http://a/"), 403),
        (request("POST", "/", b"a=dax", Content_Type=FORM, Referer=f"http://{HERE}/"), 400),
        (request("POST", "/", b"instrument=dax", Origin=f"http://{HERE}"), 415),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 3000, 431),
        (b"\x16\x03\x01\x02\r\n\r\n", 400),
    ],
)
def test_who_is_answered(raw: bytes, status: int) -> None:
    """Another host, another site, another type: nothing of it is done."""
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        before = owner.config()
        found = yield from owner.send(raw)
        assert parse(found).status == status, found
        if raw.startswith((b"GET /", b"POST /")):
            method, path = raw.decode().split(" ")[:2]
            check(method, path, parse(found))
        yield from owner.wait(8)
        assert owner.config() == before and not owner.world.said("instrument=dax")

    owner.run(script())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/nothing", 404), ("GET", "/favicon.ico", 404), ("POST", "/api/v1/info", 405),
     ("GET", "/api/v1/action", 405), ("OPTIONS", "/api/v1/config", 405), ("PUT", "/", 405)],
)  # fmt: skip
def test_what_is_not_there(method: str, path: str, status: int) -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        found = parse((yield from owner.send(request(method, path))))
        assert found.status == status and found.json["error"]
        assert "access-control-allow-origin" not in found.headers

    owner.run(script())


def test_settings_are_stored_and_followed() -> None:
    owner = Caller(future=[1])

    def script() -> Script:
        yield from owner.ready()
        before = (yield from owner.fetch("/api/v1/config")).json
        wanted = {"instrument": "dax", "sensitivity": 200, "quiet_from": 1320, "quiet_to": 420}
        done = yield from owner.put("/api/v1/config", wanted)
        assert done.status == 200 and "stored" in done.json["done"]
        assert owner.config() == owner.config("config_b")
        assert owner.config()["future"] == [1] and owner.config()["password"] == "password"
        again = yield from owner.put("/api/v1/config", {"instrument": "dow"})
        assert again.status == 429 and owner.config()["instrument"] == "dax"
        yield from owner.hears("instrument=dax")
        now = (yield from owner.fetch("/api/v1/config")).json
        assert now == {**before, **wanted}
        soon = yield from owner.put("/api/v1/config", {"instrument": "dow"})
        assert soon.status == 429 and soon.headers["retry-after"] == "10"
        yield from owner.wait(11)
        same = yield from owner.put("/api/v1/config", {"sensitivity": 200})
        assert same.status == 200 and "nothing" in same.json["done"]
        yield from owner.wait(20)

    owner.run(script())
    assert owner.world.events == ["boot ota_0 cause 1"]  # no reset of the chip
    assert not owner.world.said("event=")


def test_they_are_stored_whatever_the_beam_does() -> None:
    """While it moves, and whenever the supervisor looks: what is told as stored is stored."""
    for moment in range(12):
        owner = Caller(poll_s=1)
        market = Market("sp500", clock=owner.world.market.clock, prices=Swinging())
        owner.device.net.hosts["cnbc", 80] = market.site

        def script(owner: Caller = owner, moment: int = moment) -> Script:
            yield from owner.ready()
            yield from owner.wait(moment * 0.45)
            assert owner.device.board.pwm.pulse_ns(BOARD.servo_pin) > 0
            answer = yield from owner.put("/api/v1/config", {"sensitivity": 50})
            assert answer.status == 200 and owner.config()["sensitivity"] == 50
            yield from owner.until(lambda: "angle=+4.08" in owner.world.lines[-1])

        owner.run(script())


def test_quiet_hours_are_told() -> None:
    owner = Caller(quiet_from=0, quiet_to=1439)

    def script() -> Script:
        yield from owner.ready()
        status = (yield from owner.fetch("/api/v1/status")).json
        assert status["quiet"] and "quiet hours" in status["words"] and status["state"] == "LIVE"
        assert "keeps still" in (yield from owner.fetch("/")).body

    owner.run(script())


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"instrument": "nothing"}, "instrument"), ({"sensitivity": 24}, "sensitivity"),
        ({"sensitivity": True}, "sensitivity"), ({"sensitivity": 100.0}, "sensitivity"),
        ({"quiet_to": 1440}, "quiet_to"), ({"tz": "nowhere"}, "tz"), ({"us_per_degree": 7}, "us_"),
        ({"center_us": 1000, "low_us": 1100}, "low_us"), ({"stream": 1}, "stream"),
        ({"instrument": "dax", "password": "x"}, "password"),
        ({"update_url": "http://a"}, "update"),
        ({"servo_pin": 4}, "servo_pin"), ([], "object"), (None, "object"), ("dax", "object"),
    ],
)  # fmt: skip
def test_settings_that_are_refused_change_nothing(wanted: object, words: str) -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        before = owner.config()
        answer = yield from owner.put("/api/v1/config", wanted)
        assert answer.status == 400 and words in answer.json["error"]
        yield from owner.wait(8)
        assert owner.config() == before

    owner.run(script())


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 1000, b'{"sensitivity": 1e999}'])
def test_a_body_that_is_no_json(body: bytes) -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        for path in ("/api/v1/config", "/api/v1/action"):
            answer = parse((yield from owner.send(request("POST", path, body))))
            check("POST", path, answer)
            assert answer.status == 400

    owner.run(script())


def full(*blob: object) -> None:
    raise MicroOSError(-4357, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")


def test_settings_that_find_no_room_are_said_and_stay() -> None:
    owner = Caller(note="x" * 1750)

    def script() -> Script:
        yield from owner.ready()
        before = owner.config()
        wanted = {"tz": "CET-1CEST,M3.5.0,M10.5.0/3", "sensitivity": 400, "low_us": 1001}
        answer = yield from owner.put("/api/v1/config", wanted)
        assert (answer.status, answer.json) == (400, {"error": "too long"})
        owner.device.board.calls["nvs_set_blob"] = full
        answer = yield from owner.put("/api/v1/config", {"sensitivity": 400})
        assert answer.status == 507 and "stay" in answer.json["error"]
        yield from owner.wait(8)
        assert owner.config() == before
        moved = len(owner.device.board.pwm.pulses)
        yield from owner.until(lambda: len(owner.device.board.pwm.pulses) > moved)

    owner.run(script())


def test_what_it_is_told_to_do() -> None:
    """A look for an update, a new start, set-up; and what it is not."""
    owner = Caller()

    def act(action: object) -> Script:
        return (yield from owner.put("/api/v1/action", {"action": action}))

    def script() -> Script:
        yield from owner.ready()
        for wrong in ("fly", "", None, ["update"], {}):
            assert (yield from act(wrong)).status == 400
        assert (yield from act("update")).status == 202
        yield from owner.hears("event=hindered")  # there is no server
        yield from owner.wait(16)
        status = (yield from owner.fetch("/api/v1/status")).json
        assert 0 <= status["update"]["looked_s"] <= 60
        assert status["update"]["outcome"] == ""
        assert (yield from act("restart")).status == 202
        assert (yield from act("restart")).status == 429
        yield from owner.wait(20)
        assert (yield from owner.fetch("/api/v1/status")).json["up_s"] < 20
        assert (yield from act("setup")).status == 202
        yield from owner.hears("words=asked: join")

    owner.run(script())


def test_who_restarts_it_all_the_time_puts_off_no_look() -> None:
    """A program that changes a setting every few seconds must not keep the fix away."""
    owner = Caller(check_s=300)

    def script() -> Script:
        yield from owner.ready()
        number = 0
        while owner.now_s < 800:
            number = (number + 1) % 300
            if 80 in owner.access.doors:
                body = b'{"sensitivity": %d}' % (100 + number)
                owner.access.dial(80).say(request("POST", "/api/v1/config", body))
            yield from owner.wait(2)

    owner.run(script())
    looks = [line for line in owner.world.lines if "event=hindered" in line]
    assert len(looks) >= 3 and owner.config()["sensitivity"] > 100


def test_without_a_server_for_updates_it_says_so() -> None:
    owner = Caller(update_url="")

    def script() -> Script:
        yield from owner.ready()
        answer = yield from owner.put("/api/v1/action", {"action": "update"})
        assert answer.status == 409

    owner.run(script())


def test_a_trial_answers_nobody() -> None:
    """What is asked for from outside must not cost a release its memory, or its time."""
    old, new = release("0.1.0"), release("0.2.0")
    world = World(new_flash(old), [old, new], offered=new)
    doors = []

    def look() -> bool:
        if world.follows():
            doors.append((world.running()[1], 80 in world.device.net.access.doors,
                          world.confirmed("0.2.0")))  # fmt: skip
        return len(doors) > 3 and doors[-1][1] and doors[-1][2]

    world.run(1200, until=look)
    assert ("0.1.0", True, False) in doors
    assert ("0.2.0", False, False) in doors and ("0.2.0", True, True) in doors
