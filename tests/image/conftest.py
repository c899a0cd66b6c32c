"""A small firmware tree of its own: these tests do not depend on the real one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.image import board as boards
from host_tools.image import bundle, runtime, table
from host_tools.image.board import Board

Combine = Callable[[Board, bytes, bytes], bytes]

LAUNCHER = b"import machine\nmachine.reset()\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A firmware folder, in the place of the project's own."""
    root = tmp_path / "firmware"
    (root / "seesaw" / "core").mkdir(parents=True)
    (root / "launcher").mkdir()
    (root / "launcher" / "main.py").write_bytes(LAUNCHER)
    (root / "seesaw" / "__init__.py").write_text("")
    (root / "seesaw" / "main.py").write_text(
        "from seesaw.core import tilt\n\nprint(tilt.DEGREES)\n"
    )
    (root / "seesaw" / "core" / "__init__.py").write_text("")
    (root / "seesaw" / "core" / "tilt.py").write_text(f'DEGREES = 12\nLONG = "{"x" * 3000}"\n')
    monkeypatch.setattr(bundle, "FIRMWARE", root)
    return root


@pytest.fixture
def board() -> Board:
    return boards.load("esp32_wrover")


def _combined(board: Board, bootloader: bytes, app: bytes) -> bytes:
    nvs = table.Partition("nvs", 1, 2, 0x9000, 0x6000)
    factory = table.Partition("factory", 0, 0, 0x10000, 0x1F0000)
    whole = bytearray(b"\xff" * (0x10000 - board.bootloader_offset)) + app
    whole[: len(bootloader)] = bootloader
    start = table.TABLE_OFFSET - board.bootloader_offset
    whole[start : start + table.TABLE_SIZE] = table.to_bytes((nvs, factory))
    return bytes(whole)


@pytest.fixture
def combined() -> Combine:
    """(board, bootloader, app) -> a build as published: from the bootloader's offset on."""
    return _combined


@pytest.fixture
def combined_file(tmp_path: Path, board: Board) -> Path:
    path = tmp_path / "combined.bin"
    path.write_bytes(_combined(board, *runtime.synthetic(board)))
    return path


@pytest.fixture
def launcher() -> bytes:
    return LAUNCHER
