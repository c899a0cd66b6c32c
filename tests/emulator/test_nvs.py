"""NVS in ESP-IDF's own format: what is stored, and in which order."""

from __future__ import annotations

from binascii import crc32
from pathlib import Path

import pytest
from nvs_steps import (
    BASE,
    BLANK,
    NO_SPACE,
    NOT_FOUND,
    SIZE,
    Values,
    blank_flash,
    code_of,
    noise,
    ops_of,
    put,
    start,
    values,
)

from host_tools.emulator.flash import PAGE, Flash
from host_tools.emulator.nvs import Kind, Nvs, NvsError
from host_tools.emulator.nvs_page import Page

DATA = Path(__file__).parent.parent / "data"


def test_fresh_partition_is_not_written_before_the_first_set() -> None:
    flash = blank_flash()
    nvs = start(flash)
    assert (flash.ops, nvs.was_erased, nvs.items()) == (0, False, [])
    nvs.set_i32("n", "k", 5)
    assert flash.to_bytes()[:BASE] == BLANK * 2
    assert flash.read(BASE, 4) == b"\xfe\xff\xff\xff"
    assert flash.read(BASE + PAGE, SIZE) == BLANK * 4


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind < Kind.STR])
def test_integers_keep_their_range(kind: Kind) -> None:
    bits = 8 * (kind & 0xF)
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind >= 0x11 else (0, (1 << bits) - 1)
    flash = blank_flash()
    for value in (low, high):
        start(flash).set_int("n", "k", kind, value)
        assert start(flash).get_int("n", "k", kind) == value
    with pytest.raises(OverflowError):
        start(flash).set_int("n", "k", kind, high + 1)
    assert start(flash).items() == [("n", "k", kind.name.lower(), high)]


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 3935, 3936, 3937, 4000, 5000, 8000])
def test_blobs_of_all_lengths_survive_a_restart_and_a_replacement(length: int) -> None:
    if length > 5000:
        flash = Flash(BASE + 8 * PAGE)
        size = 8 * PAGE  # old and new side by side
    else:
        flash, size = blank_flash(), SIZE
    for seed in range(4):
        Nvs.start(flash, BASE, size).set_blob("n", "b", noise(length, seed))
        nvs = Nvs.start(flash, BASE, size)
        assert nvs.get_blob("n", "b") == noise(length, seed)
        assert nvs.get_blob("n", "b", length) == noise(length, seed)
        if length:
            assert code_of(nvs.get_blob, "n", "b", length - 1) == 0x110C


def test_strings_and_a_change_of_type() -> None:
    flash = blank_flash()
    nvs = start(flash)
    for value in ("", "Stier und Bär", "x" * 3999):
        nvs.set_str("n", "s", value)
        assert start(flash).get_str("n", "s") == value
    assert code_of(nvs.set_str, "n", "s", "x" * 4000) == 0x110E
    nvs.set_blob("n", "s", b"blob")
    assert code_of(nvs.get_str, "n", "s") == NOT_FOUND
    nvs.set_i32("n", "s", -1)
    assert nvs.items() == start(flash).items() == [("n", "s", "i32", -1)]


def test_errors() -> None:
    flash = blank_flash()
    nvs = start(flash)
    assert code_of(nvs.get_i32, "n", "k") == NOT_FOUND
    assert code_of(nvs.erase_key, "n", "k") == NOT_FOUND
    assert code_of(nvs.set_i32, "n", "sixteen letters!", 1) == 0x1109
    assert code_of(nvs.open, "sixteen letters!") == 0x1109
    nvs.set_i32("n", "fifteen letters", 1)
    assert code_of(nvs.get_blob, "n", "fifteen letters") == NOT_FOUND
    assert code_of(nvs.set_blob, "n", "b", bytes(12001)) == 0x110E
    nvs.erase_key("n", "fifteen letters")
    assert code_of(nvs.erase_key, "n", "fifteen letters") == NOT_FOUND
    assert start(flash).items() == []
    with pytest.raises(ValueError):
        Nvs(flash, BASE, 2 * PAGE)
    with pytest.raises(ValueError):
        Nvs(flash, BASE + 4, SIZE)


def test_namespaces_are_apart_and_created_once() -> None:
    flash = blank_flash()
    nvs = start(flash)
    nvs.open("a")
    nvs.set_i32("b", "k", 2)
    nvs.set_i32("a", "k", 1)
    assert ops_of(flash, start(flash).open, "b") == []
    assert start(flash).items() == [("b", "k", "i32", 2), ("a", "k", "i32", 1)]


