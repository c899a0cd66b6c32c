"""`seesaw --help`: every verb, the exit codes, and nothing that is slow to import."""

import re
import subprocess
import sys

import pytest

from host_tools import cli

HEAVY = ("esptool", "serial", "mpremote", "numpy", "asyncio", "dataclasses", "tuf", "cryptography",
         "jinja2", "markdown_it")


def test_help_lists_the_verbs_and_the_exit_codes(capsys) -> None:
    try:
        cli.main(["--help"])
    except SystemExit as ended:
        assert ended.code == 0
    said = capsys.readouterr()
    for command in cli.COMMANDS:
        assert re.search(rf"^    {command.path.split()[0]}\s", said.out, re.M)
    for code in (0, 1, cli.USAGE_ERROR, cli.INTERRUPTED, cli.BROKEN_PIPE):
        assert f"\n  {code:<3}  " in said.out
    assert said.err == ""


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, host_tools.cli as c; c.parser(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not set(HEAVY) & set(done.stdout.split())


def test_a_file_that_the_system_refuses_is_one_line(capsys) -> None:
    name = "a" * 300
    assert cli.main(["replay", "--firmware", name, "update"]) == cli.USAGE_ERROR
    said = capsys.readouterr()
    assert said.err.startswith("seesaw: aaa") and "File name too long" in said.err
    assert said.err.count("\n") == 1 and said.out == ""


@pytest.mark.parametrize(("command", "words"), [
    ("release sign", "for all devices at once, in the US session too, unless --start-percentage"),
    ("release expiry", "Calendars of exchanges end by nature"),
])  # fmt: skip
def test_what_surprises_is_in_the_help(command: str, words: str, capsys) -> None:
    with pytest.raises(SystemExit):
        cli.main([*command.split(), "--help"])
    assert words in " ".join(capsys.readouterr().out.split())
