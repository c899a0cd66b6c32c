"""The chip behind plain objects: clock, servo, Wi-Fi, settings, network. Built by main.py alone."""

import asyncio
import gc
import time

from esp32 import NVS, Partition
from machine import Pin
from machine import unique_id as device_id  # the chip's own, the same for ever
from micropython import const
from network import WLAN, hostname

_EPOCH_2000_S = const(946684800)
_CLOCK_SET_AFTER_S = const(757382400)  # 2024, counted from 2000: before that it was never set
_NAMESPACE = const("seesaw")


class Clock:
    """Time that has passed, and the time of day if anybody has set it."""

    def __init__(self):
        self._last = time.ticks_ms()
        self._up_ms = 0

    def up_s(self) -> int:
        """Seconds since the program started; asked at least once in six days."""
        now = time.ticks_ms()
        self._up_ms += time.ticks_diff(now, self._last)
        self._last = now
        return self._up_ms // 1000

    def epoch_s(self) -> int:
        """Seconds since 1970, or 0 when the clock was never set."""
        now = int(time.time())
        return now + _EPOCH_2000_S if now > _CLOCK_SET_AFTER_S else 0


class Radio:
    """The station interface. It reconnects by itself once told a network."""

    def __init__(self):
        hostname("seesaw-" + device_id()[-3:].hex())  # of DHCP and mDNS
        self._wlan = WLAN(WLAN.IF_STA)

    def start(self, ssid: str, password: str) -> None:
        """Begin to join, unless a hand-over left it joined. Raises OSError."""
        self._wlan.active(True)
        if not self._wlan.isconnected():
            self._wlan.connect(ssid, password)

    def joined(self) -> bool:
        return self._wlan.isconnected()

    def trouble(self) -> str:
        """Why it is not joined, in words."""
        status = self._wlan.status()
        return {201: "no such network", 202: "wrong password"}.get(status, "joining")


class Store:
    """Blobs that survive a power cut, each replaced as a whole (NVS)."""

    def __init__(self):
        self._nvs = NVS(_NAMESPACE)

    def get(self, key: str, size_max: int = 2560) -> bytes:
        """The blob, empty when there is none, or a longer one. `feeds` is the longest but `roots`:
        seesaw.data.feeds.PART_MAX and 300 bytes of state."""
        room = bytearray(size_max)
        try:
            return bytes(room[: self._nvs.get_blob(key, room)])
        except OSError:
            return b""

    def put(self, key: str, blob: bytes) -> None:
        """Durable when this returns, the old blob or the new one after a power cut. When NVS is
        full the old one goes first, so never for settings. Raises OSError when it is full still."""
        try:
            self._nvs.set_blob(key, blob)
        except OSError:
            if key.startswith("config"):
                raise
            self._nvs.erase_key(key)
            self._nvs.set_blob(key, blob)
        self._nvs.commit()


def say(boot: object, event: str, text: str, what: str = "event") -> None:
    """A line of the serial console. boot: the launcher's. text: printable, to the line's end."""
    print("seesaw %s=%s slot=%s version=%s words=%s"
          % (what, event, boot.slot.info()[4], boot.version, text))  # fmt: skip


async def opener(host: str, port: int, tls: bool) -> tuple:
    """A connection; TLS without verification: for updates, trust in which never rests on TLS, and
    for a server's Date. Prices come by port.secure."""
    if not tls:
        return await asyncio.open_connection(host, port)
    try:
        import tls as layer
    except ImportError:  # before MicroPython v1.23
        import ssl as layer

    context = layer.SSLContext(layer.PROTOCOL_TLS_CLIENT)
    context.verify_mode = layer.CERT_NONE
    return await asyncio.open_connection(host, port, ssl=context, server_hostname=host)


def otadata() -> bytes:
    """Both entries of the boot record, 64 bytes."""
    part = Partition.find(Partition.TYPE_DATA, 0)[0]
    entries = bytearray(64)
    view = memoryview(entries)
    part.readblocks(0, view[:32])
    part.readblocks(1, view[32:])
    return bytes(entries)


def mark_valid() -> None:
    """Confirm the active boot entry. Raises OSError."""
    Partition.mark_app_valid_cancel_rollback()


def led(taken: tuple, level: int) -> "Pin | None":
    """The launcher's LED, at this level; None where there is none, or its GPIO is taken."""
    try:
        pin = NVS(_NAMESPACE).get_i32("led")
        if pin not in taken:
            return Pin(pin, Pin.OUT, value=level)
    except (OSError, ValueError):
        pass


def left(reason: int) -> None:
    """Note why this slot is left (SPEC, "NVS"). Without room for it nothing is noted."""
    try:
        NVS(_NAMESPACE).set_i32("left", reason)
    except OSError:
        pass


def memory_free() -> int:
    """Bytes of Python heap, collected first."""
    gc.collect()
    return gc.mem_free()
