"""Both Wi-Fi interfaces at once, for set-up: our network, and the station that tries others."""

from micropython import const
from network import WLAN, hostname

_WPA2 = const(3)
_PHONES_MAX = const(4)


class Access:
    """One radio serves both: when the station scans or joins, phones may drop for a moment."""

    def __init__(self):
        self._ap = WLAN(WLAN.IF_AP)
        self._station = WLAN(WLAN.IF_STA)
        self._station.active(True)

    def name(self) -> str:
        """The device's, as port.board has set it."""
        return hostname()

    def open(self, name: str, password: str) -> str:
        """Our network; its address."""
        self._ap.active(True)
        self._ap.config(ssid=name, key=password, security=_WPA2, max_clients=_PHONES_MAX)
        return self._ap.ifconfig()[0]

    def close(self) -> None:
        """Our network goes; the station stays joined, and reconnects for ever again."""
        self._ap.active(False)
        self._station.config(reconnects=-1)

    def phones(self) -> int:
        return len(self._ap.status("stations"))

    def scan(self) -> list:
        """Rows of WLAN.scan(); blocks for some seconds. Empty while the radio is busy."""
        try:
            return self._station.scan()
        except OSError:
            return []

    def begin(self, ssid, password: str) -> None:
        """Try a network, a few times. ssid: text or bytes."""
        self.leave()
        try:
            self._station.config(reconnects=1)
            self._station.connect(ssid, password)
        except (OSError, ValueError):
            pass  # the status says so

    def leave(self) -> None:
        try:
            self._station.disconnect()
        except OSError:
            pass  # it was not joined

    def joined(self) -> bool:
        return self._station.isconnected()

    def address(self) -> str:
        return self._station.ifconfig()[0]

    def status(self) -> int:
        return self._station.status()

    def mac(self) -> bytes:
        return self._station.config("mac")
