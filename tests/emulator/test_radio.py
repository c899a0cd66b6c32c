"""Wi-Fi: status codes and how they stick, endless retries, errors, what a reset leaves, DNS."""

import pytest
import tiny

from host_tools.emulator import radio as emulated
from host_tools.emulator.radio import (
    ACCESS_POINT,
    ASSOC_FAIL,
    BEACON_US,
    CONNECTING,
    DEAD_MS,
    GOT_IP,
    HANDSHAKE_TIMEOUT,
    IDLE,
    JOIN_US,
    NO_AP_FOUND,
    STATION,
    WRONG_PASSWORD,
    Radio,
)

ENGINES = [tiny.on_cpython, tiny.on_micropython]


class Bench:
    def __init__(self) -> None:
        self.now_us = 5_000_000
        self.air = {"home": "password"}
        self.dns: dict[str, float | str] = {}
        self.radio = Radio(self.air, lambda: self.now_us, self.dns)
        self.radio.wlan_active(STATION, True)

    @property
    def status(self) -> int:
        return self.radio.wlan_status(STATION, None)

    def join(self, ssid: str = "home", key: str = "password") -> int:
        """The status after a join has had its time."""
        self.radio.wlan_connect(ssid, key)
        self.now_us += JOIN_US
        return self.status

    def reconnects(self, count: int) -> None:
        self.radio.wlan_config(STATION, None, {"reconnects": count})


def test_a_join_takes_time_and_then_has_an_address():
    bench = Bench()
    assert bench.status == IDLE
    bench.radio.wlan_connect("home", "password")
    bench.now_us += JOIN_US - 1

    assert bench.status == CONNECTING
    assert not bench.radio.wlan_isconnected(STATION)
    assert bench.radio.wlan_ifconfig(STATION, None)[0] == "0.0.0.0"
    bench.now_us += 1
    assert bench.status == GOT_IP
    assert bench.radio.wlan_isconnected(STATION)
    assert bench.radio.wlan_ifconfig(STATION, None)[0] == "10.0.0.2"


@pytest.mark.parametrize(
    ("ssid", "key", "status"),
    [("nowhere", "password", NO_AP_FOUND), ("home", "wrong", WRONG_PASSWORD)],
)
def test_why_a_join_fails_shows_while_it_goes_on_trying(ssid, key, status):
    bench = Bench()
    assert bench.join(ssid, key) == status
    for _ in range(3):
        bench.now_us += 20 * JOIN_US + 7
        assert bench.status == status
        with pytest.raises(OSError, match="Wifi Internal Error"):
            bench.radio.wlan_connect("home", "password")


def test_a_failed_join_becomes_one_when_the_air_changes():
    bench = Bench()
    bench.join("later", "key")
    bench.air["later"] = "key"
    bench.now_us += JOIN_US
    assert bench.status == GOT_IP


@pytest.mark.parametrize("reason", [15, ASSOC_FAIL, HANDSHAKE_TIMEOUT])
def test_other_reasons_show_only_once_it_has_given_up(reason):
    bench = Bench()
    bench.air["home"] = reason
    assert bench.join() == CONNECTING
    bench.now_us += 1000 * JOIN_US
    assert bench.status == CONNECTING
    bench.radio.wlan_disconnect()
    assert bench.status == IDLE
    bench.reconnects(0)
    assert bench.join() == reason
    bench.air["home"] = "password"
    bench.now_us += 10 * JOIN_US
    assert bench.status == reason  # one attempt was all


def test_a_wrong_password_is_also_what_205_means():
    bench = Bench()
    bench.air["home"] = 205
    assert bench.join() == WRONG_PASSWORD


def test_reconnects_limits_the_attempts():
    bench = Bench()
    assert bench.radio.wlan_config(STATION, "reconnects", {}) == -1
    bench.reconnects(2)
    assert bench.radio.wlan_config(STATION, "reconnects", {}) == 2
    del bench.air["home"]
    bench.join()
    bench.now_us += JOIN_US
    assert bench.radio.trying or bench.status == NO_AP_FOUND
    bench.now_us += JOIN_US  # the third and last
    assert (bench.status, bench.radio.trying) == (NO_AP_FOUND, False)
    bench.air["home"] = "password"
    bench.now_us += 100 * JOIN_US
    assert not bench.radio.connected
    assert bench.join() == GOT_IP  # connect() counts anew


def test_the_last_error_sticks_through_a_new_connect_until_there_is_an_address():
    bench = Bench()
    assert bench.join("home", "wrong") == WRONG_PASSWORD
    bench.reconnects(0)
    bench.now_us += JOIN_US
    assert bench.status == WRONG_PASSWORD
    bench.radio.wlan_connect("home", "password")
    assert bench.status == WRONG_PASSWORD
    bench.now_us += JOIN_US
    assert bench.status == GOT_IP