def test_an_image_of_the_esp_idf_tool_is_read_and_made_again_byte_for_byte() -> None:
    image = (DATA / "nvs_golden.bin").read_bytes()
    flash = Flash.from_bytes(image)
    nvs = Nvs.start(flash, 0, len(image))
    assert flash.ops == 0
    found = nvs.items()
    ns, expected = "", []
    for line in (DATA / "nvs_golden.csv").read_text().splitlines()[1:]:
        key, what, kind, text = line.split(",")
        if what == "namespace":
            ns = key
        else:
            expected.append((ns, key, text))
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert {row[2] for row in found} == {"blob"} | {k.name.lower() for k in Kind if k < 0x41}
    for (*_, value), (*_, text) in zip(found, expected, strict=True):
        if isinstance(value, bytes):
            assert value == b"seesaw" or value.hex() == text
        else:
            assert str(value) == text
    again = Flash(len(image))
    copy = Nvs.start(again, 0, len(image))
    for ns, key, kind, value in found:
        if isinstance(value, int):
            copy.set_int(ns, key, Kind[kind.upper()], value)
        elif isinstance(value, str):
            copy.set_str(ns, key, value)
        else:
            copy.set_blob(ns, key, value)
    assert again.to_bytes() == image


def test_a_blob_of_the_older_form_is_read_and_replaced() -> None:
    flash = blank_flash()
    page = Page(flash, BASE)
    assert page.write(0, Kind.U8, b"n", b"\x01")
    assert page.write(1, Kind.BLOB_V1, b"b", noise(100, 1))
    nvs = start(flash)
    assert values(nvs) == {"b": noise(100, 1)}
    put(nvs, "b", b"new")
    assert values(start(flash)) == {"b": b"new"}


