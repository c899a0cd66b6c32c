"""`network` of the ESP32 port: the station interface (network_wlan.c), as a thin face."""

from _bus import call

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
STAT_BEACON_TIMEOUT, STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD = 200, 201, 202


class WLAN:
    IF_STA, IF_AP = 0, 1

    def __init__(self, interface=0):
        self._interface = interface
        call("wlan_begin", interface)

    def active(self, on=None):
        return call("wlan_active", self._interface, on)

    def connect(self, ssid=None, key=None, *, bssid=None):
        call("wlan_connect", ssid, key)

    def disconnect(self):
        call("wlan_disconnect")

    def isconnected(self):
        return call("wlan_isconnected", self._interface)

    def status(self, what=None):
        return call("wlan_status", what)

    def config(self, what=None, **settings):
        return call("wlan_config", what, settings)

    def ifconfig(self):
        return tuple(call("wlan_ifconfig"))

    def scan(self):
        return [(row[0].encode(), bytes(6)) + tuple(row[1:]) for row in call("wlan_scan")]
