"""`seesaw emulate`: a flash image on a serial port, in a world that it can reach."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import rig
from cable_rig import PATIENCE_S, TURN_S

from host_tools import cli
from host_tools.emulator.flash import Flash
from host_tools.twin import stored


@contextmanager
def emulated(folder: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str], Path]]:
    """(its port, the process, the file with what it prints) of an emulated board."""
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "host_tools.cli", "emulate", "--pty", *options],
            stdout=out, stderr=subprocess.STDOUT, cwd=folder, text=True,
        )  # fmt: skip
    try:
        wait_for(log, "\n")
        port, first = log.read_text().split("\n")[0].split(), log.read_text()
        assert port[0] == "port" and os.path.exists(port[1]), first
        yield port[1], process, log
    finally:
        process.kill()
        process.wait()


def wait_for(log: Path, words: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while words not in log.read_text():
        assert time.monotonic() < end_s, log.read_text()
        time.sleep(TURN_S)


def stopped(process: subprocess.Popen[str]) -> int:
    """Ctrl-C, and its exit code."""
    process.send_signal(signal.SIGINT)
    return process.wait(PATIENCE_S)


def test_an_image_is_booted_changed_by_cable_and_saved(tmp_path: Path):
    image = tmp_path / "my.bin"
    settings = {"poll_s": 1, "check_s": 86400, "instrument": "dow", "providers": {}}
    flash = rig.new_flash(rig.release("0.1.0"), **settings, update_url="http://127.0.0.1:9/")
    image.write_bytes(flash.to_bytes())
    with emulated(tmp_path, "--flash", str(image), "--save") as (port, process, log):
        wait_for(log, "LIVE")
        assert cli.main(["config", "--port", port, "--instrument", "nasdaq"]) == 0
        wait_for(log, "reset ")
        assert stopped(process) == 0
        assert f"saved to {image}" in log.read_text() and "raw REPL" not in log.read_text()
    found = stored.read(Flash.from_bytes(image.read_bytes()))
    assert (found["instrument"], found["poll_s"]) == ("nasdaq", 1)


def test_what_is_not_saved_leaves_the_file_alone(tmp_path: Path):
    with emulated(tmp_path, "--instrument", "btc") as (_, process, log):
        wait_for(log, "LIVE")
        image = tmp_path / "build" / "flash.bin"
        before = image.read_bytes()
        assert stopped(process) == 0
        assert image.read_bytes() == before
        assert "saved" not in log.read_text()


@pytest.mark.parametrize("size", [0, 5000])
def test_what_is_no_flash_image_is_one_line(tmp_path: Path, capsys, size):
    (tmp_path / "x.bin").write_bytes(bytes(size))
    assert cli.main(["emulate", "--flash", str(tmp_path / "x.bin")]) == 2
    assert "x.bin: no bootloader in it" in capsys.readouterr().err
    assert cli.main(["emulate", "--flash", str(tmp_path / "missing.bin")]) == 2
    assert "missing.bin" in capsys.readouterr().err


def test_settings_of_an_image_without_addresses_of_this_machine():
    flash = rig.new_flash(
        rig.release("0.1.0"), update_url="http://127.0.0.1:8000",
        providers={"cnbc": "http://localhost:1", "bitstamp": "http://prices.example"},
        ssid="home", password="password", check_s=60,
    )  # fmt: skip
    found = stored.read(flash)
    assert "update_url" not in found
    assert found["providers"] == {"bitstamp": "http://prices.example"}
    before = flash.to_bytes()
    assert stored.read(flash)["check_s"] == 60 and flash.to_bytes() == before
    stored.write(flash, {"instrument": "sol"})
    assert stored.read(flash) == found | {"instrument": "sol"}


def test_a_flash_without_a_table_has_no_settings():
    blank = Flash(4 << 20)
    stored.write(blank, {"instrument": "sol"})
    assert stored.read(blank) == {} and blank.to_bytes() == b"\xff" * (4 << 20)
