"""Phones that stall, flood or vanish, on virtual time; and power that goes while it is stored."""

import pytest
from phone import Owner, Script

NEW = {"ssid": "", "password": ""}
SAVE = b"POST /save HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: 31\r\n\r\n"
BODY = b"ssid=686f6d65&password=password"


def test_a_slow_phone_is_given_up_and_holds_nobody_up() -> None:
    owner = Owner({"home": "password"}, **NEW)

    def script() -> Script:
        yield from owner.join()
        slow = owner.access.dial(80)
        begun_s = owner.now_s
        for byte in (b"GET / HTTP/1.1\r\nX: " + b"y" * 400)[:60]:
            slow.say(bytes((byte,)))
            asked_s = owner.now_s
            page = yield from owner.get()
            assert "Seesaw set-up" in page and owner.now_s - asked_s < 0.5
            yield from owner.wait(0.2)
            if slow.ended:
                break
        assert slow.ended and slow.heard == b"" and 9 < owner.now_s - begun_s < 12

    owner.run(script())


def test_places_come_free_again() -> None:
    """Of phones that say nothing, that do not end what they say, and that vanish in mid-answer."""
    owner = Owner({"home": "password"}, **NEW)

    def script() -> Script:
        yield from owner.join()
        silent = [owner.access.dial(80) for _ in range(4)]
        assert "Seesaw set-up" in (yield from owner.get())
        assert [call.ended for call in silent] == [True, False, False, False]
        slow = [owner.access.dial(80) for _ in range(4)]
        for call in slow:
            call.say(b"GET / HTTP/1.1\r\n")
            yield from owner.wait(0.1)
        fifth = owner.access.dial(80)
        fifth.say(b"GET / HTTP/1.1\r\n\r\n")
        yield from owner.until(lambda: fifth.ended)
        assert fifth.heard == b""
        yield from owner.until(lambda: all(call.ended for call in silent + slow))
        for _ in range(12):
            gone = owner.access.dial(80)
            gone.say(b"GET / HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n")
            gone.vanish()
            yield from owner.wait(0.05)
        yield from owner.wait(1)
        page = yield from owner.get()
        assert "Seesaw set-up" in page

    owner.run(script())


def test_credentials_that_come_in_single_bytes_and_twice() -> None:
    owner = Owner({"home": "password"}, **NEW)

    def script() -> Script:
        yield from owner.join()
        call = owner.access.dial(80)
        for byte in SAVE + BODY:
            call.say(bytes((byte,)))
        yield from owner.until(lambda: call.ended)
        assert b"Trying home." in call.heard
        page = yield from owner.post("/save", other="elsewhere", password="12345678")
        assert "Trying home." in page  # one at a time
        yield from owner.until(owner.world.follows)
        assert owner.config()["ssid"] == "home"

    owner.run(script())


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 3000, b"431"),
        (b"POST /save HTTP/1.1\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99999, b"413"),
        (b"\0" * 3000, b"414"),
        (b"POST /elsewhere HTTP/1.1\r\n\r\n", b"404"),
    ],
)
def test_what_is_refused_gets_its_status(raw: bytes, code: bytes) -> None:
    owner = Owner({"home": "password"}, **NEW)

    def script() -> Script:
        yield from owner.join()
        found = yield from owner.send(raw if code != b"404" else raw.replace(
            b"\r\n\r\n", b"\r\nHost: 192.168.4.1\r\n\r\n"))  # fmt: skip
        assert found.startswith(b"HTTP/1.1 " + code)

    owner.run(script())


def test_a_flood_of_datagrams_delays_no_page() -> None:
    owner = Owner({"home": "password"}, **NEW)

    def script() -> Script:
        yield from owner.join()
        for number in range(400):
            owner.access.send(53, bytes((number & 255,)) * 30, ("192.168.4.2", number))
        asked_s = owner.now_s
        page = yield from owner.get()
        assert "Seesaw set-up" in page and owner.now_s - asked_s < 0.5

    owner.run(script())


@pytest.mark.parametrize("old", ["", "before"])
def test_power_cuts_while_the_settings_are_stored(old: str) -> None:
    """At every operation on flash from the owner's click on: the old network or the new one."""
    seen = set()
    for op in range(1, 60):
        owner = Owner({"home": "password"}, ssid=old, password="", button_pin=0)

        def script(owner: Owner = owner) -> Script:
            yield from owner.wait(2)
            if old:
                yield from owner.press(5.5)
            yield from owner.join()
            yield from owner.post("/save", ssid=b"home".hex(), password="password")
            yield from owner.until(owner.world.follows)

        steps = script()
        outcome = owner.world.run(
            200, until=lambda steps=steps: next(steps, "ended") == "ended", cut=(op, "before")
        )
        blobs = [owner.config(key)["ssid"] for key in ("config", "config_b") if _has(owner, key)]
        assert blobs and {*blobs} <= {old, "home"}, (op, blobs)
        seen.add(blobs[0])
        if outcome.reason != "cut":
            break
        owner.run(owner.hears("event=setup" if blobs[0] == "" else " state="))
    assert outcome.reason == "until" and seen == {old, "home"}


def _has(owner: Owner, key: str) -> bool:
    try:
        return bool(owner.config(key))
    except KeyError:
        return False
