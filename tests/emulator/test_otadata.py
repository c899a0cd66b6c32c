"""The boot record and what the bootloader selects from it."""

import pytest
from images import BLANK, entry

from host_tools.emulator.bootloader import select
from host_tools.emulator.otadata import Entry, State, active, seq_crc, state_name

NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED = State


# --- the boot record ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seq", "crc"), [(1, 0x4743989A), (2, 0x55F63774), (3, 0xED4A5011), (4, 0x709D68A8)]
)
def test_crc_of_known_entries(seq, crc):
    assert seq_crc(seq) == crc
    assert Entry.make(seq, VALID) == Entry.unpack(entry(seq, VALID, crc))


def test_entry_round_trip_keeps_what_is_not_understood():
    raw = bytes(range(32))
    assert Entry.unpack(raw).pack() == raw
    assert Entry.unpack(raw).label == raw[4:24]
    assert len(entry(1, 2)) == 32


def test_entry_rules():
    assert Entry.unpack(BLANK).invalid
    assert Entry.unpack(BLANK).initial
    for state in (INVALID, ABORTED):
        assert Entry.make(7, state).invalid
        assert not Entry.make(7, state).initial
    for state in (NEW, PENDING, VALID, UNDEFINED, 5, 0x1234):
        assert Entry.make(7, state).valid
    torn = Entry(7, VALID, 0)
    assert not torn.invalid  # the CRC is no part of that rule
    assert not torn.valid
    assert torn.initial
    assert [Entry.make(seq, VALID).slot(2) for seq in (1, 2, 3, 0)] == [0, 1, 0, 1]
    assert [Entry.make(seq, VALID).slot(3) for seq in (1, 3, 4, 0)] == [0, 2, 0, 0]


def test_entry_names():
    assert str(Entry.unpack(BLANK)) == "blank"
    assert str(Entry.make(2, NEW)) == "seq 2 NEW"
    assert str(Entry(2, 9, 0)) == "seq 2 0x9, bad CRC"
    assert state_name(0xFFFFFFFF) == "UNDEFINED"


def test_active_entry():
    low, high, none = Entry.make(1, VALID), Entry.make(2, VALID), Entry.unpack(BLANK)
    assert active(low, high) == 1
    assert active(high, low) == 0
    assert active(low, low) == 0
    assert active(none, low) == 1
    assert active(low, none) == 0
    assert active(none, none) == -1
    assert active(low, high.with_state(ABORTED)) == 0


# --- selection ---------------------------------------------------------------------------------


def pick(e0, e1, rollback=True, **options):
    """(slot, initial, entries afterwards) for raw entries and two slots."""
    got = select(Entry.unpack(e0), Entry.unpack(e1), 2, rollback, **options)
    return got.index, got.initial, tuple(str(one) for one in got.entries)


@pytest.mark.parametrize(
    ("e0", "e1", "index", "initial", "after"),
    [
        (BLANK, BLANK, 0, True, ("blank", "blank")),
        (entry(1, VALID), BLANK, 0, False, ("seq 1 VALID", "blank")),
        (entry(1, VALID), entry(2, NEW), 1, False, ("seq 1 VALID", "seq 2 PENDING_VERIFY")),
        (entry(1, VALID), entry(2, PENDING), 0, False, ("seq 1 VALID", "seq 2 ABORTED")),
        (entry(1, VALID), entry(2, VALID), 1, False, ("seq 1 VALID", "seq 2 VALID")),
        (entry(3, VALID), entry(2, VALID), 0, False, ("seq 3 VALID", "seq 2 VALID")),
        (entry(1, VALID), entry(2, UNDEFINED), 1, False, ("seq 1 VALID", "seq 2 UNDEFINED")),
        (entry(1, VALID), entry(2, INVALID), 0, False, ("seq 1 VALID", "seq 2 INVALID")),
        (entry(1, VALID), entry(2, VALID, 0), 0, False, ("seq 1 VALID", "seq 2 VALID, bad CRC")),
        # Equal numbers: entry 0.
        (entry(1, VALID), entry(1, NEW), 0, False, ("seq 1 VALID", "seq 1 NEW")),
        # Both condemned, good CRC: ota_0 whichever ran last, nothing rewritten.
        (entry(3, ABORTED), entry(2, ABORTED), 0, False, ("seq 3 ABORTED", "seq 2 ABORTED")),
        (entry(1, INVALID), entry(2, PENDING), 0, False, ("seq 1 INVALID", "seq 2 ABORTED")),
        (entry(3, PENDING), entry(2, PENDING), 0, False, ("seq 3 ABORTED", "seq 2 ABORTED")),
        # One blank, one condemned: not initial.
        (BLANK, entry(2, PENDING), 0, False, ("blank", "seq 2 ABORTED")),
        # Condemned and torn on both sides: as good as blank.
        (entry(1, ABORTED, 0), BLANK, 0, True, ("seq 1 ABORTED, bad CRC", "blank")),
        # Torn, not condemned: every app is tried, nothing rewritten.
        (entry(1, VALID, 0), entry(2, VALID, 0), -1, False,
         ("seq 1 VALID, bad CRC", "seq 2 VALID, bad CRC")),
        (entry(1, ABORTED), entry(2, VALID, 0), -1, False,
         ("seq 1 ABORTED", "seq 2 VALID, bad CRC")),
        # A trial is ended by the state word alone, right CRC or not.
        (entry(1, VALID), entry(2, PENDING, 0), 0, False,
         ("seq 1 VALID", "seq 2 ABORTED, bad CRC")),
        (entry(0xFFFFFFFF, PENDING), BLANK, 0, True, ("blank", "blank")),
        (entry(0, VALID), BLANK, 1, False, ("seq 0 VALID", "blank")),
    ],
)  # fmt: skip
def test_selection(e0, e1, index, initial, after):
    assert pick(e0, e1) == (index, initial, after)


def test_selection_with_a_factory_app():
    assert pick(BLANK, BLANK, has_factory=True)[:2] == (-1, False)
    assert pick(entry(1, ABORTED), entry(2, ABORTED), has_factory=True)[:2] == (-1, False)
    assert pick(entry(1, VALID, 0), BLANK, has_factory=True)[0] == -1
    assert pick(BLANK, entry(2, VALID), has_factory=True)[0] == 1


def test_selection_without_slots():
    good = Entry.make(1, VALID)
    assert select(good, good, 0).index == 0
    assert select(good, good, 0, has_factory=True).index == -1


def test_selection_without_rollback_writes_nothing():
    for state, index in ((NEW, 1), (PENDING, 1), (ABORTED, 0), (UNDEFINED, 1)):
        got = select(Entry.make(1, VALID), Entry.make(2, state), 2, rollback=False)
        assert (got.index, got.writes) == (index, ())


def test_writes_are_in_the_order_of_the_bootloader():
    got = select(Entry.make(1, PENDING), Entry.make(2, NEW), 2)
    assert [(write.sector, str(write.entry)) for write in got.writes] == [
        (0, "seq 1 ABORTED"),
        (1, "seq 2 PENDING_VERIFY"),
    ]
