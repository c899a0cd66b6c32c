"""App images: each check of the bootloader, in its order, by a picture that fails just that."""

import hashlib
import struct

import pytest
from images import OTA_0, SLOT_SIZE, app, app_desc, flash, poke

from host_tools.emulator.app_image import BadImage, verify, verify_on_flash
from host_tools.emulator.flash import Flash, IllegalProgram

IRAM = 0x40080000


def check(image: bytes, size: int = SLOT_SIZE, **options):
    return verify(lambda at, count: image[at : at + count], size, **options)


def reason(image: bytes, size: int = SLOT_SIZE, **options) -> str:
    with pytest.raises(BadImage) as caught:
        check(image, size, **options)
    return caught.value.reason


def sealed(image: bytes) -> bytes:
    """The image with its SHA-256 made right again."""
    return image[:-32] + hashlib.sha256(image[:-32]).digest()


def test_a_good_image_and_what_it_says_of_itself():
    image = app(desc=app_desc("v5.4.2", "1.2", "seesaw"))
    info = check(image)
    assert (info.size, info.sha256, info.chip_id) == (len(image), image[-32:], 0)
    assert [segment.load_addr for segment in info.segments] == [0x3F400020, IRAM]
    assert (info.idf_ver, info.version, info.project_name) == ("v5.4.2", "1.2", "seesaw")
    assert (info.date, info.time) == ("Nov  1 2026", "12:34:56")


def test_description_is_optional():
    assert check(app(segments=[(IRAM, b"code")])).idf_ver == ""
    assert check(app(desc=bytes(256))).idf_ver == ""


def test_without_a_hash_only_the_checksum_guards():
    info = check(app(hashed=False))
    assert info.sha256 is None
    broken = bytearray(app(hashed=False))
    broken[40] ^= 1
    assert reason(bytes(broken)).startswith("checksum")
    broken[41] ^= 1  # a second flip of the same bit hides the first
    assert check(bytes(broken)).size == len(broken)


def test_what_follows_the_image_is_ignored():
    assert check(app() + b"bundle" * 100) == check(app())


@pytest.mark.parametrize("length", range(0, 20, 4))
def test_checksum_ends_a_16_byte_block_for_every_length(length):
    image = app(segments=[(IRAM, bytes(range(length)))])
    assert len(image) % 16 == 0
    assert check(image).size == len(image)


@pytest.mark.parametrize(
    ("image", "options", "said"),
    [
        (b"\xff" * 64, {}, "no image: the first byte is 0xff"),
        (b"<html>" * 20, {}, "no image: the first byte is 0x3c"),
        (app()[:20], {}, "the header lies beyond"),
        (app(chip_id=9), {}, "made for chip id 9, this is 0"),
        (app(), {"chip_id": 9}, "made for chip id 0, this is 9"),
        (app(min_rev=301), {}, "needs chip revision v3.1 or newer"),
        (app(max_rev=299), {}, "needs chip revision v2.99 or older"),
        (app(min_rev=100), {"chip_rev": 99}, "needs chip revision v1.0 or newer, this is v0.99"),
        (app(segments=[(0, b"")] * 17), {}, "17 segments"),
        (app(segments=[(IRAM, b"abc")]), {}, "segment 0 has the impossible length 0x3"),
        (app(segments=[(0x3F400000, b"abcd")]), {}, "segment 0 is mapped at 0x3f400000"),
        (app(), {"flash_offset": 0x18000}, "segment 0 is mapped at 0x3f400020"),
    ],
)
def test_refusals(image, options, said):
    assert reason(image, **options).startswith(said)


def test_limits_just_met():
    assert check(app(min_rev=300, max_rev=300)).size
    assert check(app(max_rev=0)).size
    assert check(app(segments=[(0, b"")] * 16)).size
    image = app()
    assert check(image, len(image)).size
    assert reason(image, len(image) - 1).startswith(f"image of {len(image)} bytes")
    assert check(image, 16 << 20).size
    assert "16 MiB" in reason(image, (16 << 20) + 1)


def test_segment_too_long_or_cut_off():
    image = bytearray(app())
    struct.pack_into("<I", image, 28, 16 << 20)
    assert reason(bytes(image)).startswith("segment 0 has the impossible length")
    struct.pack_into("<I", image, 28, 1 << 20)
    assert reason(bytes(image)).startswith("segment 1 lies beyond")
    assert reason(app()[:-1]).startswith("the image lies beyond")


def test_every_flipped_byte_is_found():
    image = app(segments=[(0x3F400020, app_desc()), (IRAM, bytes(range(64)))])
    for at in range(len(image)):
        broken = bytearray(image)
        broken[at] ^= 0x10
        with pytest.raises(BadImage):
            check(bytes(broken))


def test_order_of_checks():
    image = bytearray(app(chip_id=9, min_rev=999))
    image[0] = 0
    assert reason(bytes(image)).startswith("no image")
    image[0] = 0xE9
    assert reason(bytes(image)).startswith("made for chip id 9")
    damaged = bytearray(app())
    damaged[40] ^= 1  # both checksum and hash are wrong: the checksum is named
    assert reason(bytes(damaged)).startswith("checksum")
    assert reason(sealed(bytes(damaged)), 100).startswith("checksum")
    padded = bytearray(app(segments=[(IRAM, b"code")]))
    padded[-40] ^= 1  # a padding byte: under the hash alone
    assert reason(bytes(padded)) == "the SHA-256 of the image does not match"
    assert reason(bytes(padded), 60).startswith("image of 80 bytes")


