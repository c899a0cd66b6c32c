"""The papers of the boards: in step with their data, and readable without a drawing program."""

import csv
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from host_tools import cli
from host_tools.emulator.chips import CHIPS
from host_tools.image import board as boards
from host_tools.image import papers, wiring
from host_tools.image.board import Board

ALL = [boards.load(name) for name in boards.names()]
every_board = pytest.mark.parametrize("board", ALL, ids=lambda board: board.name)
SVG = "{http://www.w3.org/2000/svg}"


def texts(board: Board) -> list[str]:
    return [element.text or "" for element in ET.fromstring(wiring.svg(board)).iter(f"{SVG}text")]


@every_board
def test_the_papers_are_those_of_the_data(board: Board) -> None:
    folder = boards.BOARDS / board.name
    for name, text in papers.papers(board).items():
        assert (folder / name).read_text() == text, "run seesaw boards"
    shown = (folder / "board.md").read_text()
    assert "](wiring.svg)" in shown and "(parts.csv)" in shown


@every_board
def test_the_picture_names_every_pin_and_what_the_servo_needs(board: Board) -> None:
    said = texts(board)
    pins = [f"GPIO {pin}" for pin in (board.servo_pin, board.led_pin, board.button_pin)]
    assert [text for text in said if text.startswith("GPIO")] == pins
    for words in ("5 V supply", "2 A or more", "470 to 1000 uF", board.name, "5V / VIN", "GND"):
        assert words in said
    assert any("common ground" in text for text in said)


@every_board
def test_the_picture_needs_nothing_from_elsewhere(board: Board) -> None:
    picture = wiring.svg(board)
    assert picture == wiring.svg(board) and picture.isascii()
    assert re.findall(r"https?://[^\"]+", picture) == ["http://www.w3.org/2000/svg"]
    assert 'font-family="sans-serif"' in picture and "<style" not in picture
    for element in ET.fromstring(picture).iter():
        for key, most in (("x", 800), ("cx", 800), ("y", 530), ("cy", 530)):
            assert 0 <= float(element.get(key, 0)) <= most


@every_board
def test_only_what_is_not_on_the_board_is_bought(board: Board) -> None:
    rows = list(csv.DictReader(papers.parts(board).splitlines()))
    bought, said = {row["part"] for row in rows}, texts(board)
    assert {"board", "servo", "supply", "capacitor", "wire"} <= bought
    strapping = CHIPS[board.chip].strapping
    own_led, own_button = board.led_pin in strapping, board.button_pin in strapping
    assert [name in bought for name in ("LED", "resistor", "button")] == [
        not own_led, not own_led, not own_button
    ]  # fmt: skip
    assert ("330 ohm" in said, "button" in said) == (not own_led, not own_button)
    assert all(None not in row and all(row.values()) for row in rows), "a row of another length"


@every_board
def test_the_manifest_freezes_what_is_there(board: Board) -> None:
    """Run as MicroPython's manifestfile.py does, with paths from its own folder."""
    folder = boards.BOARDS / board.name
    calls: list[tuple[str, Any]] = []

    def take(name: str) -> Any:
        return lambda *args, **options: calls.append((name, (*args, options)))

    names = {name: take(name) for name in ("include", "freeze", "package")}
    exec((folder / "manifest.py").read_text(), dict(names))
    (_, (ports, _)), (_, (launcher, main, _)), (_, (package, place)) = calls
    assert ports == "$(PORT_DIR)/boards/manifest.py"
    assert (folder / launcher / main).is_file()
    assert (folder / place["base_path"] / package / "__init__.py").is_file()
    build, _, variant = board.runtime.split()[0].partition("-")
    wanted = f"BOARD={build} BOARD_VARIANT={variant} " if variant else f"BOARD={build} FROZEN"
    assert wanted in (folder / "manifest.py").read_text()


def test_another_pin_is_another_picture(tmp_path: Path, monkeypatch, capsys) -> None:
    """`seesaw boards` writes what it finds, and says what it wrote."""
    shutil.copytree(boards.BOARDS / "esp32", tmp_path / "esp32")
    data = tmp_path / "esp32" / "board.json"
    data.write_text(data.read_text().replace('"servo_pin": 18', '"servo_pin": 22'))
    monkeypatch.setattr(boards, "BOARDS", tmp_path)
    assert cli.main(["boards"]) == 0
    assert "GPIO 22" in (tmp_path / "esp32" / "wiring.svg").read_text()
    assert capsys.readouterr().out == "boards/esp32: wiring.svg, parts.csv, manifest.py\n"
