"""The device's console over a cable, on the real VM: what is typed, and what stays as it was."""

import os
import re
import select
import time
from collections.abc import Iterator

import cable_rig
import pytest
import rig
from cable_rig import Desk, World, mpremote

WAIT_S = 60
SHOWN = (
    ("wifi", "wifi.subnet"), ("feed", "feed.provider: cnbc"), ("servo", "servo.us_per_degree"),
    ("update", "update.server: set"), ("log", "log.event0"), ("nonsense", "there is no 'nonsense'"),
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with cable_rig.world() as made:
        yield made


class Line:
    """The serial port, held open by somebody who types."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.fd = os.open(desk.port.path, os.O_RDWR | os.O_NOCTTY)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self.fd)

    def ask(self, typed: bytes, wanted: str) -> str:
        """What comes until that is among it."""
        os.write(self.fd, typed)
        found, end_s = "", time.monotonic() + WAIT_S
        while wanted not in found:
            assert time.monotonic() < end_s, found
            if select.select([self.fd], [], [], 0.1)[0]:
                found += os.read(self.fd, 4096).decode("utf-8", "replace")
        return found


def test_commands_are_answered_and_it_follows_meanwhile(world: World) -> None:
    desk = world.desk()
    desk.wait_for("state=LIVE")
    with Line(desk) as line:
        assert "selftest" in line.ask(b"help\r", "factory-reset ")
        assert "Working. Nothing to do." in line.ask(b"status\r\n", "time.up_s")
        for word, wanted in SHOWN:
            line.ask(word.encode() + b"\n", wanted)
        text = line.ask(b"diag\n", " END crc32=")
        assert "Working. Nothing to do.\r\napp.state: LIVE\r\n" in text and "lost." not in text
        text = line.ask(b"selftest\n", "\nbeam  ")
        assert re.findall(r"FAIL.*", text) == []
        line.ask(bytes(range(4, 256)) * 8 + b"\n\nstatus\n", "Working")
        desk.wait_for("state=LIVE", len(desk.text))
    assert desk.events == ["boot ota_0 cause 1"] and "Traceback" not in desk.text
    assert mpremote(desk.port.path, "resume", "eval", "boot.version").strip() == "0.1.0"
    assert desk.device.board.faults == []


def packet(kind: int, data: bytes) -> bytes:
    made = b"IMPROV\x01" + bytes((kind, len(data))) + data
    return made + bytes((sum(made) & 255,))


def test_a_client_of_improv_at_a_seesaw_that_runs(world: World) -> None:
    """Every command of its has a 3, which is no Ctrl-C there; and Ctrl-C stays what it is."""
    desk = world.desk()
    desk.wait_for("state=LIVE")
    desk.device.around.air["other"] = "password"
    with Line(desk) as line:
        line.ask(packet(3, b"\x02\x00"), "IMPROV\x01\x01\x01\x04")
        line.ask(packet(3, b"\x03\x00"), "\x06seesaw\x050.1.0")
        line.ask(packet(3, b"\x04\x00"), "\x04home\x03-55\x03YES")
        line.ask(b"sta" + packet(3, b"\x02\x00") + b"tus\n", "Working. Nothing to do.")
        line.ask(packet(3, b"\x02\x00")[:9], "")
        line.ask(packet(3, b"\x02\x00") * 3, "\x10http://10.0.0.2/")
        line.ask(packet(3, b"\x01\x0f\x05other\x08password"), "words=joined, and kept")
        text = line.ask(packet(3, b"\x02\x00"), "IMPROV\x01\x01\x01\x04")
        assert "Traceback" not in text
        desk.wait_for(" price=", len(desk.text))
    assert desk.events == ["boot ota_0 cause 1"] and "Traceback" not in desk.text
    for _ in range(2):
        assert mpremote(desk.port.path, "resume", "eval", "boot.version").strip() == "0.1.0"
    assert desk.events == ["boot ota_0 cause 1"] and desk.device.board.faults == []


def test_maintenance_leaves_it_to_mpremote(world: World) -> None:
    desk = world.desk()
    desk.wait_for("state=LIVE")
    with Line(desk) as line:
        line.ask(b"maintenance\n", ">>> ")
    assert mpremote(desk.port.path, "resume", "eval", "boot.unhealthy").strip() == "0"
    assert desk.events == ["boot ota_0 cause 1"]
    pulses = desk.device.board.pwm.pulses
    assert pulses[-1][2] == 0, "the servo is let go"


def test_a_factory_reset_ends_in_set_up_where_the_console_goes_on(world: World) -> None:
    desk = world.desk()
    desk.wait_for("state=LIVE")
    with Line(desk) as line:
        line.ask(b"factory-reset\n", "Type: yes")
        line.ask(b"yes\n", "Type: forget")
        line.ask(b"forget\n", "event=setup")
        text = line.ask(b"diag\n", " END crc32=")
        asked = b"IMPROV\x01\x03\x02\x02\x00"
        line.ask(b"sta" + asked + bytes((sum(asked) & 255,)) + b"tus\n", "IMPROV\x01\x01\x01\x02")
        line.ask(b"\n", "program: setup")
        line.ask(b"maintenance\n", ">>> ")
    assert mpremote(desk.port.path, "resume", "eval", "boot.version").strip() == "0.1.0"
    assert "never set up" in text and "update.server: set" in text and "lost." not in text
    assert rig.SETTINGS["password"] not in text.replace("wifi.password", "")
    assert "Traceback" not in desk.text
