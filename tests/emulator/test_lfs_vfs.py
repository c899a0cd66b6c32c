"""LittleFS over a block device of the firmware: files, mounts, foreign errors, power cuts."""

import pytest
import tiny

from host_tools.emulator.lfs_vfs import Mounts, VfsLfs2
from host_tools.emulator.os_error import MicroOSError
from host_tools.image import filesystem

BLOCK = 512


class Ram:
    """A block device as firmware writes one; `broken` raises from then on."""

    def __init__(self, blocks: int = 32) -> None:
        self.data = bytearray(b"\xff" * BLOCK * blocks)
        self.broken: BaseException | None = None

    def _check(self) -> None:
        if self.broken:
            raise self.broken

    def readblocks(self, block, buf, off=0):
        self._check()
        at = block * BLOCK + off
        buf[:] = self.data[at : at + len(buf)]

    def writeblocks(self, block, buf, off=0):
        self._check()
        at = block * BLOCK + off
        self.data[at : at + len(buf)] = buf

    def ioctl(self, op, arg):
        self._check()
        if op == 6:
            self.data[arg * BLOCK : (arg + 1) * BLOCK] = b"\xff" * BLOCK
        return {4: len(self.data) // BLOCK, 5: BLOCK}.get(op, 0)


@pytest.fixture
def ram() -> Ram:
    device = Ram()
    VfsLfs2.mkfs(device)
    return device


@pytest.fixture
def mounts(ram) -> Mounts:
    made = Mounts()
    made.mount(ram, "/d")
    return made


def write(mounts: Mounts, path: str, text: str) -> None:
    with mounts.open(path, "w") as file:
        file.write(text)


def number(action, *args) -> int:
    with pytest.raises(OSError) as caught:
        action(*args)
    assert isinstance(caught.value, MicroOSError)
    return caught.value.errno


def test_another_littlefs_reads_what_was_written(ram, mounts):
    mounts.mkdir("/d/dir")
    write(mounts, "/d/dir/a", "first")
    write(mounts, "/d/dir/b", "x" * 2000)
    mounts.rename("/d/dir/b", "/d/dir/a")
    mounts.umount("/d")

    assert filesystem.read(bytes(ram.data), BLOCK) == {"dir/a": b"x" * 2000}


def test_an_image_of_the_builder_mounts_read_only(ram):
    image = filesystem.build_tight({"seesaw/app.mpy": b"M\x06"}, BLOCK)
    device = Ram(len(image) // BLOCK)
    device.data[:] = image
    mounts = Mounts()
    mounts.mount(VfsLfs2(device), "/bundle", readonly=True)

    with mounts.open("/bundle/seesaw/app.mpy", "rb") as file:
        assert file.read() == b"M\x06"
    assert mounts.stat("/bundle/seesaw")[0] == 0x4000
    assert mounts.stat("/bundle/seesaw/app.mpy")[6] == 2
    module = "/bundle/seesaw/app.mpy"
    for action, args in ((mounts.open, ("/bundle/x", "w")), (mounts.open, (module, "r+")),
                         (mounts.mkdir, ("/bundle/x",)), (mounts.remove, (module,)),
                         (mounts.rename, (module, "/bundle/x"))):  # fmt: skip
        assert number(action, *args) == 30
    assert bytes(device.data) == image


def test_the_errors_have_littlefs_numbers(mounts):
    write(mounts, "/d/file", "")
    mounts.mkdir("/d/dir")
    write(mounts, "/d/dir/inside", "")

    assert number(mounts.open, "/d/none") == 2
    assert number(mounts.open, "/d/file", "x") == 17
    assert number(mounts.open, "/d/dir", "w") == 21
    assert number(mounts.open, "/d/file/below") == 20
    assert number(mounts.remove, "/d/dir") == 39
    assert number(mounts.mkdir, "/d/dir") == 17
    assert number(mounts.chdir, "/d/none") == 2
    assert number(mounts.chdir, "/d/file") == 2
    assert number(mounts.open, "/elsewhere") == 19
    assert number(mounts.mount, Ram(), "/d") == 1
    assert number(mounts.umount, "/elsewhere") == 22
    with pytest.raises(OSError) as caught:
        write(mounts, "/d/big", "x" * 20_000)
    assert caught.value.errno == 28
    assert number(VfsLfs2, Ram()) == 84  # no file system there


def test_paths_follow_the_current_directory_and_the_longest_mount(mounts):
    inner = Ram()
    VfsLfs2.mkfs(inner)
    mounts.mount(inner, "/d/in")
    mounts.chdir("/d/in")
    write(mounts, "x", "inner")
    write(mounts, "/d/x", "outer")

    assert (mounts.cwd, mounts.listdir(), mounts.listdir("/d")) == ("/d/in", ["x"], ["x"])
    assert mounts.open("/d/in/x").read() == "inner"
    mounts.umount("/d/in")
    assert mounts.cwd == "/"
    assert mounts.open("/d/x").read() == "outer"


def test_an_exception_of_the_block_device_comes_through(ram, mounts):
    write(mounts, "/d/file", "text")
    file = mounts.open("/d/file", "r+")
    ram.broken = ZeroDivisionError("not an OSError")
    for action in (lambda: mounts.open("/d/file"), lambda: mounts.listdir("/d"),
                   lambda: (file.write("more"), file.flush())):  # fmt: skip
        with pytest.raises(ZeroDivisionError, match="not an OSError"):
            action()
    ram.broken = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        mounts.listdir("/d")
    ram.broken = None
    assert mounts.listdir("/d") == ["file"]


def test_files_that_are_forgotten_or_used_after_close(mounts):
    write(mounts, "/d/file", "text")
    for _ in range(50):
        mounts.open("/d/file").read(1)
    file = mounts.open("/d/file")
    file.close()
    file.close()
    with pytest.raises(ValueError):
        file.read()
    mounts.open("/d/file", "w").write("unclosed")
    assert mounts.open("/d/file").read() == "unclosed"


OLD, NEW = b"old " * 500, b"new" * 1500
CHANGE = f"""
import os, vfs
from esp32 import Partition
vfs.mount(Partition("data"), "/d")
with open("/d/settings", "wb") as file:
    file.write(b"new" * {len(NEW) // 3})
with open("/d/log", "ab") as file:
    file.write(b"one line\\n")
os.rename("/d/settings", "/d/kept")
print("END")
"""


def prepared() -> bytes:
    chip = tiny.flash(CHANGE).to_bytes()
    size = tiny.BOARD.partition("data").size
    files = {"settings": OLD, "log": b"begun\n", "other": b"untouched" * 100}
    image = filesystem.build(files, 4096, size // 4096)
    return chip[: tiny.DATA] + image + chip[tiny.DATA + size :]


def test_a_cut_at_every_flash_operation_leaves_old_or_new():
    start = tiny.Flash.from_bytes(prepared())
    whole = tiny.on_cpython(start.copy())
    whole.run()
    assert whole.lines == ["END"]
    count = whole.device.flash.ops
    assert count > 10
    seen = set()
    for index in range(count):
        for when in ("before", "after"):
            bench = tiny.on_cpython(start.copy())
            outcome = bench.run(cut=(index, when))
            assert outcome.reason == "cut"
            size = tiny.BOARD.partition("data").size
            found = filesystem.read(bench.device.flash.read(tiny.DATA, size), 4096)
            assert found["other"] == b"untouched" * 100
            assert found["log"] in (b"begun\n", b"begun\none line\n")
            name = "kept" if "kept" in found else "settings"
            assert found.keys() == {name, "log", "other"}
            assert found[name] in (OLD, NEW)
            seen.add((name, found[name] == NEW, len(found["log"])))

    assert len(seen) == 4  # nothing new, the settings, the log, the name
