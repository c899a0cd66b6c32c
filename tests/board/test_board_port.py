"""Serial ports: three different things can be wrong, and each has its own cure."""

import errno
import json
import os
import pty
from dataclasses import asdict
from pathlib import Path

import pytest
import rig
import serial

from host_tools import cli
from host_tools.board import backup
from host_tools.board import port as ports
from host_tools.errors import UserError


@pytest.fixture
def far_end():
    near, far = pty.openpty()
    yield os.ttyname(far)
    os.close(near)
    os.close(far)


def test_a_free_port_is_fine_and_left_free(far_end):
    ports.check(far_end)
    ports.check(far_end)


def test_an_absent_port():
    with pytest.raises(UserError) as caught:
        ports.check("/dev/ttyUSB-none")
    assert "/dev/ttyUSB-none" in caught.value.what and "there is none" in caught.value.why


def test_absent_names_the_boards_that_are_there(monkeypatch):
    class Found:
        device, vid = "/dev/ttyUSB7", 0x10C4

    class Internal:
        device, vid = "/dev/ttyS0", None

    monkeypatch.setattr(ports.list_ports, "comports", lambda: [Internal, Found])
    fix = ports.explain("/dev/x", FileNotFoundError(errno.ENOENT, "no")).fix
    assert "/dev/ttyUSB7" in fix and "ttyS0" not in fix
    monkeypatch.setattr(ports.list_ports, "comports", lambda: [Internal])
    assert "cable" in ports.explain("/dev/x", FileNotFoundError(errno.ENOENT, "no")).fix


def test_a_port_that_another_program_holds(far_end):
    with serial.Serial(far_end, exclusive=True), pytest.raises(UserError) as caught:
        ports.check(far_end)
    assert "another program" in caught.value.why and far_end in caught.value.fix
    ports.check(far_end)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_port_that_one_may_not_open(number, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(number, "could not open port")

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(UserError) as caught:
        ports.check("/dev/ttyUSB0")
    assert "may not" in caught.value.why and "dialout" in caught.value.fix


def test_what_is_no_serial_port(tmp_path: Path):
    file = tmp_path / "file"
    file.write_bytes(b"")
    for path in (str(file), str(tmp_path)):
        with pytest.raises(UserError, match="no serial port"):
            ports.check(path)


def test_the_three_say_different_things():
    numbers = (errno.ENOENT, errno.EBUSY, errno.EACCES, errno.EIO)
    said = [ports.explain("p", OSError(number, "text")) for number in numbers]
    assert len({error.why for error in said}) == len({error.fix for error in said}) == 4


def test_a_pseudo_terminal_is_known_through_a_link(far_end, tmp_path: Path):
    link = tmp_path / "seesaw"
    link.symlink_to(far_end)
    assert ports.is_pty(far_end) and ports.is_pty(str(link))
    assert not ports.is_pty("/dev/ttyUSB0") and not ports.is_pty(str(tmp_path))


# -- which one, when none is named ------------------------------------------------------------


class Adapter:
    vid, description = 0x10C4, "CP2102"

    def __init__(self, device: str) -> None:
        self.device = device


class Internal:
    device, vid, description = "/dev/ttyS0", None, "n/a"


def plugged_in(monkeypatch, *devices: str) -> None:
    there = [Internal, *(Adapter(device) for device in devices)]
    monkeypatch.setattr(ports.list_ports, "comports", lambda: there)


def test_a_port_that_was_named_is_taken_whatever_is_there(monkeypatch, far_end):
    plugged_in(monkeypatch, "/dev/ttyUSB0", "/dev/ttyUSB1")
    assert ports.choose(far_end) == far_end


def test_the_only_one_is_used_and_said(monkeypatch, capsys):
    plugged_in(monkeypatch, "/dev/ttyUSB3")
    assert ports.choose(None) == "/dev/ttyUSB3"
    said = capsys.readouterr()
    assert said.err == "using /dev/ttyUSB3 (CP2102)\n" and said.out == ""


def test_several_are_listed_and_none_is_used(monkeypatch):
    plugged_in(monkeypatch, "/dev/ttyUSB1", "/dev/ttyUSB0")
    with pytest.raises(UserError) as caught:
        ports.choose(None)
    assert "/dev/ttyUSB0 (CP2102), /dev/ttyUSB1 (CP2102)" in caught.value.why
    assert caught.value.fix == "name one: --port /dev/ttyUSB0"


def test_none_is_told_to_plug_one_in(monkeypatch):
    plugged_in(monkeypatch)
    with pytest.raises(UserError, match="no board is plugged in; plug it in, .* --port"):
        ports.choose(None)


COMMANDS = ["deploy", "try", "config", "console", "diag", "flash", "backup", "restore", "selftest"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("there", [(), ("/dev/ttyUSB0", "/dev/ttyUSB1")], ids=["none", "two"])
def test_every_command_by_cable_looks_for_its_board(
    command, there, monkeypatch, capsys, tmp_path: Path
):
    plugged_in(monkeypatch, *there)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    image = tmp_path / "flash.bin"
    image.write_bytes(rig.new_flash(rig.release("0.1.0")).to_bytes())
    saved = backup.Saved.of(image.read_bytes(), "esp32", "24:0a:c4:00:00:01", False, 0)
    image.with_suffix(".json").write_text(json.dumps(asdict(saved)))
    options = {"config": ["--instrument", "dow"], "restore": [str(image)],
               "flash": ["--image", str(image), "--board", "esp32_wrover"]}  # fmt: skip
    assert cli.main([command, *options.get(command, [])]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("seesaw: the serial port: ") and said.err.count("\n") == 1
    assert said.out == ""
