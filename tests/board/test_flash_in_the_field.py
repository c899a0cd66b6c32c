"""`seesaw flash` at a seesaw that was in use: settings stay, and it boots at every moment."""

from pathlib import Path

import pytest
import rig
from flash_rig import BOARD, run
from seesaw.update import trailer

from host_tools.board import flash as command
from host_tools.board import rewrite
from host_tools.emulator.bootloader import verdict
from host_tools.emulator.flash import Flash, Op
from host_tools.emulator.otadata import Entry, write_entry
from host_tools.emulator.partitions import parse_table
from host_tools.emulator.rom_loader import RomLoader
from host_tools.emulator.rom_pty import RomPort
from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import flash_image, inspect, runtime


def fielded(slot: int = 0) -> Flash:
    """A seesaw that runs in this slot, with an owner's settings, and the release before it."""
    made = boards.load(BOARD)
    new, old = rig.release("0.1.0"), rig.release("0.0.9")
    flash = rig.new_flash(new, ssid="the owner's")
    whole = bytearray(flash.to_bytes())
    for number, release in ((slot, new), (1 - slot, old)):
        at = made.partition(f"ota_{number}").offset
        parts = flash_image.slot_image(made, runtime.synthetic(made)[1], release.bundle)
        whole[at : at + made.slot_size] = flash_image.slot_bytes(made, parts)
    flash = Flash.from_bytes(bytes(whole))
    table = parse_table(flash.read(0x8000, 0x1000), flash.size)
    for index in range(2):
        write_entry(flash, table.otadata, index, Entry.make(8 - slot + index, 2))
    return flash


def settings_of(flash: Flash) -> bytes:
    nvs = boards.load(BOARD).partition("nvs")
    return flash.read(nvs.offset, nvs.size)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("service") / "flash.bin"
    path.write_bytes(rig.new_flash(rig.release("0.3.0"), ssid="the image's").to_bytes())
    return path


@pytest.mark.parametrize("slot", [0, 1])
def test_service_keeps_the_settings_and_boots_what_was_written(slot, service, capsys):
    flash = fielded(slot=slot)
    assert verdict(flash).slot.label == f"ota_{slot}"
    before = settings_of(flash)
    with RomPort(RomLoader(flash)) as port:
        assert run(port.path, service, board=None) == 0
    said = capsys.readouterr().err
    assert "a seesaw (esp32_wrover" in said and "keeps nvs" in said and "boots all the same" in said
    assert settings_of(flash) == before
    facts = inspect.examine(flash.to_bytes(), "it")
    assert facts["boot"]["slot"] == "ota_0"
    assert facts["slots"][0]["release"]["version"] == "0.3.0"
    assert facts["slots"][1]["image"]["why"] == "erased", "no other slot is left to boot"
    assert [entry["slot"] for entry in facts["otadata"]] == [None, None]


def test_erase_nvs_makes_a_new_device(service, capsys):
    flash = fielded()
    with RomPort(RomLoader(flash)) as port:
        assert run(port.path, service, erase_nvs=True) == 0
    assert "keeps" not in capsys.readouterr().err
    assert flash.to_bytes() == service.read_bytes()


def test_a_seesaw_of_another_board_stays_what_it_is_unless_it_becomes_a_new_device(service):
    """With a table of its own it would be a new device anyway; here its release alone tells."""
    table = boards.load(BOARD)
    whole = bytearray(service.read_bytes())
    at = table.partition("ota_0").offset + table.slot_size - trailer.FROM_END
    other = trailer.unpack(bytes(whole[at : at + trailer.SIZE]))._replace(board="elsewhere")
    whole[at : at + trailer.SIZE] = trailer.pack(*other)
    flash = Flash.from_bytes(bytes(whole))
    was = flash.to_bytes()
    with RomPort(RomLoader(flash)) as port:
        with pytest.raises(UserError) as caught:
            run(port.path, service)
        assert "flashed as elsewhere" in caught.value.why and "--erase-nvs" in caught.value.fix
        assert flash.to_bytes() == was and port.loader.finished
    with RomPort(RomLoader(flash)) as port:
        assert run(port.path, service, erase_nvs=True) == 0
    assert flash.to_bytes() == service.read_bytes()


def test_an_image_of_another_board_is_refused_before_the_port_is_opened(service):
    with pytest.raises(UserError, match="it is for esp32_wrover, not for esp32; build one"):
        run("/dev/none", service, board="esp32")


def test_nothing_is_written_before_somebody_says_yes(service, monkeypatch):
    flash = fielded()
    ops = flash.ops
    for typed, why in ((None, "nobody was asked"), ("no", "not to be"), ("", "not to be")):
        monkeypatch.setattr("sys.stdin.isatty", lambda t=typed: t is not None, raising=False)
        monkeypatch.setattr("builtins.input", lambda t=typed: t)
        with RomPort(RomLoader(flash)) as port, pytest.raises(UserError, match=why) as caught:
            run(port.path, service, yes=False)
        assert caught.value.fix == "add --yes" and port.loader.finished
    assert flash.ops == ops
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda: "YES ")
    with RomPort(RomLoader(flash)) as port:
        assert run(port.path, service, yes=False) == 0
    assert flash.ops > ops


