"""Standard output that takes nothing more: one line and code 2, or quiet where somebody left."""

import os
import subprocess
import sys

import pytest

FULL = "no space left on device"
COMMANDS = ("doctor", "completion bash", "prove --list", "prove --help", "--help", "recipe lint")
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def shell(line: str, unbuffered: bool = False) -> subprocess.CompletedProcess[str]:
    line = line.replace("seesaw", f"{sys.executable} -m host_tools.cli")
    env = {**BUFFERED, "PYTHONUNBUFFERED": "1"} if unbuffered else BUFFERED
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"], env=env, text=True, capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_one_line(command: str, unbuffered: bool) -> None:
    ended = shell(f"seesaw {command} > /dev/full", unbuffered)
    assert ended.returncode == 2
    assert ended.stderr.startswith("seesaw: standard output") and FULL in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["doctor", "--help"])
def test_closed_output_is_one_line(command: str) -> None:
    ended = shell(f"seesaw {command} >&-")
    assert ended.returncode == 2
    assert ended.stderr.startswith("seesaw: standard output: it is closed; ")


@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("command", ["prove --list", "--help"])
def test_whoever_reads_may_leave(command: str, unbuffered: bool) -> None:
    ended = shell(f"seesaw {command} | true", unbuffered)
    assert ended.returncode in (0, 141) and ended.stderr == ""  # 0: all was written before


@pytest.mark.parametrize("where", ["2> /dev/full", "2>&-"])
def test_an_error_that_nobody_is_told_keeps_its_code(where: str) -> None:
    assert shell(f"seesaw image inspect nowhere {where}").returncode == 2
    assert shell(f"seesaw completion bash {where}").stdout.count("\n") > 20
