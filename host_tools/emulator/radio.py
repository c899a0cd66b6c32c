"""`network.WLAN` (micropython ports/esp32/network_wlan.c): joining, losing and retrying for ever.

The air is a dict of network name -> password that the host may change at any time; a number in
place of a password is the reason for which that access point turns everybody away. The driver's
events are worked out whenever somebody looks, from the air as it is then. A name that is no UTF-8
is written with Python's surrogate escapes.
"""

from collections.abc import Callable
from typing import Any

from host_tools.emulator.micro_float import single
from host_tools.emulator.os_error import MicroOSError

JOIN_US = 1_500_000  # one attempt: scan, authentication and DHCP together
BEACON_US = 6_000_000  # without beacons until the station gives up (esp_wifi_set_inactive_time)
SCAN_MS = 1_500
DEAD_MS = 14_000  # of a lookup nobody answers: see Radio.resolve

IDLE, CONNECTING, GOT_IP = 1000, 1001, 1010
# Reasons of a disconnect (ESP-IDF esp_wifi_types, wifi_err_reason_t).
ASSOC_LEAVE, BEACON_TIMEOUT, NO_AP_FOUND, WRONG_PASSWORD = 8, 200, 201, 202
ASSOC_FAIL, HANDSHAKE_TIMEOUT, CONNECTION_FAIL = 203, 204, 205
NO_AP_VARIANTS = (210, 211, 212)

STATION, ACCESS_POINT = 0, 1
NOWHERE = "0.0.0.0"
STATIONS_MAX = 4  # on our access point, where nothing else is set
ADDRESS = "10.0.0.2"
HOSTNAME_MAX = 32
MAC = bytes.fromhex("24aa5e000001")
# What config() takes, and for which interface alone.
OF_STATION = ("reconnects",)
OF_ACCESS_POINT = ("ssid", "essid", "key", "password", "security", "authmode", "hidden",
                   "max_clients")  # fmt: skip
OF_BOTH = ("channel", "txpower", "pm", "protocol", "hostname", "dhcp_hostname", "mac")


class NoAddress(str):
    """A password of a network whose DHCP server never answers."""


