"""`seesaw backup`, `restore`: a board comes back to the byte, or the last line says what to do."""

import json
import shutil
import stat
import threading
from pathlib import Path

import pytest
import rig

from host_tools import cli
from host_tools.board import backup
from host_tools.board import chip as chips
from host_tools.emulator.flash import Flash
from host_tools.emulator.rom_loader import RomLoader
from host_tools.emulator.rom_pty import RomPort
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import inspect

MIB = 1 << 20


@pytest.fixture(scope="module")
def owned() -> bytes:
    """The flash of a device with an owner's settings."""
    return rig.new_flash(rig.release("0.1.0"), ssid="the owner's").to_bytes()


def save(port: str, out: Path) -> int:
    return cli.main(["backup", "--port", port, "--out", str(out)])


def restore(port: str, path: Path) -> int:
    return cli.main(["restore", "--port", port, str(path), "--yes"])


@pytest.fixture(scope="module")
def kept(owned, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("kept") / "mine.bin"
    with RomPort(RomLoader(Flash.from_bytes(owned))) as port:
        assert save(port.path, out) == 0
    return out


@pytest.fixture
def saved(kept: Path, tmp_path: Path) -> Path:
    for path in (kept, kept.with_suffix(".json")):
        shutil.copy(path, tmp_path)
    return tmp_path / kept.name


def test_a_backup_says_what_it_is_and_is_for_its_owner_alone(owned, tmp_path: Path, capsys):
    out = tmp_path / "mine.bin"
    flash = Flash.from_bytes(owned)
    ops = flash.ops
    with RomPort(RomLoader(flash)) as port:
        assert save(port.path, out) == 0
    assert port.loader.finished, "the board starts again"
    assert out.read_bytes() == owned and flash.ops == ops
    told = json.loads((tmp_path / "mine.json").read_text())
    assert (told["chip"], told["flash_size"]) == ("esp32", 4 * MIB)
    assert (told["release"], told["emulated"]) == ("esp32_wrover 0.1.0", True)
    assert len(told["sha256"]) == 64 and told["mac"].count(":") == 5
    for path in (out, tmp_path / "mine.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = capsys.readouterr()
    assert said.out.startswith(f"{out}: esp32_wrover 0.1.0 of esp32 ") and "Wi-Fi" in said.err


def test_it_goes_by_the_mac_and_never_over_an_older_one(owned, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with RomPort(RomLoader(Flash.from_bytes(owned))) as port:
        assert cli.main(["backup", "--port", port.path]) == 0
    (out,) = tmp_path.glob("build/*.bin")
    assert json.loads(out.with_suffix(".json").read_text())["mac"].replace(":", "") in out.name
    with RomPort(RomLoader(Flash.from_bytes(owned))) as port:
        assert cli.main(["backup", "--port", port.path]) == 2
    assert "it is there already; name another with --out" in capsys.readouterr().err


def test_a_board_comes_back_to_the_byte(owned, saved, capsys):
    flash = Flash(4 * MIB)
    flash.program(0, bytes(2 * MIB))
    with RomPort(RomLoader(flash)) as port:
        assert restore(port.path, saved) == 0
    assert flash.to_bytes() == owned and port.loader.finished
    said = capsys.readouterr()
    assert "restored and verified" in said.out and "password and keys" in said.err


def test_a_board_of_a_kind_of_its_own_comes_back_too(tmp_path: Path):
    data = (bytes(range(256)) * 256).ljust(2 * MIB, b"\xff")
    with RomPort(RomLoader(Flash.from_bytes(data))) as port:
        assert save(port.path, tmp_path / "x.bin") == 0
    flash = Flash(2 * MIB)
    with RomPort(RomLoader(flash)) as port:
        assert restore(port.path, tmp_path / "x.bin") == 0
    assert flash.to_bytes() == data


@pytest.mark.parametrize(
    ("chip", "size", "why"),
    [
        ("esp32s3", 4, "it is an esp32s3, the backup is of an esp32"),
        ("esp32", 8, "its flash has 8388608 bytes, the backup 4194304"),
    ],
)
def test_another_chip_or_size_is_refused_untouched(saved, chip, size, why, capsys):
    flash = Flash(size * MIB)
    with RomPort(RomLoader(flash, chip)) as port:
        assert restore(port.path, saved) == 2
    assert why in capsys.readouterr().err and flash.ops == 0 and port.loader.finished


def test_an_emulated_board_is_no_real_one(saved, monkeypatch):
    real = chips.Chip("esp32", "24:0a:c4:00:00:01", 4 * MIB, False, None)
    with pytest.raises(UserError, match="of an emulated board"):
        backup._check_fits("/dev/ttyUSB0", real, backup.Saved.read(saved.with_suffix(".json")))


def test_a_damaged_backup_is_refused_before_the_port_is_opened(saved, capsys):
    data = bytearray(saved.read_bytes())
    data[3 * MIB] ^= 1
    saved.write_bytes(data)
    assert restore("/dev/none", saved) == 2
    assert "damaged or changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": 1}', None],
)  # fmt: skip
def test_a_file_without_its_description_is_refused(saved, text, capsys):
    beside = saved.with_suffix(".json")
    beside.unlink() if text is None else beside.write_text(text)
    assert restore("/dev/none", saved) == 2
    error = capsys.readouterr().err
    assert str(beside) in error and error.count("\n") == 1


def test_every_wrong_kind_of_value_is_refused(saved):
    beside = saved.with_suffix(".json")
    right = json.loads(beside.read_text())
    for key in right:
        for wrong in (None, [], {}, "x" if not isinstance(right[key], str) else 7):
            beside.write_text(json.dumps(right | {key: wrong}))
            with pytest.raises(UserError):
                backup.Saved.read(beside)


def test_another_board_of_the_kind_is_said(saved, capsys):
    beside = saved.with_suffix(".json")
    told = json.loads(beside.read_text()) | {"mac": "24:0a:c4:aa:bb:cc"}
    beside.write_text(json.dumps(told))
    with RomPort(RomLoader(Flash(4 * MIB))) as port:
        assert restore(port.path, saved) == 0
    assert "saved from another board, 24:0a:c4:aa:bb:cc" in capsys.readouterr().err


# -- the cable is pulled ------------------------------------------------------------------------


class Pulled:
    """A port that is gone once the flash, or the line, has seen so much of it."""

    def __init__(self, flash: Flash, *, reads: int = 0, ops: int = 0) -> None:
        self.port = RomPort(RomLoader(flash))
        self.reads, self.ops = reads, flash.ops + ops if ops else 0
        self.over = threading.Event()

    def __enter__(self) -> str:
        self.port.__enter__()
        self._flash = self.port.loader.flash
        self._read, self._seen = self._flash.read, 0
        self._flash.read = self._count  # type: ignore[method-assign]
        path = self.port.path  # of a port that may be gone at once
        self._puller = threading.Thread(target=self._pull, daemon=True)
        self._puller.start()
        return path

    def _count(self, *args: object) -> bytes:
        self._seen += 1
        return self._read(*args)  # type: ignore[arg-type]

    def _pull(self) -> None:
        while not (0 < self.reads <= self._seen or 0 < self.ops <= self._flash.ops):
            if self.over.wait(0.001):
                return
        self.port.__exit__()
        self.port = None  # type: ignore[assignment]

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._puller.join()
        self._flash.read = self._read  # type: ignore[method-assign]
        assert self.port is None, "it was never pulled"


def test_a_cable_pulled_from_a_backup_leaves_no_file(owned, tmp_path: Path, capsys):
    with Pulled(Flash.from_bytes(owned), reads=500) as port:
        assert save(port, tmp_path / "mine.bin") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"seesaw: the backup at {port}: ") and error.endswith("run it again")
    assert list(tmp_path.iterdir()) == []


