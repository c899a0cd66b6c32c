"""The chip behind plain objects: clock, servo, Wi-Fi, settings, network. Built by main.py alone."""

import asyncio
import gc
import time

from esp32 import NVS, Partition
from machine import PWM, Pin, unique_id
from network import WLAN

EPOCH_2000_S = 946684800
CLOCK_SET_AFTER_S = 757382400  # 2024, counted from 2000: before that the clock was never set
FREQUENCY_HZ = 50
GARBAGE = 32768  # bytes at most before a collection: or what stays lies among it all over the heap
NAMESPACE = "seesaw"
gc.threshold(GARBAGE)


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
        return now + EPOCH_2000_S if now > CLOCK_SET_AFTER_S else 0


class Servo:
    """One hobby servo. Pulses start at 0: the PWM's own default would be 10 ms of pulse."""

    def __init__(self, pin: int):
        self._pwm = PWM(Pin(pin), freq=FREQUENCY_HZ, duty_u16=0)

    def pulse(self, ns: int) -> None:
        self._pwm.duty_ns(ns)

    def release(self) -> None:
        """No pulses: the servo is quiet and goes limp."""
        self._pwm.duty_u16(0)


class NoServo:
    """In place of a servo on a pin that the chip does not have: everything else goes on."""

    def pulse(self, ns: int) -> None:
        pass

    def release(self) -> None:
        pass


def servo(pin: int, boot: object) -> "Servo | NoServo":
    """The servo on that pin. A pin that cannot drive one is said, and costs the beam alone: the
    feed, the trial and the next release must not depend on a setting."""
    try:
        return Servo(pin)
    except (ValueError, OSError, RuntimeError) as error:
        where = (boot.slot.info()[4], boot.version, pin, error)
        print("seesaw event=noservo slot=%s version=%s words=GPIO %d: %s" % where)
        return NoServo()


class Radio:
    """The station interface. It reconnects by itself once told a network."""

    def __init__(self):
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
        self._nvs = NVS(NAMESPACE)

    def get(self, key: str, size_max: int = 1024) -> bytes:
        """The blob, empty when there is none."""
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


async def opener(host: str, port: int, tls: bool) -> tuple:
    """A connection; TLS without verification: prices alone travel on it, and trust in updates
    never rests on TLS."""
    if not tls:
        return await asyncio.open_connection(host, port)
    try:
        from tls import CERT_NONE, PROTOCOL_TLS_CLIENT, SSLContext
    except ImportError:  # before MicroPython v1.23
        from ssl import CERT_NONE, PROTOCOL_TLS_CLIENT, SSLContext

    context = SSLContext(PROTOCOL_TLS_CLIENT)
    context.verify_mode = CERT_NONE
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


def development() -> bool:
    """Does this release trust the development key, which everybody has?"""
    try:
        with open("/bundle/root.json", "rb") as file:
            return b'"x-seesaw-development"' in file.read()
    except OSError:
        return False


def device_id() -> bytes:
    """The chip's own, the same for ever."""
    return unique_id()


def left(reason: int) -> None:
    """Note why this slot is left (SPEC, "NVS"). Without room for it nothing is noted."""
    try:
        NVS(NAMESPACE).set_i32("left", reason)
    except OSError:
        pass


def memory_free() -> int:
    """Bytes of Python heap, collected first."""
    gc.collect()
    return gc.mem_free()
