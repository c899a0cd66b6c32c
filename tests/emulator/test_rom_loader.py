"""The ROM's serial loader: the real esptool talks to it, and it survives what is no protocol."""

import hashlib
import random
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from host_tools.emulator import rom_loader
from host_tools.emulator.flash import PAGE, Flash, PowerCut
from host_tools.emulator.rom_loader import (
    BAD_CHECKSUM,
    END,
    ESC,
    FAILED,
    FRAME_MAX,
    HEADER,
    INFLATE_ERROR,
    INVALID,
    READ_TOO_LONG,
    SYNC_BODY,
    WRITE_ERROR,
    RomLoader,
    SlipReader,
    is_sync,
    slip,
)  # fmt: skip
from host_tools.emulator.rom_pty import RomPort

MIB = 1 << 20
SIZE = 64 * 1024  # bytes of the small flash
BLOCK = 1024
BEGIN, DATA, FLASH_END, SYNC, READ_REG, READ_FLASH, MD5 = 2, 3, 4, 8, 10, 0x0E, 0x13
INFLATE_BEGIN, INFLATE_DATA, INFLATE_END = 0x10, 0x11, 0x12
PATTERN = random.Random(7).randbytes(3 * PAGE)  # with every byte that SLIP escapes
SYNC_PACKET = slip(HEADER.pack(0, SYNC, len(SYNC_BODY), 0) + SYNC_BODY)


