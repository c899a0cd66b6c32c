"""JSON that is nested too deeply, wherever people name a file of it: one line and code 2."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import cli
from host_tools.board.backup import Saved
from host_tools.board.saved import Kept
from host_tools.errors import UserError
from host_tools.image import board, bundle
from host_tools.incident import draft
from host_tools.market import feed_log, streams
from host_tools.release.kept import COMPANION, OFFER

DEEP = "[" * 200_000


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    for name in ("deep.json", "board.json", "keys.json", COMPANION, OFFER):
        (tmp_path / name).write_text(DEEP)
    return tmp_path / "deep.json"


@pytest.mark.parametrize("read", [
    Saved.read, Kept.read, feed_log.load, bundle.load_companion, board._facts,
    lambda path: bundle.feeds_lines(path.read_bytes()),
])  # fmt: skip
def test_a_reader_refuses_it(read: Callable[[Path], object], deep: Path) -> None:
    with pytest.raises(UserError):
        read(deep)


def test_a_word_of_a_draft_is_a_word() -> None:
    assert draft._value(DEEP) == DEEP


def test_a_client_of_the_market_cannot_end_it() -> None:
    assert streams._request(DEEP, "type", "subscribe") == {}


@pytest.mark.parametrize("command", [
    ["run", "--replay", "deep.json"],
    ["restore", "deep.json", "--port", "nowhere"],
    ["recipe", "lint", "deep.json"],
])  # fmt: skip
def test_a_command_says_so_in_a_line(
    command: list[str], deep: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(deep.parent)
    code = cli.main(command)
    said = capsys.readouterr()
    assert code in (1, 2) and (said.err + said.out).count("\n") == 1


def test_a_list_of_keys_is_refused(
    deep: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(deep.parent)
    assert cli.main(["release", "init", "repo", "--keys", "keys"]) == 0
    deep.rename("keys/keys.json")
    capsys.readouterr()
    assert cli.main(["release", "halt", "repo", "1.0.0", "--keys", "keys"]) == 2
    assert "nested too deeply" in capsys.readouterr().err


def test_what_no_reader_minds_is_no_traceback_either(
    deep: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from host_tools.image import commands

    monkeypatch.setattr(commands, "inspect", lambda arguments: json.loads(DEEP))
    assert cli.main(["image", "inspect", "x"]) == 2
    assert "nested too deeply" in capsys.readouterr().err


def test_a_program_that_never_ends_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from host_tools.image import commands

    def endless(arguments: object) -> int:
        return endless(arguments)

    monkeypatch.setattr(commands, "inspect", endless)
    with pytest.raises(RecursionError):
        cli.main(["image", "inspect", "x"])
