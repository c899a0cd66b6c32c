"""Flash, backup and restore against somebody else's idea of a ROM: esp32-mock-bootloader."""

import contextlib
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import rig

from host_tools import cli

MOCK = "esp32-mock-bootloader"  # of the extra `dev`
STARTS_S = 60.0


@contextlib.contextmanager
def mock(chip: str) -> Iterator[str]:
    """The pseudo-terminal of a mock of this chip."""
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name(MOCK)), "run", "--pty", "--chip", chip],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        yield _port(process)
    finally:
        process.kill()
        process.communicate()


def _port(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    text, end_s = "", time.monotonic() + STARTS_S
    while time.monotonic() < end_s:
        if select.select([process.stdout], [], [], 0.1)[0]:
            text += process.stdout.readline()
        if found := re.search(r"/dev/pts/\d+", text):
            return found[0]
    raise AssertionError(f"no port within {STARTS_S} s: {text}")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("image") / "flash.bin"
    path.write_bytes(rig.new_flash(rig.release("0.1.0"), ssid="home").to_bytes())
    return path


def test_an_image_is_written_saved_and_written_back(image: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "saved.bin"
    with mock("esp32") as port:
        flash = ["flash", "--port", port, "--image", str(image), "--yes"]
        assert cli.main(flash) == 0, capsys.readouterr().err
        assert cli.main(["backup", "--port", port, "--out", str(out)]) == 0
        assert out.read_bytes() == image.read_bytes()
        assert cli.main(["restore", "--port", port, str(out), "--yes"]) == 0
    assert "24:0a:c4" in capsys.readouterr().out


def test_another_chip_is_refused(image: Path, capsys) -> None:
    with mock("esp32c3") as port:
        assert cli.main(["flash", "--port", port, "--image", str(image), "--yes"]) == 2
    assert "it is an esp32c3, not an esp32" in capsys.readouterr().err
