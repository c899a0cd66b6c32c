"""`seesaw diag` and `seesaw console` at an emulated seesaw on the real VM."""

import json
import os
import pty
import threading
import time
import tty
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import cable_rig
import pytest
import rig
from cable_rig import Terminal, World

from host_tools import cli
from host_tools.board import diag, paste
from host_tools.board.console import Screen

CRASH = ("wiring.py", "    settings.update(tuning", "    raise KeyError('planted')\n"
         "    settings.update(tuning")  # fmt: skip
ROM_LINE = b"rst:0xf (RTCWDT_BROWN_OUT_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with cable_rig.world() as made:
        yield made


def test_a_seesaw_is_asked_and_goes_on(world: World, capsys) -> None:
    desk = world.desk()
    desk.wait_for("state=LIVE")
    assert cli.main(["diag", "--port", desk.port.path]) == 0
    said = capsys.readouterr()
    found = paste.find(said.out)
    assert found and found.whole and said.out == found.text
    assert found.verdict == "Working. Nothing to do." and found.get("program") == "app"
    assert said.err.startswith("development key: ")
    assert cli.main(["diag", "--port", desk.port.path, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["whole"] and made["facts"]["release.version"] == "0.1.0"
    assert [one["name"] for one in made["troubles"]] == ["development key"]
    assert desk.events == ["boot ota_0 cause 1"]


def test_one_that_waits_at_the_prompt_is_asked_there(world: World, capsys) -> None:
    desk = world.desk()
    desk.wait_for("state=LIVE")
    cable_rig.mpremote(desk.port.path, "resume", "exec", "pass")
    assert cli.main(["diag", "--port", desk.port.path]) == 0
    said = capsys.readouterr()
    found = paste.find(said.out)
    assert found and found.whole and "lost." not in found.text
    assert found.get("program") == "prompt" and found.get("boot.record") == "install, 1 VALID"
    assert "asked at its prompt" in said.err
    desk.wait_for("state=LIVE", len(desk.text))


def test_one_whose_app_always_crashes_tells_so(world: World, capsys, monkeypatch) -> None:
    """By its updater, or where that is not to be had in time at the prompt."""
    monkeypatch.setattr(diag, "ANSWER_S", 25.0)
    desk = world.desk(rig.new_flash(rig.release("0.1.0", CRASH), **world.settings))
    desk.wait_for("KeyError: planted")
    assert cli.main(["diag", "--port", desk.port.path]) == 0
    found = paste.find(capsys.readouterr().out)
    assert found and found.whole and found.get("program") in ("updater", "prompt")
    assert "KeyError: planted" in found.get("log.crash0") + found.get("boot.last_words")


class Board:
    """A serial port with nothing behind it but what a test says."""

    def __init__(self) -> None:
        self.ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self.path = os.ttyname(self._theirs)

    def close(self) -> None:
        os.close(self.ours)
        os.close(self._theirs)


@pytest.fixture
def board() -> Iterator[Board]:
    made = Board()
    yield made
    made.close()


def test_one_that_is_no_seesaw_gives_no_paste(board, capsys, monkeypatch) -> None:
    monkeypatch.setattr(diag, "ANSWER_S", 1.0)
    monkeypatch.setattr("host_tools.board.repl.ENTER_S", 0.5)
    assert cli.main(["diag", "--port", board.path]) == 2
    said = capsys.readouterr()
    assert said.out == "" and "it says nothing" in said.err


def test_a_paste_that_noise_has_met_is_asked_for_again(board, capsys, monkeypatch) -> None:
    monkeypatch.setattr(diag, "AGAIN_S", 0.5)
    from seesaw import diag as firmware

    good = firmware.paste({"program": "app", "app.state": "LIVE", "wifi.set": "yes"}).encode()

    def answer() -> None:
        for made in (ROM_LINE + good.replace(b"LIVE", b"LIXE"), good[:50] + b"\n", good):
            heard = b""
            while b"diag\r" not in heard:
                heard += os.read(board.ours, 100)
            os.write(board.ours, made.replace(b"\n", b"\r\n"))

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    assert cli.main(["diag", "--port", board.path]) == 0
    thread.join(cable_rig.PATIENCE_S)
    said = capsys.readouterr()
    assert said.out.encode() == good and not thread.is_alive()
    assert said.err.startswith("brown-out: ")


# -- console ---------------------------------------------------------------------------------


def test_the_console_takes_commands_and_keeps_a_copy(world: World, tmp_path: Path) -> None:
    desk = world.desk()
    desk.wait_for("state=LIVE")
    log = tmp_path / "log"
    to = ("--port", desk.port.path, "--capture", str(log))
    terminal = Terminal("host_tools.cli", "console", *to)
    terminal.wait_for("Connected")
    terminal.type("status\r")
    terminal.wait_for("Working. Nothing to do.")
    terminal.type("diag\r")
    terminal.wait_for("END crc32=")
    terminal.wait_for("---\r\n")
    assert terminal.leave() == 0
    found = paste.find(log.read_text())
    assert found and found.whole and found.get("app.state") == "LIVE"
    assert "[" in terminal.text and desk.events == ["boot ota_0 cause 1"]


def test_the_console_tells_a_brown_out_and_outlives_its_port(board, tmp_path: Path) -> None:
    link = tmp_path / "port"
    link.symlink_to(board.path)
    terminal = Terminal("host_tools.cli", "console", "--port", str(link), "--no-times")
    terminal.wait_for("Connected")
    os.write(board.ours, ROM_LINE)
    terminal.wait_for("--- brown-out: the supply broke down")
    other = Board()
    try:
        link.unlink()
        board.close()
        terminal.wait_for("it is gone")
        link.symlink_to(other.path)
        terminal.wait_for("it is back")
        os.write(other.ours, b"hello again\r\n")
        terminal.wait_for("hello again")
        terminal.type("x")
        time.sleep(0.1)
        assert terminal.leave() == 0
        assert b"x" in os.read(other.ours, 10)
    finally:
        other.close()
        board.ours, board._theirs = pty.openpty()


def test_what_is_typed_stays_below_what_comes() -> None:
    out, copy = StringIO(), StringIO()
    screen = Screen(out, lambda: 0.25, times=True, capture=copy)
    screen.type(b"sta")
    assert screen.hear("seesaw state=LIVE\r\nhalf") == ["seesaw state=LIVE"]
    screen.hear(" a line\n")
    screen.type(b"x\x7ftus\r")
    screen.hear(">>> ")
    screen.type(b"print(1)\r")

    shown = out.getvalue()
    assert shown.startswith("sta" + "\b \b" * 3 + "[") and "status" not in shown
    assert "] seesaw state=LIVE\r\n[" in shown and "print" not in shown
    stamp = copy.getvalue()[:15]
    assert stamp.endswith(".250] ")
    assert copy.getvalue() == f"{stamp}seesaw state=LIVE\n{stamp}half a line\n{stamp}>>> "
    assert screen.typed == ""


def test_a_file_gets_the_lines_alone() -> None:
    out, messages = StringIO(), StringIO()
    screen = Screen(out, lambda: 0.0, times=False, messages=messages)
    screen.note("Connected")
    screen.hear("one\r\ntwo\r\n")
    screen.type(b"help\r")
    assert out.getvalue() == "one\ntwo\n" and messages.getvalue() == "--- Connected\r\n"
