"""`seesaw doctor`: each thing that may be missing, said with what to type."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from serial.tools import list_ports

from host_tools import cli, doctor
from host_tools.board import port
from host_tools.errors import UserError


def checks(capsys: pytest.CaptureFixture[str], code: int) -> dict[str, dict[str, Any]]:
    assert cli.main(["doctor", "--json"]) == code
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert captured.err == "" and found["format"] == 1 and found["ok"] == (code == 0)
    return {check["check"]: check for check in found["checks"]}


@pytest.fixture(autouse=True)
def unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_ports, "comports", list)


def test_where_all_is_well_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    found = checks(capsys, 0)
    for name in ("Python", "packages", "mpy-cross", "MicroPython VM", "disk", "serial ports"):
        assert found[name]["state"] == doctor.OK and not found[name]["fix"], name
    assert "mpy-cross emitting mpy v6" in found["mpy-cross"]["words"]
    assert cli.main(["doctor"]) == 0
    assert capsys.readouterr().out.endswith("all that is needed is here\n")


def test_without_a_browser_the_rest_works(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = checks(capsys, 0)
    for name, package in doctor.PACKAGES.items():
        assert found[name]["state"] == doctor.OPTIONAL and package in found[name]["fix"]


def test_a_program_that_does_not_run_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "chromedriver").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "chromedriver").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = checks(capsys, 0)["ChromeDriver"]
    assert found["state"] == doctor.OPTIONAL and "does not run" in found["words"]


def test_without_a_vm_it_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEESAW_MICROPYTHON", "/bin/false")
    found = checks(capsys, 1)["MicroPython VM"]
    assert found["state"] == doctor.MISSING and "SEESAW_MICROPYTHON" in found["fix"]


@pytest.mark.parametrize(
    ("wish", "holds"),
    [("pytest>=8.3", True), ("pytest>=999", False), ("pytest==0.1", False), ("no-such>=1", False),
     ("securesystemslib[crypto]>=1.3", True),
     ("no-such>=1; sys_platform == 'linux' and platform_machine == 'none'", False)],
)  # fmt: skip
def test_what_is_required_is_compared(wish: str, holds: bool) -> None:
    assert (doctor._lacking([wish]) == []) == holds


def test_a_package_of_another_machine_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.platform, "machine", lambda: "arm64")
    assert not doctor._lacking(["no-such>=1; sys_platform == 'linux' and platform_machine == '?'"])


def test_an_old_python_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "PYTHON_LEAST", (9, 0))
    found = checks(capsys, 1)["Python"]
    assert "9.0 is the least" in found["words"] and "PYTHON=" in found["fix"]


def test_each_board_is_named_and_one_that_may_not_be_opened_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("/dev/ttyUSB1", "/dev/ttyUSB0")
    plugged = [SimpleNamespace(device=name, vid=1, description="CP2102") for name in names]
    monkeypatch.setattr(list_ports, "comports", lambda: plugged)

    def check(device: str) -> None:
        if device.endswith("1"):
            raise UserError(f"port {device}", "you may not open it", "join group dialout")

    monkeypatch.setattr(port, "check", check)
    found = checks(capsys, 1)
    assert found["/dev/ttyUSB0"]["state"] == doctor.OK
    wrong = found["/dev/ttyUSB1"]
    assert (wrong["state"], wrong["words"]) == (doctor.MISSING, "you may not open it")
    assert wrong["fix"] == "join group dialout"


def test_a_bare_python_is_told_what_to_type() -> None:
    command = [sys.executable, "-S", "-m", "host_tools.cli", "doctor"]
    path = f"{doctor.ROOT}:{doctor.ROOT / 'firmware'}"
    done = subprocess.run(command, capture_output=True, text=True, cwd=doctor.ROOT,
                          env={**os.environ, "PYTHONPATH": path})  # fmt: skip
    assert done.returncode == 1 and done.stderr == ""
    assert "MISS  packages" in done.stdout and "make .venv/ready" in done.stdout
    assert "MISS  serial ports" in done.stdout and "something is missing" in done.stdout
