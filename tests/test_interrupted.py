"""Commands that somebody ends with Ctrl-C: 0 where that is their end, 130 and no verdict where they
judge."""

import os
import signal
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host_tools import cli
from host_tools.drill.command import MARK, drill
from host_tools.market import history
from host_tools.twin import check, fleet_run
from host_tools.twin import run as runs


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pressed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C once a seesaw, or a fleet, is there to be looked at."""

    def pressing(make: Callable) -> Callable:
        def told(*given: Any, **more: Any) -> Any:
            os.kill(os.getpid(), signal.SIGINT)
            return make(*given, **more)

        return told

    monkeypatch.setattr(runs.View, "hear", pressing(runs.View.hear))
    monkeypatch.setattr(fleet_run.FleetView, "look", pressing(fleet_run.FleetView.look))


@pytest.mark.parametrize("command", [
    ["run", "--headless", "--for", "30"],
    ["twin", "--headless", "--for", "600"],
    ["twin", "--fleet", "2", "--headless"],
])  # fmt: skip
def test_half_a_run_is_not_judged(
    command: list[str], pressed: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(command) == 130
    said = capsys.readouterr().out
    assert "ended after" not in said and "stopped" not in said and "FAIL" not in said


@pytest.mark.parametrize("command", [["run"], ["twin"], ["twin", "--fleet", "2"]])
def test_what_runs_until_ctrl_c_ends_well_by_it(
    command: list[str], pressed: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*command, "--no-page"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1].startswith(("stopped after", "ended after"))


def test_half_a_check_of_recorded_days_is_not_judged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "load", lambda folder: {})
    monkeypatch.setattr(check, "_results", lambda *given: iter(()))
    with pytest.raises(KeyboardInterrupt):
        check.check(Path("days"), as_json=False, out=None, stop=lambda: True)


def test_half_a_drill_has_not_gone_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(words: list[str]) -> int:
        return 130

    with pytest.raises(KeyboardInterrupt):
        drill(Namespace(out=str(tmp_path / "out"), main=main, json=False))
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "out" / MARK).exists()  # so the next drill may replace it
