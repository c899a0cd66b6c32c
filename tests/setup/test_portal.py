"""From a new device, or one whose network is gone, to a moving seesaw: by a phone."""

import pytest
from phone import HOME, Owner, Script, names, status
from test_bytes import rpc

from host_tools.emulator.radio import NoAddress

PORTAL_TO_JOINED_S = 20
NEW = {"ssid": "", "password": ""}


def test_a_new_device_is_set_up_within_twenty_seconds() -> None:
    owner = Owner({"home": "password", "next door": "secret99"}, **NEW)
    took: list[float] = []

    def script() -> Script:
        yield from owner.join()
        page = yield from owner.get()
        assert [*names(page)] == ["home", "next door"]
        begun_s = owner.now_s
        page = yield from owner.post("/save", ssid=b"home".hex(), password="password")
        assert status(page).startswith("Trying home.")
        yield from owner.until(lambda: not owner.radio.on[1] and owner.radio.connected)
        took.append(owner.now_s - begun_s)
        yield from owner.until(lambda: owner.world.follows() and owner.world.moved())

    owner.run(script())
    assert took[0] <= PORTAL_TO_JOINED_S
    assert owner.world.said("words=never: join seesaw-000001")
    assert {key: owner.config()[key] for key in NEW} == {"ssid": "home", "password": "password"}
    assert owner.config("config_b") == owner.config()
    assert owner.config()["instrument"] == "sp500"


def test_a_client_on_the_serial_line_may_be_there_before_set_up() -> None:
    """What waits in the port and what comes in the first scan, which blocks, are one packet."""
    owner = Owner({"home": "password"}, **NEW)
    sent = rpc(3)
    owner.device.type(sent[:7])  # none of these bytes is a Ctrl-C; of the others two are

    def script() -> Script:
        calls = owner.device.board.calls
        scan = calls["wlan_scan"]

        def scanned(*interface: object) -> object:
            calls["wlan_scan"] = scan
            owner.device.type(sent[7:])
            return scan(*interface)

        calls["wlan_scan"] = scanned
        yield from owner.hears("event=setup")
        assert not owner.device.written
        yield from owner.wait(2)

    owner.run(script())
    written = bytes(owner.device.written)
    assert b"\x06seesaw\x050.1.0" in written and written.count(b"IMPROV") == 1


@pytest.mark.parametrize(
    ("ssid", "password", "words"),
    [
        ("home", "wrong password", "The password is probably wrong."),
        ("elsewhere", "password", "This network was not found."),
        ("no dhcp", "password", "gave it no address"),
        ("strict", "password", "refused the seesaw"),
    ],
)
def test_what_did_not_work_is_said_and_nothing_is_lost(
    ssid: str, password: str, words: str
) -> None:
    """It had Wi-Fi, whose name and password stay what they were until others have worked."""
    air = {"home": "password", "no dhcp": NoAddress("password"), "strict": 203}
    owner = Owner(air, ssid="old", password="old password", button_pin=0)

    def script() -> Script:
        yield from owner.wait(10)
        yield from owner.press(6)
        yield from owner.join()
        before = owner.config()
        yield from owner.post("/save", other=ssid, password=password)
        found = yield from owner.result()
        assert words in found
        assert owner.config() == before and before["ssid"] == "old"
        page = yield from owner.get()
        assert f'value="{ssid.encode().hex()}" checked' in page
        yield from owner.post("/save", ssid=b"home".hex(), password="password")
        yield from owner.until(owner.world.follows)
        assert owner.config()["ssid"] == "home"

    owner.run(script())
    assert owner.world.said("words=asked: join")


def test_a_lost_network_opens_the_portal_and_its_return_closes_it() -> None:
    owner = Owner({}, check_s=86400)

    def script() -> Script:
        yield from owner.hears("words=lost: join")
        assert 600 <= owner.now_s <= 640
        owner.device.around.air["home"] = "password"  # the router has started at last
        opened_s = owner.now_s
        yield from owner.until(lambda: not owner.radio.on[1] and owner.radio.connected)
        assert owner.now_s - opened_s <= 90
        yield from owner.until(owner.world.follows)

    owner.run(script(), 1800)


def test_who_has_lost_a_network_can_choose_another() -> None:
    """Where the page is not the one of a device that never had any."""
    owner = Owner({"new router": "new password"}, check_s=86400)

    def script() -> Script:
        yield from owner.hears("words=lost: join")
        yield from owner.join()
        page = yield from owner.get()
        assert [*names(page)] == ["new router", "home"] and "not seen now" in page
        yield from owner.post("/scan")
        yield from owner.wait(3)
        yield from owner.post("/save", ssid=b"new router".hex(), password="new password")
        yield from owner.until(owner.world.follows)
        assert owner.config()["ssid"] == "new router"

    owner.run(script(), 1800)


def test_settings_that_find_no_room_are_said_and_stay() -> None:
    owner = Owner({"home": "password"}, note="x" * 1800, ssid="", password="")
    ssid = "h" * 32
    owner.device.around.air[ssid] = "p" * 63

    def script() -> Script:
        yield from owner.join()
        before = owner.config()
        yield from owner.post("/save", ssid=ssid.encode().hex(), password="p" * 63)
        found = yield from owner.result()
        assert "could not be stored" in found
        assert owner.config() == before
        yield from owner.until(lambda: not owner.radio.on[1])
        yield from owner.join()

    owner.run(script())


