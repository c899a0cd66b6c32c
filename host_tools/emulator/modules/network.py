"""`network` of the ESP32 port: both Wi-Fi interfaces (network_wlan.c), as a thin face."""

import time
from binascii import unhexlify

from _bus import call

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
STAT_BEACON_TIMEOUT, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD = 200, 201, 202
STAT_ASSOC_FAIL, STAT_HANDSHAKE_TIMEOUT = 203, 204


def _bytes(name):
    return name.encode() if isinstance(name, str) else bytes(name)


def hostname(name=None):
    return call("wlan_hostname", name)


class WLAN:
    IF_STA, IF_AP = 0, 1

    def __init__(self, interface=0):
        self._interface = interface
        call("wlan_begin", interface)

    def active(self, on=None):
        return call("wlan_active", self._interface, on)

    def connect(self, ssid=None, key=None, *, bssid=None):
        if isinstance(ssid, bytes):
            try:
                ssid = ssid.decode()
            except ValueError:
                ssid = list(ssid)
        call("wlan_connect", ssid, key)

    def disconnect(self):
        call("wlan_disconnect")

    def isconnected(self):
        return call("wlan_isconnected", self._interface)

    def status(self, what=None):
        found = call("wlan_status", self._interface, what)
        return [(unhexlify(mac),) for mac in found] if what == "stations" else found

    def config(self, what=None, **settings):
        return call("wlan_config", self._interface, what, settings)

    def ifconfig(self, fields=None):
        found = tuple(call("wlan_ifconfig", self._interface, fields and list(fields)))
        return found if fields is None else None

    def ipconfig(self, what):
        address, mask, gateway, _ = self.ifconfig()
        found = {"addr4": (address, mask), "gw4": gateway, "dhcp4": True, "has_dhcp4": True}
        if what not in found:
            raise ValueError("unexpected key")
        return found[what]

    def scan(self):
        time.sleep_ms(call("wlan_scan", True))  # it blocks
        rows = call("wlan_scan", False)
        return [(_bytes(row[0]), bytes(6)) + tuple(row[1:]) for row in rows]
