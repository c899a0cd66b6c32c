"""`seesaw image ...`: exit codes, one line for an error, and files that an error leaves alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools import cli
from host_tools.emulator.flash import Flash
from host_tools.emulator.nvs import Nvs
from host_tools.image import board as boards
from host_tools.image import bundle, esp_image, runtime


def build(out: Path, *more: str) -> int:
    return cli.main(["image", "build", "--board", "esp32_wrover", "--out", str(out), *more])


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("seesaw: ") and captured.err.count("\n") == 1
    return captured.err


def test_build_twice_gives_the_same_files(tree: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.bin", tmp_path / "b.bin"
    assert build(first) == build(second) == 0
    assert first.read_bytes() == second.read_bytes()
    companion = bundle.companion_path(first)
    assert companion.name == "a.companion.json"
    assert companion.read_bytes() == bundle.companion_path(second).read_bytes()
    assert len(bundle.load_companion(companion)) == 5


def test_the_build_time_is_the_stated_one(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    assert build(tmp_path / "a.bin", "--version", "3.4.5") == 0
    capsys.readouterr()
    assert cli.main(["image", "inspect", str(tmp_path / "a.bin"), "--json"]) == 0
    release = json.loads(capsys.readouterr().out)["slots"][0]["release"]
    assert (release["build_time"], release["version"]) == (1_800_000_000, "3.4.5")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert build(tmp_path / "b.bin") == 2


def test_the_boards_pins_are_settings(tree: Path, tmp_path: Path, board: boards.Board) -> None:
    (tmp_path / "config.json").write_text('{"ssid": "home"}')
    assert build(tmp_path / "a.bin", "--config", str(tmp_path / "config.json")) == 0
    place = board.partition("nvs")
    flash = Flash.from_bytes((tmp_path / "a.bin").read_bytes())
    blob = Nvs.start(flash, place.offset, place.size).get_blob("seesaw", "config")
    pins = {"servo_pin": board.servo_pin, "button_pin": board.button_pin}
    assert json.loads(blob) == {"ssid": "home", **pins}


def test_inspect_speaks_to_people(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(tmp_path / "a.bin")
    capsys.readouterr()
    assert cli.main(["image", "inspect", str(tmp_path / "a.bin")]) == 0
    assert "would boot ota_0" in capsys.readouterr().out


def test_a_combined_runtime_is_taken_apart(
    tree: Path, tmp_path: Path, combined_file: Path, board: boards.Board
) -> None:
    out = tmp_path / "a.bin"
    assert build(out, "--runtime", str(combined_file)) == 0
    first, app = runtime.synthetic(board)
    assert out.read_bytes()[0x1000:].startswith(first)
    assert out.read_bytes()[0x10000:].startswith(app)


def test_an_app_alone_gets_a_stand_in_bootloader_and_a_warning(
    tree: Path, tmp_path: Path, board: boards.Board, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "app.app-bin"
    path.write_bytes(runtime.synthetic(board)[1])
    assert build(tmp_path / "a.bin", "--runtime", str(path)) == 0
    assert "stand-in bootloader" in capsys.readouterr().err
    assert (tmp_path / "a.bin").read_bytes()[0x10000:].startswith(path.read_bytes())


def test_a_runtime_that_cannot_load_our_mpy_is_refused(
    tree: Path, tmp_path: Path, board: boards.Board, combined: Callable,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = tmp_path / "old.bin"
    path.write_bytes(combined(board, *runtime.synthetic(board, "v1.18 on 2022-01-17")))
    assert build(tmp_path / "a.bin", "--runtime", str(path)) == 2
    assert "cannot load .mpy version 6" in one_line(capsys)


def test_an_unknown_version_is_one_warning(
    tree: Path,
    tmp_path: Path,
    board: boards.Board,
    combined: Callable,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "own.bin"
    path.write_bytes(combined(board, *runtime.synthetic(board, "of my own")))
    assert build(tmp_path / "a.bin", "--runtime", str(path)) == 0
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "content", "why"),
    [
        ("--board", None, "choose from"),
        ("--version", None, "not of the form"),
        ("--runtime", b"", "image header"),
        ("--runtime", b"\xe9" * 5000, "it is for chip 0xe9e9"),
        ("--config", b"\x00\x01garbage", "is not JSON"),
        ("--config", b'{"instrument": "gold"}', "instrument 'gold' is unknown"),
        ("--config", b'{"sid": "x"}', "did you mean 'ssid'"),
    ],
)
def test_an_error_is_one_line_and_leaves_the_old_file(
    tree: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
    content: bytes | None,
    why: str,
) -> None:
    out, given = tmp_path / "flash.bin", tmp_path / "given"
    out.write_bytes(b"before")
    if content is not None:
        given.write_bytes(content)
    before = sorted(tmp_path.iterdir())
    assert build(out, option, str(given) if content is not None else "nonsense") == 2
    assert why in one_line(capsys)
    assert out.read_bytes() == b"before"
    assert sorted(tmp_path.iterdir()) == before


def test_a_runtime_for_another_chip(
    tree: Path, tmp_path: Path, combined_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = bytearray(combined_file.read_bytes())
    other[12] = 9
    combined_file.write_bytes(other)
    assert build(tmp_path / "flash.bin", "--runtime", str(combined_file)) == 2
    assert "it is for ESP32-S3" in one_line(capsys)


def test_a_truncated_runtime(
    tree: Path, tmp_path: Path, combined_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    combined_file.write_bytes(combined_file.read_bytes()[:-100])
    assert build(tmp_path / "flash.bin", "--runtime", str(combined_file)) == 2
    assert "truncated" in one_line(capsys)


def test_a_runtime_larger_than_the_slot(
    tree: Path,
    tmp_path: Path,
    board: boards.Board,
    combined: Callable,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chip = esp_image.CHIPS["esp32"]
    text = esp_image.app_desc("v5.5.2") + bytes(board.slot_size - 8192)
    app = esp_image.build(chip, board.flash_size, chip.iram, [(chip.drom + 0x20, text)])
    path = tmp_path / "large.bin"
    path.write_bytes(combined(board, runtime.synthetic(board)[0], app))
    assert build(tmp_path / "flash.bin", "--runtime", str(path)) == 2
    assert "the slot of 'esp32_wrover' takes" in capsys.readouterr().err
    assert not (tmp_path / "flash.bin").exists()


@pytest.mark.parametrize("name", ["no/such/folder/flash.bin", "."])
def test_a_place_that_cannot_be_written(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert build(tmp_path / name) == 2
    assert "cannot be written" in one_line(capsys)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("content", [None, b"", b"text", b"\xe9" * 4096 * 3])
def test_inspect_of_what_is_no_flash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "x.bin"
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["image", "inspect", str(path)]) == 2
    assert "x.bin" in one_line(capsys)


@pytest.mark.parametrize("words", [[], ["image"], ["image", "build"], ["nonsense"], ["image", "x"]])
def test_a_wrong_command_line_is_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    assert "--help" in one_line(capsys)


def test_an_image_never_replaces_what_it_is_made_from(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "same.json"
    path.write_text("{}")
    assert build(path, "--config", str(path)) == 2
    assert "would replace it" in one_line(capsys)
    assert path.read_text() == "{}"
    assert cli.main(["image", "build", "--board", "esp32_wrover", "--out", ""]) == 2
    assert "no file is named" in one_line(capsys)


def test_an_error_is_one_line_whatever_was_typed(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(tmp_path / "a.bin", "--board", "x\ny\x1b[31m" + "z" * 5000) == 2
    line = one_line(capsys)
    assert "\x1b" not in line and len(line) < 1000
