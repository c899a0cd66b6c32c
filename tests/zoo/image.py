"""Images, partitions and bootloaders: what does not fit, does not boot, or is somebody else's."""

import tempfile
from dataclasses import replace
from pathlib import Path

from host_tools.image import board as boards
from host_tools.image import bundle as bundles
from host_tools.image import flash_image, runtime
from host_tools.prove import kits
from host_tools.prove.scenario import Scenario, offering
from host_tools.prove.scenarios import NEXT, UPDATE
from host_tools.prove.zoo import Row

LOCKS = "https://gizmodo.com/update-bricks-smart-locks-preferred-by-airbnb-1797818616"
ODD = "0.2.1-"
ONWARD = replace(NEXT, seconds=900, phases=())


def board() -> boards.Board:
    return kits.load_board(kits.DEFAULT_BOARD)


def offered(kind: str, until: str) -> Scenario:
    """An odd release meets the firmware as it is."""
    return Scenario(kind, "an odd release is on offer", offering(ODD + kind), until=until)


def built(app_size: int, bundle_size: int) -> object:
    """A release of these sizes for the board."""
    image = bundles.Bundle(bytes(bundle_size), {}, {}, "0.2.0")
    return flash_image.slot_image(board(), bytes(app_size), image)


def taken(data: bytes, name: str = "runtime.bin") -> object:
    """A runtime as the build takes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        return runtime.load(path, board())


def tabled(lines: str) -> object:
    """A board like ours, with another table."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder, board().name)
        here.mkdir()
        text = (boards.BOARDS / board().name / "board.json").read_text()
        here.joinpath("board.json").write_text(text)
        here.joinpath("partitions.csv").write_text(lines)
        return boards.load(board().name, Path(folder))


def other_chip() -> bytes:
    return runtime.synthetic(kits.load_board("esp32s3"))[1]


TABLE = "nvs, data, nvs, 0x9000, 16K\notadata, data, ota, 0xd000, 8K\n"


ROWS = (
    Row("combined-image", "bootloader, table and app in one file, written to a slot: every check "
        "passes and it never boots", "https://github.com/micropython/micropython/issues/8659",
        "run", "refused", scenarios=(offered("combined", "interrupted"),)),
    Row("larger-than-the-slot", "the new release does not fit the slots that are in the field",
        "https://github.com/esphome/esphome/issues/9555",
        "build", "refused", build=lambda: built(board().slot_size, 65536)),
    Row("a-little-too-large", "a few bytes over: a silent reset loop",
        "https://github.com/sparkfun/SparkFun_RTK_Firmware/issues/118",
        "build", "refused", build=lambda: built(4096, board().slot_size - 8192 + 512)),
    Row("larger-than-the-slot-offered", "the same, published all the same",
        "https://github.com/esphome/esphome/issues/9555",
        "run", "refused", scenarios=(offered("big", "hindered"),)),
    Row("table-of-a-larger-flash", "an 8 MB table on a 4 MB board",
        "https://github.com/F1p/Mitsubishi-CN105-Protocol-Decode/issues/55",
        "build", "refused",
        build=lambda: tabled(TABLE + "ota_0, app, ota_0, 0x10000, 3M\n"
                             "ota_1, app, ota_1, 0x310000, 3M\n")),
    Row("table-without-slots", "the table has one app and no slot: it never could update",
        "https://github.com/TigerTag-Project/Tiger-Scale-V3/issues/5",
        "build", "refused", build=lambda: tabled(TABLE + "app0, app, factory, 0x10000, 3M\n")),
    Row("file-system-over-a-slot", "the file system has grown into the second slot",
        "https://github.com/adafruit/circuitpython/issues/6928",
        "build", "refused",
        build=lambda: tabled(TABLE + "ota_0, app, ota_0, 0x10000, 1600K\nvfs, data, 0x83, "
                             "0x1a0000, 2M\nota_1, app, ota_1, 0x1b0000, 1600K\n")),
    Row("another-models-runtime", "another model's firmware was pushed: 500 locks were dead",
        LOCKS, "build", "refused", build=lambda: taken(other_chip())),
    Row("another-models-offer", "the same, published all the same", LOCKS,
        "run", "refused", scenarios=(offered("chip", "hindered"),)),
    Row("another-boards-offer", "the offer is for another board, and nobody looks", LOCKS,
        "run", "wrong",
        (("seesaw/update/choose.py", ' or custom["boards"] != [board]', ""),),
        (replace(ONWARD, world=offering(ODD + "board"), until="time"),)),
    Row("old-runtime-without-rollback", "a runtime from before rollback: no trial can fail",
        "https://github.com/wled/WLED/issues/4842",
        "build", "refused",
        build=lambda: taken(runtime.synthetic(board(), "v1.18 on 2022-01-17")[1])),
    Row("promoted-by-hand", "what is served is not what was tested: another build under its name",
        "https://electrek.co/2023/11/14/rivian-software-update-bricks-infotainment-fix/",
        "world", "wrong",
        (("seesaw/update/install.py", '        raise InstallError("the bundle\'s hash is wrong")\n',
          "        pass\n"),),
        (replace(ONWARD, world=offering("fix", server="bundle-replayed"), until="time"),)),
    Row("updates-the-bootloaders-realm", "it rewrites what lies outside the slots, in place",
        "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/system/"
        "esp_https_ota.html",
        "run", "wrong",
        (("seesaw/port/board.py", "    Partition.mark_app_valid_cancel_rollback()\n",
          "    Partition.mark_app_valid_cancel_rollback()\n"
          '    Partition.find(1, label="vfs")[0].writeblocks(0, bytes(4096))\n'),),
        (UPDATE,)),
    Row("wrong-next-slot", "the slot that runs is taken for the free one",
        "https://github.com/MicroPythonOS/MicroPythonOS/blob/main/CHANGELOG.md",
        "run", "wrong",
        (("seesaw/upgrade.py", "Slot(updater.boot.other, ", "Slot(updater.boot.slot, "),),
        (ONWARD,)),
    Row("erases-beyond-the-slot", "the erase reaches past the slot's end, and hangs or fails",
        "https://github.com/espressif/ESP8266_RTOS_SDK/issues/1073",
        "run", "worn",
        (("seesaw/update/install.py", "        self.part.ioctl(FLASH_ERASE, 0)\n",
          "        for sector in range(self.size // SECTOR + 1):\n            self.feed()\n"
          "            self.part.ioctl(FLASH_ERASE, sector)\n"),),
        (ONWARD,)),
    Row("no-room-in-the-trailer", "the version does not fit the fixed layout of the old reader",
        "https://github.com/pycom/pycom-micropython-sigfox/issues/252",
        "build", "refused",
        build=lambda: kits.make("0.2.0-a-very-long-name-of-it", bundles.FIRMWARE)),
    Row("well-hashed-rubbish", "the hash of the wrong file was published with it",
        "https://github.com/espressif/esp-idf/issues/4780",
        "run", "refused", scenarios=(offered("rubbish", "rejected"),)),
)  # fmt: skip
