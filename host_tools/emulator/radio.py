"""`network.WLAN` in station mode (micropython ports/esp32/network_wlan.c): status codes, retries.

The air is a dict of network name -> password that the host may change at any time.
"""

from collections.abc import Callable
from typing import Any

from host_tools.emulator.os_error import MicroOSError

JOIN_US = 1_500_000  # scan, authentication and DHCP together
IDLE, CONNECTING, GOT_IP, NO_AP_FOUND, WRONG_PASSWORD = 1000, 1001, 1010, 201, 202


class Radio:
    OPS = (
        "wlan_begin", "wlan_active", "wlan_connect", "wlan_disconnect", "wlan_isconnected",
        "wlan_status", "wlan_config", "wlan_ifconfig", "wlan_scan",
    )  # fmt: skip

    def __init__(self, air: dict[str, str], now: Callable[[], int]) -> None:
        self.air = air
        self.now = now
        self.reset()

    def reset(self) -> None:
        """A chip reset: Wi-Fi is down. (A soft reset leaves it up.)"""
        self.on = False
        self.wanted: tuple[str, str] | None = None
        self.since_us = 0

    @property
    def connected(self) -> bool:
        return self._state() == GOT_IP

    def _state(self) -> int:
        if not self.on or self.wanted is None:
            return IDLE
        if self.now() - self.since_us < JOIN_US:
            return CONNECTING
        ssid, key = self.wanted
        if ssid not in self.air:
            return NO_AP_FOUND
        return GOT_IP if self.air[ssid] == key else WRONG_PASSWORD

    def wlan_begin(self, interface: int) -> None:
        if interface not in (0, 1):
            raise ValueError("invalid WLAN interface identifier")

    def wlan_active(self, interface: int, on: bool | None) -> bool:
        if interface == 0 and on is not None:
            self.on = bool(on)
        return self.on and interface == 0

    def wlan_connect(self, ssid: str | None, key: str | None) -> None:
        if not self.on:
            raise MicroOSError("Wifi Not Started")
        if self._state() in (CONNECTING, GOT_IP):
            raise MicroOSError("Wifi Internal Error")
        if ssid is not None:
            self.wanted = (ssid, key or "")
        self.since_us = self.now()

    def wlan_disconnect(self) -> None:
        self.wanted = None

    def wlan_isconnected(self, interface: int) -> bool:
        return interface == 0 and self.connected

    def wlan_status(self, what: str | None) -> int:
        if what == "rssi":
            return -55
        if what is not None:
            raise ValueError("unknown status param")
        return self._state()

    def wlan_config(self, what: str | None, settings: dict[str, Any]) -> Any:
        if what == "mac":
            return bytes.fromhex("24aa5e000001")
        if what is not None:
            raise ValueError("unknown config param")
        if not self.on:
            raise MicroOSError("Wifi Not Started")
        return None

    def wlan_ifconfig(self) -> list[str]:
        return ["10.0.0.2", "255.255.255.0", "10.0.0.1", "10.0.0.1"] if self.connected else (
            ["0.0.0.0"] * 4
        )

    def wlan_scan(self) -> list[list[Any]]:
        return [[name, 1, -55, 3, False] for name in sorted(self.air)]
