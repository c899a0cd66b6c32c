"""Wi-Fi in station mode: status codes, errors, what a reset leaves."""

import pytest

from host_tools.emulator.radio import (
    CONNECTING,
    GOT_IP,
    IDLE,
    JOIN_US,
    NO_AP_FOUND,
    WRONG_PASSWORD,
    Radio,
)


class Bench:
    def __init__(self) -> None:
        self.now_us = 5_000_000
        self.air = {"home": "password"}
        self.radio = Radio(self.air, lambda: self.now_us)
        self.radio.wlan_active(0, True)

    def join(self, ssid: str = "home", key: str = "password") -> int:
        """The status after a join has had its time."""
        self.radio.wlan_connect(ssid, key)
        self.now_us += JOIN_US
        return self.radio.wlan_status(None)


def test_a_join_takes_time_and_then_has_an_address():
    bench = Bench()
    assert bench.radio.wlan_status(None) == IDLE
    bench.radio.wlan_connect("home", "password")
    bench.now_us += JOIN_US - 1

    assert bench.radio.wlan_status(None) == CONNECTING
    assert not bench.radio.wlan_isconnected(0)
    assert bench.radio.wlan_ifconfig()[0] == "0.0.0.0"
    bench.now_us += 1
    assert bench.radio.wlan_status(None) == GOT_IP
    assert bench.radio.wlan_isconnected(0)
    assert bench.radio.wlan_ifconfig()[0] == "10.0.0.2"


@pytest.mark.parametrize(
    ("ssid", "key", "status"),
    [("nowhere", "password", NO_AP_FOUND), ("home", "wrong", WRONG_PASSWORD)],
)
def test_why_a_join_fails(ssid, key, status):
    assert Bench().join(ssid, key) == status


def test_it_joins_again_by_itself_when_the_network_comes_back():
    bench = Bench()
    assert bench.join() == GOT_IP
    del bench.air["home"]
    assert bench.radio.wlan_status(None) == NO_AP_FOUND
    assert not bench.radio.connected
    bench.air["home"] = "password"
    assert bench.radio.connected
    bench.radio.wlan_disconnect()
    assert bench.radio.wlan_status(None) == IDLE


def test_connect_raises_when_off_while_joining_and_when_joined():
    bench = Bench()
    bench.radio.wlan_connect("home", "password")
    for _ in range(2):
        with pytest.raises(OSError, match="Wifi Internal Error"):
            bench.radio.wlan_connect("home", "password")
        bench.now_us += JOIN_US
    bench.radio.wlan_active(0, False)
    with pytest.raises(OSError, match="Wifi Not Started"):
        bench.radio.wlan_connect("home", "password")
    with pytest.raises(OSError, match="Wifi Not Started"):
        bench.radio.wlan_config(None, {"pm": 0})


def test_connect_without_a_name_tries_the_same_network_again():
    bench = Bench()
    assert bench.join("home", "wrong") == WRONG_PASSWORD
    bench.radio.wlan_connect(None, None)
    assert bench.radio.wlan_status(None) == CONNECTING
    bench.air["home"] = "wrong"
    bench.now_us += JOIN_US
    assert bench.radio.connected


def test_a_chip_reset_forgets_everything():
    bench = Bench()
    assert bench.join() == GOT_IP
    bench.radio.reset()
    assert bench.radio.wlan_status(None) == IDLE
    assert not bench.radio.wlan_active(0, None)


def test_arguments_that_the_port_refuses():
    radio = Bench().radio
    for call in (lambda: radio.wlan_begin(7), lambda: radio.wlan_status("colour"),
                 lambda: radio.wlan_config("colour", {})):  # fmt: skip
        with pytest.raises(ValueError):
            call()
    assert radio.wlan_status("rssi") < 0
    assert len(radio.wlan_config("mac", {})) == 6
    assert [row[0] for row in radio.wlan_scan()] == ["home"]
