"""A cable to a seesaw in set-up: a client of Improv, byte for byte, and the real mpremote."""

import os
import select
import time

import cable_rig
import rig
from cable_rig import mpremote

WAIT_S = 60


def packet(kind: int, data: bytes) -> bytes:
    made = b"IMPROV\x01" + bytes((kind, len(data))) + data
    return made + bytes((sum(made) & 255,))


def exchange(line: int, sent: bytes, wanted: bytes) -> None:
    os.write(line, sent)
    found, end_s = b"", time.monotonic() + WAIT_S
    while wanted not in found:
        assert time.monotonic() < end_s, found
        if select.select([line], [], [], 0.1)[0]:
            found += os.read(line, 4096)


def test_improv_and_then_mpremote():
    with cable_rig.world() as world:
        new = {**world.settings, "ssid": "", "password": ""}
        desk = world.desk(rig.new_flash(world.release, **new))
        desk.device.around.air["h\u00f6me"] = "p\u00e4ssword"
        desk.wait_for("event=setup")
        line = os.open(desk.port.path, os.O_RDWR | os.O_NOCTTY)
        try:
            state = packet(3, b"\x02\x00"), packet(1, b"\x02") + b"\n"
            exchange(line, *state)
            about = b"\x06seesaw\x050.1.0\x0cesp32_wrover\x0dseesaw-000001"
            exchange(line, packet(3, b"\x03\x00"), packet(4, b"\x03\x28" + about) + b"\n")
            exchange(line, packet(3, b"\x04\x00"), packet(4, b"\x04\x00") + b"\n")
            exchange(line, packet(3, b"\x09\x00"), packet(2, b"\x02") + b"\n")
            exchange(line, packet(3, b"\x02\x00")[:-1] + b"\x99", packet(2, b"\x01") + b"\n")
            exchange(line, *state)
        finally:
            os.close(line)
        for _ in range(2):
            assert mpremote(desk.port.path, "resume", "eval", "boot.version").strip() == "0.1.0"
        assert desk.device.board.faults == []