class Radio:
    """`connected` is what the firmware is told; `carries`, whether a packet would get through."""

    OPS = (
        "wlan_begin", "wlan_active", "wlan_connect", "wlan_disconnect", "wlan_isconnected",
        "wlan_status", "wlan_config", "wlan_ifconfig", "wlan_scan", "wlan_hostname",
        "resolve",
    )  # fmt: skip

    def __init__(
        self,
        air: dict[str, Any],
        now: Callable[[], int],
        dns: dict[str, float | str] | None = None,
    ) -> None:
        self.air = air
        self.now = now
        self.dns = {} if dns is None else dns
        self.dead_ms = DEAD_MS
        self.address = ADDRESS  # by DHCP
        self.reset()

    def reset(self) -> None:
        """A chip reset: Wi-Fi is down. (A soft reset leaves it up.)"""
        self.on = [False, False]  # station, access point
        self.hostname = "mpy-esp32"
        self.settings: list[dict[str, Any]] = [{}, {}]
        self.static: list[str] | None = None
        self.wanted: tuple[str, str] | None = None
        self.requested = False  # by connect(), until disconnect()
        self.trying = False
        self.ends_us = 0  # when this attempt is decided
        self.joined = False
        self.lost_us: int | None = None  # since when no beacon was heard
        self.reason = 0  # of the last disconnect, until the next address
        self.limit = 0  # attempts after which it gives up; 0: never
        self.attempts = 0
        self.asked_dhcp = False  # a DNS server is known from then on
        self.stations: list[str] = []  # MAC addresses of who has joined our access point

    @property
    def connected(self) -> bool:
        self._settle()
        return self.joined

    @property
    def carries(self) -> bool:
        self._settle()
        return self.joined and self.lost_us is None

    def associate(self, mac: str, ssid: str, key: str) -> bool:
        """A phone tries to join our access point: does it succeed?"""
        own = self.settings[ACCESS_POINT]
        known = own.get("ssid", own.get("essid")), own.get("key", own.get("password"))
        room = len(self.stations) < own.get("max_clients", STATIONS_MAX)
        if not self.on[ACCESS_POINT] or known != (ssid, key) or not room:
            return False
        self.stations.append(mac)
        return True

    # -- what the driver does by itself --------------------------------------------------------

    def _settle(self) -> None:
        """Let everything happen that was due by now."""
        if self.joined:
            self._listen(self.now())
        if self.trying and self.now() >= self.ends_us:
            self._decide(self.now())

    def _obstacle(self) -> int:
        """Why an attempt fails; 0 when it does not."""
        assert self.wanted is not None
        ssid, key = self.wanted
        found = self.air.get(ssid)
        if found is None:
            return NO_AP_FOUND
        if isinstance(found, int):
            return found
        return 0 if found == key else WRONG_PASSWORD

    def _listen(self, now_us: int) -> None:
        """The link stays up in name until no beacon was heard for a while."""
        if not self._obstacle():
            self.lost_us = None
            return
        if self.lost_us is None:
            self.lost_us = now_us
        if now_us - self.lost_us >= BEACON_US:
            self._disconnected(BEACON_TIMEOUT, self.lost_us + BEACON_US)

    def _decide(self, now_us: int) -> None:
        reason = self._obstacle()
        if not reason and isinstance(self.air[self.wanted[0]], NoAddress):  # type: ignore[index]
            self.ends_us, self.reason = now_us + JOIN_US, 0  # associated, and waits
            return
        if not reason:
            self.joined, self.trying, self.lost_us, self.reason = True, False, None, 0
            self.asked_dhcp = True
            return
        if not self.limit:  # only the last of many equal attempts matters
            self.ends_us += (now_us - self.ends_us) // JOIN_US * JOIN_US
        while self.trying and self.ends_us <= now_us:
            self._disconnected(reason, self.ends_us)

    def _disconnected(self, reason: int, at_us: int) -> None:
        """The port's handler of that event: try again, unless there were enough attempts."""
        self.reason, self.joined, self.lost_us, self.trying = reason, False, None, False
        if not self.requested:
            return
        if self.limit:
            self.attempts += 1
            if self.attempts >= self.limit:
                return
        self.trying = True
        self.ends_us = at_us + JOIN_US

    # -- calls of the firmware -----------------------------------------------------------------

    def wlan_begin(self, interface: int) -> None:
        if interface not in (STATION, ACCESS_POINT):
            raise ValueError("invalid WLAN interface identifier")

    def wlan_hostname(self, name: str | None) -> str | None:
        """network.hostname (extmod/modnetwork.c): for the next DHCP request, and mDNS."""
        if name is None:
            return self.hostname
        if len(name.encode()) > HOSTNAME_MAX:
            raise ValueError
        self.hostname = name
        return None

    def wlan_active(self, interface: int, on: bool | None) -> bool:
        """Off ends the connection; on again does not bring it back."""
        self._settle()
        if interface == STATION and on is not None and not on:
            self._leave()
        if interface == ACCESS_POINT and on is not None and not on:
            self.stations.clear()
        if on is not None:
            self.on[interface] = bool(on)
        return self.on[interface]

    def wlan_connect(self, ssid: str | list[int] | None, key: str | None) -> None:
        """Begin; the last error stays to be seen until there is an address. A list: bytes that are
        no text."""
        if isinstance(ssid, list):
            ssid = bytes(ssid).decode("utf-8", "surrogateescape")
        if not self.on[STATION]:
            raise MicroOSError("Wifi Not Started")
        self._settle()
        if self.trying or self.joined:
            raise MicroOSError("Wifi Internal Error")
        if ssid is not None:
            self.wanted = (ssid, key or "")
        if self.wanted is None:
            raise MicroOSError("Wifi SSID Invalid")
        self.attempts = 0
        self.stations.clear()  # one radio: our network moves to the channel of that one
        self.trying = self.requested = True
        self.ends_us = self.now() + JOIN_US

    def wlan_disconnect(self) -> None:
        self.requested = False
        if not self.on[STATION]:
            raise MicroOSError("Wifi Not Started")
        self._settle()
        self._leave()

    def _leave(self) -> None:
        if self.joined or self.trying:
            self.reason = ASSOC_LEAVE
        self.joined = self.trying = False
        self.lost_us = None

    def wlan_isconnected(self, interface: int) -> bool:
        """Of an access point: has it stations?"""
        return self.connected if interface == STATION else bool(self.stations)

    def wlan_status(self, interface: int, what: str | None) -> Any:
        self._settle()
        if what is None:
            return self._status() if interface == STATION else None
        if what == "stations":
            _require(interface, ACCESS_POINT)
            return list(self.stations)
        if what != "rssi":
            raise ValueError("unknown status param")
        _require(interface, STATION)
        if not self.joined:
            raise MicroOSError("Wifi Not Connected")
        return -55

    def _status(self) -> int:
        """201 and 202 show while it goes on trying; other reasons only once it has given up."""
        if self.joined:
            return GOT_IP
        if self.reason == NO_AP_FOUND or self.reason in NO_AP_VARIANTS:
            return self.reason
        if self.reason in (WRONG_PASSWORD, CONNECTION_FAIL):
            return WRONG_PASSWORD
        if self.reason == ASSOC_LEAVE:
            return IDLE
        if self.requested and (not self.limit or self.attempts < self.limit):
            return CONNECTING
        return self.reason or IDLE

    def wlan_config(self, interface: int, what: str | None, settings: dict[str, Any]) -> Any:
        """Look at one setting, or change some. The access point must be active for either."""
        if what is not None and settings:
            raise TypeError("either pos or kw args are allowed")
        if interface == ACCESS_POINT and not self.on[ACCESS_POINT]:
            raise MicroOSError("Wifi Invalid Mode")
        if what is None and not settings:
            raise TypeError("can query only one param")
        for name in settings if what is None else (what,):
            if name not in (*OF_STATION, *OF_ACCESS_POINT, *OF_BOTH):
                raise ValueError("unknown config param")
            if name in OF_STATION:
                _require(interface, STATION)
            if name in OF_ACCESS_POINT and what is None:
                _require(interface, ACCESS_POINT)
        if what is not None:
            return self._setting(interface, what)
        self._settle()
        if interface == STATION and not self.on[STATION]:
            raise MicroOSError("Wifi Not Started")
        self.settings[interface].update(settings)
        if "reconnects" in settings:
            self.limit = settings["reconnects"] + 1  # -1: for ever
        return None

    def _setting(self, interface: int, what: str) -> Any:
        if what == "mac":
            return MAC[:-1] + bytes((MAC[-1] + interface,))
        if what == "reconnects":
            return self.limit - 1
        if what == "ssid" and interface == STATION:
            return self.wanted[0] if self.wanted else ""
        if what == "txpower":
            return single(self.settings[interface].get(what, 20.0))
        names = ("ssid", "essid", "key", "password", "hostname", "dhcp_hostname")
        return self.settings[interface].get(what, "" if what in names else 0)

    def wlan_ifconfig(self, interface: int, fields: list[str] | None) -> list[str]:
        """(address, netmask, gateway, DNS server); with fields, set them in place of DHCP's."""
        if interface == ACCESS_POINT:
            return ["192.168.4.1", "255.255.255.0", "192.168.4.1", NOWHERE]
        if fields is not None:
            self.static = list(fields)
        if not self.connected:
            return [NOWHERE] * 4
        return self.static or [self.address, "255.255.255.0", "10.0.0.1", "10.0.0.1"]

    def wlan_scan(self, begin: bool) -> Any:
        """With begin: how long it takes, in ms; then what was found: nothing while joining."""
        if not self.on[STATION]:
            raise MicroOSError("STA must be active")
        self._settle()
        if begin:
            return 0 if self.trying else SCAN_MS
        if self.trying:
            return []
        return [[_name(name), 1, -55, 0 if self.air[name] == "" else 3, False]
                for name in sorted(self.air)]  # fmt: skip

    def resolve(self, host: str) -> list[Any]:
        """What getaddrinfo meets: (how long it blocks the whole VM, in ms; is there an answer?).

        lwIP asks each DNS server 4 times, after 1, 1, 2 and 3 s (lwip dns.c), so silence from two
        of them, as DHCP usually names, takes 14 s. No server is known before the first address;
        afterwards they are asked even when the network is gone.
        """
        joined = self.connected
        if host == NOWHERE:  # to listen there
            return [0, True]
        if _is_address(host):
            return [0, joined]
        if not self.asked_dhcp:
            return [0, False]
        found = self.dns.get(host, self.dns.get("*", 0.0))
        if found == "dead" or not self.carries:
            return [self.dead_ms, False]
        return [int(float(found) * 1000), True]


def _name(name: str) -> str | list[int]:
    """As JSON carries it: text, or the bytes of what is none."""
    escaped = any("\udc80" <= c <= "\udcff" for c in name)
    return list(name.encode("utf-8", "surrogateescape")) if escaped else name


def _require(interface: int, needed: int) -> None:
    if interface != needed:
        raise MicroOSError("AP required" if needed else "STA required")


def _is_address(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() for part in parts)
