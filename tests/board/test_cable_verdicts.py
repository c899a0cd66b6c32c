"""What `seesaw deploy` makes of a device's words, without a device."""

import dataclasses
from argparse import Namespace

import pytest
import rig

from host_tools import progress
from host_tools.board import deploy, follow
from host_tools.board.deploy import Device
from host_tools.board.repl import Lost, Refused
from host_tools.board.visit import MPY
from host_tools.errors import UserError

DEVICE = Device("esp32_wrover", "0.1.0", "ota_0", "00" * 32, 8192, "install")


class Line:
    """A device that says these pieces, then is gone."""

    port = "ttyX"

    def __init__(self, *pieces: str) -> None:
        self.pieces = list(pieces)

    def read(self) -> str:
        if not self.pieces:
            raise Lost("is gone")
        return self.pieces.pop(0)


def event(name: str, slot: str, words: str = "") -> str:
    return f"seesaw event={name} slot={slot} version=1 words={words}\r\n"


def state(slot: str) -> str:
    return f"seesaw state=LIVE instrument=sp500 price=1 slot={slot} version=1 why=\r\n"


@pytest.mark.parametrize(
    ("said", "good", "words"),
    [
        ([event("confirmed", "ota_1")], True, "2 is confirmed in ota_1"),
        (["OKrst:0x1", "2\r\nets ", *event("confirmed", "ota_1")], True, "confirmed"),
        ([state("ota_1"), event("settled", "ota_1", "confirmed 2")], True, "confirmed"),
        ([event("settled", "ota_0", "rejected 2: hung")], False, "rejected 2: hung"),
        ([event("settled", "ota_0", "interrupted 2: power")], False, "interrupted 2: power"),
        ([event("prove", "ota_1"), state("ota_0")], False, "ota_0 runs again"),
        ([event("noservo", "ota_0", "")], False, "ota_0 runs again"),
    ],
)
def test_the_verdict_of_a_trial(said, good, words, capsys):
    verdict = follow.follow(Line(*said), "ota_0", "2")  # type: ignore[arg-type]
    assert (verdict.good, words in verdict.words) == (good, True), verdict


def test_the_last_step_that_comes_back_is_a_refusal():
    line = Line(">OK\x04Trace", "back (most recent call last):\r\n  File x\r\n", "InstallError: no")
    line.pieces.append(" good\r\n\x04>")
    with pytest.raises(Refused, match="^InstallError: no good$"):
        follow.follow(line, "ota_0", "2")  # type: ignore[arg-type]


def test_a_device_that_is_gone_in_its_trial_decides_alone():
    with pytest.raises(UserError, match="is gone; by itself it confirms 2 or boots what it ran"):
        follow.follow(Line(state("ota_1")), "ota_0", "2")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("board", "toaster", "its board is 'toaster'; this tree is for esp32"),
        ("action", "trial", "says 'trial'; reset it first"),
        ("action", "heal", "says 'heal'; reset it first"),
    ],
)
def test_a_device_that_must_not_get_this_update(field, value, words):
    with pytest.raises(UserError, match=words):
        deploy.check("X", dataclasses.replace(DEVICE, **{field: value}), MPY)
    deploy.check("X", DEVICE, MPY)


def test_a_runtime_that_loads_other_files_is_refused():
    with pytest.raises(UserError, match=r"\.mpy version 5, not 6; .*make flash"):
        deploy.check("X", DEVICE, 5)


@pytest.mark.parametrize(
    ("tree", "running", "expected"),
    [
        ("0.1.0", "0.1.0", "0.1.1-"),
        ("0.3.0", "0.1.0", "0.3.0-"),
        ("0.1.0", "0.1.1-250101.000000", "0.1.1-"),
        ("0.1.0", "0.1.1-990101.000000", "0.1.2-"),
        ("0.1.0", "2.9", "2.10-"),
        ("0.1.0", "3", "4-"),
    ],
)
def test_the_version_is_newer_than_the_one_that_runs(tree, running, expected):
    """By the device's own order, which the firmware's is."""
    from seesaw.core.version import newer

    class There:
        class repl:
            @staticmethod
            def run(code: str) -> str:
                boot = Namespace(version=running)
                line = code.partition("\n")[2].removeprefix("print(").removesuffix(")")
                return repr(eval(line, {"newer": newer, "boot": boot}))

    found = deploy.newer_version(There, tree, running)  # type: ignore[arg-type]
    assert found.startswith(expected) and newer(found, running)


@pytest.mark.parametrize(
    ("device", "words"),
    [
        (dataclasses.replace(DEVICE, board="esp32s3"), "it is for esp32_wrover, the seesaw"),
        (DEVICE, "the seesaw at ttyX has another runtime"),
    ],
)
def test_a_release_for_another_device_is_refused(device, words):
    with pytest.raises(UserError, match=words):
        deploy._offer_of_release(rig.release("0.1.0"), device, Namespace(port="ttyX", trial_s=60))


def test_progress_is_drawn_for_people_alone(capsys, monkeypatch):
    bar = progress.Progress("update", 2048)
    bar.at(1024)
    bar.end()
    assert (capsys.readouterr().err, bar.percent) == ("", 50)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    bar.at(2000)
    bar.at(2001)
    bar.add(4096)
    bar.end()
    drawn = capsys.readouterr().err
    assert drawn.count("\r") == 2 and " 97 % 1 of 2 KiB" in drawn and drawn.endswith("KiB\n")
    assert bar.percent == 100