@pytest.mark.parametrize(
    ("address", "size", "said"),
    [
        (0x3FFF0030, 0x1334, "overlaps the bootloader's data"),  # a bootloader in an app slot
        (0x3FFE0000, 0x100, "overlaps the bootloader's stack"),
        (0x3FFE8000, 0x100, "is no RAM to load into"),
        (0x40078000, 0x100, "is no RAM to load into"),  # where the bootloader's loader runs
        (0x20000000, 0x100, "is no RAM to load into"),
        (0x4009FFFC, 8, "is no RAM to load into"),
        (0x3FFB0000, 0x4000, None),
        (0x4009FFFC, 4, None),
        (0x400C0000, 0x100, None),
        (0x50000000, 0x100, None),
        (0x3FF80000, 0x100, None),
        (0x3FFF0030, 0, None),
        (0, 0x100, None),  # padding is not loaded
    ],
)
def test_load_addresses_matter_at_a_boot_only(address, size, said):
    image = app(segments=[(address, bytes(size))])
    assert check(image).size == len(image)
    if said is None:
        assert check(image, mode="load") == check(image)
    else:
        assert said in reason(image, mode="load")
        assert said in reason(image, mode="load_unverified")


@pytest.mark.parametrize("chip_id", [5, 9])
def test_other_chips(chip_id):
    image = app(chip_id=chip_id)
    assert check(image, chip_id=chip_id, mode="load").chip_id == chip_id
    assert "chip id" in reason(image)
    with pytest.raises(ValueError):
        check(image, chip_id=77)


@pytest.mark.parametrize(
    ("chip_id", "windows"),
    [
        (0, [(0x3F400000, 0x3F800000), (0x400D0000, 0x40400000)]),
        (9, [(0x3C000000, 0x3E000000), (0x42000000, 0x44000000)]),
        (5, [(0x3C000000, 0x3C800000), (0x42000000, 0x42800000)]),
    ],
)
def test_only_mapped_segments_must_lie_like_their_address(chip_id, windows):
    for start, end in windows:
        for address in (start - 4, end):
            assert check(app(chip_id=chip_id, segments=[(address, b"data")]), chip_id=chip_id)
        for address in (start, end - 4):
            image = app(chip_id=chip_id, segments=[(address, b"data")])
            assert "is mapped" in reason(image, chip_id=chip_id)
            fitting = (address - 0x20) % 0x10000
            assert check(image, chip_id=chip_id, flash_offset=fitting)


def test_the_unverified_shortcut_sees_only_segments():
    image = bytearray(app())
    image[0] = 0
    image[40] ^= 1
    assert check(bytes(image), mode="load_unverified").size == len(image)
    with pytest.raises(BadImage):
        check(b"\xff" * 100, mode="load_unverified")


def test_on_flash_follows_every_change():
    chip = flash(app(b"one" * 3000))
    good = verify_on_flash(chip, OTA_0, SLOT_SIZE)
    assert verify_on_flash(chip.copy(), OTA_0, SLOT_SIZE) is good
    poke(chip, OTA_0 + 5000, b"\0")
    for _ in range(2):
        with pytest.raises(BadImage):
            verify_on_flash(chip, OTA_0, SLOT_SIZE)
    chip.erase(OTA_0)
    with pytest.raises(BadImage, match="no image"):
        verify_on_flash(chip, OTA_0, SLOT_SIZE)
    for at, byte in enumerate(app(b"two" * 3000)[:4096]):
        chip.program(OTA_0 + at, bytes([byte]))
    with pytest.raises(BadImage):
        verify_on_flash(chip, OTA_0, SLOT_SIZE)


def test_on_flash_depends_on_chip_size_and_mode():
    image = app(segments=[(0x3FFF0030, bytes(64))])
    chip = flash(image)
    assert verify_on_flash(chip, OTA_0, SLOT_SIZE).size == len(image)
    for options in ({"mode": "load"}, {"chip": "esp32s3"}):
        with pytest.raises(BadImage):
            verify_on_flash(chip, OTA_0, SLOT_SIZE, **options)
    with pytest.raises(BadImage, match="in a partition of 16"):
        verify_on_flash(chip, OTA_0, 16)


def test_on_flash_at_an_odd_place_and_at_the_end():
    image = app(segments=[(IRAM, bytes(range(100)))])
    data = bytearray(b"\xff" * 0x2000)
    data[100 : 100 + len(image)] = image
    chip = Flash.from_bytes(data)
    assert verify_on_flash(chip, 100, 0x1000).size == len(image)
    data = bytearray(b"\xff" * (0x2000 - 64)) + image[:64]
    chip = Flash.from_bytes(data)
    with pytest.raises(BadImage, match="beyond the end of the flash"):
        verify_on_flash(chip, 0x2000 - 64, 0x1000)
    with pytest.raises(BadImage, match="beyond the end of the flash"):
        verify_on_flash(chip, 0x3000, 0x1000)


def test_verification_writes_nothing():
    chip = flash(app())

    def refuse(op):
        raise IllegalProgram(op)

    chip.on_op = refuse
    assert verify_on_flash(chip, OTA_0, SLOT_SIZE).size
