"""The device in its owner's network."""

from network import WLAN, hostname


def name() -> str:
    """As port.board has set it: for people, DHCP and mDNS."""
    return hostname()


def address() -> str:
    return WLAN(WLAN.IF_STA).ifconfig()[0]
