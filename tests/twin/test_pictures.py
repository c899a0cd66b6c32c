"""The pictures of the README: made by one command, there, small, and of the pages as they are."""

import os
import re
import struct
from pathlib import Path

import pytest

from host_tools import cli
from host_tools.arguments_of_twin import PICTURES
from host_tools.twin.browser import missing
from host_tools.twin.screenshot import STORIES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "host_tools" / "twin" / "pictures"
BYTES_MAX = 400_000


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def test_the_readme_shows_every_picture_and_make_takes_it() -> None:
    shown = re.findall(
        r"!\[.+?\]\((host_tools/twin/pictures/\w+\.png)\)", (ROOT / "README.md").read_text()
    )
    assert sorted(shown) == sorted(path.relative_to(ROOT).as_posix() for path in FOLDER.iterdir())
    assert {Path(path).stem for path in shown} == set(PICTURES) == set(STORIES)
    recipe = re.search(
        r"^pictures:.*\n\t@for of in (.*); do", (ROOT / "Makefile").read_text(), re.M
    )
    assert recipe and recipe[1].split() == list(PICTURES)
    for path in shown:
        picture = (ROOT / path).read_bytes()
        assert size(picture)[0] == 1100 and len(picture) < BYTES_MAX, path


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_taken(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if (lacks := missing()) and not os.environ.get("CI"):
        pytest.skip(lacks)
    out = tmp_path / "one.png"
    assert cli.main(["screenshot", "--of", name, "--width", "800", "--out", str(out)]) == 0
    width, height = size(out.read_bytes())
    assert width == 800 and height > 400
    assert capsys.readouterr().out == f"{out}: {out.stat().st_size} bytes\n"