def test_a_lost_network_is_noticed_late_and_joined_again():
    bench = Bench()
    assert bench.join() == GOT_IP
    del bench.air["home"]
    assert (bench.radio.connected, bench.radio.carries) == (True, False)
    bench.now_us += BEACON_US - 1
    assert bench.radio.connected
    bench.now_us += 1
    assert bench.status == CONNECTING  # 200 does not show while it tries again
    bench.now_us += JOIN_US
    assert bench.status == NO_AP_FOUND
    bench.air["home"] = "password"
    bench.now_us += JOIN_US
    assert (bench.status, bench.radio.carries) == (GOT_IP, True)
    bench.radio.wlan_disconnect()
    assert bench.status == IDLE
    bench.now_us += 100 * JOIN_US
    assert not bench.radio.connected


def test_without_another_attempt_a_lost_network_is_a_beacon_timeout():
    bench = Bench()
    bench.reconnects(0)
    assert bench.join() == GOT_IP
    bench.air["home"] = "changed"
    bench.radio.wlan_status(STATION, None)
    bench.now_us += BEACON_US
    assert bench.status == 200


def test_a_short_gap_is_not_noticed():
    bench = Bench()
    bench.join()
    for _ in range(3):
        bench.air.clear()
        assert bench.radio.connected
        bench.now_us += BEACON_US // 2
        assert bench.radio.connected
        bench.air["home"] = "password"
        assert bench.radio.carries


def test_connect_raises_when_off_while_joining_and_when_joined():
    bench = Bench()
    bench.radio.wlan_connect("home", "password")
    for _ in range(2):
        with pytest.raises(OSError, match="Wifi Internal Error"):
            bench.radio.wlan_connect("home", "password")
        bench.now_us += JOIN_US
    bench.radio.wlan_active(STATION, False)
    for refused in (
        lambda: bench.radio.wlan_connect("home", "password"),
        lambda: bench.radio.wlan_config(STATION, None, {"pm": 0}),
        lambda: bench.radio.wlan_disconnect(),
    ):
        with pytest.raises(OSError, match="Wifi Not Started"):
            refused()


def test_off_and_on_again_does_not_join_again():
    bench = Bench()
    bench.join()
    bench.radio.wlan_active(STATION, False)
    bench.radio.wlan_active(STATION, True)
    bench.now_us += 10 * JOIN_US
    assert (bench.status, bench.radio.connected) == (IDLE, False)


def test_connect_without_a_name_tries_the_same_network_again():
    bench = Bench()
    with pytest.raises(OSError, match="Wifi SSID Invalid"):
        bench.radio.wlan_connect(None, None)
    bench.reconnects(0)
    assert bench.join("home", "wrong") == WRONG_PASSWORD
    bench.radio.wlan_connect(None, None)
    bench.air["home"] = "wrong"
    bench.now_us += JOIN_US
    assert bench.radio.connected


def test_a_chip_reset_forgets_everything():
    bench = Bench()
    assert bench.join() == GOT_IP
    bench.radio.reset()
    assert bench.status == IDLE
    assert not bench.radio.wlan_active(STATION, None)
    assert bench.radio.resolve("market") == [0, False]


def test_the_access_point_must_be_active_before_it_is_set_up():
    radio = Bench().radio
    radio.wlan_begin(ACCESS_POINT)
    for refused in (None, {"ssid": "bull"}), ("mac", {}):
        with pytest.raises(OSError, match="Wifi Invalid Mode"):
            radio.wlan_config(ACCESS_POINT, *refused)
    assert radio.wlan_active(ACCESS_POINT, True)
    radio.wlan_config(ACCESS_POINT, None, {"ssid": "bull", "max_clients": 1})
    assert radio.wlan_config(ACCESS_POINT, "ssid", {}) == "bull"
    assert radio.wlan_status(ACCESS_POINT, None) is None
    assert radio.wlan_status(ACCESS_POINT, "stations") == []
    assert not radio.wlan_isconnected(ACCESS_POINT)
    assert radio.wlan_ifconfig(ACCESS_POINT, None)[0] == "192.168.4.1"
    with pytest.raises(OSError, match="AP required"):
        radio.wlan_config(STATION, None, {"ssid": "bull"})
    with pytest.raises(OSError, match="STA required"):
        radio.wlan_config(ACCESS_POINT, None, {"reconnects": 1})


def test_arguments_that_the_port_refuses():
    radio = Bench().radio
    for call in (lambda: radio.wlan_begin(7), lambda: radio.wlan_status(STATION, "colour"),
                 lambda: radio.wlan_config(STATION, "colour", {})):  # fmt: skip
        with pytest.raises(ValueError):
            call()
    with pytest.raises(TypeError):
        radio.wlan_config(STATION, "mac", {"pm": 0})
    with pytest.raises(OSError, match="Wifi Not Connected"):
        radio.wlan_status(STATION, "rssi")
    assert len(radio.wlan_config(STATION, "mac", {})) == 6