class Pulled(RomLoader):
    """A loader whose cable is pulled after so many flash operations: then nothing passes."""

    def __init__(self, flash: Flash, ops: int) -> None:
        super().__init__(flash)
        self.ends = flash.ops + ops
        flash.after_op = self._count

    def _count(self, op: Op) -> None:
        if self.flash.ops >= self.ends:
            self.finished = True


@pytest.fixture
def hasty(monkeypatch):
    """esptool waits 3 s for a block and tries it again."""
    monkeypatch.setattr("esptool.loader.DEFAULT_TIMEOUT", 0.2)
    monkeypatch.setattr("esptool.loader.ERASE_WRITE_TIMEOUT_PER_MB", 0.2)
    monkeypatch.setattr("esptool.cmds.ERASE_WRITE_TIMEOUT_PER_MB", 0.2)
    monkeypatch.setattr("esptool.loader.MD5_TIMEOUT_PER_MB", 0.2)
    monkeypatch.setattr("esptool.loader.ERASE_REGION_TIMEOUT_PER_MB", 0.2)
    monkeypatch.setattr("esptool.loader.WRITE_BLOCK_ATTEMPTS", 1)


@pytest.mark.parametrize("slot", [0, 1])
@pytest.mark.parametrize("ops", [1, 30, 600, 1500, 2700, 4000])
def test_a_cable_pulled_at_any_time_leaves_a_board_that_boots(slot, ops, service, hasty):
    flash = fielded(slot=slot)
    before = settings_of(flash)
    with RomPort(Pulled(flash, ops)) as port, pytest.raises(UserError) as caught:
        run(port.path, service)
    assert caught.value.fix == command.AGAIN
    assert boots(flash)
    flash.after_op = None
    with RomPort(RomLoader(flash)) as port:
        assert run(port.path, service) == 0
    assert settings_of(flash) == before
    assert inspect.examine(flash.to_bytes(), "it")["boot"]["slot"] == "ota_0"


def boots(flash: Flash) -> bool:
    """Does the bootloader find an image, and the launcher an intact bundle in one of the slots?"""
    facts = inspect.examine(flash.to_bytes(), "it")
    intact = [s["image"]["good"] and s["release"].get("bundle_good") for s in facts["slots"]]
    return bool(facts["boot"]["slot"]) and any(intact)


def test_a_new_bootloader_is_not_written_without_a_word(service, hasty, tmp_path: Path, capsys):
    flash = fielded()
    flash.erase(0x370000)  # its launcher is another one
    with RomPort(Pulled(flash, 30)) as port, pytest.raises(UserError) as caught:
        run(port.path, service)
    assert "may not start" in caught.value.fix
    assert "leave the cable alone" in capsys.readouterr().err


EVERY = 61  # flash operations between two looks


def moments(flash: Flash, service: Path) -> list[bool]:
    """Would it boot? At every so many operations of a flashing that goes well."""
    seen: list[bool] = []

    def look(op: Op) -> None:
        if flash.ops % EVERY == 0:
            seen.append(boots(flash))

    flash.after_op = look
    with RomPort(RomLoader(flash)) as port:
        assert run(port.path, service) == 0
    return seen


@pytest.mark.parametrize("slot", [0, 1])
def test_it_boots_at_every_moment_of_a_flashing(slot, service):
    seen = moments(fielded(slot=slot), service)
    assert len(seen) > 20 and all(seen)


def test_without_the_order_it_would_not(service, monkeypatch):
    """The looks see what they must: in the order of addresses the bull would be a brick."""
    plan = rewrite.plan
    monkeypatch.setattr(
        rewrite, "plan", lambda image, **known: plan(image, **{**known, "runs": None})
    )
    flash = fielded()
    flash.erase(boards.load(BOARD).partition("ota_1").offset)
    assert not all(moments(flash, service))


def test_a_run_after_a_pulled_cable_spares_the_only_slot_that_boots(service):
    """ota_1 holds the copy, ota_0 is torn: to copy once more would leave nothing."""
    flash = fielded()
    made = boards.load(BOARD)
    zero, one = made.partition("ota_0"), made.partition("ota_1")
    new = service.read_bytes()[zero.offset : zero.end]
    whole = bytearray(flash.to_bytes())
    whole[one.offset : one.end] = new
    whole[zero.offset : zero.offset + 8192] = b"\xff" * 8192
    flash = Flash.from_bytes(bytes(whole))
    assert boots(flash) and all(moments(flash, service))
