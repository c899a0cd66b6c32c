"""`seesaw completion`: what bash makes of it, and that no command is left out for any shell."""

import subprocess

import pytest

from host_tools import cli
from host_tools.arguments_of_help import SHELLS
from host_tools.completion import walk

ASK = """
eval "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_seesaw
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(params=SHELLS)
def script(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(["completion", request.param]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_every_command_and_option_is_in_it(script: str) -> None:
    for command in cli.COMMANDS:
        assert all(word in script for word in command.path.split())
    for _, word, _, choices in walk(cli.parser()):
        assert all(one in script for one in (word.removeprefix("--"), *choices))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("seesaw tw", "twin"),
        ("seesaw do", "doctor"),
        ("seesaw image ", "--help build inspect"),
        ("seesaw image build --ru", "--runtime"),
        ("seesaw twin --speed ", "1 10 60"),
        ("seesaw twin --speed 10 --cl", "--clock"),
        ("seesaw run --clock r", "real"),
        ("seesaw market out", "outage"),
        ("seesaw config --log", "--log-level"),
        ("seesaw config --log-level ", "error warning info debug"),
        ("seesaw completion ba", "bash"),
        ("seesaw image inspect flash.b", ""),  # a file: that is for bash to find
        ("seesaw nonsense --cl", ""),
    ],
)
def test_bash_completes(typed: str, offered: str, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["completion", "bash"])
    script = capsys.readouterr().out
    command = ["bash", "--norc", "-c", ASK, "bash", script, *typed.split(" ")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == offered.split() and done.stderr == ""


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", "tcsh"]) == cli.USAGE_ERROR
    assert "bash" in capsys.readouterr().err
