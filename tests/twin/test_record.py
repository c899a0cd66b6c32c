"""`seesaw twin --record` and `--replay`: the same run again, from a file."""

import json
from pathlib import Path

import pytest

from host_tools import cli

FAST = ["--no-page", "--speed", "60", "--json"]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_replay_shows_what_was_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["twin", "--record", "one.jsonl", "--for", "150", *FAST]) == 0
    assert cli.main(["twin", "--replay", "one.jsonl", "--record", "two.jsonl", *FAST]) == 0
    one, two = (Path(name).read_text().splitlines() for name in ("one.jsonl", "two.jsonl"))
    assert len(one) > 50 and one[0] == two[0]
    assert two[1:] == one[1 : len(two)] and len(two) >= len(one) - 1  # it ends with the record
    assert len({json.loads(line)["price"] for line in one[1:]}) >= 3
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["ended"] == "time" and summary["t"] == json.loads(one[-1])["t"]


def test_a_record_of_the_vm_is_replayed_in_virtual_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = ["run", "--instrument", "dax", "--no-page", "--for", "6", "--record", "vm.jsonl"]
    assert cli.main([*run, "--json"]) == 0
    capsys.readouterr()
    assert cli.main(["twin", "--replay", "vm.jsonl", *FAST]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    shown = [line for line in lines if line["type"] == "quote"]
    recorded = [json.loads(line) for line in Path("vm.jsonl").read_text().splitlines()[1:]]
    assert shown and {line["instrument"] for line in shown} == {"dax"}
    assert {line["price"] for line in shown} <= {line["price"] for line in recorded}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--replay", "none.jsonl"], "none.jsonl"),
        (["--replay", "x", "--market", "live"], "--replay"),
        (["--replay", "x", "--instrument", "dax"], "leave out"),
        (["--record", "no/such/folder"], "no/such/folder"),
        (["--market", "live"], "seesaw run"),
    ],
)
def test_what_cannot_be_is_one_line(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["twin", *options, *FAST]) == 2
    captured = capsys.readouterr()
    assert words in captured.err and captured.err.count("\n") == 1 and captured.out == ""
