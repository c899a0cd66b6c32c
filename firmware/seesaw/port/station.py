"""What the driver knows of the Wi-Fi that was joined, for people."""

from network import WLAN

WORDS = {1000: "idle", 1001: "joining", 1010: "joined", 201: "no such network",
         202: "wrong password", 15: "handshake timed out: wrong password?",
         204: "handshake timed out: wrong password?", 205: "refused"}  # fmt: skip


def about() -> tuple:
    """(status in words, dBm, channel, the first three parts of the address); "" for what is not
    known. The whole address is nobody's business."""
    wlan = WLAN(WLAN.IF_STA)
    status = wlan.status()
    words = "%d %s" % (status, WORDS.get(status, ""))
    if not wlan.isconnected():
        return words, "", "", ""
    address = wlan.ifconfig()[0].split(".")
    return words, wlan.status("rssi"), wlan.config("channel"), ".".join(address[:3]) + ".x"
