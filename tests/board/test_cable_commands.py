"""`seesaw try`, `config`, `console` and `flash` at an emulated seesaw, and ports that are none."""

import json
import os
import pty
import re
import signal
import threading
from pathlib import Path

import cable_rig
import pytest
import rig
from cable_rig import Terminal, mpremote
from phone import image_settings_of

from host_tools import cli
from host_tools.board import repl
from host_tools.emulator.flash import Flash
from host_tools.image import flash_image

SECRET = "very-secret-words"


@pytest.fixture(scope="module")
def world():
    with cable_rig.world() as made:
        yield made


@pytest.fixture(scope="module")
def desk(world):
    desk = world.desk()
    desk.wait_for("state=LIVE")
    return desk


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    return captured.err


# -- try -------------------------------------------------------------------------------------


def test_a_tree_is_tried_until_ctrl_c_and_no_flash_is_touched(desk, capsys):
    before, ops, start = desk.flash.to_bytes(), desk.flash.ops, len(desk.text)
    pulses = len(desk.device.board.pwm.pulses)

    def stop() -> None:
        try:
            desk.wait_for("version=try", desk.wait_for("version=try", start))
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    stopper = threading.Thread(target=stop)
    stopper.start()
    code = cli.main(["try", "--port", desk.port.path])
    stopper.join()
    said = capsys.readouterr()
    assert code == 0, said
    assert "state=LIVE" in said.out and "version=try" in said.out
    desk.wait_for("version=0.1.0", desk.text.rindex("version=try"))
    assert (desk.flash.ops, desk.flash.to_bytes() == before) == (ops, True)
    assert len(desk.device.board.pwm.pulses) > pulses, "it moved no beam"
    assert desk.device.board.faults == []


def test_a_tree_that_falls_over_says_so_and_the_release_runs_again(
    desk, capsys, monkeypatch, tmp_path: Path
):
    ops, start = desk.flash.ops, len(desk.text)
    tree = cable_rig.rewritten(tmp_path, "app.py", *cable_rig.CRASH)
    monkeypatch.setattr("host_tools.board.tryout.bundle.FIRMWARE", tree)
    assert cli.main(["try", "--port", desk.port.path]) == 1
    assert "RuntimeError: a planted fault" in capsys.readouterr().err
    desk.wait_for("version=0.1.0", start)
    assert desk.flash.ops == ops


# -- config ----------------------------------------------------------------------------------


def test_settings_change_and_the_password_is_nowhere(desk, capfd, monkeypatch):
    desk.device.around.air["cable"] = SECRET
    monkeypatch.setenv("SEESAW_PASSWORD", SECRET)
    start = len(desk.text)
    options = ["--ssid", "cable", "--instrument", "btc", "--center-us", "1510",
               "--log-level", "debug"]  # fmt: skip
    assert cli.main(["config", "--port", desk.port.path, *options]) == 0
    desk.wait_for("instrument=btc", start)
    desk.wait_for("state=LIVE instrument=btc", start)
    desk.wait_for("event=poll", start)
    said = capfd.readouterr()
    assert "set ssid, instrument, log_level, center_us, password" in said.out and said.err == ""
    assert SECRET not in said.out + desk.text


