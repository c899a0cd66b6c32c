"""`seesaw conformance`: every script on both engines, and some on a board at a port."""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cable_rig import PATIENCE_S, Desk, Terminal

from host_tools import cli, conform
from host_tools.emulator.flash import Flash
from host_tools.image import board as boards
from host_tools.image import table
from host_tools.market.server import Market

SCRIPTS = conform.load([])
TABLE = 0x8000
# A program that would disturb: it feeds a watchdog, and writes where the scripts do.
BUSY = """
import machine, time
machine.RTC().memory(b"mine")
wdt = machine.WDT(timeout=3000)
while True:
    print("busy")
    wdt.feed()
    time.sleep_ms(20)
"""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
@pytest.mark.parametrize("engine", conform.ENGINES)
def test_an_engine_does_what_is_recorded(engine: str, script: conform.Script):
    got = conform.on_engine(engine, "esp32_wrover", script)
    assert got == script.wanted, "\n" + conform.side_by_side(script.wanted, got)


@pytest.mark.parametrize("board", [name for name in boards.names() if name != "esp32_wrover"])
def test_every_board_gives_the_same(board: str):
    for script in SCRIPTS:
        assert conform.on_engine("cpython", board, script) == script.wanted, script.name


def test_every_script_ends_and_keeps_the_rules():
    for script in SCRIPTS:
        assert script.wanted.endswith("END\n"), script.name
        assert all(line == line.rstrip() for line in script.wanted.splitlines()), script.name
        if "RESET" in script.wanted:
            assert "nvs" in script.touches, f"{script.name} keeps its step in NVS"


# -- the command, on the engines -------------------------------------------------------------


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch) -> Path:
    """A folder of scripts of their own."""
    folder = tmp_path / "scripts"
    shutil.copytree(conform.SCRIPTS, folder)
    monkeypatch.setattr(conform, "SCRIPTS", folder)
    monkeypatch.setattr(conform, "SAVED", tmp_path / "saved")
    monkeypatch.setattr(conform.cable, "BACK_S", 0.3)  # an emulated chip starts at once
    return folder


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    """Record something else than what is."""
    path = folder / f"{name}.exp"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_difference_is_shown_side_by_side(scripts: Path, capsys):
    spoil(scripts, "panic", "magic 0xe9", "magic 0x9e")
    assert cli.main(["conformance", "--engine", "cpython", "panic", "rtc_memory"]) == 1
    said = capsys.readouterr().out
    marked = [line.split() for line in said.splitlines() if line.startswith("  >")]
    assert marked == [[">", "magic", "0x9e", "magic", "0xe9"]]
    assert said.endswith("1 as recorded, 1 differ, 0 not run\n")


def test_json_of_a_difference(scripts: Path, capsys):
    spoil(scripts, "panic", "END\n", "END\nmore\n")
    code = cli.main(["conformance", "--engine", "cpython", "--json", "panic", "rtc_memory"])
    found = json.loads(capsys.readouterr().out)
    assert (code, [row["result"] for row in found]) == (1, ["differs", "ok"])
    assert found[0]["recorded"][-2:] == ["END", "more"] and found[0]["got"][-1] == "END"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["nothing"], "script 'nothing': there is none"),
        (["--record", "panic"], "add --port"),
        (["--restore", "file"], "add --port"),
        (["--port", "/dev/none", "panic"], "port /dev/none: there is none"),
        (["--engine", "cpython", "--board", "toaster", "panic"], "board 'toaster'"),
        (["--engine", "cpython", "silent"], "do not say what it touches"),
        (["--engine", "cpython", "new"], "nothing is recorded"),
    ],
)
def test_what_cannot_be_run_is_one_line(scripts: Path, capsys, options, words):
    (scripts / "silent.py").write_text("print('END')\n")
    (scripts / "new.py").write_text("# touches:\nprint('END')\n")
    assert cli.main(["conformance", *options]) == 2
    captured = capsys.readouterr()
    assert words in captured.err and captured.err.count("\n") == 1


# -- a board at a port -----------------------------------------------------------------------


@pytest.fixture
def plug() -> Iterator[Callable[[Flash], Desk]]:
    """Gives a flash power and a cable; unplugged at the end."""
    desks: list[Desk] = []

    def plug(flash: Flash) -> Desk:
        desks.append(Desk(flash, Market("sp500")))
        desks[-1].wait_for("busy")
        return desks[-1]

    yield plug
    for desk in desks:
        desk.close()


def when(desk: Desk, words: str, action: Callable[[], None]) -> threading.Thread:
    def wait() -> None:
        try:
            desk.wait_for(words)
        finally:
            action()

    made = threading.Thread(target=wait)
    made.start()
    return made


def test_a_board_does_what_is_recorded_and_is_then_as_it_was(scripts: Path, plug, capsys):
    desk = plug(conform.new_flash("esp32_wrover", BUSY))
    before = desk.flash.to_bytes()
    spoil(scripts, "partition_boot", "two slots True", "two slots False")
    # The first one ends in the other slot; the second one spoils the slot that it calls other.
    names = ["otadata_states", "otadata_trial", "littlefs", "partition_boot"]
    assert cli.main(["conformance", "--port", desk.port.path, "--yes", *names]) == 1
    said = capsys.readouterr().out
    assert "MicroPython" in said and "id 24aa5e000001" in said
    assert "data (512 KiB), nvs (16 KiB), otadata (8 KiB), ota_1 (1728 KiB)" in said
    marked = [line.split()[:4] for line in said.splitlines() if line.startswith("  >")]
    assert marked == [[">", "two", "slots", "False"]]
    assert said.endswith("3 as recorded, 1 differ, 0 not run\n")
    assert desk.flash.to_bytes() == before
    assert not list((scripts.parent / "saved").iterdir())
    desk.wait_for("busy", len(desk.text))


