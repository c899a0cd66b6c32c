"""`seesaw conformance --runtime-record`: trial and rollback on a board, kept for signing."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import cable_rig
import pytest
import rig
from cable_rig import World

from host_tools import cli
from host_tools.board import runtime_record
from host_tools.board.follow import Verdict
from host_tools.board.runtime_record import Target
from host_tools.errors import UserError
from host_tools.release import build, proof
from host_tools.release.proof import Subject
from host_tools.release.state import digest


@pytest.fixture(scope="module")
def world():
    with cable_rig.world() as made:
        yield made


@pytest.fixture(autouse=True)
def short_trials(monkeypatch):
    monkeypatch.setattr(runtime_record, "TRIAL_S", 10)


def recorded(desk: cable_rig.Desk, path: Path, *more: str) -> int:
    return cli.main(
        ["conformance", "--port", desk.port.path, "--runtime-record", str(path), *more]
    )


def subject(**changes: str) -> Subject:
    made = Subject("esp32_wrover", "esp32", "1.0.0", "00" * 32, digest(rig.APP),
                   digest(rig.LAUNCHER))  # fmt: skip
    return dataclasses.replace(made, **changes)


def test_trial_and_rollback_on_a_board_are_written_down(world: World, tmp_path: Path, capsys):
    """And what an emulated board says of a runtime signs none, the stand-in's included."""
    desk, path = world.desk(), tmp_path / "record.json"
    desk.wait_for("state=LIVE")
    assert recorded(desk, path, "--yes") == 0
    said = capsys.readouterr()
    assert said.err == "" and "event=confirmed" in said.out
    assert "which it must take back" in said.out and f"{path}: launcher " in said.out

    found = json.loads(path.read_text())
    assert found["runtime_sha256"] == digest(rig.APP)
    assert found["launcher_sha256"] == digest(rig.LAUNCHER)
    assert (found["format"], found["chip"], found["result"]) == (1, "esp32", "passed")
    assert found["platform"] == "linux" and "MicroPython" in found["target"]
    assert runtime_record.WORDS in found["rollback"] and "is confirmed in ota_1" in found["trial"]
    slots = [event.split()[1] for event in desk.events if event.startswith("boot ")]
    assert slots[:4] == ["ota_0", "ota_1", "ota_0", "ota_1"]  # crashed, gone back, tried

    assert build.is_stand_in(rig.APP)
    assert "its platform is 'linux', not 'esp32'" in proof.unrecorded(found, subject())
    found["platform"] = "esp32"  # as on a board
    assert proof.unrecorded(found, subject()) == ""
    for name in ("runtime", "launcher"):
        assert f"its {name}_sha256" in proof.unrecorded(found, subject(**{name: "ab" * 32}))


def test_a_tree_that_fails_its_trial_is_no_record(world: World, tmp_path: Path, capsys,
                                                  monkeypatch):  # fmt: skip
    tree = cable_rig.rewritten(tmp_path, "app.py", *cable_rig.CRASH)
    real = runtime_record.bundle.build
    monkeypatch.setattr(
        runtime_record.bundle, "build", lambda version, source=tree, root=None: real(
            version, source, root
        )
    )  # fmt: skip
    desk, path = world.desk(), tmp_path / "record.json"
    desk.wait_for("state=LIVE")
    assert recorded(desk, path, "--yes") == 1
    error = capsys.readouterr().err
    assert "the working tree: rejected" in error and "nothing is recorded" in error
    assert not path.exists()
    desk.wait_for("slot=ota_0", desk.text.index("rejected"))


def test_nobody_is_asked_without_a_terminal(world: World, tmp_path: Path, capsys):
    desk, path = world.desk(), tmp_path / "record.json"
    desk.wait_for("state=LIVE")
    ops = desk.flash.ops
    assert recorded(desk, path) == 2
    assert "nobody was asked; add --yes" in capsys.readouterr().err
    assert not path.exists() and desk.flash.ops == ops
    desk.wait_for("state=LIVE", len(desk.text))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--runtime-record", "r.json"], "a runtime is shown on a board, or in QEMU; add --port"),
        (["--runtime-record", "r.json", "--port", "/dev/none", "pwm"], "it runs no scripts"),
        (["--runtime-record", "none/r.json", "--port", "/dev/none"], "there is no such folder"),
        (["--runtime-record", "r.json", "--port", "/dev/none"], "port /dev/none: there is none"),
    ],
)
def test_what_cannot_be_recorded_is_one_line(options, words, capsys, monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["conformance", *options]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1


# -- what counts, without a board -----------------------------------------------------------------

TARGET = Target("esp32", "MicroPython", "a board", "24aa", 0, "11" * 32, "22" * 32, ["main.py"],
                "ota_0", "1.0.0")  # fmt: skip


def test_only_the_planted_crash_is_a_rollback():
    crash = f"rejected 1.0.1-x: RuntimeError: {runtime_record.WORDS} (7.1, 1)"
    assert runtime_record.not_rolled_back(Verdict(False, crash)) == ""
    assert "for something else" in runtime_record.not_rolled_back(Verdict(False, "interrupted"))
    assert "was confirmed" in runtime_record.not_rolled_back(Verdict(True, crash))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slot": "ota_1"}, ""),
        ({}, "ota_0 runs again"),
        ({"slot": "ota_1", "uid": "24bb"}, "its uid is 24bb"),
        ({"slot": "ota_1", "runtime": "33" * 32}, "its runtime is 333333333333"),
        ({"slot": "ota_1", "launcher": "33" * 32}, "its launcher is 333333333333"),
    ],
)
def test_it_must_be_the_same_board_runtime_and_launcher(changes, words):
    found = runtime_record.not_the_same(TARGET, dataclasses.replace(TARGET, **changes))
    assert words in found and bool(words) == bool(found)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chip_id": 9}, "its runtime is for ESP32-S3, its board has esp32"),
        ({"runtime": "33" * 32}, "not the one that its trailer names"),
        ({"names": ["main.py", "boot.py"]}, "beside its launcher are boot.py, main.py"),
    ],
)
def test_a_board_that_holds_something_else_is_refused(changes, words):
    class There:
        mpy = 6

        class repl:
            port = "ttyX"

    there: Any = There
    device = runtime_record.Device("esp32_wrover", "1.0.0", "ota_0", "11" * 32, 8192, "install")
    assert runtime_record._check(there, device, TARGET) == "esp32"
    with pytest.raises(UserError, match=words):
        runtime_record._check(there, device, dataclasses.replace(TARGET, **changes))