def test_settings_of_a_file_too(desk, capfd, tmp_path):
    """Those that have no option; an option goes before the file."""
    file = tmp_path / "owner.json"
    file.write_text(json.dumps({"keys": {"eodhd": SECRET}, "ntp": "a.test", "sensitivity": 50}))
    options = ["--config", str(file), "--sensitivity", "200"]
    assert cli.main(["config", "--port", desk.port.path, *options]) == 0
    desk.wait_for("state=LIVE", len(desk.text))
    said = capfd.readouterr()
    assert "set keys, ntp, sensitivity" in said.out and SECRET not in said.out + said.err
    found = image_settings_of(desk.device.flash, "config")
    assert (found["keys"], found["ntp"], found["sensitivity"]) == ({"eodhd": SECRET}, "a.test", 200)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--config", "nowhere.json"], "nowhere.json"),
        (["--instrument", "gold"], "did you mean"),
        (["--poll-s", "0"], "poll_s"),
        (["--rotation", "dax,gold"], "gold"),
        (["--rotation", "dax,dax"], "each once"),
        (["--turn-min", "4"], "turn_min"),
        (["--password", "short"], "password"),
        (["--password", "two", "words"], "SEESAW_PASSWORD"),
        (["--update-url", "ftp://x"], "update_url"),
        (["--log-level", "loud"], "invalid choice: 'loud' (choose from"),
        ([], "none is given"),
    ],
)
def test_a_setting_that_makes_no_sense_interrupts_nothing(desk, capsys, options, words):
    boots = len(desk.events)
    assert words in refused(capsys, "config", "--port", desk.port.path, *options)
    assert len(desk.events) == boots


def test_an_error_of_the_device_quotes_no_password(desk, capfd, monkeypatch):
    code = "raise OSError(5, '%s')"
    monkeypatch.setattr("host_tools.board.configure.CODE", code)
    assert cli.main(["config", "--port", desk.port.path, "--password", SECRET]) == 2
    said = capfd.readouterr()
    assert "OSError there" in said.err and SECRET not in said.err + said.out
    monkeypatch.setattr("getpass.getpass", lambda prompt: "short")
    assert cli.main(["config", "--port", desk.port.path, "--password", "-"]) == 2
    assert "8 to 64" in capfd.readouterr().err


# -- console and flash -----------------------------------------------------------------------


def test_the_console_interrupts_nothing(desk):
    desk.wait_for("state=", len(desk.text))
    boots = len(desk.events)
    terminal = Terminal("host_tools.cli", "console", "--port", desk.port.path)
    terminal.wait_for("Connected")
    terminal.wait_for("seesaw state=")
    assert terminal.leave() == 0
    assert len(desk.events) == boots and ">>>" not in terminal.text
    desk.wait_for("state=", len(desk.text))


def test_the_real_esptool_writes_a_flash_that_boots(world, desk, capsys, tmp_path: Path):
    made = rig.release("0.3.0")
    image = tmp_path / "flash.bin"
    image.write_bytes(rig.new_flash(made, **world.settings).to_bytes())
    start = len(desk.text)
    assert cli.main(["flash", "--port", desk.port.path, "--image", str(image), "--yes"]) == 0
    assert "wrote and verified" in capsys.readouterr().out
    desk.wait_for("slot=ota_0 version=0.3.0", start)
    assert desk.device.board.faults == []


def test_a_board_that_cannot_boot_is_flashed_all_the_same(world, capsys, tmp_path: Path):
    desk = world.desk(Flash(4 << 20))
    desk.wait(lambda: desk.events)
    assert desk.events[0].startswith("boot-failure")
    image = tmp_path / "flash.bin"
    image.write_bytes(rig.new_flash(world.release, **world.settings).to_bytes())
    assert cli.main(["flash", "--port", desk.port.path, "--image", str(image), "--yes"]) == 0
    desk.wait_for("slot=ota_0 version=0.1.0")


# -- what is there at the port ---------------------------------------------------------------


def test_a_seesaw_left_at_the_prompt_is_started_first(world, capsys):
    """As mpremote leaves it, with a soft reset that passes by the launcher."""
    desk = world.desk()
    desk.wait_for("state=LIVE")
    assert mpremote(desk.port.path, "eval", "'boot' in globals()").strip() == "False"
    start = len(desk.text)
    assert cli.main(["config", "--port", desk.port.path, "--instrument", "dow"]) == 0
    desk.wait_for("instrument=dow", start)


