"""What `seesaw selftest` runs on the device: each piece by itself, and none needs the one before,
but for ABOUT."""

PRESS_S = 10

# Who it is; the settings of the servo stay for SERVO.
ABOUT = """
import gc, sys, time
from binascii import hexlify
from machine import unique_id
from seesaw import config, tuning
from seesaw.port.board import Store
_s = tuning.parse(config.load(Store()))
_i = sys.implementation
print({"board": boot.trailer[5].rstrip(b"\\x00").decode(), "version": boot.version,
       "slot": boot.slot.info()[4], "mac": hexlify(unique_id(), ":").decode(),
       "micropython": sys.version, "machine": getattr(_i, "_machine", "")})
"""

# From where the beam stands, 200 us each way within its limits, and back: no faster than the beam
# itself, and never outside the calibrated range.
SERVO = """
from seesaw.port.servo import Servo
def _sweep():
    level = _s["center_us"]
    at = home = boot.pulse_ns // 1000 or level
    low, high = max(_s["low_us"], level - 200), min(_s["high_us"], level + 200)
    servo = Servo(_s["servo_pin"], _s["power_pin"])
    try:
        servo.pulse(at * 1000)
        servo.power()
        for goal in (low, high, home):
            while at != goal:
                at += max(-5, min(5, goal - at))
                servo.pulse(at * 1000)
                time.sleep_ms(20)
        time.sleep_ms(300)
    finally:
        servo.release()
    print("GPIO %d from %d to %d us" % (_s["servo_pin"], low, high))
_sweep()
"""

LED = """
from machine import Pin
_p = Pin({pin}, Pin.OUT, value=0)
for _ in range(6):
    _p.value(1)
    time.sleep_ms(150)
    _p.value(0)
    time.sleep_ms(150)
"""

# (is it high at first, did it go low in time)
BUTTON = """
from machine import Pin
_p = Pin({pin}, Pin.IN, Pin.PULL_UP)
time.sleep_ms(10)
_rest, _pressed, _t = _p.value(), 0, time.ticks_ms()
while not _pressed and time.ticks_diff(time.ticks_ms(), _t) < {seconds} * 1000:
    _pressed = not _p.value()
    time.sleep_ms(5)
print((_rest, int(_pressed)))
"""

# A chip that is about to join cannot scan.
WIFI = """
from network import WLAN
_w = WLAN(WLAN.IF_STA)
_w.active(True)
if not _w.isconnected():
    _w.disconnect()
_n = [row[3] for row in _w.scan()]
print((len(_n), max(_n) if _n else 0))
"""

# phy_init is blank on every seesaw, and no official MicroPython reads it. One function: a pulled
# cable does not end it half-way.
FLASH = """
from esp32 import Partition
from hashlib import sha256
def _spare():
    part = Partition.find(Partition.TYPE_DATA, label="phy_init")[0]
    was, piece, bad = bytearray(4096), bytearray(256), ""
    part.readblocks(0, was)
    try:
        part.ioctl(6, 0)
        for at in range(0, 4096, 256):
            part.readblocks(0, piece, at)
            if piece != b"\\xff" * 256:
                bad = "a sector does not erase"
            part.writeblocks(0, bytes((at >> 8 ^ n) & 255 for n in range(256)), at)
        for at in range(0, 4096, 256):
            part.readblocks(0, piece, at)
            if piece != bytes((at >> 8 ^ n) & 255 for n in range(256)):
                bad = bad or "a sector does not hold what is written"
    finally:
        part.ioctl(6, 0)
        if was != b"\\xff" * 4096:
            part.writeblocks(0, was, 0)
    piece = bytearray(4096)
    part.readblocks(0, piece)
    return bad or ("" if piece == was else "a sector is not as it was")
def _alike():
    part = Partition.find(Partition.TYPE_DATA, label="data")[0]
    buf = bytearray(4096)
    seen = []
    for _ in range(2):
        hasher = sha256()
        for n in range(min(64, part.info()[3] // 4096)):
            part.readblocks(n, buf)
            hasher.update(buf)
        seen.append(hasher.digest())
    return "" if seen[0] == seen[1] else "data reads otherwise the second time"
gc.collect()
print(_spare() or _alike())
"""