def test_order_of_flash_operations() -> None:
    flash = blank_flash()
    nvs = start(flash)
    entry = [BASE + 64 + 32 * index for index in range(16)]
    first_word = (BASE + 32, 4)
    assert [(op.addr, op.size) for op in ops_of(flash, nvs.set_i32, "n", "k", 1)] == [
        (BASE, 32), (entry[0], 32), first_word, (entry[1], 32), first_word,
    ]
    assert [(op.addr, op.size) for op in ops_of(flash, nvs.set_i32, "n", "k", 2)] == [
        (entry[2], 32), first_word, first_word,  # new entry, its state, the old one's state
    ]
    assert ops_of(flash, nvs.set_i32, "n", "k", 2) == []
    nvs.set_blob("n", "b", bytes(40))
    assert ops_of(flash, nvs.set_blob, "n", "b", bytes(40)) == []
    ops = ops_of(flash, nvs.set_blob, "n", "b", bytes(41))
    assert [(op.addr, op.size) for op in ops] == [
        (entry[7], 32), first_word, (entry[8], 32), first_word, (entry[9], 32), first_word,
        (entry[10], 32), first_word,  # the index
        first_word, first_word,  # old index, old chunk
    ]
    states = int.from_bytes(flash.read(BASE + 32, 4), "little")
    assert f"{states:032b}" == "11" * 5 + "10" * 4 + "00" * 4 + "10" + "00" + "10"
    ops = ops_of(flash, nvs.set_str, "n", "s", "x" * 700)  # header, 21 whole entries, the rest
    data = [op for op in ops[2:-2] if op.size > 4]
    assert (ops[0].addr, ops[0].size, ops[1].addr) == (entry[11], 32, BASE + 32)
    assert b"".join(op.data for op in data) == b"x" * 21 * 32
    assert max(op.size for op in data) == 64
    assert not [op for op in data if op.addr // 256 != (op.addr + op.size - 1) // 256]
    assert [op.addr for op in ops[2 + len(data) : -2]] == [BASE + 40, BASE + 36, BASE + 32]
    assert (ops[-2].size, ops[-1].addr) == (32, BASE + 40)
    last_first = [BASE + 32 + 4 * word for word in (2, 1, 0)]
    assert [op.addr for op in ops_of(flash, nvs.erase_key, "n", "s")] == last_first


def test_garbage_collection_keeps_every_value_and_one_free_page() -> None:
    flash = blank_flash()
    nvs = start(flash)
    want: Values = {f"cold{n}": n for n in range(40)}
    want["cold"] = noise(1000, 0)
    for key, value in want.items():
        put(nvs, key, value)
    for turn in range(1500):
        key = f"hot{turn % 3}"
        want[key] = noise(300, turn) if turn % 3 == 2 else turn
        put(nvs, key, want[key])
        if turn % 50 == 0:
            assert any(flash.read(BASE + n * PAGE, PAGE) == BLANK for n in range(4))
            assert values(start(flash)) == values(nvs) == want
    assert sum(flash.wear.values()) > 50
    assert len(flash.wear) >= 3  # only a page of cold values may stay where it is
    assert values(start(flash)) == want


def test_full_reports_no_space_and_leaves_the_old_values() -> None:
    flash = blank_flash()
    nvs = start(flash)
    want: Values = {"b": noise(3000, 1), "i": 1}
    for key, value in want.items():
        put(nvs, key, value)
    with pytest.raises(NvsError) as full:
        for number in range(1000):
            put(nvs, f"f{number}", number)
            want[f"f{number}"] = number
    assert full.value.code == NO_SPACE
    assert len(want) > 250
    for seed in range(2, 6):
        assert code_of(nvs.set_blob, "n", "b", noise(3000, seed)) == NO_SPACE
        assert code_of(nvs.set_i32, "n", "i", seed) == NO_SPACE
        assert values(nvs) == values(start(flash)) == want
    for number in range(200):
        nvs.erase_key("n", f"f{number}")
        del want[f"f{number}"]
    for key, value in (("b", noise(3000, 9)), ("i", 9)):
        put(nvs, key, value)
        want[key] = value
    assert values(nvs) == values(start(flash)) == want


@pytest.mark.parametrize(
    ("keys", "value"), [(377, "x" * 40), (377, b"blob"), (357, noise(700, 1))]
)
def test_a_move_that_frees_too_little_room_is_no_space_either(
    keys: int, value: str | bytes
) -> None:
    """Three pages full but for one erased entry; or with 20 entries left for a first chunk."""
    flash = blank_flash()
    nvs = start(flash)
    want: Values = {f"k{number}": number for number in range(keys)}  # and the namespace
    for key, number in want.items():
        put(nvs, key, number)
    nvs.erase_key("n", "k0")
    del want["k0"]
    assert code_of(put, nvs, "new", value) == NO_SPACE
    assert values(nvs) == values(start(flash)) == want


def test_a_damaged_item_is_dropped_when_it_is_looked_for() -> None:
    flash = blank_flash()
    nvs = start(flash)
    put(nvs, "k", 1)
    flash.program(BASE + 64 + 2 * 32 + 4, b"\x00")  # zeros in an entry that looks free
    put(nvs, "k", 2)
    assert code_of(nvs.get_i32, "n", "k") == NOT_FOUND
    put(nvs, "k", 3)
    assert values(nvs) == values(start(flash)) == {"k": 3}


def test_a_blob_that_does_not_fit_half_way_can_cost_the_old_one() -> None:
    """As in ESP-IDF (espressif/esp-idf#18827): it erases chunks numbered from 0 in the pages it
    wrote to, whichever numbers it wrote. A first blob's own; then those of the blob in place."""
    flash = blank_flash()
    nvs = start(flash)
    nvs.set_i32("n", "i", 1)
    assert code_of(nvs.set_blob, "n", "b", noise(12000, 1)) == NO_SPACE
    assert values(nvs) == values(start(flash)) == {"i": 1}
    nvs.set_blob("n", "b", noise(1000, 1))
    assert code_of(nvs.set_blob, "n", "b", noise(11000, 2)) == NO_SPACE
    assert code_of(nvs.get_blob, "n", "b") == NOT_FOUND
    assert values(start(flash)) == {"i": 1}
    nvs = start(flash)
    nvs.set_blob("n", "b", noise(1000, 3))
    assert values(start(flash)) == {"i": 1, "b": noise(1000, 3)}


def test_after_that_fault_the_next_blob_of_the_key_is_lost_too_unless_there_was_a_start() -> None:
    """The chunks of the blob that did not fit stay until the next start. Until then they are found
    first under the numbers that the next blob uses as well."""
    for restarted in (False, True):
        flash = blank_flash()
        nvs = start(flash)
        for key in "bc":
            nvs.set_blob("n", key, noise(3000, 1))
        assert code_of(nvs.set_blob, "n", "b", noise(9000, 2)) == NO_SPACE
        assert values(nvs) == {key: noise(3000, 1) for key in "bc"}
        if restarted:
            nvs = start(flash)
        nvs.erase_key("n", "c")
        nvs.set_blob("n", "b", b"new")
        assert values(start(flash.copy())) == values(nvs) == ({"b": b"new"} if restarted else {})


def test_the_start_takes_two_keys_with_the_same_24_bit_hash_for_one() -> None:
    """nvs_page.cpp mLoadEntryTable compares hashes of namespace, key and chunk number alone."""

    def hashed(key: str) -> int:
        raw = b"\x01" + key.encode().ljust(16, b"\0") + b"\xff"
        return crc32(raw, 0xFFFFFFFF) & 0xFFFFFF

    seen: dict[int, str] = {}
    for number in range(40000):
        key = f"{number * 40503 % 65536:x}.{number}"
        twin = seen.setdefault(hashed(key), key)
        if twin != key:
            break
    else:
        pytest.fail("no two keys of the same hash")
    flash = blank_flash()
    nvs = start(flash)
    put(nvs, twin, 1)
    put(nvs, key, 2)
    put(nvs, "other", 3)
    assert values(nvs) == {twin: 1, key: 2, "other": 3}
    assert values(start(flash)) == {key: 2, "other": 3}


def test_namespaces_run_out_at_254() -> None:
    flash = blank_flash()
    nvs = start(flash)
    for number in range(254):
        nvs.open(f"n{number}")
    assert code_of(nvs.open, "one more") == NO_SPACE
    nvs = start(flash)
    nvs.set_i32("n253", "k", 1)
    assert start(flash).items() == [("n253", "k", "i32", 1)]
    assert code_of(nvs.set_i32, "one more", "k", 1) == NO_SPACE
