"""A release that went out without a proof is named by every command, for people and programs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from release_rig import BOARD, Desk, release

from host_tools import arguments_of_release
from host_tools.image import settings

REASON = "who answers at night?"
# Each command on a repository with a drill 0.2.0 and a halted 0.3.0.
COMMANDS: dict[str, Callable[[Desk], tuple[object, ...]]] = {
    "sign": lambda desk: (release("0.4.0"), "--without-proof", "another"),
    "data": lambda desk: ("feeds", feeds(desk)),
    "publish": lambda desk: (desk.out,),
    "verify": lambda desk: (desk.repo, "--no-kept"),
    "status": lambda desk: (),
    "halt": lambda desk: ("0.2.0",),
    "resume": lambda desk: ("0.3.0",),
    "recall": lambda desk: ("0.3.0", "--board", BOARD),
    "rotate": lambda desk: ("timestamp",),
    "renew": lambda desk: ("snapshot",),
    "expiry": lambda desk: (),
}


def feeds(desk: Desk) -> Path:
    path = desk.folder / "feeds.json"
    path.write_bytes(settings.FEEDS.read_bytes())
    return path


@pytest.fixture
def drilled(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Desk:
    assert desk.drill(release("0.2.0"), REASON) == desk.sign(release("0.3.0")) == 0
    assert desk.run("halt", "0.3.0") == 0
    capsys.readouterr()
    return desk


def test_no_command_is_forgotten() -> None:
    known = {command.path.split()[1] for command in arguments_of_release.COMMANDS}

    assert set(COMMANDS) == known - {"init", "build", "roots"}  # no releases to speak of


@pytest.mark.parametrize("command", COMMANDS)
def test_people_are_told(drilled: Desk, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert drilled.run(command, *COMMANDS[command](drilled)) == 0
    lines = capsys.readouterr().out.splitlines()

    assert f"DRILL: {BOARD} 0.2.0 was not proven: {REASON}" in lines
    assert not any("0.3.0 was not proven" in line for line in lines)


@pytest.mark.parametrize("command", COMMANDS)
def test_programs_are_told(drilled: Desk, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert drilled.run(command, *COMMANDS[command](drilled), "--json") == 0
    drills = json.loads(capsys.readouterr().out)["drills"]

    assert drills[0] == {"board": BOARD, "version": "0.2.0", "reason": REASON}
    assert len(drills) == (2 if command == "sign" else 1)


@pytest.mark.parametrize("command", ["init", "build", *COMMANDS])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    from host_tools import cli

    with pytest.raises(SystemExit) as ended:
        cli.main(["release", command, "--help"])

    assert ended.value.code == 0
    assert f"seesaw release {command}" in capsys.readouterr().out
