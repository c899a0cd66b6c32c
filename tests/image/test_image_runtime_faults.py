"""`seesaw image build --runtime`: every board, every wrong file: one line, and nothing is made."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rig import load_board

from host_tools import cli
from host_tools.emulator.bootloader import boot
from host_tools.emulator.chips import CHIPS
from host_tools.emulator.flash import Flash
from host_tools.image import board as boards
from host_tools.image import bundle, esp_image, runtime
from host_tools.image.board import Board

Combine = Callable[[Board, bytes, bytes], bytes]
NAMES = boards.names()
every_board = pytest.mark.parametrize("board", [load_board(name) for name in NAMES], ids=NAMES)
TRAILER = 4096  # bytes at the end of a slot
IDF_VERSIONS = {
    "v4.4.4": False,
    "v4.4-dev-3401-gb86fe0c66c": False,
    "v5.0.2": True,
    "v5.5.1-dirty": True,
    "v10.0": True,
    "HEAD-HASH-NOTFOUND": True,
}


def app_image(board: Board, size: int = 4096, idf: str = "v5.5.2", banner: str = "") -> bytes:
    """An application of exactly `size` bytes, a multiple of 16."""
    chip = CHIPS[board.chip]
    head = esp_image.HEADER.size + esp_image.SEGMENT.size
    body = esp_image.app_desc(idf) + banner.encode()
    body = body.ljust(size - head - 16 - esp_image.HASH_SIZE, b"\x5a")
    image = esp_image.build(
        chip, board.flash_size, chip.iram, [(chip.drom + esp_image.APP_DESC_OFFSET, body)]
    )
    assert len(image) == size
    return image


class Bench:
    """The command, its files, and what it says."""

    def __init__(self, board: Board, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.board, self.capsys = board, capsys
        self.path, self.out = folder / "runtime.bin", folder / "flash.bin"

    def build(self, data: bytes) -> tuple[int, str]:
        self.path.write_bytes(data)
        arguments = ["--board", self.board.name, "--runtime", str(self.path)]
        code = cli.main(["image", "build", *arguments, "--out", str(self.out)])
        return code, self.capsys.readouterr().err

    def refusal(self, data: bytes) -> str:
        """The one line of an error that has left no file behind."""
        code, said = self.build(data)
        assert code == 2 and said.count("\n") == 1 and str(self.path) in said, said
        assert not self.out.exists() and not bundle.companion_path(self.out).exists()
        return said


@pytest.fixture
def bench(
    board: Board, tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Bench:  # fmt: skip
    return Bench(board, tmp_path, capsys)


@every_board
def test_one_that_is_too_big_is_told_both_numbers(bench: Bench, board: Board) -> None:
    size = board.slot_size + 16
    said = bench.refusal(app_image(board, size))
    assert f"its {size} bytes are more than the slot's {board.slot_size}" in said


@every_board
def test_one_that_leaves_no_room_for_the_release_too(bench: Bench, board: Board) -> None:
    code, said = bench.build(app_image(board, board.slot_size - TRAILER))
    assert code == 2 and said.count("\n") == 1 and not bench.out.exists()
    assert f"the slot of '{board.name}' takes {board.slot_size - TRAILER}" in said


@every_board
def test_one_for_another_chip(bench: Bench, board: Board, combined: Combine) -> None:
    for other in (load_board(name) for name in NAMES):
        if other.chip != board.chip:
            loader, app = runtime.synthetic(other)
            for data in (app, combined(other, loader, app)):
                said = bench.refusal(data)
                assert f"it is for {CHIPS[other.chip].title}, board '{board.name}' has" in said
                assert board.runtime in said


@every_board
def test_a_combined_one_never_goes_into_a_slot_whole(
    bench: Bench, board: Board, combined: Combine
) -> None:
    whole = combined(board, *runtime.synthetic(board))
    code, said = bench.build(whole)
    assert (code, said) == (0, "")
    flash = Flash.from_bytes(bench.out.read_bytes())
    place = board.partition("ota_0")
    assert flash.read(place.offset, place.size).startswith(runtime.synthetic(board)[1])
    assert boot(flash, chip=board.chip).slot.label == "ota_0"
    bench.out.unlink()
    bundle.companion_path(bench.out).unlink()
    assert "truncated" in bench.refusal(whole[:-1])


@every_board
@pytest.mark.parametrize("version", ["v1.20.0 on 2023-04-26", "v1.12 on 2019-12-20"])
def test_one_from_before_rollback(
    bench: Bench, board: Board, version: str, combined: Combine
) -> None:
    loader, app = runtime.synthetic(board, version)
    for data in (app, combined(board, loader, app)):
        said = bench.refusal(data)
        assert version in said and "v1.21 or later" in said


@every_board
@pytest.mark.parametrize(("idf", "taken"), IDF_VERSIONS.items())
def test_one_without_a_version_is_known_by_its_esp_idf(
    bench: Bench, board: Board, idf: str, taken: bool
) -> None:
    data = app_image(board, idf=idf)
    if taken:
        code, said = bench.build(data)
        assert code == 0 and "no MicroPython version found" in said
    else:
        said = bench.refusal(data)
        assert f"built with ESP-IDF {idf}, before rollback" in said and "v1.21" in said


@every_board
def test_a_flash_of_ours_given_back_as_a_runtime(bench: Bench, board: Board) -> None:
    """Where the bootloader is at 0 it is a combined image like any other; else it is none."""
    assert bench.build(app_image(board, banner="MicroPython v1.25.0 on 2025-04-15"))[0] == 0
    whole = bench.out.read_bytes()
    bench.out.unlink()
    bundle.companion_path(bench.out).unlink()
    if board.bootloader_offset:
        assert "does not start with an image header" in bench.refusal(whole)
        return
    assert bench.build(whole) == (0, "")
    assert bench.out.read_bytes() == whole
