"""`seesaw deploy`: an update by cable ends confirmed, or in what ran before, and says which."""

import re
import subprocess
import sys
from pathlib import Path

import cable_rig
import pytest
import rig
from cable_rig import World

from host_tools import cli
from host_tools.board import deploy
from host_tools.emulator.device import Outcome
from host_tools.emulator.flash import PAGE, Op
from host_tools.emulator.otadata import State, active, read_entries
from host_tools.emulator.partitions import PartitionTable

OTHER = rig.BOARD.partition("ota_1")
SECTORS = OTHER.size // PAGE
VERSION = r"0\.1\.1-\d{6}\.\d{6}"


@pytest.fixture(scope="module")
def world():
    with cable_rig.world() as made:
        yield made


def selected(flash) -> tuple[str, State]:
    """The slot that the boot record names, and its state."""
    table = PartitionTable.read(flash)
    entries = read_entries(flash, table.otadata)
    entry = entries[active(*entries)]
    return f"ota_{entry.slot(2)}", entry.state


def deployed(world: World, capsys, *options: str) -> tuple:
    """A deploy to a new board: its code, the desk, what was said."""
    desk = world.desk()
    desk.wait_for("state=LIVE")
    code = cli.main(["deploy", "--port", desk.port.path, "--trial-s", "0", *options])
    return code, desk, capsys.readouterr()


@pytest.fixture
def built_from(monkeypatch, tmp_path):
    """Takes the working tree to be one with this text changed."""
    build = deploy.bundle.build

    def change(name: str, old: str, new: str) -> None:
        tree = cable_rig.rewritten(tmp_path, name, old, new)

        def changed(version: str, root: bytes | None = None) -> object:
            return build(version, tree, root)

        monkeypatch.setattr(deploy.bundle, "build", changed)

    return change


def test_the_working_tree_is_installed_tried_and_confirmed(world, tmp_path: Path):
    """By the command as people run it; a second board on the same desk is left alone."""
    other = world.desk()
    desk = world.desk()
    desk.wait_for("state=LIVE")
    done = subprocess.run(
        [sys.executable, "-m", "host_tools.cli", "deploy", "--port", desk.port.path,
         "--trial-s", "10"],
        capture_output=True, text=True, timeout=cable_rig.PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(f": {VERSION} is confirmed in ota_1\n$", done.stdout), done.stdout
    assert "event=proved" in done.stdout and done.stderr == ""
    assert selected(desk.flash) == ("ota_1", State.VALID)
    other.wait_for("state=LIVE")
    assert other.events == ["boot ota_0 cause 1"]
    assert desk.device.board.faults == []
    start = len(desk.text)
    assert cable_rig.mpremote(desk.port.path, "resume", "eval", "boot.version").strip()[1:6]
    cable_rig.mpremote(desk.port.path, "reset")
    desk.wait_for("slot=ota_1 version=0.1.1-", start)


@pytest.mark.parametrize("crash", [False, True])
def test_where_only_errors_are_told_a_deploy_is_followed_as_ever(world, capsys, built_from, crash):
    """Whether it is confirmed or given up: an owner's log_level is none of a trial's."""
    if crash:
        built_from("app.py", *cable_rig.CRASH)
    desk = world.desk(rig.new_flash(world.release, **{**world.settings, "log_level": "error"}))
    desk.wait_for("state=LIVE")
    code = cli.main(["deploy", "--port", desk.port.path, "--trial-s", "0"])
    said = capsys.readouterr()
    assert code == int(crash) and "event=proved" in said.out, said
    assert ("rejected" in said.err) == crash and ("event=confirmed" in said.out) != crash
    assert selected(desk.flash) == ("ota_0" if crash else "ota_1", State.VALID)


def test_a_tree_that_crashes_is_given_up_and_said_why(world, capsys, built_from):
    built_from("app.py", *cable_rig.CRASH)
    code, desk, said = deployed(world, capsys)
    assert code == 1
    words = f"rejected {VERSION}: RuntimeError: a planted fault .7.1, 1.\n$"
    assert re.search(words, said.err), said.err
    assert "Traceback" in said.out
    assert selected(desk.flash) == ("ota_0", State.VALID)
    desk.wait_for("state=LIVE", desk.wait_for("event=settled"))


@pytest.mark.parametrize(
    ("sector", "said"),
    [(8, r"is gone at \d\d %; it boots what it ran before; .* deploy again"),
     (SECTORS - 1, r"is gone; by itself it confirms .* or boots what it ran before; .* again")],
)  # fmt: skip
def test_a_cable_that_is_pulled_leaves_what_ran_before(world, capsys, sector, said):
    """In the middle of the bundle; and at the trailer, before the device has verified it all."""
    desk = world.desk()
    desk.wait_for("state=LIVE")

    def pull(op: Op) -> None:
        if op.kind == "program" and op.addr == OTHER.offset + sector * PAGE:
            desk.flash.cut = (op.index, "after")

    desk.flash.on_op = pull
    assert cli.main(["deploy", "--port", desk.port.path]) == 2
    error = capsys.readouterr().err
    assert re.search(said, error), error
    desk.wait(lambda: desk.outcome)
    assert isinstance(desk.outcome, Outcome) and desk.outcome.reason == "cut"

    desk.flash.on_op = None
    again = world.desk(desk.flash)
    again.wait_for("state=LIVE")
    assert again.events == ["boot ota_0 cause 1"]
    assert "slot=ota_0 version=0.1.0" in again.text
    assert selected(again.flash) == ("ota_0", State.VALID)


def test_what_the_board_refuses_interrupts_it_for_a_moment_only(world, capsys, tmp_path: Path):
    desk = world.desk()
    desk.wait_for("state=LIVE")
    ops = desk.flash.ops
    other = tmp_path / "other.app-bin"
    other.write_bytes(rig.runtime.synthetic(rig.BOARD, "v1.30.0 on 2027-01-01")[1])
    start = len(desk.text)
    port = desk.port.path
    assert cli.main(["deploy", "--port", port, "--runtime", str(other)]) == 2
    assert "make flash" in capsys.readouterr().err
    desk.wait_for("state=LIVE", start)
    assert cli.main(["deploy", "--port", port, "--version", "one"]) == 2
    assert "not of the form" in capsys.readouterr().err
    assert desk.flash.ops == ops
    assert [event for event in desk.events if "reset" in event] == ["reset machine.reset()"]


def test_a_tree_that_does_not_compile_leaves_the_board_alone(capsys, built_from):
    built_from("app.py", "class App:\n", "class App\n")
    assert cli.main(["deploy", "--port", "/dev/no-such-port"]) == 2
    assert "does not compile" in capsys.readouterr().err
