"""`seesaw fleet report` of a release or an instrument: what is misspelt has not reached nobody."""

import json
from pathlib import Path
from typing import Any

import pytest
from log_rig import common
from seesaw.repository import query

from host_tools import cli

START = 1_790_000_000  # 2026-09-21: not ahead of the clock
FAILED = "1.1.0,a1b2c3d4,7,1,2"


def said(device: int, at_s: int, version: str, failure: str = "") -> str:
    return query(version, device & 1, "install", failure, device.to_bytes(6, "big"), at_s)


def told(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    assert cli.main(["fleet", "report", "--json", *map(str, words)]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_misspelt_instrument_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That it has reached nobody would be a lie."""
    log = tmp_path / "access.log"
    log.write_text(common(START, said(1, START, "1.0.0") + "&m=oil,L,1") + "\n")
    assert cli.main(["fleet", "report", str(log), "--instrument", "sp5OO"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert captured.err.startswith("seesaw: --instrument: there is no 'sp5OO'; one of sp500, dow")
    assert captured.err.endswith(", ltc, oil\n")
    assert told(capsys, log, "--instrument", "sp500")["outage"]["elsewhere"] == 1
    assert told(capsys, log, "--instrument", "oil")["outage"]["unharmed"] == 1  # of signed feeds


def test_a_release_that_no_line_names_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "access.log"
    log.write_text("".join(common(START, said(n, START, f"1.{n}.0")) + "\n" for n in (0, 1)))
    line = ["fleet", "report", str(log), "--release", "1.1.O"]
    assert cli.main(line) == 1
    captured = capsys.readouterr()
    assert "affected by 1.1.O: no line names it" in captured.out and "never" not in captured.out
    assert captured.err == (
        "seesaw: release 1.1.O: no line of the logs names it; devices say that they run 1.0.0,"
        " 1.1.0\n"
    )
    assert cli.main([*line, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["release"]["named"] is False
    assert told(capsys, log, "--release", "1.1.0")["release"]["named"] is True
    log.write_text(common(START, said(1, START, "1.0.0", FAILED)) + "\n")
    assert told(capsys, log, "--release", "1.1.0")["release"]["named"] is True  # by a failure alone