def test_a_phone_that_types_holds_the_retries_up_and_one_that_only_hangs_on_does_not() -> None:
    owner = Owner({}, check_s=86400)

    def script() -> Script:
        yield from owner.join()
        owner.device.around.air["home"] = "password"
        for _ in range(10):
            yield from owner.get()
            yield from owner.wait(30)
        assert not owner.radio.connected
        yield from owner.until(owner.world.follows)

    owner.run(script(), 3600)


def test_without_an_owner_the_portal_closes_and_updates_are_looked_for() -> None:
    """Lost, and at another frequency of looks: the time without Wi-Fi adds up over them."""
    owner = Owner({}, check_s=120)

    def script() -> Script:
        yield from owner.hears("words=lost: join")
        opened_s = owner.now_s
        yield from owner.until(lambda: not owner.radio.on[1])
        assert 300 <= owner.now_s - opened_s <= 310
        lines = len(owner.world.lines)
        yield from owner.until(lambda: any("event=hindered" in line
                                           for line in owner.world.lines[lines:]))  # fmt: skip
        assert owner.now_s - opened_s <= 300 + 240

    owner.run(script(), 3600)


def test_a_new_device_that_nobody_sets_up_still_runs_its_updater() -> None:
    owner = Owner({}, **NEW)

    def script() -> Script:
        yield from owner.hears("event=hindered")
        assert 21600 <= owner.now_s <= 21800
        yield from owner.until(lambda: owner.radio.on[1])

    owner.run(script(), 30000)
    assert owner.world.events.count("boot ota_0 cause 1") == 1  # no reset of the chip


def test_a_login_page_is_recognised_and_said() -> None:
    owner = Owner({"hotel": ""}, internet=b"<html>Room number?</html>", **NEW)

    def script() -> Script:
        yield from owner.join()
        yield from owner.post("/save", ssid=b"hotel".hex(), password="")
        found = yield from owner.result()
        assert "login page" in found
        page = yield from owner.get()
        assert "MAC address 24:aa:5e:00:00:01" in page
        assert owner.config()["ssid"] == ""
        yield from owner.post("/save", ssid=b"hotel".hex(), password="", anyway="1")
        yield from owner.until(owner.world.follows)
        assert owner.config()["ssid"] == "hotel"

    owner.run(script())


def test_a_network_without_internet_is_kept_and_that_is_said() -> None:
    owner = Owner({"home": "password"}, internet=None, **NEW)

    def script() -> Script:
        yield from owner.join()
        yield from owner.post("/save", ssid=b"home".hex(), password="password")
        found = yield from owner.result()
        assert "no internet" in found
        yield from owner.until(lambda: owner.config()["ssid"] == "home")

    owner.run(script())


@pytest.mark.parametrize(
    ("ssid", "password"),
    [
        (b"a%2B+&;=\"'\\ <b>", "p%+ &;=\"'\\<\u00fc"),
        ("Caf\u00e9 \u2615".encode(), "f" * 63),
        (b"caf\xe9 latin", "0123456789abcdef" * 4),
        (b"\xff\x00\x80", "passwort"),
    ],
)
def test_every_character_of_names_and_passwords(ssid: bytes, password: str) -> None:
    """By the list; a name that is text also by hand. The app joins with what was stored."""
    name = ssid.decode("utf-8", "surrogateescape")
    owner = Owner({name: password}, **NEW)

    def script() -> Script:
        yield from owner.join()
        page = yield from owner.get()
        assert f'value="{ssid.hex()}"' in page and "<b>" not in page
        yield from owner.post("/save", ssid=ssid.hex(), password=password)
        yield from owner.until(owner.world.follows)
        yield from owner.wait(5)

    owner.run(script())
    owner.run(owner.until(lambda: owner.radio.connected))  # after a power cut, with what it kept


def test_probes_and_names_that_are_not_ours_lead_to_the_page() -> None:
    owner = Owner({"home": "password"}, **NEW)
    probes = [
        ("connectivitycheck.gstatic.com", "/generate_204"), ("www.google.com", "/gen_204"),
        ("captive.apple.com", "/hotspot-detect.html"),
        ("www.apple.com", "/library/test/success.html"),
        ("www.msftconnecttest.com", "/connecttest.txt"), ("www.msftncsi.com", "/ncsi.txt"),
        ("www.msftconnecttest.com", "/redirect"), ("go.microsoft.com", "/fwlink/?LinkID=219472"),
        ("detectportal.firefox.com", "/canonical.html"),
        ("detectportal.firefox.com", "/success.txt?ipv4"),
        ("nmcheck.gnome.org", "/check_network_status.txt"),
        ("spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html"),
        ("www.samsung.com", "/mobile/status.php"), (HOME, "/anything"),
    ]  # fmt: skip

    def script() -> Script:
        yield from owner.join()
        for host, path in probes:
            page = yield from owner.get(path, host)
            assert 'content="0;url=http://192.168.4.1/"' in page, (host, path)
            assert "success" not in page.lower()
        for path in ("/favicon.ico", "/wpad.dat"):
            raw = yield from owner.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert raw.startswith(b"HTTP/1.1 404 ") and len(raw) < 200

    owner.run(script())
