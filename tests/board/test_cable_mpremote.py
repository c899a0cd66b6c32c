"""The real mpremote at an emulated seesaw: everything that people do with a board by cable."""

from pathlib import Path

import cable_rig
import pytest
from cable_rig import Terminal, mpremote

DATA = "import vfs; from esp32 import Partition; vfs.mount(vfs.VfsLfs2(Partition('data')), '/data')"


@pytest.fixture(scope="module")
def desk():
    with cable_rig.world() as world:
        desk = world.desk()
        desk.wait_for("state=LIVE")
        yield desk
        assert desk.device.board.faults == []


def test_exec_interrupts_the_program_and_sees_the_launcher_s_object(desk):
    said = mpremote(desk.port.path, "resume", "exec", "print(boot.version, 6 * 7)")
    assert said.strip() == "0.1.0 42"
    assert mpremote(desk.port.path, "resume", "eval", "boot.slot.info()[4]").strip() == "ota_0"


def test_files_go_there_and_come_back(desk, tmp_path: Path):
    blob = bytes(range(256)) * 40
    (tmp_path / "there").write_bytes(blob)
    port = desk.port.path
    said = mpremote(
        port, "resume", "exec", DATA, "+", "fs", "cp", str(tmp_path / "there"), ":/data/blob",
        "+", "fs", "ls", ":/data", "+", "fs", "cp", ":/data/blob", str(tmp_path / "back"),
    )  # fmt: skip
    assert f"{len(blob)} blob" in said
    assert (tmp_path / "back").read_bytes() == blob
    assert "main.mpy" in mpremote(port, "resume", "fs", "ls", ":/bundle/seesaw")


def test_a_script_runs(desk, tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text("import machine\nfor n in range(3):\n    print('turn', n)\n")
    said = mpremote(desk.port.path, "resume", "run", str(script))
    assert said.split("\n")[:3] == ["turn 0", "turn 1", "turn 2"]


def test_a_folder_is_mounted(desk, tmp_path: Path):
    (tmp_path / "hello.py").write_text("print('hello from', __file__)\n")
    code = "import sys; sys.path.append('/remote'); import hello"
    said = mpremote(desk.port.path, "resume", "mount", str(tmp_path), "exec", code)
    assert "hello from /remote/hello.py" in said


def test_a_program_of_the_raw_prompt_takes_ctrl_c(desk):
    """The emulated chip tells a program from a prompt also where the terminal looks the same."""
    terminal = Terminal(
        "mpremote", "connect", desk.port.path, "resume", "exec", "--no-follow",
        "print('round'); n = 0\nwhile True: n += 1", "repl",
    )  # fmt: skip
    terminal.wait_for("Connected")
    terminal.type("\x03")
    terminal.wait_for("KeyboardInterrupt")
    terminal.type("\x02")  # its prompt was the raw one
    terminal.wait_for(">>> ")
    assert terminal.leave() == 0


def test_a_reset_brings_the_release_back(desk):
    start, boots = len(desk.text), len(desk.events)
    mpremote(desk.port.path, "reset")
    desk.wait_for("state=LIVE", start)
    assert desk.events[boots:] == ["reset machine.reset()", "boot ota_0 cause 2"]


def test_a_soft_reset_leaves_the_prompt_without_the_launcher(desk):
    """What mpremote does unless told to resume: main.py does not run."""
    port = desk.port.path
    said = mpremote(port, "exec", "import os; print('boot' in globals(), os.listdir('/'))")
    assert said.strip() == "False ['main.py']"
    mpremote(port, "soft-reset")
    assert mpremote(port, "resume", "eval", "'boot' in globals()").strip() == "False"


def test_the_console_at_the_prompt(desk):
    terminal = Terminal("mpremote", "connect", desk.port.path, "resume", "repl")
    terminal.wait_for("Connected")
    terminal.type("\r")
    terminal.wait_for(">>> ")
    terminal.type("print(6 * 7)\r")
    terminal.wait_for("42\r\n")
    terminal.type("\x04")  # a soft reset, by which the launcher comes back
    terminal.wait_for("MPY: soft reboot")
    terminal.wait_for("state=LIVE")
    terminal.type("\x03")
    terminal.wait_for(">>> ")
    terminal.type("boot.version\r")
    terminal.wait_for("'0.1.0'")
    assert terminal.leave() == 0