def words(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


def xor(data: bytes) -> int:
    folded = 0xEF
    for byte in data:
        folded ^= byte
    return folded


def request(command: int, body: bytes = b"", checksum: int = 0) -> bytes:
    return slip(HEADER.pack(0, command, len(body), checksum) + body)


def block(command: int, number: int, data: bytes, checksum: int | None = None) -> bytes:
    body = words(len(data), number, 0, 0) + data
    return request(command, body, xor(data) if checksum is None else checksum)


def replies(answer: bytes) -> list[tuple[int, int, bytes]]:
    """(command, value, data with status) of each packet sent back."""
    found = []
    for packet in SlipReader().feed(answer):
        direction, command, size, value = HEADER.unpack_from(packet)
        assert direction == 1 and size == len(packet) - HEADER.size
        found.append((command, value, packet[HEADER.size :]))
    return found


def status(loader: RomLoader, packet: bytes) -> int:
    """The error code of the one reply to a packet, 0 for success."""
    [(_, _, data)] = replies(loader.received(packet))
    failed, code = data[-4:-2]
    assert data[-2:] == b"\0\0" and failed == bool(code)
    return code


@pytest.fixture
def loader() -> RomLoader:
    return RomLoader(Flash(SIZE))


# The real esptool


def esptool(port: RomPort, *arguments: str) -> tuple[int, str]:
    """Its exit code and all it said."""
    done = subprocess.run(
        [
            sys.executable, "-m", "esptool", "--port", port.path, "--before", "no-reset",
            "--no-stub", *arguments,
        ],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("chip", ["esp32", "auto"])
def test_esptool_knows_the_chip_and_its_flash(chip):
    with RomPort(RomLoader(Flash(4 * MIB))) as port:
        code, said = esptool(port, "--chip", chip, "--after", "no-reset", "flash-id")
    assert code == 0, said
    for fact in ("ESP32-D0WD-V3 (revision v3.0)", "40MHz", "24:aa:5e:00:00:01", "size: 4MB"):
        assert fact in said
    assert not port.loader.finished and "quite different" not in said


def test_esptool_sees_another_flash_size():
    with RomPort(RomLoader(Flash(8 * MIB))) as port:
        assert "flash size: 8MB" in esptool(port, "--after", "no-reset", "flash-id")[1]


def test_esptool_refuses_to_take_it_for_another_chip():
    with RomPort(RomLoader(Flash(4 * MIB))) as port:
        code, said = esptool(port, "--chip", "esp32s3", "--after", "no-reset", "flash-id")
    assert code == 2 and "This chip is ESP32, not ESP32-S3" in said


def test_esptool_gets_no_stub_onto_it():
    with RomPort(RomLoader(Flash(4 * MIB))) as port:
        done = subprocess.run(
            [sys.executable, "-m", "esptool", "--port", port.path, "--before", "no-reset",
             "--after", "no-reset", "flash-id"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode and "Failed to enter RAM download mode" in done.stdout + done.stderr


@pytest.mark.parametrize("compression", ["--compress", "--no-compress"])
def test_esptool_writes_verifies_reads_and_restarts(compression, tmp_path: Path):
    flash = Flash(4 * MIB)
    for at in range(0, 8 * PAGE, PAGE):
        flash.program(at, bytes(PAGE))  # what was there before
    first, second = PATTERN + b"odd", b"\xff" * 5000 + b"\xc0\xdb" * 8000
    (tmp_path / "a").write_bytes(first)
    (tmp_path / "b").write_bytes(second)
    where = ("0x1000", str(tmp_path / "a"), "0x8000", str(tmp_path / "b"))
    with RomPort(RomLoader(flash)) as port:
        wrote = esptool(
            port, "--chip", "esp32", "--baud", "921600", "--after", "no-reset",
            "write-flash", compression, *where,
        )  # fmt: skip
        verified = esptool(port, "--after", "no-reset", "verify-flash", *where)
        flash.program(0x1000, b"\0")
        differs = esptool(port, "--after", "no-reset", "verify-flash", *where)
        out = str(tmp_path / "out")
        read = esptool(port, "--after", "soft-reset", "read-flash", "0x7ff0", "300", out)
    assert wrote[0] == 0 and wrote[1].count("Hash of data verified") == 2, wrote[1]
    assert verified[0] == 0 and verified[1].count("Verification successful") == 2, verified[1]
    assert differs[0] == 2 and "digest mismatch" in differs[1]
    assert read[0] == 0 and (tmp_path / "out").read_bytes() == flash.read(0x7FF0, 300)
    assert flash.read(0x1001, len(first) - 1) == first[1:]
    assert flash.read(0x8000, len(second)) == second
    assert flash.read(0, PAGE) == bytes(PAGE), "a sector beside the written ones was touched"
    assert port.loader.finished


# Framing


def test_sync_is_recognised_amid_other_input(loader):
    assert not is_sync(b"") and not is_sync(b"import machine\r\n\x03\x04" + END * 4)
    assert is_sync(b"\r\n>>> " + SYNC_PACKET[:20])
    answers = replies(loader.received(b"\r\n>>> " + SYNC_PACKET))
    assert len(answers) == 8 and all(value for _, value, _ in answers)


def test_packets_may_come_byte_by_byte_and_together(loader):
    sent = SYNC_PACKET + request(READ_REG, words(0x40001000))
    whole = loader.received(sent)
    single = b"".join(loader.received(sent[at : at + 1]) for at in range(len(sent)))
    assert single == whole
    assert replies(whole)[-1] == (READ_REG, 0x00F01D83, b"\0\0\0\0")


def test_slip_round_trip():
    packet = END + ESC + b"\xdc\xdd" + ESC + END + bytes(range(256))
    assert SlipReader().feed(slip(packet)) == [packet]
    assert END not in slip(packet)[1:-1]


@pytest.mark.parametrize("bad", [ESC + b"\x00", ESC, ESC + ESC + b"\xdc"])
def test_a_wrong_escape_drops_the_packet_and_no_other(bad):
    reader = SlipReader()
    assert reader.feed(END + b"one" + bad + END + slip(b"two")) == [b"two"]


def test_garbage_and_half_packets_get_no_answer(loader):
    noise = random.Random(3).randbytes(5000).replace(b"\x00", b"\x01")
    assert loader.received(noise + END) == b""
    assert loader.received(slip(b"\0\x08")) == b""
    assert loader.received(slip(HEADER.pack(1, SYNC, 0, 0))) == b"", "a reply, not a request"
    assert loader.received(SYNC_PACKET[:20]) == b""
    assert len(replies(loader.received(SYNC_PACKET))) == 8, "the half packet took it along"


def test_an_endless_packet_is_dropped_in_bounded_memory(loader):
    for _ in range(100):
        assert loader.received(b"\x55" * 4096) == b""
        assert len(loader._reader._part) <= 2 * FRAME_MAX
    assert loader.received(END) == b""
    assert len(replies(loader.received(SYNC_PACKET))) == 8


def test_a_length_that_is_not_the_packets_is_an_error(loader):
    body = words(0x40001000)
    assert status(loader, slip(HEADER.pack(0, READ_REG, 3, 0) + body)) == INVALID
    assert loader.received(slip(HEADER.pack(0, READ_REG, 0xFFFF, 0) + body)) == b"", "cut short"


# Commands


@pytest.mark.parametrize("command", [0x05, 0x06, 0x07, 0x14, 0xD0, 0xD3])
def test_ram_downloads_and_what_only_stubs_know_are_refused(loader, command):
    assert status(loader, request(command, words(0, 0, 0, 0))) == INVALID


@pytest.mark.parametrize("command", sorted(set(range(2, 0x14)) - {5, 6, 7, 8, 0x0C}))
def test_a_body_of_the_wrong_length_is_refused(loader, command):
    assert status(loader, request(command, b"\0" * 3)) == INVALID
    assert status(loader, request(command)) == INVALID
    assert not loader.finished and loader.flash.ops == 0


def test_a_write_erases_whole_sectors_once_and_stops_at_its_size(loader):
    loader.flash.program(0, bytes(SIZE))
    assert status(loader, request(BEGIN, words(PAGE + 4, 5, BLOCK, PAGE))) == 0
    assert loader.flash.wear == {1: 1, 2: 1}
    data = PATTERN[: PAGE + 4] + b"\xff" * (BLOCK - 4)
    for number in range(5):
        piece = data[number * BLOCK : (number + 1) * BLOCK]
        assert status(loader, block(DATA, number, piece)) == 0
        assert status(loader, block(DATA, number, piece)) == 0, "its reply was lost"
    assert loader.flash.read(PAGE, PAGE + 4) == PATTERN[: PAGE + 4]
    assert loader.flash.read(2 * PAGE + 4, PAGE - 4) == b"\xff" * (PAGE - 4)


def test_blocks_out_of_order_or_damaged_are_not_written(loader):
    assert status(loader, block(DATA, 0, PATTERN[:BLOCK])) == FAILED, "no write was begun"
    assert status(loader, request(BEGIN, words(2 * BLOCK, 2, BLOCK, 0))) == 0
    assert status(loader, block(DATA, 1, PATTERN[:BLOCK])) == INVALID
    assert status(loader, block(DATA, 0, PATTERN[:BLOCK], checksum=1)) == BAD_CHECKSUM
    assert status(loader, block(DATA, 0, PATTERN[: BLOCK + 1])) == INVALID
    assert status(loader, block(INFLATE_DATA, 0, PATTERN[:BLOCK])) == FAILED
    assert loader.flash.to_bytes() == b"\xff" * SIZE
    assert status(loader, block(DATA, 0, PATTERN[:BLOCK])) == 0
    assert status(loader, block(DATA, 1, PATTERN[:BLOCK])) == 0
    assert status(loader, block(DATA, 2, b"\xff" * BLOCK)) == INVALID


def test_data_past_the_announced_size_is_refused(loader):
    assert status(loader, request(BEGIN, words(BLOCK - 4, 1, BLOCK, 0))) == 0
    assert status(loader, block(DATA, 0, PATTERN[:BLOCK])) == INVALID


@pytest.mark.parametrize("command", [BEGIN, INFLATE_BEGIN])
def test_nothing_goes_past_the_end_of_the_flash(loader, command):
    assert status(loader, request(command, words(PAGE + 1, 5, BLOCK, SIZE - PAGE))) == FAILED
    assert status(loader, request(command, words(PAGE, 1, 1 << 20, 0))) == INVALID
    assert status(loader, request(MD5, words(SIZE - 1, 2, 0, 0))) == FAILED
    assert status(loader, request(READ_FLASH, words(SIZE - 1, 2))) == FAILED
    assert loader.flash.ops == 0


def test_compressed_blocks_may_split_the_stream_anywhere(loader):
    packed = zlib.compress(PATTERN, 9)
    pieces = [packed[at : at + 700] for at in range(0, len(packed), 700)]
    begin = words(len(PATTERN), len(pieces), BLOCK, PAGE)
    assert status(loader, request(INFLATE_BEGIN, begin)) == 0
    for number, piece in enumerate(pieces):
        assert status(loader, block(INFLATE_DATA, number, piece)) == 0
    assert loader.flash.read(PAGE, len(PATTERN)) == PATTERN
    digest = replies(loader.received(request(MD5, words(PAGE, len(PATTERN), 0, 0))))[0][2]
    assert digest == hashlib.md5(PATTERN).hexdigest().encode() + b"\0\0\0\0"


@pytest.mark.parametrize("packed", [b"no zlib", zlib.compress(bytes(16 * MIB), 9)])
def test_a_bad_stream_and_a_bomb_end_the_write(loader, packed):
    assert status(loader, request(INFLATE_BEGIN, words(PAGE, 99, 0x4000, 0))) == 0
    for _ in range(2):  # esptool tries again
        assert status(loader, block(INFLATE_DATA, 0, packed[:0x4000])) == INFLATE_ERROR
    assert loader.flash.to_bytes() == b"\xff" * SIZE


def test_bits_that_need_an_erase_are_a_write_error(loader):
    assert status(loader, request(BEGIN, words(BLOCK, 1, BLOCK, 0))) == 0
    loader.flash.program(10, b"\0")
    for _ in range(2):
        assert status(loader, block(DATA, 0, PATTERN[:BLOCK])) == WRITE_ERROR


def test_a_power_cut_goes_through(loader):
    loader.flash.cut = (1, "before")
    with pytest.raises(PowerCut):
        loader.received(request(BEGIN, words(2 * PAGE, 8, BLOCK, 0)))


def test_one_read_gives_64_bytes_at_most(loader):
    loader.flash.program(100, PATTERN[:64])
    [(_, _, data)] = replies(loader.received(request(READ_FLASH, words(100, 10))))
    assert data == PATTERN[:10] + bytes(54) + b"\0\0\0\0"
    assert status(loader, request(READ_FLASH, words(100, 65))) == READ_TOO_LONG


@pytest.mark.parametrize("command", [FLASH_END, INFLATE_END])
@pytest.mark.parametrize("stay", [0, 1])
def test_the_end_is_answered_and_then_nothing_is(loader, command, stay):
    assert status(loader, request(command, words(stay))) == 0
    assert loader.finished
    assert loader.received(SYNC_PACKET) == b""


def test_unknown_registers_keep_nothing(loader):
    write = words(0x3FF48074, 1, rom_loader.MASK, 0) + words(0x60000078, 0, 0, 50)
    assert status(loader, request(9, write)) == 0
    [(_, value, _)] = replies(loader.received(request(READ_REG, words(0x3FF48074))))
    assert value == 0
    with pytest.raises(KeyError):
        RomLoader(Flash(SIZE), "esp32s9")