def test_a_start_that_was_interrupted_begins_anew(world, capsys):
    """Ctrl-C has met the launcher just before it changed the path, so that nothing is there yet."""
    desk = world.desk()
    desk.wait_for("state=LIVE")
    early = ("import os, sys; sys.path.remove('/bundle'); os.chdir('/'); "
             "[sys.modules.pop(name) for name in list(sys.modules) if name[:6] == 'seesaw']")
    mpremote(desk.port.path, "resume", "exec", early)
    assert mpremote(desk.port.path, "resume", "eval", "boot.version").strip() == "0.1.0"
    start = len(desk.text)
    assert cli.main(["config", "--port", desk.port.path, "--instrument", "dow"]) == 0
    desk.wait_for("instrument=dow", start)


def test_another_micropython_is_no_seesaw(world, capsys):
    image = flash_image.compose(rig.BOARD, rig.BOOTLOADER, [(0, rig.APP)], b"print('blink')\n")
    desk = world.desk(Flash.from_bytes(image))
    desk.wait_for(">>> ")
    error = refused(capsys, "config", "--port", desk.port.path, "--instrument", "dow")
    assert "MicroPython" in error and "no seesaw" in error and "seesaw flash" in error
    assert desk.events == ["boot ota_0 cause 1"]


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(repl, "ENTER_S", 0.1)
    monkeypatch.setattr(repl, "READ_S", 0.05)


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (b"", "says nothing"),
        (b"seesaw state=LIVE why=\r\n", "as in a trial; it says 'seesaw state=LIVE why='"),
        (b"ets Jul 29 2019\r\n", "not of a seesaw"),
    ],
)
def test_a_board_that_takes_no_ctrl_c(capsys, hasty, says, words):
    near, far = pty.openpty()
    over = threading.Event()

    def talk() -> None:
        while not over.wait(0.02):
            os.write(near, says)

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        for command in (["deploy"], ["try"], ["config", "--instrument", "dow"]):
            name, *options = command
            assert words in refused(capsys, name, "--port", os.ttyname(far), *options)
    finally:
        over.set()
        talker.join()
        os.close(near)
        os.close(far)


@pytest.mark.parametrize("command", ["deploy", "try", "config", "console", "flash"])
def test_a_port_that_is_absent(command, capsys, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    image = tmp_path / "flash.bin"
    image.write_bytes(rig.new_flash(rig.release("0.1.0")).to_bytes())
    options = {"config": ["--instrument", "dow"], "flash": ["--image", str(image)]}
    error = refused(capsys, command, "--port", "/dev/pts/99999", *options.get(command, []))
    assert re.match("seesaw: port /dev/pts/99999: there is none; ", error)


def test_a_port_that_another_program_holds(desk, capsys):
    holder = repl.Repl(desk.port.path)
    try:
        error = refused(capsys, "config", "--port", desk.port.path, "--instrument", "dow")
        assert "another program" in error
    finally:
        holder.close()


def test_urls_go_where_mpremote_takes_them(capsys):
    for url in ("nonsense://there", "socket://127.0.0.1:1"):
        error = refused(capsys, "config", "--port", url, "--instrument", "dow")
        assert f"port {url}: it does not open" in error


def test_a_port_that_leaves_the_bus_is_opened_again(tmp_path: Path, monkeypatch, hasty):
    """As of a chip that does USB itself: another device stands behind the name afterwards."""
    monkeypatch.setattr(repl.ports, "is_pty", lambda port: False)
    link = tmp_path / "ttyACM0"
    (near, far), (near_again, far_again) = pty.openpty(), pty.openpty()
    link.symlink_to(os.ttyname(far))
    line = repl.Repl(str(link))
    os.close(near)
    os.close(far)
    link.unlink()
    link.symlink_to(os.ttyname(far_again))
    try:
        assert line.read() == ""
        os.write(near_again, b"again")
        assert "".join(line.read() for _ in "again") == "again"
        monkeypatch.setattr(repl, "BACK_S", 0.2)
        link.unlink()
        os.close(near_again)
        os.close(far_again)
        with pytest.raises(repl.Lost, match="is gone"):
            line.read()
    finally:
        line.close()