def test_a_cable_pulled_from_a_restore_says_where_all_of_it_is(owned, saved, capsys):
    flash = Flash(4 * MIB)
    flash.program(0, bytes(4 * MIB))
    ops = flash.ops
    with Pulled(flash, ops=200) as port:
        assert restore(port, saved) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert f"{saved} has all of it" in error and "until then the board may not start" in error
    assert flash.ops > ops
    with RomPort(RomLoader(flash)) as port:
        assert restore(port.path, saved) == 0
    assert flash.to_bytes() == owned


def test_a_cable_pulled_from_the_restore_of_a_running_seesaw_leaves_one(saved, capsys):
    newer = rig.new_flash(rig.release("0.2.0"), ssid="a guest's")
    with Pulled(newer, ops=2000) as port:
        assert restore(port, saved) == 2
    assert "may not start" not in capsys.readouterr().err.splitlines()[-1]
    facts = inspect.examine(newer.to_bytes(), "it")
    assert facts["boot"]["slot"] and any(s["release"].get("bundle_good") for s in facts["slots"])


def test_the_time_and_the_board_are_said_in_one_line(owned):
    made = backup.Saved.of(owned, "esp32", "24:0a:c4:00:00:01", False, 1_764_000_000)
    assert (made.date, made.release) == ("2025-11-24T16:00:00Z", "esp32_wrover 0.1.0")
    assert boards.load("esp32_wrover").flash_size == made.flash_size