def test_a_scan_finds_nothing_while_it_joins():
    bench = Bench()
    assert bench.radio.wlan_scan(True) > 1000
    assert [row[0] for row in bench.radio.wlan_scan(False)] == ["home"]
    bench.radio.wlan_connect("nowhere", "")
    assert (bench.radio.wlan_scan(True), bench.radio.wlan_scan(False)) == (0, [])
    bench.radio.wlan_active(STATION, False)
    with pytest.raises(OSError, match="STA must be active"):
        bench.radio.wlan_scan(True)


def test_how_long_a_lookup_takes():
    bench = Bench()
    bench.dns.update({"slow": 2.5, "dead": "dead"})
    assert bench.radio.resolve("market") == [0, False]  # no server is known yet
    assert bench.radio.resolve("10.0.0.9") == [0, False]
    bench.join()
    assert bench.radio.resolve("market") == [0, True]
    assert bench.radio.resolve("slow") == [2500, True]
    assert bench.radio.resolve("dead") == [DEAD_MS, False]
    bench.dns["*"] = "dead"
    assert bench.radio.resolve("market") == [DEAD_MS, False]
    assert bench.radio.resolve("10.0.0.9") == [0, True]
    bench.dns.clear()
    bench.air.clear()  # not noticed yet
    assert bench.radio.resolve("market") == [DEAD_MS, False]
    bench.now_us += BEACON_US
    assert bench.radio.resolve("market") == [DEAD_MS, False]


JOIN = """
import asyncio, network, time
wlan = network.WLAN(network.WLAN.IF_STA)
wlan.active(True)
wlan.connect("home", "password")
while not wlan.isconnected():
    time.sleep_ms(5)
"""
LOOKUP = (
    JOIN
    + """
import machine
async def other():
    while True:
        turns.append(1)
        await asyncio.sleep_ms(10)
async def main():
    asyncio.create_task(other())
    await asyncio.sleep_ms(1)
    began, count = time.ticks_ms(), len(turns)
    try:
        await asyncio.open_connection("nobody.invalid", 80)
    except OSError as error:
        took = time.ticks_diff(time.ticks_ms(), began)
        print(error.errno, took >= 300, len(turns) - count)
turns = []
if machine.reset_cause() == 1:
    asyncio.run(main())
    machine.WDT(timeout=150)
    asyncio.run(main())
print("cause", machine.reset_cause())
"""
)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(emulated, "JOIN_US", 10_000)
    monkeypatch.setattr(emulated, "BEACON_US", 50_000)
    monkeypatch.setattr(emulated, "SCAN_MS", 100)


@pytest.mark.parametrize("make", ENGINES)
def test_a_dead_resolver_blocks_every_task_and_lets_the_watchdog_bite(make, quick):
    bench = make(LOOKUP)
    bench.device.around.dns["*"] = "dead"
    bench.device.around.dns_dead_s = 0.3
    bench.run(10, until=lambda: "cause 3" in bench.text)

    assert bench.lines == ["-202 True 0", "cause 3"]
    assert bench.events[1] == "reset watchdog"


LOSS = (
    JOIN
    + """
print(wlan.ipconfig("addr4"), wlan.ipconfig("gw4"), wlan.ipconfig("dhcp4"))
print("joined")
seen = []
while wlan.status() != 1010 or 201 not in seen:
    if wlan.status() not in seen:
        seen.append(wlan.status())
    time.sleep_ms(5)
print(seen, wlan.isconnected())
wlan.disconnect()
print(wlan.status(), [row[0] for row in wlan.scan()])
ap = network.WLAN(network.AP_IF)
try:
    ap.config(ssid="bull")
except OSError as error:
    print(error)
ap.active(True)
ap.config(ssid="bull")
print(ap.config("ssid"), ap.isconnected(), ap.ifconfig()[0])
print("END")
"""
)


@pytest.mark.parametrize("make", ENGINES)
def test_a_network_that_comes_and_goes(make, quick):
    bench = make(LOSS)
    air = bench.device.around.air
    begun = []

    def look() -> bool:
        now_us = bench.device.clock.now_us
        if "joined" in bench.text and not begun:
            begun.append(now_us)
            air.clear()
        elif begun and now_us - begun[0] > 300_000:
            air["home"] = "password"
        return "END" in bench.text

    bench.run(10, until=look)
    assert bench.lines == [
        "('10.0.0.2', '255.255.255.0') 10.0.0.1 True",
        "joined",
        "[1010, 1001, 201] True",
        "1000 [b'home']",
        "Wifi Invalid Mode",
        "bull False 192.168.4.1",
        "END",
    ]