def test_nobody_is_asked_without_a_terminal_and_nothing_is_touched(scripts: Path, plug, capsys):
    desk = plug(conform.new_flash("esp32_wrover", BUSY))
    ops = desk.flash.ops
    assert cli.main(["conformance", "--port", desk.port.path, "--json", "panic"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and "erase" in captured.err and "add --yes" in captured.err
    desk.wait_for("busy", len(desk.text))
    assert desk.flash.ops == ops


@pytest.mark.parametrize("answers", [True, False])
def test_a_person_who_does_not_want_it(plug, answers):
    """Says no, or presses Ctrl-C at the question."""
    desk = plug(conform.new_flash("esp32_wrover", BUSY))
    ops = desk.flash.ops
    terminal = Terminal("host_tools.cli", "conformance", "--port", desk.port.path, "pwm")
    terminal.wait_for("Type yes to go on: ")
    if answers:
        terminal.type("no\r")
    else:
        terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(PATIENCE_S) == (2 if answers else 130)
    desk.wait_for("busy", len(desk.text))
    assert desk.flash.ops == ops


def test_what_a_board_lacks_is_named_and_no_failure(scripts: Path, plug, capsys):
    flash = conform.new_flash("esp32_wrover", BUSY)
    kept = [p for p in boards.load("esp32_wrover").partitions if p.label not in ("ota_1", "data")]
    flash.erase(TABLE)
    flash.program(TABLE, table.to_bytes(kept))
    desk = plug(flash)
    names = ["littlefs", "otadata_trial", "panic", "pwm"]
    assert cli.main(["conformance", "--port", desk.port.path, "--yes", "--json", *names]) == 0
    found = {
        row["script"]: (row["result"], row["why"]) for row in json.loads(capsys.readouterr().out)
    }
    assert found == {
        "littlefs": ("not run", "no data"),
        "otadata_trial": ("not run", "no second slot"),
        "panic": ("ok", ""),
        "pwm": ("ok", ""),
    }


def test_a_cable_that_is_pulled(scripts: Path, plug, capsys):
    """In a trial: the other slot runs, and main.py rests. The saved file makes all of it good."""
    flash = conform.new_flash("esp32_wrover", BUSY)
    desk = plug(flash)
    before = flash.to_bytes()
    puller = when(desk, "STEP 2", desk.close)
    assert cli.main(["conformance", "--port", desk.port.path, "--yes", "otadata_trial"]) == 2
    puller.join()
    said = capsys.readouterr().err
    (saved,) = (scripts.parent / "saved").iterdir()
    assert f"--restore {saved}" in said and "plug it in, then: seesaw conformance --port" in said
    assert flash.to_bytes() != before

    desk = Desk(flash, Market("sp500"))
    try:
        again = ["conformance", "--port", desk.port.path, "--yes", "panic"]
        assert cli.main(again) == 2
        assert "an earlier run" in capsys.readouterr().err
        assert cli.main(["conformance", "--port", desk.port.path, "--restore", str(saved)]) == 0
        desk.wait_for("busy")
    finally:
        desk.close()
    assert flash.to_bytes() == before and not saved.exists()


def test_ctrl_c_restores(scripts: Path, plug, capsys):
    desk = plug(conform.new_flash("esp32_wrover", BUSY))
    before = desk.flash.to_bytes()
    stopper = when(desk, "STEP 1", lambda: os.kill(os.getpid(), signal.SIGINT))
    assert cli.main(["conformance", "--port", desk.port.path, "--yes", "otadata_trial"]) == 130
    stopper.join()
    assert desk.flash.to_bytes() == before
    desk.wait_for("busy", len(desk.text))


@contextlib.contextmanager
def bridged(desk: Desk) -> Iterator[str]:
    """A board's port behind TCP, as QEMU has it: its URL."""
    line = os.open(desk.port.path, os.O_RDWR | os.O_NOCTTY)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def carry() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    while True:
                        ready, _, _ = select.select([peer, line], [], [])
                        if peer in ready:
                            if not (data := peer.recv(4096)):
                                break
                            os.write(line, data)
                        if line in ready:
                            peer.sendall(os.read(line, 4096))

        carrier = threading.Thread(target=carry)
        carrier.start()
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        carrier.join()
    os.close(line)


def test_a_board_behind_tcp(scripts: Path, plug, capsys):
    desk = plug(conform.new_flash("esp32_wrover", BUSY))
    before = desk.flash.to_bytes()
    with bridged(desk) as url:
        assert cli.main(["conformance", "--port", url, "--yes", "panic", "littlefs_full"]) == 0
    assert "2 as recorded, 0 differ, 0 not run" in capsys.readouterr().out
    assert desk.flash.to_bytes() == before


def test_a_board_records(scripts: Path, plug):
    """And what it says that no engine knows stays visible: a traceback, an end without END."""
    (scripts / "new.py").write_text("# touches:\nprint('new')\n1 // 0\n")
    desk = plug(conform.new_flash("esp32_wrover", BUSY))
    assert cli.main(["conformance", "--port", desk.port.path, "--yes", "--record", "new"]) == 0
    recorded = (scripts / "new.exp").read_text()
    assert recorded.startswith("new\nTraceback") and "ZeroDivisionError" in recorded


def test_a_file_that_holds_no_flash(scripts: Path, tmp_path: Path, capsys):
    (tmp_path / "x").write_text('{"format": 7}')
    command = ["conformance", "--port", "/dev/none", "--restore", str(tmp_path / "x")]
    assert cli.main(command) == 2
    assert "it holds no saved flash" in capsys.readouterr().err
