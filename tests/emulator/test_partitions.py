"""The partition table: what it says, and everything that rejects it."""

import pytest
from images import BOARD, OTA_0, OTA_1, OTADATA, flash, table

from host_tools.emulator.flash import Flash
from host_tools.emulator.partitions import PartitionTable, PartitionTableError, parse_table

FOUR_MIB = 4 << 20


def test_table_of_the_board():
    found = PartitionTable.read(flash())
    assert [one.label for one in found.entries] == [row[0] for row in BOARD]
    assert [slot.offset for slot in found.ota_slots] == [OTA_0, OTA_1]
    assert found.otadata.offset == OTADATA
    assert found.factory is found.test_app is None
    assert [one.label for one in found.find(type=1, subtype=0x82)] == ["data"]
    assert found.find(label="vfs")[0].size == 0x10000
    assert found.first(label="nothing") is None
    assert [one.ota_index for one in found.entries[:5]] == [None, None, None, 0, 1]


def test_table_flags_and_full_label():
    raw = bytearray(table([("sixteen_letters_", 1, 2, 0x9000, 0x1000)], md5=False))
    raw[28] = 3
    (one,) = parse_table(bytes(raw), FOUR_MIB).entries
    assert (one.label, one.encrypted, one.readonly) == ("sixteen_letters_", True, True)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xff" * 0, "no terminating entry"),
        (table(end=False), "no terminating entry"),
        (table([("x", 1, 2, 0x9000, 0x1000)] * 96, md5=False), "no terminating entry"),
        (b"\0" * 64, "entry 0 has magic 0000"),
        (table()[:-64] + b"\xeb\xeb" + b"\xff" * 30 + b"\xff" * 32, "MD5 of the table"),
        (b"\xaa\x50\x01\x03" + table()[4:], "MD5 of the table"),
        (table([("big", 1, 2, 0x3FF000, 0x1001)]), "entry 0 (big): 0x3ff000 + 0x1001 exceeds"),
    ],
)
def test_rejected_tables(raw, said):
    with pytest.raises(PartitionTableError) as caught:
        parse_table(raw, FOUR_MIB)
    assert said in str(caught.value)


def test_two_md5_entries_are_too_many():
    good = table()
    with pytest.raises(PartitionTableError, match="two MD5"):
        parse_table(good[:-32] + good[-64:], FOUR_MIB)


def test_md5_is_optional_and_the_last_byte_may_be_used():
    assert parse_table(table([("x", 1, 2, 0x3FF000, 0x1000)], md5=False), FOUR_MIB).entries


def test_a_flash_too_small_for_a_table():
    with pytest.raises(PartitionTableError, match="no room"):
        PartitionTable.read(Flash(0x8000))
