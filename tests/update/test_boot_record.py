"""Three readers of the boot record that share no code must agree on every pair of entries."""

import ast
import binascii
import struct
from types import SimpleNamespace
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from rig import LAUNCHER
from seesaw.update import otadata

from host_tools.emulator.otadata import Entry, State, active

BLANK = b"\xff" * 32
PAGE = 4096
numbers = st.one_of(
    st.integers(0, 6), st.integers(0xFFFFFFFC, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF)
)
states = st.one_of(st.sampled_from([int(s) for s in State]), st.integers(0, 0xFFFFFFFF))
entries = st.builds(lambda number, state: Entry.make(number, state).pack(), numbers, states)


@st.composite
def torn(draw: st.DrawFn) -> bytes:
    """An entry as it stands when the power went while it was programmed: NOR clears bits."""
    new, done = draw(entries), draw(st.integers(0, 32))
    flaky = draw(st.binary(min_size=1, max_size=1))[0]
    half = bytes([new[done] | flaky]) if done < 32 else b""
    return (new[:done] + half + BLANK)[:32]


any_entry = st.one_of(entries, torn(), st.just(BLANK), st.binary(min_size=32, max_size=32))


def entry_state() -> Any:
    """The launcher's entry_state(), without running the launcher; sectors are handed in."""
    tree = ast.parse(LAUNCHER)
    tree.body = [node for node in tree.body if getattr(node, "name", "") == "entry_state"]
    space: dict[str, Any] = {"binascii": binascii, "struct": struct}
    exec(compile(tree, "main.py", "exec"), space)

    def read(pair: tuple[bytes, bytes], subtype: int) -> int | None:
        def readblocks(sector: int, buf: bytearray) -> None:
            buf[:] = pair[sector][: len(buf)]

        part = SimpleNamespace(readblocks=readblocks)
        space["Partition"] = SimpleNamespace(TYPE_DATA=1, find=lambda kind, subtype: [part])
        found: int | None = space["entry_state"](subtype)
        return found

    return read


READ = entry_state()


@given(any_entry, any_entry)
@example(Entry.make(0, State.VALID).pack(), BLANK)  # a sequence of 0 is a good one, of slot 1
@example(Entry.make(3, State.NEW).pack(), Entry.make(3, State.VALID).pack())
@example(Entry.make(2, State.ABORTED).pack(), Entry.make(1, State.VALID).pack())
def test_launcher_firmware_and_bootloader_agree(first: bytes, second: bytes) -> None:
    pair = (first, second)
    known = [Entry.unpack(raw) for raw in pair]
    index = active(*known)
    ours = otadata.active(first + second)

    if index < 0:
        assert ours is None
        assert (READ(pair, 0x10), READ(pair, 0x11)) == (None, None)
        return
    assert ours is not None
    slot = known[index].slot(2)
    assert ours == (known[index].seq, slot, known[index].state)
    assert READ(pair, 0x10 + slot) == known[index].state


@given(any_entry, any_entry)
def test_the_launcher_finds_the_newest_good_entry_of_each_slot(first: bytes, second: bytes) -> None:
    """After a fall-back the active entry is another slot's: then the older one tells of ours."""
    pair = (first, second)
    for slot in (0, 1):
        usable = [entry for entry in map(Entry.unpack, pair)
                  if entry.valid and entry.slot(2) == slot]  # fmt: skip
        newest = max(usable, key=lambda entry: entry.seq, default=None)
        assert READ(pair, 0x10 + slot) == (newest.state if newest else None)


@given(any_entry, any_entry, st.sampled_from([0, 1]))
def test_every_boot_record_has_a_way_on(first: bytes, second: bytes, running: int) -> None:
    """And the launcher takes the same boots for trials as the updater does."""
    pair = (first, second)
    action = otadata.plan(first + second, running)
    assert action in ("install", "trial", "reset", "heal")
    if action == "trial":
        assert READ(pair, 0x10 + running) == State.PENDING_VERIFY
    if action == "install":
        assert READ(pair, 0x10 + running) != State.PENDING_VERIFY
